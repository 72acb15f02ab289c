//! The proxies, configured for TCP and TLS sessions: two members in turn, a line in a log for each session.
//!
//! One configuration of each serves streams, round trips and short sessions. Buffers are as big as each proxy has them
//! by itself. Where TLS is spoken to servers, certificate and name are checked.

pub(super) mod gatehouse;
pub(super) mod haproxy;
pub(super) mod nginx;

use std::io::{Read, Write};

use anyhow::{Context as _, Result, bail};

use crate::sessions::{MESSAGE, Task};

/// Makes one round trip.
pub(super) fn greet(stream: &mut (impl Read + Write)) -> Result<()> {
    let message = [Task::RoundTrips.command(); MESSAGE];
    stream.write_all(&message)?;
    let mut answer = [0; MESSAGE];
    stream.read_exact(&mut answer).context("no answer")?;
    if answer == message { Ok(()) } else { bail!("another answer than what was sent") }
}
