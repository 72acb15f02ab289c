//! Our engine as a worker: the rules, the requests, as often as it is told to.

use std::io::{BufRead as _, Write as _};
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context as _, Result, bail};
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use waf::program::{Library, Options, Program};
use waf::seclang::{Document, Fault, Reader};
use waf::transaction::{Head, Transaction};

use super::requests::{self, Request};
use crate::roles::Role;

/// What the worker needs to know.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EngineSpec {
    rules: PathBuf,
}

/// The worker with these rules.
pub(crate) fn role(rules: &Path) -> Role {
    Role::Engine(EngineSpec { rules: rules.to_owned() })
}

impl EngineSpec {
    /// Answers lines of `INDEX COUNT` with `NANOSECONDS STOPPED` until there are no more.
    pub(crate) fn run(&self) -> Result<()> {
        let program = compile(&self.rules)?;
        let requests = requests::all();
        let mut out = std::io::stdout().lock();
        writeln!(out, "ready {} rules", program.rule_count())?;
        out.flush()?;
        for line in std::io::stdin().lock().lines() {
            let line = line?;
            let (index, times) = line.split_once(' ').with_context(|| format!("asked for {line:?}"))?;
            let request = requests.get(index.parse::<usize>()?).with_context(|| format!("no request {index}"))?;
            let times: u32 = times.parse()?;
            let before = cpu_nanoseconds();
            let stopped: u32 = (0..times).map(|_| u32::from(inspect(&program, request))).sum();
            writeln!(out, "{} {stopped}", cpu_nanoseconds() - before)?;
            out.flush()?;
        }
        Ok(())
    }
}

fn compile(rules: &Path) -> Result<Arc<Program>> {
    let entry = rules.to_str().context("a path that is text")?;
    let lines = |faults: Vec<Fault>| faults.iter().map(|fault| format!("\n  {fault}")).collect::<String>();
    let document = Document::read(entry, &Files).map_err(lines);
    let program = document.and_then(|document| {
        Program::compile(&document, &Options::default(), &Files, &mut Library::new()).map_err(lines)
    });
    match program {
        Ok(program) => Ok(Arc::new(program)),
        Err(faults) => bail!("rules that do not fit the engine:{faults}"),
    }
}

/// As the gateway would: the head, then the body unless the head is refused, then the end.
fn inspect(program: &Arc<Program>, request: &Request) -> bool {
    let head = Head {
        method: request.method.as_bytes(),
        target: request.target.as_bytes(),
        protocol: "HTTP/1.1",
        remote: IpAddr::from([192, 0, 2, 7]),
        remote_port: 40_000,
        unique_id: "0123456789abcdef0123456789abcdef",
    };
    let fields = request.fields.iter().map(|(name, value)| (name.as_bytes(), value.as_bytes()));
    let mut transaction = Transaction::new(program, &head, fields);
    transaction.request_head();
    if transaction.stopped().is_none() {
        transaction.feed_body(request.body.as_bytes());
        transaction.request_body();
    }
    transaction.finish(0).is_stopped()
}

fn cpu_nanoseconds() -> u64 {
    let now = clock_gettime(ClockId::ProcessCPUTime);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}

/// Files where they are said to be.
struct Files;

impl Reader for Files {
    fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        std::fs::read(file).map_err(|error| error.to_string())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let entries = std::fs::read_dir(folder).map_err(|error| error.to_string())?;
        Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
    }
}
