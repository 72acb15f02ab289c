//! One probe, from connecting to judging the answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use snapshot::{Probe, Scheme};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{request, response};
use crate::health::{Failure, Outcome, Step};
use crate::server::Server;

/// How far a probe has come, for the text of its timeout.
#[derive(Debug, Default)]
pub(super) struct Progress(AtomicU8);

impl Progress {
    pub(super) fn set(&self, step: Step) {
        self.0.store(step as u8, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> Step {
        match self.0.load(Ordering::Relaxed) {
            0 => Step::Connect,
            1 => Step::Head,
            _ => Step::Body,
        }
    }
}

/// Asks a server once. Without a deadline of its own: the caller's covers the whole.
pub(super) async fn probe(server: &Server, scheme: Scheme, probe: &Probe, progress: &Progress) -> Outcome {
    let port = probe.port.unwrap_or(server.address.port());
    let address = SocketAddr::new(server.address.ip(), port);
    let stream = connect(address).await?;
    let mut stream = match scheme {
        Scheme::Http => stream,
        // The TLS handshake with the server stands here: it turns the stream into another one, and its failures are
        // classes of their own. Settings with https are refused before they get here.
        Scheme::Https => return Err(Failure::TlsUnsupported),
    };
    progress.set(Step::Head);
    let request = request::bytes(server, scheme, port, probe);
    // A server may answer and close before it has read the request: what it answered counts, so a failed write is not
    // the end; the read says what became of the connection.
    _ = stream.write_all(&request).await;
    let response = response::read(&mut stream, progress).await?;
    judge(probe, &response)
}

async fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
    let failed = |error: std::io::Error| Failure::ConnectFailed { address, error: Arc::from(error.to_string()) };
    let stream = TcpStream::connect(address).await.map_err(failed)?;
    _ = stream.set_nodelay(true);
    Ok(stream)
}

/// Status first, then the body: both must match where both are given.
fn judge(probe: &Probe, response: &response::Response) -> Outcome {
    let accept = &probe.accept;
    if !accept.accepts_status(response.status) {
        let expected = Arc::from(statuses_text(&accept.statuses));
        return Err(Failure::StatusMismatch { expected, received: response.status });
    }
    if memchr::memmem::find(&response.body, accept.body.as_bytes()).is_none() {
        return Err(Failure::BodyMismatch { expected: Arc::clone(&accept.body) });
    }
    Ok(response.status)
}

fn statuses_text(ranges: &[(u16, u16)]) -> String {
    let range = |&(low, high): &(u16, u16)| if low == high { low.to_string() } else { format!("{low}-{high}") };
    ranges.iter().map(range).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
