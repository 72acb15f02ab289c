//! The server of a session: whose turn it is, a connection, the PROXY header, TLS; and the next one where that fails.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use backend::balance::round_robin;
use backend::connections::ConnectError;
use backend::{LiveTarget, Server};
use frontend::proxy_protocol::{self, Announced};
use observe::access_log::end_reason;
use snapshot::{ProxyVersion, Settings, TargetId};
use tls::connector::Class;

use super::end::End;
use super::session::Session;
use crate::io::within;
use crate::timer::Lane;
use crate::view::View;

/// Further servers that are tried before any byte has moved.
const FURTHER: usize = 2;

/// Connects to a server of the target.
pub(super) async fn dial(
    session: &mut Session,
    view: &View,
    target: TargetId,
    settings: &Settings,
    client: &End,
) -> Result<End, &'static str> {
    let live = &view.published.fleet[target];
    let limits = &view.published.snapshot.limits;
    if live.eligible().is_empty() && live.undecided() {
        live.decided(limits.first_probe_wait).await;
    }
    let mut tried: Vec<u64> = Vec::new();
    let mut reason = end_reason::NO_LIVE_SERVER;
    while let Some(server) = next(view, target, live, &tried) {
        tried.push(server.id);
        session.facts.attempt(server.address);
        // Counted, and drained when the server's time is over.
        session.timer.engage(server.busy());
        let header = header(session, settings, &server, client);
        let tls = live.connector().map(|connector| (connector, name(settings, &server)));
        let tls = tls.as_ref().map(|(connector, name)| (*connector, name.as_deref()));
        session.timer.set(Lane::ServerWrite, limits.connect_timeout);
        let connecting = session.worker.connections.connect(server.address, tls, &header);
        let made = within(connecting, &session.timer, Lane::ServerWrite).await;
        session.timer.clear(Lane::ServerWrite);
        reason = match made {
            Ok(Ok(link)) => {
                session.worker.counters.backend_opened.add(1);
                return Ok(session.facts.took_server(link));
            }
            Ok(Err(ConnectError::Tcp(_))) => end_reason::CONNECT_FAILED,
            Ok(Err(ConnectError::Tls(error))) => {
                session.facts.detail = Some(error.text.into());
                of_class(error.class)
            }
            Err(_) => end_reason::CONNECT_TIMEOUT,
        };
        _ = session.timer.release();
        if tried.len() > FURTHER {
            break;
        }
        session.worker.counters.retries.add(1);
    }
    Err(reason)
}

/// Whose turn it is. A further attempt takes no turn, and no server twice.
fn next(view: &View, target: TargetId, live: &LiveTarget, tried: &[u64]) -> Option<Arc<Server>> {
    let (eligible, turn) = (live.eligible(), view.turn(target));
    if tried.is_empty() {
        return round_robin::pick(&eligible, turn, None).cloned();
    }
    round_robin::further(&eligible, turn, tried).filter(|server| !tried.contains(&server.id)).cloned()
}

/// The name that a server is asked for in TLS.
fn name<'a>(settings: &'a Settings, server: &'a Server) -> Option<Cow<'a, str>> {
    settings.tls.as_ref()?.name(server.name.as_deref(), b"")
}

fn of_class(class: Class) -> &'static str {
    match class {
        Class::CertNameMismatch => end_reason::BACKEND_CERTIFICATE_NAME,
        Class::CertDateInvalid => end_reason::BACKEND_CERTIFICATE_DATE,
        Class::TlsHandshakeFailed | Class::Closed => end_reason::BACKEND_HANDSHAKE,
        _ => end_reason::BACKEND_CERTIFICATE_CHAIN,
    }
}

/// What the connection begins with; empty where the settings ask for nothing.
fn header(session: &Session, settings: &Settings, server: &Server, client: &End) -> Vec<u8> {
    let Some(asked) = settings.proxy_header else { return Vec::new() };
    let destination = if asked.to_server { Some(server.address) } else { destination(session, client) };
    let Some(destination) = destination else { return asked.version.of_nobody().to_vec() };
    let announced = Announced { client: session.caller.client, destination, tls: session.facts.announced() };
    match asked.version {
        ProxyVersion::V1 => proxy_protocol::v1(&announced),
        ProxyVersion::V2 => proxy_protocol::v2(&announced),
    }
}

/// What the client connected to, with the port that clients see.
fn destination(session: &Session, client: &End) -> Option<SocketAddr> {
    if let Some(known) = session.caller.destination {
        return Some(known);
    }
    let view = session.worker.view();
    let mut local = client.tcp().local_addr().ok()?;
    let binding = session.door.binding(&view).map(|binding| &view.published.snapshot.bindings[binding]);
    if let Some(port) = binding.map(|binding| binding.public_port).filter(|port| *port != 0) {
        local.set_port(port);
    }
    Some(local)
}

impl super::row::Facts {
    /// Notes an attempt at a server.
    fn attempt(&mut self, address: SocketAddr) {
        self.attempts += 1;
        self.server = Some(address);
        self.server_since = Some(Instant::now());
        self.detail = None;
    }
}
