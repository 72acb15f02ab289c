//! From an accepted socket to HTTP over TLS: who is asked for, the handshake, what the client showed.
//!
//! Source: Azure, "Overview of TLS termination" (ssl-overview), the table of certificates by server name, and "Mutual
//! authentication" (mutual-authentication-overview): a bad client certificate is answered with 400 after the handshake,
//! not with an alert.

use std::io;
use std::rc::Rc;
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::server::{Acceptor, ClientHello};
use snapshot::ListenerId;
use tls::acceptor::{H2, ListenerTls};
use tls::client_auth::{Checker, Mode, Revocation, Verdict, refusal};
use tls::policy::Family;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::spawn_local;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::Wire;
use super::session::{Session, suite_list};
use crate::failure::Failure;
use crate::http::compose::Peer;
use crate::http::h1::connection::{Connection, Guest};
use crate::http::h2;
use crate::io::within;
use crate::timer::Lane;
use crate::view::View;
use crate::worker::{Door, Worker};

/// TLS 1.2 as a ClientHello numbers it.
const TLS12: u16 = 0x0303;
/// A fatal alert that says that the version is not served (RFC 8446 6.2).
const PROTOCOL_VERSION: [u8; 7] = [21, 3, 1, 0, 2, 2, 70];
/// A fatal alert that says that the name asked for is not served (RFC 6066 3).
pub(crate) const UNRECOGNIZED_NAME: [u8; 7] = [21, 3, 3, 0, 2, 2, 112];

/// Serves a client that was just accepted where TLS is spoken.
pub async fn serve(worker: Rc<Worker>, door: Rc<Door>, tcp: TcpStream, peer: Peer, guest: Guest) {
    let timer = worker.timers.register(door.group);
    let view = worker.view();
    timer.set(Lane::ClientRead, view.published.snapshot.limits.tls_handshake_timeout);
    let opened = within(Box::pin(open(&worker, &door, &view, tcp)), &timer, Lane::ClientRead).await;
    match opened {
        Ok(Opened::Tls(opened)) => {
            let (stream, session, _) = *opened;
            let session = Some(Rc::new(session));
            if stream.get_ref().1.alpn_protocol() == Some(H2) {
                drop(spawn_local(h2::connection::serve(stream, worker, door, peer, session, guest)));
            } else {
                drop(spawn_local(Connection::new(worker, door, stream, peer, session, guest).serve()));
            }
        }
        Ok(Opened::Plain(tcp)) => {
            let mut connection = Connection::new(worker, door, tcp, peer, None, guest);
            connection.misplaced = true;
            drop(spawn_local(connection.serve()));
        }
        Ok(Opened::Nothing) => {}
        Ok(Opened::Failed(_)) | Err(_) => worker.counters.refusal(Failure::ClientHandshake as usize),
    }
}

/// What became of a connection.
pub(crate) enum Opened {
    /// TLS, and the listener whose certificate was shown.
    Tls(Box<(TlsStream<Wire>, Session, ListenerId)>),
    /// It speaks plain HTTP.
    Plain(TcpStream),
    /// The client left without a word.
    Nothing,
    /// The handshake failed; the client has been told.
    Failed(Why),
}

/// Why a handshake failed.
pub(crate) enum Why {
    /// The client's TLS is older than 1.2.
    Outdated,
    /// What came is not TLS.
    NotTls(rustls::Error),
    /// No listener takes the name asked for, if one was.
    UnknownName(Option<Box<str>>),
    /// A certificate is demanded; there is none, or it is not good.
    Certificate(Verdict),
    /// Anything else.
    Handshake(Box<str>),
}

impl From<io::Error> for Why {
    fn from(error: io::Error) -> Self {
        use rustls::Error::InvalidMessage;
        if let Some(verdict) = refusal(&error) {
            return Self::Certificate(verdict);
        }
        match error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
            Some(error @ InvalidMessage(_)) => Self::NotTls(error.clone()),
            _ => Self::Handshake(error.to_string().into()),
        }
    }
}

impl Why {
    /// The name that was asked for in vain.
    pub(crate) fn server_name(&self) -> Option<&str> {
        match self {
            Self::UnknownName(name) => name.as_deref(),
            _ => None,
        }
    }

    /// What else is to be said.
    pub(crate) fn text(&self) -> Option<String> {
        match self {
            Self::Outdated => Some("older than TLS 1.2".to_owned()),
            Self::NotTls(error) => Some(error.to_string()),
            Self::Handshake(text) => Some(text.to_string()),
            Self::UnknownName(_) | Self::Certificate(_) => None,
        }
    }
}

/// What a client seems to speak.
enum First {
    Nothing,
    Plain,
    /// TLS older than 1.2.
    Outdated,
    Tls,
}

/// Looks at the first bytes without taking them.
async fn look(tcp: &TcpStream) -> First {
    let mut first = [0; 1024];
    match tcp.peek(&mut first).await {
        Ok(0) | Err(_) => First::Nothing,
        Ok(_) if first[0].is_ascii_uppercase() => First::Plain,
        Ok(length) => match tls::ja4::newest_version(&first[..length]) {
            Some(..TLS12) => First::Outdated,
            _ => First::Tls,
        },
    }
}

