//! One probe, from connecting to judging the answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use snapshot::{Probe, Scheme};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{bytes, request, response};
use crate::health::{Failure, Outcome, Step, Success};
use crate::security::Security;
use crate::server::Server;
use crate::target::TargetSpec;

/// How far a probe has come, for the text of its timeout.
#[derive(Debug, Default)]
pub(super) struct Progress(AtomicU8);

impl Progress {
    pub(super) fn set(&self, step: Step) {
        self.0.store(step as u8, Ordering::Relaxed);
    }

    pub(super) fn get(&self) -> Step {
        let steps = [Step::Connect, Step::Tls, Step::TlsBehindHeader, Step::Head];
        let reached = |step: &&Step| **step as u8 == self.0.load(Ordering::Relaxed);
        steps.iter().find(reached).copied().unwrap_or(Step::Body)
    }
}

/// Asks a server once. Without a deadline of its own: the caller's covers the whole.
pub(super) async fn probe(server: &Server, spec: &TargetSpec, security: &Security, progress: &Progress) -> Outcome {
    let (probe, scheme) = (&spec.probe, spec.settings.scheme);
    let port = probe.port.unwrap_or(server.address.port());
    let address = SocketAddr::new(server.address.ip(), port);
    let request = request::bytes(server, scheme, port, probe);
    let response = match security {
        Security::Broken(failure) => return Err(failure.clone()),
        Security::Plain if scheme == Scheme::Tcp => return bytes::connection(address, probe).await,
        Security::Tls(connector) if scheme == Scheme::Tls => {
            return bytes::handshake(server, spec, connector, address, progress).await;
        }
        Security::Plain => ask(connect(address).await?, &request, progress).await?,
        Security::Tls(connector) => {
            let tcp = connect(address).await?;
            progress.set(Step::Tls);
            let name = request::server_name(server, spec);
            // Not a handshake that goes on from an earlier one: the certificate is to be seen.
            let stream = Box::pin(connector.connect_anew(name.as_deref(), address.ip(), tcp)).await?;
            ask(stream, &request, progress).await?
        }
    };
    judge(probe, &response)
}

async fn ask(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    request: &[u8],
    progress: &Progress,
) -> Result<response::Response, Failure> {
    progress.set(Step::Head);
    // A server may answer and close before it has read the request: what it answered counts, so a failed write is not
    // the end; the read says what became of the connection.
    _ = stream.write_all(request).await;
    _ = stream.flush().await;
    response::read(&mut stream, progress).await
}

pub(super) async fn connect(address: SocketAddr) -> Result<TcpStream, Failure> {
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
    Ok(Success::Status(response.status))
}

fn statuses_text(ranges: &[(u16, u16)]) -> String {
    let range = |&(low, high): &(u16, u16)| if low == high { low.to_string() } else { format!("{low}-{high}") };
    ranges.iter().map(range).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
