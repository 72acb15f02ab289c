//! Probes where bytes are passed on as they are: a TCP connection, or a TLS handshake on one.
//!
//! Source: Azure, "Client IP preservation" (proxy-protocol-header, read 2026-11-22): where the header is asked for, a
//! probe begins with one of nobody, and a TLS server that does not understand it fails. The rest is not documented.
//! Here the server sees an orderly end: a reset would make noise in its log.

use std::net::SocketAddr;
use std::time::Duration;

use snapshot::{Probe, ProxyVersion};
use tls::connector::{Class, Connector, ServerTlsError};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt, copy, sink};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout};
use tokio_rustls::client::TlsStream;

use super::request;
use super::run::{Progress, connect};
use crate::health::{Failure, Outcome, Step, Success};
use crate::server::Server;
use crate::target::TargetSpec;

/// A server that still writes after the end of a probe is heard out for so long, and for so much.
const HEARING: Duration = Duration::from_millis(500);
const MAX_HEARD: u64 = 64 * 1024;

/// Succeeds when a TCP connection comes about. It is ended at once.
pub(super) async fn connection(address: SocketAddr, probe: &Probe) -> Outcome {
    let mut stream = connect(address).await?;
    // The connection is what counts. What the server makes of a header is not seen here.
    _ = announce(&mut stream, probe.proxy_header).await;
    _ = stream.shutdown().await;
    // Servers that speak first do so now. Closing would answer them with a reset. Not a part of the probe, whose
    // verdict stands: it ends by itself.
    drop(tokio::spawn(timeout(HEARING, async move { hear_out(&mut stream).await })));
    Ok(Success::Connection)
}

/// Succeeds when a whole TLS handshake comes about, with everything that is checked of a server's certificate.
pub(super) async fn handshake(
    server: &Server,
    spec: &TargetSpec,
    connector: &Connector,
    address: SocketAddr,
    progress: &Progress,
) -> Outcome {
    let begun = Instant::now();
    // What is not the verdict itself takes half of the time that is left, so that it ends before the probe has to.
    let some_time = || spec.probe.timeout.saturating_sub(begun.elapsed()) / 2;
    let name = request::server_name(server, spec);
    let question = Question { connector, name: name.as_deref(), address, progress };
    let header = spec.probe.proxy_header;
    match question.ask(header).await? {
        Ok(stream) => match refusal(stream, some_time().min(HEARING)).await {
            Some(failure) => Err(failure),
            None => Ok(Success::Handshake),
        },
        Err(error) if header.is_some() && is_of_handshake(&error) => {
            let works_bare = timeout(some_time(), question.works_bare()).await.unwrap_or(false);
            Err(if works_bare { Failure::ProxyHeaderUnsupported { text: error.text.into() } } else { error.into() })
        }
        Err(error) => Err(error.into()),
    }
}

/// A handshake to be made.
struct Question<'a> {
    connector: &'a Connector,
    name: Option<&'a str>,
    address: SocketAddr,
    progress: &'a Progress,
}

impl Question<'_> {
    /// Makes it once on a new connection, as a whole: one that goes on from an earlier one would not show the
    /// certificate.
    async fn ask(&self, header: Option<ProxyVersion>) -> Result<Result<TlsStream<TcpStream>, ServerTlsError>, Failure> {
        let mut stream = connect(self.address).await?;
        self.progress.set(if header.is_some() { Step::TlsBehindHeader } else { Step::Tls });
        // When it cannot be written the handshake says what became of the connection.
        _ = announce(&mut stream, header).await;
        Ok(Box::pin(self.connector.connect_anew(self.name, self.address.ip(), stream)).await)
    }

    /// True when the server speaks TLS if no header comes first, whatever its certificate is like.
    async fn works_bare(&self) -> bool {
        match self.ask(None).await {
            Ok(Ok(mut stream)) => {
                _ = stream.shutdown().await;
                true
            }
            Ok(Err(error)) => !is_of_handshake(&error),
            Err(_) => false,
        }
    }
}

async fn announce(stream: &mut TcpStream, header: Option<ProxyVersion>) -> std::io::Result<()> {
    match header {
        Some(version) => stream.write_all(version.of_nobody()).await,
        None => Ok(()),
    }
}

/// True when the server did not come as far as to show its certificate.
fn is_of_handshake(error: &ServerTlsError) -> bool {
    matches!(error.class, Class::TlsHandshakeFailed | Class::Closed)
}

/// Ends a connection, and hears what the server says to that: with TLS 1.3 it refuses a client certificate, or the lack
/// of one, only when the handshake is over for us. A server that says nothing in time does not mind.
async fn refusal(mut stream: TlsStream<TcpStream>, patience: Duration) -> Option<Failure> {
    // A server may have closed by now.
    _ = stream.shutdown().await;
    let heard = timeout(patience, hear_out(&mut stream)).await.ok()?;
    heard.err().and_then(|error| ServerTlsError::of(&error)).map(Failure::from)
}

/// Reads to the end, but not for ever.
async fn hear_out(stream: &mut (impl AsyncRead + Unpin)) -> std::io::Result<u64> {
    copy(&mut stream.take(MAX_HEARD), &mut sink()).await
}

#[cfg(test)]
mod tests;
