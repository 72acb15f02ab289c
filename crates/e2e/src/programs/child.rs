//! A program that runs to its end, or is ended when that takes too long.

use std::io::{Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::wait::PATIENCE;

/// What came of a program.
#[derive(Clone, Debug)]
pub struct Output {
    /// The status it ended with; `None` when it was killed.
    pub code: Option<i32>,
    /// Its standard output.
    pub bytes: Vec<u8>,
    /// What it complained of.
    pub errors: String,
}

impl Output {
    /// Its standard output without the last line's end. Panics unless it succeeded.
    #[track_caller]
    pub fn text(&self) -> String {
        self.succeeded();
        String::from_utf8_lossy(&self.bytes).trim_end().to_owned()
    }

    /// What it complained of. Panics if it succeeded.
    #[track_caller]
    pub fn complaint(&self) -> &str {
        assert!(self.code != Some(0), "it succeeded: {}", String::from_utf8_lossy(&self.bytes));
        &self.errors
    }

    /// Panics unless it succeeded.
    #[track_caller]
    pub fn succeeded(&self) {
        let text = String::from_utf8_lossy(&self.bytes[..self.bytes.len().min(2000)]);
        assert!(self.code == Some(0), "{}\n{text}", self.errors);
    }
}

/// Runs a program with this input.
#[track_caller]
pub fn run(command: &mut Command, input: impl AsRef<[u8]>) -> Output {
    let mut child = spawned(command);
    let output = collected(child.stdout.take().unwrap());
    let errors = collected(child.stderr.take().unwrap());
    let (mut stdin, input) = (child.stdin.take().unwrap(), input.as_ref().to_vec());
    let writer = std::thread::spawn(move || {
        // It need not want all of it.
        let _ = stdin.write_all(&input);
    });
    let status = ended(&mut child, PATIENCE);
    let (bytes, errors) = (output.join().unwrap(), errors.join().unwrap());
    let errors = String::from_utf8_lossy(&errors).into_owned();
    let status = status.unwrap_or_else(|| panic!("{command:?} did not end: {errors}"));
    writer.join().unwrap();
    Output { code: status.code(), bytes, errors }
}

/// Starts a program with pipes at all ends.
#[track_caller]
pub(super) fn spawned(command: &mut Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// Reads to the end in a thread of its own.
pub(super) fn collected(mut output: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = output.read_to_end(&mut bytes);
        bytes
    })
}

/// Waits for the end; `None` when it had to be killed.
pub(super) fn ended(child: &mut Child, patience: Duration) -> Option<ExitStatus> {
    let end = Instant::now() + patience;
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return Some(status);
        }
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            return None;
        }
        std::thread::sleep(Duration::from_millis(3));
    }
}
