//! What happened to a request, and its row in the access log.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use backend::connections::Link;
use firewall::Mode;
use observe::access_log::{HttpVersion, Waf, WafMode};
use observe::{AccessRecord, Labels};
use tls::connector::ServerTlsError;

use crate::failure::Failure;
use crate::http::client::Seat;
use crate::http::exchange::Exchange;
use crate::http::guard::{Answering, Evaluated};
use crate::http::record::Span;
use crate::http::tunnel::Tunnel;
use crate::tls::session::Agreed;

/// What happened, for the log.
#[derive(Debug, Default)]
pub struct Facts {
    /// Status sent to the client.
    pub status: u16,
    /// Bytes from the client, head included.
    pub received: u64,
    /// Bytes to the client, head included.
    pub sent: u64,
    /// The client has got a part of the final answer.
    pub answered: bool,
    /// Servers tried, in order.
    pub servers: Tried,
    /// Status of the server's answer.
    pub server_status: Option<u16>,
    /// When the request began to go to the last server.
    pub sent_at: Option<Instant>,
    /// How long connecting took; zero on a reused seat.
    pub connect_time: Option<Duration>,
    /// When the head of the answer was complete.
    pub answered_at: Option<Instant>,
    /// Suite and version of the last server's TLS session.
    pub server_tls: Option<Agreed>,
    /// Our port towards the last server.
    pub source_port: Option<u16>,
    /// Content-Type of the answer, in the record.
    pub content_type: Span,
    /// What went wrong, if anything did.
    pub failure: Option<Failure>,
    /// What was seen and what was expected, where a reason alone does not say it.
    pub detail: Option<Box<str>>,
    /// The listener, once its host is known.
    pub listener: Option<snapshot::ListenerId>,
    /// The pool with its settings that a server was chosen from.
    pub target: Option<snapshot::TargetId>,
    /// The tunnel that it has become.
    pub tunnel: Option<Box<Tunnel>>,
    /// What the firewall's policy took, where there is one.
    pub evaluated: Option<Evaluated>,
    /// The answer that rules of the operator's are to see.
    pub answering: Option<Box<Answering>>,
    /// The route, once there is one.
    pub route: Option<snapshot::RouteId>,
    /// The client's version.
    pub version: HttpVersion,
}

/// Servers that were tried: the first few, without allocation.
#[derive(Debug)]
pub struct Tried {
    addresses: [SocketAddr; 4],
    count: usize,
}

impl Default for Tried {
    fn default() -> Self {
        Self { addresses: [SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 0); 4], count: 0 }
    }
}

impl Tried {
    /// Adds one; beyond the room it takes the last place.
    pub fn push(&mut self, address: SocketAddr) {
        self.count = (self.count + 1).min(self.addresses.len());
        self.addresses[self.count - 1] = address;
    }

    /// Takes the last one away.
    pub fn pop(&mut self) {
        self.count = self.count.saturating_sub(1);
    }

    /// All of them, in order.
    pub fn all(&self) -> &[SocketAddr] {
        &self.addresses[..self.count]
    }
}

impl Facts {
    /// Notes the connection that a request goes on.
    #[inline]
    pub fn took(&mut self, link: &Link) {
        self.source_port = Some(link.local_port);
        self.server_tls = link.stream.borrow().session().map(|session| Agreed::of(session));
    }

    /// Notes what TLS says of an error on the way to or from a server. With TLS 1.3 a server refuses a client
    /// certificate only after the handshake.
    #[cold]
    pub fn explain(&mut self, error: &std::io::Error) {
        if let Some(error) = ServerTlsError::of(error) {
            self.detail = Some(error.text.into());
        }
    }
}

impl Exchange {
    /// What its row says of its route.
    pub(super) fn labels<'a>(&'a self, seat: &'a Seat) -> &'a Labels {
        let published = &self.view.published;
        match (self.facts.route, seat.door.binding(&self.view)) {
            (Some(route), _) => published.labels(route, self.facts.target),
            (None, Some(binding)) => published.binding_labels(binding),
            (None, None) => &seat.worker.nameless,
        }
    }

    fn waf(&self, evaluated: Evaluated) -> Waf<'_> {
        let policy = &self.view.published.snapshot.firewalls.guards[evaluated.guard].policy;
        let mode = match policy.mode {
            Mode::Detection => WafMode::Detection,
            Mode::Prevention => WafMode::Prevention,
        };
        Waf { mode, time: evaluated.time(), policy_id: &policy.id }
    }

    /// Writes the row.
    pub(super) fn write_row(&self, seat: &Seat) {
        let (facts, record) = (&self.facts, &self.record);
        let total = self.started.elapsed();
        // All from the beginning: differences of durations cost less than differences of instants.
        let answered = facts.answered_at.map(|at| at - self.started);
        let sent = facts.sent_at.map(|at| if at == self.started { Duration::ZERO } else { at - self.started });
        let labels = match &facts.tunnel {
            Some(tunnel) => &tunnel.labels,
            None => self.labels(seat),
        };
        let sent_target = record.get(record.sent_target);
        let (path, query) = match memchr::memchr(b'?', sent_target) {
            Some(at) => (&sent_target[..at], &sent_target[at + 1..]),
            None => (sent_target, &[][..]),
        };
        let stamp = seat.worker.clock.cached();
        seat.worker.log.record(&AccessRecord {
            stamp: &stamp,
            labels,
            client: seat.client.peer,
            method: record.get(record.method),
            original_target: record.get(record.original_target),
            path,
            query,
            user_agent: record.get(record.user_agent),
            status: facts.status,
            version: facts.version,
            received_bytes: facts.received,
            sent_bytes: facts.sent,
            client_response_time: answered.map_or(Duration::ZERO, |at| total.saturating_sub(at)),
            time_taken: total,
            waf: facts.evaluated.map(|evaluated| self.waf(evaluated)),
            transaction: &self.id,
            tls: seat.client.tls.as_ref().map(|tls| tls.info()),
            servers: facts.servers.all(),
            server_status: facts.server_status,
            server_latency: sent.map(|at| total.saturating_sub(at)),
            server_connect_time: facts.connect_time,
            server_header_time: answered.zip(sent).map(|(head, sent)| head.saturating_sub(sent)),
            server_tls: facts.server_tls.map(Agreed::names),
            upstream_source_port: facts.source_port,
            original_host: record.get(record.original_host),
            host: record.get(record.sent_host),
            error_info: facts.failure.map_or("ERRORINFO_NO_ERROR", Failure::error_info),
            content_type: record.get(facts.content_type),
            reason: facts.failure.map_or("", Failure::reason),
            detail: facts.detail.as_deref().unwrap_or(""),
        });
    }
}