/// The handshake with a client.
pub(crate) async fn open(worker: &Worker, door: &Door, view: &Rc<View>, tcp: TcpStream) -> Opened {
    match look(&tcp).await {
        First::Nothing => return Opened::Nothing,
        First::Plain => return Opened::Plain(tcp),
        First::Outdated => {
            // rustls would complain of what old hellos lack, before it comes to the version.
            let _ = tcp.try_write(&PROTOCOL_VERSION);
            return Opened::Failed(Why::Outdated);
        }
        First::Tls => {}
    }
    // The acceptor has sent the alert that fits where it fails.
    let mut start = match LazyConfigAcceptor::new(Acceptor::default(), Wire::new(tcp)).await {
        Ok(start) => start,
        Err(error) => return Opened::Failed(error.into()),
    };
    let hello = start.io.take_hello();
    let listener = choose(door, view, start.client_hello().server_name());
    let offered = view.published.wants_offered.then(|| suite_list(start.client_hello().cipher_suites()));
    let chosen = listener.and_then(|listener| Some((listener, Chosen::new(view, listener, &start.client_hello())?)));
    let Some((listener, chosen)) = chosen else {
        let name = start.client_hello().server_name().map(Box::from);
        let _ = start.io.write_all(&UNRECOGNIZED_NAME).await;
        return Opened::Failed(Why::UnknownName(name));
    };
    let stream = match start.into_stream(chosen.config).await {
        Ok(stream) => stream,
        Err(error) => return Opened::Failed(error.into()),
    };
    let verdict = match chosen.checker {
        Some(checker) => verdict(worker, chosen.asked, checker, &stream).await,
        None => Verdict::Absent,
    };
    let client_auth = chosen.checker.and(chosen.asked.client_auth.as_ref());
    let ja4 = chosen.fingerprints.then(|| tls::ja4::fingerprint(&hello)).flatten();
    let session = Session::new(stream.get_ref().1, client_auth.cloned(), verdict, ja4, offered);
    Opened::Tls(Box::new((stream, session, listener)))
}

/// The listener whose certificate a client gets; the request's host decides again after the handshake.
fn choose(door: &Door, view: &Rc<View>, name: Option<&str>) -> Option<ListenerId> {
    let snapshot = &view.published.snapshot;
    let binding = &snapshot.bindings[door.binding(view)?];
    let rule = name.and_then(|name| binding.hosts.lookup(name.as_bytes()));
    match rule {
        Some(rule) => Some(snapshot.rules[rule].listener),
        None if name.is_some() && binding.refuse_unknown_sni => None,
        None => binding.fallback,
    }
}

/// What a handshake is answered with.
struct Chosen<'a> {
    config: Arc<ServerConfig>,
    asked: &'a ListenerTls,
    checker: Option<&'a Checker>,
    /// Whether servers are told the client's fingerprint: Azure does so under the policies of 2022 and `CustomV2`.
    fingerprints: bool,
}

impl<'a> Chosen<'a> {
    fn new(view: &'a View, listener: ListenerId, hello: &ClientHello<'_>) -> Option<Self> {
        let asked = view.published.snapshot.listeners[listener].tls.as_ref()?;
        let ready = view.published.tls(listener)?;
        Some(Self {
            config: ready.acceptor.config(hello.alpn().into_iter().flatten()),
            asked,
            checker: ready.checker.as_ref().filter(|_| asked.client_auth.is_some()),
            fingerprints: asked.policy.family == Family::New,
        })
    }
}

/// What the client's certificate is worth. Asked anew for resumed sessions: dates pass and certificates are revoked.
async fn verdict(worker: &Worker, asked: &ListenerTls, checker: &Checker, stream: &TlsStream<Wire>) -> Verdict {
    let Some(client_auth) = &asked.client_auth else { return Verdict::Absent };
    let presented = stream.get_ref().1.peer_certificates();
    let now = unix_seconds();
    let is_judged = asked.application.refuses_in_handshake() && client_auth.mode == Mode::Strict;
    let verdict = if is_judged { Verdict::Success } else { checker.verdict(presented, now) };
    let (Verdict::Success, Revocation::Ocsp { soft_fail }) = (&verdict, &client_auth.revocation) else {
        return verdict;
    };
    let Some((chain, issuer)) = presented.and_then(|chain| Some((chain, checker.issuer_of(chain)?))) else {
        return Verdict::Failed("unable to get issuer certificate".into());
    };
    match worker.shared.responders.ask(&chain[0], &issuer, now).await {
        Ok(()) => verdict,
        Err(why) if why.is_final || !soft_fail => Verdict::Failed(why.text),
        Err(_) => verdict,
    }
}

/// The present time.
pub(crate) fn unix_seconds() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    since.map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(i64::MAX))
}
