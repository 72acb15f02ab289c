//! The request as a server gets it: written in one pass over the view, straight into the outgoing buffer.
//!
//! Source: Azure, "How an application gateway works" (the headers it adds), and RFC 9110 7.6 (what may not go on).

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::rc::Rc;

use arrayvec::ArrayString;
use observe::TransactionId;
use routing::{BackendPath, PathPattern};
use snapshot::{HostHeader, Options};

use crate::http::body::Framing;
use crate::http::field::{self, Known};
use crate::http::head::Request;
use crate::http::record::Record;
use crate::http::response::write_content_length;
use crate::tls::Session;

/// What the gateway knows of the client's end.
#[derive(Clone, Debug)]
pub struct ClientSide {
    /// The peer.
    pub peer: SocketAddr,
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
    pub fn new(peer: SocketAddr, forwarded: Rc<str>, options: &Options, tls: Option<Rc<Session>>) -> Self {
        let ip = peer.ip().to_canonical();
        let peer = SocketAddr::new(ip, peer.port());
        let mut forwarded_for = ArrayString::new();
        // The longest address with its port has 47 characters.
        let _ =
            if options.forwarded_for_port { write!(forwarded_for, "{peer}") } else { write!(forwarded_for, "{ip}") };
        let trusted = options.trusted_proxies.iter().any(|&(network, prefix)| contains(network, prefix, ip));
        Self { peer, forwarded_for, forwarded, trusted, tls }
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
        HostHeader::Client => onward.client_host,
        HostHeader::Fixed(name) => name.as_bytes(),
        HostHeader::Server => onward.server_host.as_bytes(),
    });
    record.push(b"\r\n");
    let forwarded = write_fields(request, client, record);
    write_added(request, client, onward.client_host, &forwarded, id, record);
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
    match onward.path {
        Some(path) if request.target.path() != b"*" => {
            let query = request.target.query();
            path.write(onward.pattern, request.target.path(), query, &mut record.text);
        }
        _ => record.text.extend_from_slice(request.target.path_and_query),
    }
    record.sent_target = (start..record.text.len()).into();
    record.push(b" HTTP/1.1\r\n");
}

/// Which of the peer's own forwarded fields went on, where they are believed.
#[derive(Default)]
struct Forwarded {
    proto: bool,
    port: bool,
    host: bool,
}

fn write_fields(request: &Request<'_>, client: &ClientSide, record: &mut Record) -> Forwarded {
    let mut forwarded = Forwarded::default();
    let mut cookies = request.cookies > 1;
    for field in request.fields {
        let known = field.known;
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

/// The headers that the gateway adds to every request.
fn write_added(
    request: &Request<'_>,
    client: &ClientSide,
    host: &[u8],
    forwarded: &Forwarded,
    id: &TransactionId,
    record: &mut Record,
) {
    record.push(b"x-forwarded-for: ");
    for field in request.all(Known::ForwardedFor) {
        if !field.value.is_empty() {
            record.push(field.value);
            record.push(b", ");
        }
    }
    record.push(client.forwarded_for.as_bytes());
    record.push(b"\r\n");
    if forwarded.proto || forwarded.port {
        write_missing(client, forwarded, record);
    } else {
        record.push(client.forwarded.as_bytes());
    }
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
