//! What happened in a session, and its row in the access log.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use backend::connections::Link;
use frontend::proxy_protocol::AnnouncedTls;
use observe::access_log::{TlsInfo, end_reason};
use observe::{Labels, SessionRecord, Stamp};
use rustls::HandshakeKind;
use tls::client_auth::Verdict;
use tokio_rustls::server::TlsStream;

use super::end::End;
use super::session::Ends;
use crate::tls::accept::Why;
use crate::tls::session::Agreed;
use crate::tls::{Session as ClientTls, Wire};
use crate::worker::Worker;

/// What happened, for the log.
pub(super) struct Facts {
    started: Instant,
    /// When the first byte of the server went to the client.
    pub(super) first_byte: Option<Instant>,
    /// When the last attempt at a server began.
    pub(super) server_since: Option<Instant>,
    pub(super) server: Option<SocketAddr>,
    pub(super) attempts: u32,
    /// What was seen and what was expected, where a reason alone does not say it.
    pub(super) detail: Option<Box<str>>,
    pub(super) server_name: Option<Box<str>>,
    alpn: Option<Box<[u8]>>,
    /// The client's handshake went on from an earlier one.
    resumed: bool,
    client_tls: Option<Box<ClientTls>>,
    /// What was wrong with the client's certificate, where that ended its handshake.
    verify: Option<Box<str>>,
    server_tls: Option<Agreed>,
    connect_time: Option<Duration>,
    /// The connection to the server as the worker counts it.
    link: Option<backend::connections::Counted>,
    /// The client left before it said anything, as checks of other load balancers do: counted, and no row.
    pub(super) is_silent: bool,
    received: u64,
    sent: u64,
    server_received: u64,
    server_sent: u64,
}

impl Facts {
    /// Nothing has happened but that somebody came.
    pub(super) fn new() -> Self {
        Self {
            started: Instant::now(),
            first_byte: None,
            server_since: None,
            server: None,
            attempts: 0,
            detail: None,
            server_name: None,
            alpn: None,
            resumed: false,
            client_tls: None,
            verify: None,
            server_tls: None,
            connect_time: None,
            link: None,
            is_silent: false,
            received: 0,
            sent: 0,
            server_received: 0,
            server_sent: 0,
        }
    }

    /// Notes what the client's handshake said.
    pub(super) fn took_client(&mut self, stream: &TlsStream<Wire>, tls: ClientTls) {
        let session = stream.get_ref().1;
        self.server_name = session.server_name().map(Box::from);
        self.alpn = session.alpn_protocol().map(Box::from);
        self.resumed = session.handshake_kind() == Some(HandshakeKind::Resumed);
        self.client_tls = Some(Box::new(tls));
    }

