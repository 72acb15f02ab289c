//! Other programs: cargo, nextest, cargo-deny, and the lines they print.

use std::ffi::OsString;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

use crate::summary::Outcome;
use crate::workspace;

/// Runs cargo; its exit status is the step's outcome.
pub(crate) fn cargo(arguments: &[&str]) -> Result<Outcome> {
    let status = cargo_command().args(arguments).status().context("start cargo")?;
    let line = format!("cargo {}", arguments.join(" "));
    Ok(if status.success() { Outcome::Passed(line) } else { Outcome::Failed(format!("{line} ({status})")) })
}

/// Licences, banned twins, sources: only where cargo-deny is installed.
pub(crate) fn deny() -> Result<Outcome> {
    if !answers("cargo", &["deny", "--version"]) {
        return Ok(Outcome::Skipped("cargo-deny is not installed (cargo install cargo-deny)".into()));
    }
    // Advisories need a database from the network, which a build must not depend on.
    cargo(&["deny", "check", "licenses", "bans", "sources"])
}

/// `cargo xtask bench`: the benchmark's own command, with the arguments as they are.
pub(crate) fn hand_over(arguments: &[String]) -> ExitCode {
    let status = cargo_command().args(["run", "--quiet", "--release", "-p", "bench", "--"]).args(arguments).status();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
        Err(problem) => {
            eprintln!("error: start cargo: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Whether a program is there and answers with success.
pub(crate) fn answers(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// Waits for a process, which is ended when it takes too long; `None` then.
pub(crate) fn wait(child: &mut Child, patience: Duration) -> Result<Option<ExitStatus>> {
    let end = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if Instant::now() >= end {
            let _ = child.kill();
            let _ = child.wait();
            return Ok(None);
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What a command printed, and whether it succeeded.
pub(crate) struct Heard {
    /// Whether it exited with success.
    pub(crate) success: bool,
    /// Its lines, standard output and standard error together.
    pub(crate) lines: Vec<String>,
}

/// Runs cargo with these variables in its environment, shows its lines as they come and returns them.
pub(crate) fn listen(arguments: &[&str], environment: &[(&str, &Path)]) -> Result<Heard> {
    println!("$ cargo {}", arguments.join(" "));
    let (reader, writer) = std::io::pipe().context("make a pipe")?;
    let mut command = cargo_command();
    command.args(arguments).envs(environment.iter().copied());
    command.stdin(Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn().context("start cargo")?;
    // The command holds our writing ends: without this the reader would never see an end.
    drop(command);
    let mut lines = Vec::new();
    for line in BufReader::new(reader).split(b'\n') {
        let line = String::from_utf8_lossy(&line?).into_owned();
        println!("{line}");
        lines.push(line);
    }
    Ok(Heard { success: child.wait()?.success(), lines })
}

fn cargo_command() -> Command {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut command = Command::new(cargo);
    command.current_dir(workspace::root()).env("CARGO_TERM_COLOR", "never");
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_that_takes_too_long_is_ended() {
        let mut child = Command::new("sleep").arg("60").spawn().expect("sleep is there");
        assert!(wait(&mut child, Duration::from_millis(50)).expect("it can be waited for").is_none());
        assert!(child.try_wait().expect("it can be waited for").is_some());
    }
}
