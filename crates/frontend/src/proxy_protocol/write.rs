//! Headers for servers.

use std::net::{IpAddr, SocketAddr};

use super::v2::SIGNATURE;

/// Whom a connection to a server is for.
#[derive(Clone, Copy, Debug)]
pub struct Announced<'a> {
    /// The client.
    pub client: SocketAddr,
    /// The address it connected to.
    pub destination: SocketAddr,
    /// What was agreed on where the client speaks TLS with us. Only version 2 has a place for it.
    pub tls: Option<AnnouncedTls<'a>>,
}

/// What a server is told of a client's TLS.
#[derive(Clone, Copy, Debug)]
pub struct AnnouncedTls<'a> {
    /// As OpenSSL writes it: `TLSv1.3`.
    pub version: &'a str,
    /// The cipher suite, as OpenSSL names it.
    pub cipher: &'a str,
    /// The name that the client asked for.
    pub server_name: Option<&'a str>,
    /// The protocol that was agreed on.
    pub alpn: Option<&'a [u8]>,
    /// The common name of the client's certificate, empty where it has none; `None`: it showed no certificate.
    pub client_name: Option<&'a str>,
    /// Whether the certificate was found good.
    pub verified: bool,
    /// Whether the session was resumed, so that the certificate was shown in a connection before this one.
    pub resumed: bool,
}

/// The longest text that goes into a field, in bytes. Names of hosts and protocols have 255 at most, common names 64. A
/// longer one is left out rather than cut: a part of a name is another name.
const MAX_TEXT: usize = 255;

/// The types of fields, as the specification numbers them.
const ALPN: u8 = 0x01;
const AUTHORITY: u8 = 0x02;
const SSL: u8 = 0x20;
const SSL_VERSION: u8 = 0x21;
const SSL_CN: u8 = 0x22;
const SSL_CIPHER: u8 = 0x23;

/// Bits of the SSL field: TLS is spoken; the client showed a certificate in this connection; in this session.
const CLIENT_SSL: u8 = 0x01;
const CERT_CONNECTION: u8 = 0x02;
const CERT_SESSION: u8 = 0x04;

/// The header of version 1: `PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433` and CRLF, at most 107 bytes. Addresses
/// of two families cannot be said, so such a client is `UNKNOWN`.
pub fn v1(announced: &Announced<'_>) -> Vec<u8> {
    let (client, destination) = (announced.client.ip().to_canonical(), announced.destination.ip().to_canonical());
    let protocol = match (client, destination) {
        (IpAddr::V4(_), IpAddr::V4(_)) => "TCP4",
        (IpAddr::V6(_), IpAddr::V6(_)) => "TCP6",
        _ => return b"PROXY UNKNOWN\r\n".to_vec(),
    };
    let ports = (announced.client.port(), announced.destination.port());
    format!("PROXY {protocol} {client} {destination} {} {}\r\n", ports.0, ports.1).into_bytes()
}

/// The header of version 2, with what is known of the client's TLS; less than 2 KiB. Addresses of two families cannot
/// be said, so such a client has none.
pub fn v2(announced: &Announced<'_>) -> Vec<u8> {
    let ports = [announced.client.port().to_be_bytes(), announced.destination.port().to_be_bytes()].concat();
    let mut rest = Vec::with_capacity(256);
    let family = match (announced.client.ip().to_canonical(), announced.destination.ip().to_canonical()) {
        (IpAddr::V4(client), IpAddr::V4(destination)) => {
            rest.extend_from_slice(&[client.octets(), destination.octets()].concat());
            rest.extend_from_slice(&ports);
            0x11
        }
        (IpAddr::V6(client), IpAddr::V6(destination)) => {
            rest.extend_from_slice(&[client.octets(), destination.octets()].concat());
            rest.extend_from_slice(&ports);
            0x21
        }
        _ => 0x00,
    };
    if let Some(tls) = &announced.tls {
        tls_fields(&mut rest, tls);
    }
    let mut header = SIGNATURE.to_vec();
    header.extend_from_slice(&[0x21, family]);
    with_length(&mut header, &rest);
    header
}

fn tls_fields(out: &mut Vec<u8>, tls: &AnnouncedTls<'_>) {
    field(out, ALPN, tls.alpn);
    field(out, AUTHORITY, tls.server_name.map(str::as_bytes));
    let shown = match (tls.client_name, tls.resumed) {
        (None, _) => 0,
        (Some(_), true) => CERT_SESSION,
        (Some(_), false) => CERT_SESSION | CERT_CONNECTION,
    };
    let is_bad = u32::from(!(tls.verified && tls.client_name.is_some()));
    let mut ssl = vec![CLIENT_SSL | shown];
    ssl.extend_from_slice(&is_bad.to_be_bytes());
    field(&mut ssl, SSL_VERSION, Some(tls.version.as_bytes()));
    field(&mut ssl, SSL_CN, tls.client_name.map(str::as_bytes));
    field(&mut ssl, SSL_CIPHER, Some(tls.cipher.as_bytes()));
    out.push(SSL);
    with_length(out, &ssl);
}

/// One field, unless it says nothing.
fn field(out: &mut Vec<u8>, kind: u8, value: Option<&[u8]>) {
    if let Some(value) = value.filter(|value| !value.is_empty() && value.len() <= MAX_TEXT) {
        out.push(kind);
        with_length(out, value);
    }
}

/// The length in two bytes, and the bytes. Nothing here comes near what two bytes can say.
fn with_length(out: &mut Vec<u8>, bytes: &[u8]) {
    let length = u16::try_from(bytes.len()).unwrap_or(u16::MAX);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(&bytes[..usize::from(length)]);
}
