//! Runs the command: to its end, or as a server whose words on standard error are followed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use e2e::{Client, Folder, until};

/// What a command left behind.
#[derive(Debug)]
pub(crate) struct Ended {
    /// Its exit code.
    pub(crate) code: i32,
    /// Standard output.
    pub(crate) out: String,
    /// Standard error.
    pub(crate) err: String,
}

/// A command that keeps what it keeps in a folder of its own.
fn command<A: AsRef<OsStr>>(folder: &Path, args: &[A]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatehouse"));
    command.args(args).current_dir(folder).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    for variable in ["STATE_DIRECTORY", "NO_COLOR", "XDG_RUNTIME_DIR"] {
        command.env_remove(variable);
    }
    command.env("HOME", folder).env("XDG_STATE_HOME", folder.join("state"));
    command
}

fn collect(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        from.read_to_end(&mut bytes).unwrap();
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Runs a command to its end, which must come soon.
#[track_caller]
pub(crate) fn gatehouse<A: AsRef<OsStr>>(folder: &Folder, args: &[A]) -> Ended {
    let mut child = command(folder.as_ref(), args).spawn().unwrap();
    let (out, err) = (collect(child.stdout.take().unwrap()), collect(child.stderr.take().unwrap()));
    let status = end(&mut child);
    Ended { code: status.code().unwrap(), out: out.join().unwrap(), err: err.join().unwrap() }
}

#[track_caller]
fn end(child: &mut Child) -> ExitStatus {
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        until("the command to end", || child.try_wait().unwrap())
    }));
    ended.unwrap_or_else(|panic| {
        let _ = child.kill();
        std::panic::resume_unwind(panic)
    })
}

/// A gateway run by the command.
pub(crate) struct Serving {
    child: Child,
    said: Arc<Mutex<Vec<String>>>,
}

impl Serving {
    /// Starts `gatehouse run` and waits until it listens.
    #[track_caller]
    pub(crate) fn start<A: AsRef<OsStr>>(folder: &Folder, args: &[A]) -> Self {
        Self::with("run", folder, args)
    }

    /// Starts `gatehouse dev` and waits until it listens.
    #[track_caller]
    pub(crate) fn dev<A: AsRef<OsStr>>(folder: &Folder, args: &[A]) -> Self {
        Self::with("dev", folder, args)
    }

    #[track_caller]
    fn with<A: AsRef<OsStr>>(subcommand: &str, folder: &Folder, args: &[A]) -> Self {
        let mut all = vec![OsStr::new(subcommand)];
        all.extend(args.iter().map(AsRef::as_ref));
        let mut child = command(folder.as_ref(), &all).stdout(Stdio::null()).spawn().unwrap();
        let said: Arc<Mutex<Vec<String>>> = Arc::default();
        let (lines, heard) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&said));
        drop(std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(line);
            }
        }));
        let mut serving = Self { child, said };
        until("the gateway to listen", || {
            assert!(serving.child.try_wait().unwrap().is_none(), "it ended: {:?}", serving.said());
            serving.said().iter().any(|line| line.contains("listening on")).then_some(())
        });
        serving
    }

    /// What it has said on standard error.
    pub(crate) fn said(&self) -> Vec<String> {
        self.said.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits until it says something.
    #[track_caller]
    pub(crate) fn wait_said(&self, what: &str) -> String {
        until(what, || self.said().into_iter().find(|line| line.contains(what)))
    }

    /// Where it listens first.
    pub(crate) fn address(&self) -> SocketAddr {
        self.listening("http://")
    }

    /// Where it listens first with TLS.
    pub(crate) fn secure_address(&self) -> SocketAddr {
        self.listening("https://")
    }

    /// Where it listens first with a scheme.
    pub(crate) fn listening(&self, scheme: &str) -> SocketAddr {
        let line = self.wait_said(&format!("listening on {scheme}"));
        let (_, rest) = line.split_once(scheme).unwrap();
        rest.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// A connection to it.
    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address())
    }

    /// Sends a signal.
    pub(crate) fn signal(&self, signal: rustix::process::Signal) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// Waits until it has ended by itself; its exit code.
    #[track_caller]
    pub(crate) fn wait_end(&mut self) -> i32 {
        end(&mut self.child).code().unwrap()
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
