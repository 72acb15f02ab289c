//! An engine in a process of its own, and the questions it is asked.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::process;
use crate::roles::Role;

/// An engine that waits for questions; dropping it ends it.
pub(crate) struct Worker {
    /// What it calls itself.
    pub(crate) version: String,
    name: &'static str,
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

/// What a measurement found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Cost {
    /// CPU of one request, in nanoseconds.
    pub(crate) nanoseconds: u64,
    /// Whether the request is refused.
    pub(crate) stops: bool,
}

impl Worker {
    /// Starts an engine and waits until its rules are loaded.
    pub(crate) fn start(name: &'static str, core: usize, role: Role) -> Result<Worker> {
        let mut command = process::role_command(core, role)?;
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().with_context(|| format!("start {name}"))?;
        let questions = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().context("a child without output")?);
        let mut worker = Worker { version: String::new(), name, child, questions, answers };
        let line = worker.line()?;
        let version = line.strip_prefix("ready ").with_context(|| format!("{name} said {line:?}"))?;
        worker.version = version.to_owned();
        Ok(worker)
    }

    /// CPU of a request: a warm-up says how often it has to run to take so long.
    pub(crate) fn measure(&mut self, index: usize, warm_up: u32, nanoseconds: u64) -> Result<Cost> {
        let (first, _) = self.ask(index, warm_up)?;
        let each = (first / u64::from(warm_up.max(1))).max(1);
        let times = u32::try_from(nanoseconds / each).unwrap_or(u32::MAX).max(warm_up);
        let (all, stopped) = self.ask(index, times)?;
        if stopped != 0 && stopped != times {
            bail!("{} refused {stopped} of {times} equal requests", self.name);
        }
        Ok(Cost { nanoseconds: all / u64::from(times), stops: stopped != 0 })
    }

    fn ask(&mut self, index: usize, times: u32) -> Result<(u64, u32)> {
        let questions = self.questions.as_mut().context("a child without input")?;
        writeln!(questions, "{index} {times}").with_context(|| format!("ask {}", self.name))?;
        let line = self.line()?;
        answer(&line).with_context(|| format!("{} said {line:?}", self.name))
    }

    fn line(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.answers.read_line(&mut line).with_context(|| format!("hear {}", self.name))? == 0 {
            bail!("{} has ended ({})", self.name, self.child.wait()?);
        }
        Ok(line.trim_end().to_owned())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // Without questions it ends by itself.
        drop(self.questions.take());
        let _ = self.child.wait();
    }
}

fn answer(line: &str) -> Option<(u64, u32)> {
    let (nanoseconds, stopped) = line.split_once(' ')?;
    Some((nanoseconds.parse().ok()?, stopped.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_two_numbers() {
        assert_eq!(answer("1200 7"), Some((1_200, 7)));
        assert_eq!(answer("1200"), None);
        assert_eq!(answer("a b"), None);
    }
}
