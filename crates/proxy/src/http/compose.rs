//! The request as a server gets it: written in one pass over the view, straight into the outgoing buffer.
//!
//! Source: Azure, "How an application gateway works" (the headers it adds), and RFC 9110 7.6 (what may not go on).

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use arrayvec::ArrayString;
use observe::TransactionId;
use rewrite::Edits;
use routing::{BackendPath, PathPattern};
use snapshot::{HostHeader, Options};

use crate::http::body::Framing;
use crate::http::field::{self, Known};
use crate::http::head::Request;
use crate::http::record::Record;
use crate::http::response::write_content_length;
use crate::http::scan::is_plain_name;
use crate::tls::Session;

/// Who has connected.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// The round trip of its connection, where a rewrite asks for it.
    pub round_trip: Option<Duration>,
}

/// What the gateway knows of the client's end.
#[derive(Clone, Debug)]
pub struct ClientSide {
    /// The peer.
    pub peer: SocketAddr,
    /// The round trip of its connection as it began, where a rewrite asks for it.
    pub round_trip: Option<Duration>,
    /// What `x-forwarded-for` gets: `ip:port`, or the plain address.
    pub forwarded_for: ArrayString<64>,
    /// `x-forwarded-proto` and `x-forwarded-port`, ready to be copied.
    pub forwarded: Rc<str>,
    /// Whether the peer's own forwarded fields are believed.
    pub trusted: bool,
    /// Its TLS session, where it has one.
    pub tls: Option<Rc<Session>>,
}

impl ClientSide {
    /// Writes the fixed parts once for a connection.
    pub fn new(peer: Peer, forwarded: Rc<str>, options: &Options, tls: Option<Rc<Session>>) -> Self {
        let Peer { address, round_trip } = peer;
        let ip = address.ip().to_canonical();
        let peer = SocketAddr::new(ip, address.port());
        let mut forwarded_for = ArrayString::new();
        // The longest address with its port has 47 characters.
        let _ =
            if options.forwarded_for_port { write!(forwarded_for, "{peer}") } else { write!(forwarded_for, "{ip}") };
        let trusted = options.trusted_proxies.iter().any(|&(network, prefix)| contains(network, prefix, ip));
        Self { peer, round_trip, forwarded_for, forwarded, trusted, tls }
    }

    /// Who has connected.
    pub fn peer(&self) -> Peer {
        Peer { address: self.peer, round_trip: self.round_trip }
    }

    /// The port that the client came to, in digits.
    pub fn port(&self) -> &str {
        self.forwarded.trim_ascii_end().rsplit(' ').next().unwrap_or("")
    }
}

/// The fields that say how clients reach a socket address.
pub fn forwarded_fields(scheme: &str, port: u16) -> Rc<str> {
    format!("x-forwarded-proto: {scheme}\r\nx-forwarded-port: {port}\r\n").into()
}

fn contains(network: std::net::IpAddr, prefix: u8, ip: std::net::IpAddr) -> bool {
    use std::net::IpAddr::{V4, V6};
    match (network, ip) {
        (V4(network), V4(ip)) => {
            (network.to_bits() ^ ip.to_bits()).checked_shr(32 - u32::from(prefix.min(32))).unwrap_or(0) == 0
        }
        (V6(network), V6(ip)) => {
            (network.to_bits() ^ ip.to_bits()).checked_shr(128 - u32::from(prefix.min(128))).unwrap_or(0) == 0
        }
        _ => false,
    }
}

/// Where a request goes and what changes on the way.
pub struct Onward<'a> {
    /// The host the request is for; in HTTP/1.0 without Host, our own address.
    pub client_host: &'a [u8],
    /// What rewrites have changed, if any were asked.
    pub edits: Option<&'a Edits>,
    /// Who the bearer token says is asking.
    pub identity: Option<&'a str>,
    /// Whether the connection is to become a tunnel.
    pub upgrade: bool,
    /// The pattern that matched, for the override path.
    pub pattern: Option<&'a PathPattern>,
    /// Override backend path.
    pub path: Option<&'a BackendPath>,
    /// What the server gets as Host.
    pub host: &'a HostHeader,
    /// The server's own name.
    pub server_host: &'a str,
}

