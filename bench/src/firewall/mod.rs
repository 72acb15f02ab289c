//! `bench firewall`: CPU per request of the firewall's engine beside libmodsecurity, with the same rules and requests.
//!
//! No sockets: each engine is a process of its own on one core, which is told how often to look at which request and
//! answers with the CPU time it took. They take turns, request by request and round by round, so that a machine that
//! slows down slows both of them down.
//!
//! The rules are one file for both: the engine's settings, then a folder of the core rule set, or the distribution's
//! package of it. Responses are not looked at, nothing is written to logs.

mod engine;
mod peer;
mod report;
mod requests;
mod rule_set;
mod worker;

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;

use crate::machine::{Cores, Machine};
use report::{Measured, Row};
use worker::Worker;

pub(crate) use engine::EngineSpec;

/// CPU time of one measurement, in nanoseconds; a fifth of it with `--quick`.
const MEASURED_NS: u64 = 400_000_000;
/// Runs of a request before it is measured.
const WARM_UP: u32 = 50;

/// CPU per request of the firewall's engine beside libmodsecurity, with the same rules.
#[derive(Debug, Clone, Args)]
pub(crate) struct Options {
    /// A folder with `rules/*.conf` and `crs-setup.conf` (or `.example`); without it, the distribution's package
    /// modsecurity-crs.
    #[arg(long, value_name = "FOLDER")]
    rules: Option<PathBuf>,
    /// Interleaved rounds; medians are reported.
    #[arg(long, default_value_t = 7, value_parser = clap::value_parser!(u32).range(1..=50))]
    rounds: u32,
    /// Three rounds at most and a fifth of the time: a look, not a figure to quote.
    #[arg(long)]
    quick: bool,
}

/// Measures, prints and writes the table.
pub(crate) fn run(options: &Options) -> Result<()> {
    let machine = Machine::read(String::new(), false);
    let core = Cores::of(&machine).proxy;
    let folder = std::env::temp_dir().join(format!("gatehouse-bench-firewall-{}", std::process::id()));
    std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
    let measured = measure(options, core, &folder);
    std::fs::remove_dir_all(&folder).ok();
    let measured = measured?;
    println!("\n{}", report::table(&measured));
    println!("written: {}", report::write(&machine, &measured)?.display());
    Ok(())
}

fn measure(options: &Options, core: usize, folder: &std::path::Path) -> Result<Measured> {
    let rules = rule_set::write(options.rules.as_deref(), folder)?;
    let requests = requests::all();
    println!("rules: {}", rules.origin);
    let mut ours = Worker::start("gatehouse", core, engine::role(&rules.file))?;
    let role = peer::role(folder, &rules.file, &requests);
    let mut theirs = match role.and_then(|role| Worker::start("libmodsecurity", core, role)) {
        Ok(worker) => Some(worker),
        // Newer rule sets are not understood by every version of it.
        Err(problem) => {
            println!("SKIPPED: libmodsecurity: {problem:#}");
            None
        }
    };
    println!("gatehouse: {}", ours.version);
    if let Some(theirs) = &theirs {
        println!("peer: {}", theirs.version);
    }
    let mut rows: Vec<Row> = requests.iter().map(|request| Row::new(request.name)).collect();
    let time = if options.quick { MEASURED_NS / 5 } else { MEASURED_NS };
    let rounds = if options.quick { options.rounds.min(3) } else { options.rounds };
    for _ in 0..rounds {
        for (index, row) in rows.iter_mut().enumerate() {
            row.ours.add(ours.measure(index, WARM_UP, time)?);
            if let Some(theirs) = &mut theirs {
                row.theirs.add(theirs.measure(index, WARM_UP, time)?);
            }
        }
    }
    let versions = (ours.version.clone(), theirs.map(|theirs| theirs.version.clone()));
    Ok(Measured { rules: rules.origin, ours: versions.0, theirs: versions.1, rows, load: report::load() })
}