    /// Notes why it failed; the reason.
    pub(super) fn took_failure(&mut self, why: &Why) -> &'static str {
        self.server_name = why.server_name().map(Box::from);
        self.detail = why.text().map(Into::into);
        match why {
            Why::UnknownName(_) => end_reason::UNKNOWN_SERVER_NAME,
            Why::NotTls(_) => end_reason::NOT_TLS,
            Why::Certificate(verdict) => {
                self.verify = Some(verdict.to_string().into());
                match verdict {
                    Verdict::Absent => end_reason::CLIENT_CERTIFICATE_MISSING,
                    _ => end_reason::CLIENT_CERTIFICATE_INVALID,
                }
            }
            Why::Outdated | Why::Handshake(_) => end_reason::CLIENT_HANDSHAKE,
        }
    }

    /// Notes the connection to a server.
    pub(super) fn took_server(&mut self, link: Link) -> End {
        self.connect_time = self.server_since.map(|since| since.elapsed());
        let (stream, counted) = link.into_parts();
        self.server_tls = stream.session().map(|session| Agreed::of(session));
        self.link = Some(counted);
        stream.into()
    }

    /// Notes the bytes of both ways.
    pub(super) fn moved(&mut self, ends: &Ends) {
        (self.received, self.server_sent) = (ends.up.received(), ends.up.moved);
        (self.server_received, self.sent) = (ends.down.received(), ends.down.moved);
    }

    /// What a server may be told of the client's TLS.
    pub(super) fn announced(&self) -> Option<AnnouncedTls<'_>> {
        let tls = self.client_tls.as_ref()?;
        let info = tls.info();
        Some(AnnouncedTls {
            version: info.protocol,
            cipher: info.cipher,
            server_name: self.server_name.as_deref(),
            alpn: self.alpn.as_deref(),
            client_name: tls.common_name(),
            verified: tls.is_verified(),
            resumed: self.resumed,
        })
    }

    fn tls_info(&self) -> Option<TlsInfo<'_>> {
        let refused = self.verify.as_deref();
        let refused = refused.map(|client_verify| TlsInfo {
            cipher: "",
            protocol: "",
            client_verify,
            fingerprint: "",
            issuer: "",
        });
        self.client_tls.as_ref().map(|tls| tls.info()).or(refused)
    }

    /// Writes the row of a session that has ended, and counts it.
    pub(super) fn write(&self, worker: &Worker, labels: &Labels, client: SocketAddr, reason: &'static str) {
        worker.counters.session_ended(reason, self.started.elapsed(), self.server_time());
        if !self.is_silent {
            worker.log.session(&self.record(&worker.clock.cached(), labels, client, reason));
        }
    }

    /// Writes a row of a session that goes on.
    pub(super) fn write_under_way(&self, worker: &Worker, labels: &Labels, client: SocketAddr) {
        worker.log.session_under_way(&self.record(&worker.clock.cached(), labels, client, ""));
    }

    /// How long there has been a connection to a server.
    fn server_time(&self) -> Option<Duration> {
        self.link.as_ref().and(self.server_since).map(|since| since.elapsed())
    }

    fn record<'a>(
        &'a self,
        stamp: &'a Stamp,
        labels: &'a Labels,
        client: SocketAddr,
        reason: &'static str,
    ) -> SessionRecord<'a> {
        let first_byte = self.first_byte.zip(self.server_since);
        SessionRecord {
            stamp,
            labels,
            client,
            received_bytes: self.received,
            sent_bytes: self.sent,
            upstream_sent_bytes: self.server_sent,
            upstream_received_bytes: self.server_received,
            session_time: self.started.elapsed(),
            upstream_session_time: self.server_time().unwrap_or_default(),
            tls: self.tls_info(),
            server: self.server,
            status: status(reason, self.received + self.server_received > 0),
            end_reason: reason,
            server_name: self.server_name.as_deref().unwrap_or(""),
            alpn: self.alpn.as_deref().unwrap_or_default(),
            server_tls: self.server_tls.map(Agreed::names),
            connect_time: self.connect_time,
            first_byte_time: first_byte.map(|(at, since)| at.saturating_duration_since(since)),
            attempts: self.attempts,
            detail: self.detail.as_deref().unwrap_or(""),
        }
    }
}

/// How a session went, in Azure's numbers.
fn status(reason: &str, has_moved: bool) -> u16 {
    match reason {
        end_reason::CLOSED
        | end_reason::IDLE
        | end_reason::DRAINED
        | end_reason::SHUTDOWN
        | end_reason::RESET_AFTER_END
        | end_reason::CLIENT_RESET => 200,
        end_reason::SERVER_RESET if has_moved => 200,
        end_reason::NOT_TLS
        | end_reason::CLIENT_HANDSHAKE
        | end_reason::CLIENT_CERTIFICATE_MISSING
        | end_reason::CLIENT_CERTIFICATE_INVALID
        | end_reason::UNKNOWN_SERVER_NAME
        | end_reason::PROXY_HEADER => 400,
        end_reason::OVERLOADED => 503,
        end_reason::INTERNAL => 500,
        _ => 502,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_the_status_that_its_kind_has() {
        for reason in end_reason::ALL {
            let (moved, still) = (status(reason, true), status(reason, false));
            assert!([200, 400, 500, 502, 503].contains(&moved), "{reason}");
            assert_eq!(moved == still, *reason != end_reason::SERVER_RESET, "{reason}");
        }
        assert_eq!((status(end_reason::SERVER_RESET, true), status(end_reason::SERVER_RESET, false)), (200, 502));
    }
}