/// Writes the head into the record, which must be empty.
pub fn write(request: &Request<'_>, client: &ClientSide, onward: &Onward<'_>, id: &TransactionId, record: &mut Record) {
    write_request_line(request, onward, record);
    record.push(b"Host: ");
    record.sent_host = record.push(match onward.host {
        HostHeader::Client => onward.edited(b"host").flatten().unwrap_or(onward.client_host),
        HostHeader::Fixed(name) => name.as_bytes(),
        HostHeader::Server => onward.server_host.as_bytes(),
    });
    record.push(b"\r\n");
    let forwarded = write_fields(request, client, onward, record);
    write_added(request, client, onward, &forwarded, id, record);
    if onward.edits.is_some() || onward.identity.is_some() || onward.upgrade {
        write_rest(onward, record);
    }
    match request.framing {
        Framing::Length(length) => write_content_length(length, &mut record.text),
        Framing::Chunked => record.text.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        Framing::None | Framing::UntilClose => {}
    }
    record.text.extend_from_slice(b"\r\n");
}

/// Keeps what the log needs of a request that goes to no server.
pub fn keep(request: &Request<'_>, record: &mut Record) {
    record.text.clear();
    record.method = record.push(request.method);
    record.original_target = record.push(request.target.path_and_query);
    record.sent_target = record.original_target;
    record.original_host = record.push(request.host.unwrap_or(b""));
    record.sent_host = record.original_host;
    record.user_agent = record.push(request.value(Known::UserAgent).unwrap_or(b""));
}

fn write_request_line(request: &Request<'_>, onward: &Onward<'_>, record: &mut Record) {
    record.method = record.push(request.method);
    record.push(b" ");
    let start = record.text.len();
    match (onward.path, onward.edits.filter(|edits| edits.path().is_some() || edits.query().is_some())) {
        (None, None) => record.text.extend_from_slice(request.target.path_and_query),
        _ if request.target.path() == b"*" => record.text.push(b'*'),
        (path, edits) => {
            let (from, query) = rewritten(request, edits);
            write_target(path, onward.pattern, (from, query), record);
        }
    }
    record.sent_target = (start..record.text.len()).into();
    record.push(b" HTTP/1.1\r\n");
}

/// Path and query as rewrites have left them.
fn rewritten<'a>(request: &Request<'a>, edits: Option<&'a Edits>) -> (&'a [u8], Option<&'a [u8]>) {
    let path = edits.and_then(Edits::path).unwrap_or(request.target.path());
    let query = match edits.and_then(Edits::query) {
        Some(query) => Some(query).filter(|query| !query.is_empty()),
        None => request.target.query(),
    };
    (path, query)
}

fn write_target(
    over: Option<&BackendPath>,
    pattern: Option<&PathPattern>,
    (path, query): (&[u8], Option<&[u8]>),
    record: &mut Record,
) {
    if let Some(over) = over {
        return over.write(pattern, path, query, &mut record.text);
    }
    record.push(path);
    if let Some(query) = query {
        record.push(b"?");
        record.push(query);
    }
}

/// Which of the peer's own forwarded fields went on, where they are believed.
#[derive(Default)]
struct Forwarded {
    proto: bool,
    port: bool,
    host: bool,
}

impl<'a> Onward<'a> {
    /// What rewrites made of a field of the request: its new value, or nothing when it is deleted.
    #[inline]
    fn edited(&self, name: &[u8]) -> Option<Option<&'a [u8]>> {
        self.edits?.header(name)
    }
}

fn write_fields(request: &Request<'_>, client: &ClientSide, onward: &Onward<'_>, record: &mut Record) -> Forwarded {
    let mut forwarded = Forwarded::default();
    let mut cookies = request.cookies > 1;
    for field in request.fields {
        let known = field.known;
        if onward.edited(field.name).is_some() {
            continue;
        }
        match known {
            Known::Other if !field.plain => continue,
            Known::Other | Known::Common | Known::ContentType | Known::Authorization => {}
            Known::Host | Known::ContentLength | Known::Expect | Known::Proxy => continue,
            Known::ForwardedFor | Known::OriginalUrl | Known::TraceId | Known::Ja4 | Known::EntraIdentity => continue,
            Known::ForwardedProto if client.trusted => forwarded.proto = true,
            Known::ForwardedPort if client.trusted => forwarded.port = true,
            Known::OriginalHost if client.trusted => forwarded.host = true,
            Known::ForwardedProto | Known::ForwardedPort | Known::OriginalHost => continue,
            Known::Cookie if request.cookies > 1 => {
                if std::mem::take(&mut cookies) {
                    write_cookies(request, record);
                }
                continue;
            }
            known if known.hop_by_hop() => continue,
            _ => {}
        }
        if request.names_fields && !known.protected() && named(request, field.name) {
            continue;
        }
        let value = field::write(field.name, field.value, &mut record.text);
        if known == Known::UserAgent {
            record.user_agent = value.into();
        }
    }
    forwarded
}

