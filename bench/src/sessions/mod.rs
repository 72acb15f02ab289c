//! TCP and TLS sessions: the load in front of the proxies and the servers behind them.
//!
//! Every session begins with a message of 64 bytes from the client, whose first byte says what the server has to do:
//! one address, and one configuration of each proxy, serve all rows. What streams is compared at its beginning and
//! thrown away unread from then on, so that neither end is what is measured.

mod client;
mod endpoint;
mod exchange;
mod pattern;
mod server;
mod stream;
#[cfg(test)]
mod tests;

use std::net::SocketAddrV4;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::account::Watched;

pub(crate) use server::{ServersSpec, run as serve};

/// The length of every message that is no stream.
pub(crate) const MESSAGE: usize = 64;
/// What streams are counted in, in bytes: microseconds per 1,000 bytes are seconds per GB.
const STREAM_UNIT: u64 = 1_000;

/// What sessions do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Task {
    /// The server sends without end.
    Download,
    /// The client sends without end.
    Upload,
    /// Both do, at once.
    Both,
    /// A message and the same message back, again and again.
    RoundTrips,
    /// A message and the same message back, once; then the client closes.
    Short,
}

impl Task {
    /// Whether the server streams.
    fn downloads(self) -> bool {
        matches!(self, Task::Download | Task::Both)
    }

    /// Whether the client streams.
    fn uploads(self) -> bool {
        matches!(self, Task::Upload | Task::Both)
    }

    /// Whether anything streams.
    pub(crate) fn streams(self) -> bool {
        self.downloads() || self.uploads()
    }

    /// The first byte of a session.
    pub(crate) fn command(self) -> u8 {
        match self {
            Task::Download => b'd',
            Task::Upload => b'u',
            Task::Both => b'b',
            Task::RoundTrips | Task::Short => b'e',
        }
    }

    /// What the server has to do for a first byte.
    fn from_command(byte: u8) -> Option<Task> {
        [Task::Download, Task::Upload, Task::Both, Task::RoundTrips].into_iter().find(|task| task.command() == byte)
    }
}

/// What the load generator is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct SessionsSpec {
    /// The proxy.
    pub(crate) target: SocketAddrV4,
    /// Sessions at once.
    pub(crate) connections: usize,
    /// What they do.
    pub(crate) task: Task,
    /// Round trips, short sessions or 1,000 bytes before counting begins.
    pub(crate) warmup: u64,
    /// The same, counted.
    pub(crate) counted: u64,
    /// Whether the client speaks TLS.
    pub(crate) tls: bool,
    /// Idle sessions to open after everything else, each with one round trip; 0 for none.
    pub(crate) idle: usize,
    /// Whose CPU is counted.
    pub(crate) watched: Watched,
    /// The run gives up after this many seconds.
    pub(crate) seconds: u64,
}

/// Runs and prints the report as one line of JSON.
pub(crate) fn run(spec: &SessionsSpec) -> Result<()> {
    println!("{}", serde_json::to_string(&client::run(spec)?)?);
    Ok(())
}
