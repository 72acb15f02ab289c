//! The process of a crowd of clients or servers, as the test that starts it sees it.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A process with a crowd; ended when this is dropped.
pub struct Crowd {
    child: Child,
    words: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Crowd {
    fn start(program: &Path, arguments: &[&str]) -> Self {
        let mut child =
            Command::new(program).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (words, answers) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        Self { child, words, answers: BufReader::new(answers) }
    }

    /// Servers that echo, and their port. The program is that of this package.
    #[track_caller]
    pub fn servers(program: &Path) -> (Self, u16) {
        let mut crowd = Self::start(program, &["servers"]);
        let port = crowd.answer().parse().unwrap();
        (crowd, port)
    }

    /// So many clients of a listener, all of them connected.
    #[track_caller]
    pub fn clients(program: &Path, address: SocketAddr, count: usize, tls: bool) -> Self {
        let protocol = if tls { "tls" } else { "tcp" };
        let mut crowd = Self::start(program, &["clients", &address.to_string(), &count.to_string(), protocol]);
        assert_eq!(crowd.answer(), "ready", "the clients did not connect");
        crowd
    }

    /// Tells it something and waits until it has done it.
    #[track_caller]
    pub fn tell(&mut self, word: &str) {
        self.words.write_all(format!("{word}\n").as_bytes()).unwrap();
        assert_eq!(self.answer(), "done", "the crowd could not {word}");
    }

    /// Ends the process, and its connections with it.
    pub fn leave(self) {
        drop(self);
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