#[cold]
fn write_cookies(request: &Request<'_>, record: &mut Record) {
    record.push(b"Cookie: ");
    let mut separator: &[u8] = b"";
    for field in request.all(Known::Cookie) {
        record.push(separator);
        record.push(field.value);
        separator = b"; ";
    }
    record.push(b"\r\n");
}

#[cold]
fn named(request: &Request<'_>, name: &[u8]) -> bool {
    request.all(Known::Connection).any(|field| field::has_token(field.value, name))
}

/// Fields that rewrites have set, who is asking, and the wish for a tunnel.
#[inline(never)]
fn write_rest(onward: &Onward<'_>, record: &mut Record) {
    for (name, value) in onward.edits.into_iter().flat_map(Edits::headers) {
        let known = Known::of(name);
        let Some(value) = value.filter(|_| is_rewritable(known, name)) else { continue };
        let value = field::write(name, value, &mut record.text);
        if known == Known::UserAgent {
            record.user_agent = value.into();
        }
    }
    if let Some(identity) = onward.identity {
        field::write(b"x-msft-entra-identity", identity.as_bytes(), &mut record.text);
    }
    if onward.upgrade {
        record.push(b"Connection: Upgrade\r\nUpgrade: websocket\r\n");
    }
}

/// Whether a field that a rewrite has set goes on: not Host, which stands above, and none that the gateway alone may
/// say or that framing depends on; compiling warns of those.
fn is_rewritable(known: Known, name: &[u8]) -> bool {
    match known {
        Known::Host | Known::ContentLength | Known::Expect | Known::Proxy | Known::OriginalHost => false,
        Known::OriginalUrl | Known::TraceId | Known::Ja4 | Known::EntraIdentity => false,
        Known::Other => is_plain_name(name),
        known => !known.hop_by_hop(),
    }
}

/// The headers that the gateway adds to every request.
fn write_added(
    request: &Request<'_>,
    client: &ClientSide,
    onward: &Onward<'_>,
    forwarded: &Forwarded,
    id: &TransactionId,
    record: &mut Record,
) {
    if onward.edited(b"x-forwarded-for").is_none() {
        write_forwarded_for(request, client, record);
    }
    let forwarded = Forwarded {
        proto: forwarded.proto || onward.edited(b"x-forwarded-proto").is_some(),
        port: forwarded.port || onward.edited(b"x-forwarded-port").is_some(),
        host: forwarded.host,
    };
    if forwarded.proto || forwarded.port {
        write_missing(client, &forwarded, record);
    } else {
        record.push(client.forwarded.as_bytes());
    }
    let host = onward.client_host;
    if forwarded.host {
        // The trusted peer's x-original-host stands above; the log still shows the Host that came.
        record.original_host = record.sent_host;
    } else {
        record.push(b"x-original-host: ");
        record.original_host = record.push(host);
        record.push(b"\r\n");
    }
    record.push(b"x-original-url: ");
    record.original_target = record.push(request.target.path_and_query);
    record.push(b"\r\nx-appgw-trace-id: ");
    record.push(id.as_str().as_bytes());
    record.push(b"\r\n");
    if let Some(ja4) = client.tls.as_ref().and_then(|tls| tls.ja4()) {
        record.push(b"x-azure-ja4-fingerprint: ");
        record.push(ja4.as_bytes());
        record.push(b"\r\n");
    }
}

fn write_forwarded_for(request: &Request<'_>, client: &ClientSide, record: &mut Record) {
    record.push(b"x-forwarded-for: ");
    for field in request.all(Known::ForwardedFor) {
        if !field.value.is_empty() {
            record.push(field.value);
            record.push(b", ");
        }
    }
    record.push(client.forwarded_for.as_bytes());
    record.push(b"\r\n");
}

#[cold]
fn write_missing(client: &ClientSide, forwarded: &Forwarded, record: &mut Record) {
    for (line, given) in client.forwarded.split_inclusive("\r\n").zip([forwarded.proto, forwarded.port]) {
        if !given {
            record.push(line.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests;
