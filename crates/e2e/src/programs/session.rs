//! A client that stays: it is told a line, and what it says is heard line by line.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::thread::JoinHandle;

use super::child::{Output, collected, ended, spawned};
use super::server::signal;
use crate::wait::PATIENCE;

/// Lines that may be waiting to be heard.
const AHEAD: usize = 1024;

/// A client at work; dropping it ends it.
pub struct Session {
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    errors: Option<JoinHandle<Vec<u8>>>,
}

impl Session {
    /// Starts it.
    #[track_caller]
    pub fn start(command: &mut Command) -> Self {
        let mut child = spawned(command);
        let (teller, lines) = sync_channel(AHEAD);
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.split(b'\n').map_while(Result::ok) {
                if teller.send(String::from_utf8_lossy(&line).into_owned()).is_err() {
                    break;
                }
            }
        });
        let errors = Some(collected(child.stderr.take().unwrap()));
        Self { input: child.stdin.take(), lines, errors, child }
    }

    /// Tells it a line.
    #[track_caller]
    pub fn say(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).and_then(|()| input.flush()).unwrap();
    }

    /// The next line that it says.
    #[track_caller]
    pub fn hear(&mut self) -> String {
        match self.lines.recv_timeout(PATIENCE) {
            Ok(line) => line,
            Err(RecvTimeoutError::Timeout) => panic!("it says nothing"),
            Err(RecvTimeoutError::Disconnected) => panic!("it has gone: {}", self.complaints()),
        }
    }

    /// Tells it a line and hears one.
    #[track_caller]
    pub fn ask(&mut self, line: &str) -> String {
        self.say(line);
        self.hear()
    }

    /// Whether it is still at work.
    pub fn is_at_work(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// As if somebody pressed the keys that interrupt.
    pub fn interrupt(&self) {
        signal(&self.child, "INT");
    }

    /// Ends its input and waits for its end; what it still said.
    #[track_caller]
    pub fn finish(mut self) -> Output {
        drop(self.input.take());
        let mut left = String::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            left.push_str(&line);
            left.push('\n');
        }
        let status = ended(&mut self.child, PATIENCE);
        Output { code: status.and_then(|status| status.code()), bytes: left.into_bytes(), errors: self.complaints() }
    }

    fn complaints(&mut self) -> String {
        let _ = self.child.kill();
        let errors = self.errors.take().map(|errors| errors.join().unwrap()).unwrap_or_default();
        String::from_utf8_lossy(&errors).into_owned()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
