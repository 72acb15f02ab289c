//! The roles of this binary: `bench role NAME SPEC` is backend, relay, load generator, or a launcher of a peer.
//!
//! Separate processes, so that each has a CPU account of its own. Every role dies with the tool that started it.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use anyhow::{Context as _, Result, bail};
use rustix::process::{Resource, Rlimit, Signal};
use rustix::thread::CpuSet;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::backend::BackendSpec;
use crate::firewall::EngineSpec;
use crate::load::LoadSpec;
use crate::relay::RelaySpec;
use crate::sessions::{ServersSpec, SessionsSpec};
use crate::{backend, load, relay, sessions};

/// The scheduling priority of every process of a run.
const PRIORITY: i32 = -15;

/// A role with all it needs to know.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Role {
    /// Answers requests.
    Backend(BackendSpec),
    /// Relays without parsing.
    Relay(RelaySpec),
    /// Sends requests and prints a report as JSON.
    Load(LoadSpec),
    /// Serves TCP and TLS sessions.
    Servers(ServersSpec),
    /// Makes sessions and prints a report as JSON.
    Sessions(SessionsSpec),
    /// Looks at requests by firewall rules.
    Engine(EngineSpec),
    /// Becomes another program.
    Launch(LaunchSpec),
}

/// A role and the core it is bound to.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Placed {
    /// The core.
    pub(crate) core: usize,
    /// The role.
    pub(crate) role: Role,
}

/// A program to become.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LaunchSpec {
    /// Program and arguments.
    pub(crate) command: Vec<String>,
}

/// The role this process was started for, if any.
pub(crate) fn from_arguments() -> Result<Option<Placed>> {
    let mut arguments = std::env::args().skip(1);
    if arguments.next().as_deref() != Some("role") {
        return Ok(None);
    }
    let spec: Value = serde_json::from_str(&arguments.next().context("role: a spec is missing")?)?;
    Ok(Some(serde_json::from_value(spec)?))
}

impl Placed {
    /// Binds this process to its core and plays the role.
    pub(crate) fn run(self) -> Result<()> {
        // Nothing outlives the tool, whatever ends it.
        rustix::process::set_parent_process_death_signal(Some(Signal::TERM)).context("parent death signal")?;
        let mut cores = CpuSet::new();
        cores.set(self.core);
        rustix::thread::sched_setaffinity(None, &cores).with_context(|| format!("bind to core {}", self.core))?;
        raise_file_limit();
        // Ahead of whatever else the machine does, where we may; the same for everyone in the run.
        let _ = rustix::process::setpriority_process(None, PRIORITY);
        match self.role {
            Role::Backend(spec) => backend::run(&spec),
            Role::Relay(spec) => relay::run(&spec),
            Role::Load(spec) => load::run(&spec),
            Role::Servers(spec) => sessions::serve(&spec),
            Role::Sessions(spec) => sessions::run(&spec),
            Role::Engine(spec) => spec.run(),
            Role::Launch(spec) => {
                let Some((program, rest)) = spec.command.split_first() else { bail!("launch: nothing to launch") };
                Err(Command::new(program).args(rest).exec()).with_context(|| format!("start {program}"))
            }
        }
    }
}

/// Thousands of connections need as many descriptors on each side of the proxy. Returns what this process may have.
pub(crate) fn raise_file_limit() -> u64 {
    const WANTED: u64 = 200_000;
    let now = rustix::process::getrlimit(Resource::Nofile);
    let all = Rlimit { current: Some(WANTED), maximum: Some(WANTED.max(now.maximum.unwrap_or(WANTED))) };
    if rustix::process::setrlimit(Resource::Nofile, all).is_err() {
        // Without the right to raise the hard limit, what there is must do; a row that needs more will say so.
        let _ = rustix::process::setrlimit(Resource::Nofile, Rlimit { current: now.maximum, maximum: now.maximum });
    }
    rustix::process::getrlimit(Resource::Nofile).current.unwrap_or(WANTED)
}
