//! Processes that this tool started: each is ended by its own id, and waited for.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use rustix::process::{Pid, Signal};

use crate::roles::{LaunchSpec, Placed, Role};

/// A running child; dropping it ends it.
pub(crate) struct Running {
    name: String,
    child: Child,
}

impl Running {
    /// Starts a role of this binary on a core, its output in a file.
    pub(crate) fn start_role(name: &str, core: usize, role: Role, output: &Path) -> Result<Running> {
        let mut command = role_command(core, role)?;
        let file = File::create(output).with_context(|| format!("create {}", output.display()))?;
        command.stdout(file.try_clone()?).stderr(file);
        let child = command.spawn().with_context(|| format!("start {name}"))?;
        Ok(Running { name: name.to_owned(), child })
    }

    /// Starts another program on a core: its standard output goes to one file, what it complains about to another.
    pub(crate) fn start_program(
        name: &str,
        core: usize,
        program: &[String],
        output: &Path,
        errors: &Path,
    ) -> Result<Running> {
        let mut command = role_command(core, Role::Launch(LaunchSpec { command: program.to_vec() }))?;
        command.stdout(File::create(output)?).stderr(File::create(errors)?);
        let child = command.spawn().with_context(|| format!("start {name}"))?;
        Ok(Running { name: name.to_owned(), child })
    }

    /// The process id.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Fails if the process has ended already.
    pub(crate) fn still_runs(&mut self) -> Result<()> {
        match self.child.try_wait()? {
            Some(status) => bail!("{} has ended ({status})", self.name),
            None => Ok(()),
        }
    }

    /// Asks the process to end, waits, and ends it hard when it does not.
    pub(crate) fn stop(&mut self, patience: Duration) -> Result<ExitStatus> {
        if let Some(status) = self.child.try_wait()? {
            return Ok(status);
        }
        if let Some(pid) = i32::try_from(self.child.id()).ok().and_then(Pid::from_raw) {
            let _ = rustix::process::kill_process(pid, Signal::TERM);
        }
        let end = Instant::now() + patience;
        while Instant::now() < end {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        self.child.kill().ok();
        self.child.wait().with_context(|| format!("wait for {}", self.name))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.stop(Duration::from_secs(5));
    }
}

/// Runs a role to its end, if need be under another program, and returns what it printed.
pub(crate) fn run_role(name: &str, core: usize, role: Role, under: &[String]) -> Result<String> {
    let mut command = role_command(core, role)?;
    if let Some((program, arguments)) = under.split_first() {
        let mut outer = Command::new(program);
        outer.args(arguments).arg(command.get_program()).args(command.get_args()).stdin(Stdio::null());
        command = outer;
    }
    let output = command.stderr(Stdio::inherit()).output().with_context(|| format!("run {name}"))?;
    if !output.status.success() {
        bail!("{name} failed ({})", output.status);
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// The command that plays a role on a core.
pub(crate) fn role_command(core: usize, role: Role) -> Result<Command> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("role").arg(serde_json::to_string(&Placed { core, role })?).stdin(Stdio::null());
    Ok(command)
}
