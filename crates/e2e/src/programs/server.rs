//! A real server on a port that was free, with everything it keeps in a folder of its own.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::child::ended;
use crate::folder::Folder;
use crate::wait::PATIENCE;

/// Another program may take a port between our finding it free and the server's opening it.
const TRIES: u32 = 3;
/// What a server may take to end when it is asked to.
const GOODBYE: Duration = Duration::from_secs(5);

/// How a server is started and ended.
#[derive(Clone, Copy, Debug)]
pub struct Launch {
    /// What its log says when it is ready.
    pub ready: &'static str,
    /// Its log, if it is not what it prints.
    pub log: Option<&'static str>,
    /// The signal that ends it at once.
    pub signal: &'static str,
}

/// A server at work; dropping it ends it.
pub struct Server {
    child: Child,
    signal: &'static str,
    /// Its port on loopback.
    pub port: u16,
    /// Its folder.
    pub folder: Folder,
}

impl Server {
    /// Starts a server and waits until it is ready; the command is made for a port and a folder.
    #[track_caller]
    pub fn start(folder: Folder, launch: Launch, mut command: impl FnMut(u16, &Folder) -> Command) -> Self {
        let mut said = String::new();
        for _ in 0..TRIES {
            let port = free_port();
            let mut command = command(port, &folder);
            let printed = folder.path("printed");
            let output = File::create(&printed).unwrap();
            command.stdin(Stdio::null()).stdout(output.try_clone().unwrap()).stderr(output);
            let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
            let log = launch.log.map_or_else(|| printed.clone(), |name| folder.path(name));
            if is_ready(&mut child, &log, launch.ready) {
                return Self { child, signal: launch.signal, port, folder };
            }
            said = [printed, log].map(|path| std::fs::read_to_string(path).unwrap_or_default()).concat();
        }
        panic!("the server did not start: {said}");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        signal(&self.child, self.signal);
        ended(&mut self.child, GOODBYE);
    }
}

/// A port that nothing listens on now.
pub fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Sends a signal to a process that we started.
pub(super) fn signal(child: &Child, name: &str) {
    let kill = format!("kill -{name} {}", child.id());
    let _ = Command::new("sh").args(["-c", &kill]).stderr(Stdio::null()).status();
}

/// Waits until the log says so; false when the server ends instead, or takes too long and is ended.
fn is_ready(child: &mut Child, log: &Path, ready: &str) -> bool {
    let end = Instant::now() + PATIENCE;
    while child.try_wait().unwrap().is_none() {
        if std::fs::read_to_string(log).is_ok_and(|text| text.contains(ready)) {
            return true;
        }
        if Instant::now() > end {
            let _ = child.kill();
            let _ = child.wait();
            return false;
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    false
}
