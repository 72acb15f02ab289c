//! What TLS and the PROXY protocol add to sessions: names, certificates of all sides, protocols, and who the client is.
//!
//! Source: Azure, "TCP/TLS proxy overview" (tcp-tls-proxy-overview) and "Client IP preservation" (proxy-protocol-header).
//! Parity: what a TLS listener does with names and client certificates is not described there; docs/parity.md says what
//! is done here.

mod alpn;
mod client_certificates;
mod names;
mod passthrough;
mod proxy_in;
mod proxy_out;
mod server_certificates;

use std::net::{IpAddr, SocketAddr, TcpStream};

use e2e::{Document, End, Farm, Gateway, Sides, Tls, Wire};

/// TLS with clients, bytes to servers.
const OFFLOAD: Sides = Sides { client_tls: true, server_tls: false };

/// Listeners on one port, `Tcp` or `Tls`, each with a rule to a server of its own: name and further properties, the
/// first with the best priority.
fn sites(farm: &Farm, protocol: &str, listeners: &[(&str, &str)]) -> Document {
    let names: Vec<_> = listeners.iter().map(|(name, _)| *name).collect();
    let rules: Vec<_> = names.iter().map(|name| (*name, *name, *name, "bytes")).collect();
    let listeners: Vec<_> = listeners.iter().map(|&(name, more)| (name, 5432, protocol, more)).collect();
    Document::bytes(farm)
        .byte_listeners(&listeners)
        .byte_settings(farm, &[("bytes", "Tcp", "timeout: 20")])
        .pools(farm, &names)
        .byte_rules(&rules)
}

/// The one server that answers in [`talk::name`](e2e::talk::name), by its own word; bytes pass both ways.
#[track_caller]
fn server(mut client: Wire) -> usize {
    let name = client.some(1).unwrap();
    client.send("hello").unwrap();
    client.expect("hello");
    client.finish();
    client.expect_end(End::Fin);
    usize::from(name[0] - b'0')
}

/// Begins a session that comes to nothing: the client is reset, which may be so quick that it has not begun by then.
#[track_caller]
fn expect_reset(sides: Sides, gateway: &Gateway) {
    let is_reset = |error: &std::io::Error| error.kind() == std::io::ErrorKind::ConnectionReset;
    let socket = match TcpStream::connect(gateway.address("web")) {
        Ok(socket) => socket,
        Err(error) => return assert!(is_reset(&error), "{error}"),
    };
    if !sides.client_tls {
        return Wire::new(socket).expect_end(End::Reset);
    }
    match Tls::new().over(socket) {
        Ok(mut secure) => secure.client.wire.expect_end(End::Reset),
        Err(error) => assert!(error.to_string().contains("reset by peer"), "{error}"),
    }
}

/// How the sessions so far have ended, of which there have to be so many; sorted, since workers write their rows apart.
fn ends(gateway: &Gateway, count: usize) -> Vec<String> {
    let mut ends: Vec<_> =
        gateway.session_rows(count).into_iter().map(|row| format!("{} {}", row.status, row.end)).collect();
    ends.sort();
    ends
}

/// A PROXY header of version 2 for a client and what it connected to, with further fields.
fn proxied_v2(addresses: [&str; 2], fields: &[u8]) -> Vec<u8> {
    let [client, destination]: [SocketAddr; 2] = addresses.map(|address| address.parse().unwrap());
    let octets = |address: SocketAddr| match address.ip() {
        IpAddr::V4(ip) => ip.octets().to_vec(),
        IpAddr::V6(ip) => ip.octets().to_vec(),
    };
    let ports = [client, destination].map(|address| address.port().to_be_bytes()).concat();
    let rest = [&octets(client)[..], &octets(destination), &ports, fields].concat();
    let family = if client.is_ipv4() { 0x11 } else { 0x21 };
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [&b"\r\n\r\n\0\r\nQUIT\n\x21"[..], &[family], &length, &rest].concat()
}
