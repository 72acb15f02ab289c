//! Who the client is, told to servers: the PROXY protocol as the first bytes of a connection, before its TLS.
//!
//! Source: Azure, "Client IP preservation" (proxy-protocol-header), and haproxy.org, "The PROXY protocol". Parity: Azure's
//! template of the line has blanks that no receiver takes; the line is written as the protocol has it.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use e2e::{Ca, Client, Document, End, Farm, Gateway, PATIENCE, Sides, Tls, TlsServer, Wish, talk};

use super::{OFFLOAD, proxied_v2};

const ASKED: &str = "timeout: 20, enableL4ClientIpPreservation: true";
/// In the brackets of the settings' extension.
const V2: &str = "proxyProtocol: v2";

type Post = (SyncSender<Vec<u8>>, Receiver<Vec<u8>>);

fn post() -> Post {
    sync_channel(100)
}

/// A server that tells all it hears, to the end.
fn listening(sides: Sides, tell: SyncSender<Vec<u8>>) -> Farm {
    sides.farm(1, move |peer| {
        tell.send(peer.wire.rest()?).unwrap();
        Ok(())
    })
}

/// A listener, and settings that say who the client is, with further properties of their extension.
fn document(sides: Sides, farm: &Farm, listener: &str, more: &str) -> Document {
    let certificate = if sides.client_tls { "sslCertificate: front" } else { "" };
    let comma = if certificate.is_empty() || listener.is_empty() { "" } else { ", " };
    sides
        .document(farm)
        .byte_listeners(&[("web", 5432, sides.listener(), &format!("{certificate}{comma}{listener}"))])
        .byte_settings(farm, &[sides.setting("bytes", &format!("{ASKED}, gatehouse: {{{more}}}"))])
}

/// What a server hears of a client that says this and ends.
fn heard(gateway: &Gateway, told: &Receiver<Vec<u8>>, said: &[u8]) -> (Vec<u8>, SocketAddr) {
    let mut client = Client::connect(gateway.address("web"));
    client.send(said);
    client.wire.finish();
    (told.recv_timeout(PATIENCE).expect("a word from the server"), client.address())
}

#[track_caller]
fn text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap()
}

#[test]
fn the_line_names_client_and_listener_and_stands_before_every_byte() {
    let (tell, told) = post();
    let farm = listening(Sides::TCP, tell);
    let gateway = Gateway::start(&document(Sides::TCP, &farm, "", ""));
    let (bytes, client) = heard(&gateway, &told, b"hello");
    let port = gateway.address("web").port();
    assert_eq!(text(bytes), format!("PROXY TCP4 127.0.0.1 127.0.0.1 {} {port}\r\nhello", client.port()));
    // The line is none of the client's bytes.
    gateway.session_row().check("200", "closed", 5, 0);
}

#[test]
fn the_port_is_the_one_that_clients_see_or_the_servers_where_that_is_asked_for() {
    let rows = [("", "127.0.0.1", 1433), ("proxyDestination: server", "127.0.0.1", 0)];
    for (more, address, port) in rows {
        let (tell, told) = post();
        let farm = listening(Sides::TCP, tell);
        let document = document(Sides::TCP, &farm, "", more).port(5432, "{bind: 0, public: 1433}");
        let gateway = Gateway::start(&document);
        let (bytes, client) = heard(&gateway, &told, b"");
        let port = if port == 0 { farm.port() } else { port };
        assert_eq!(text(bytes), format!("PROXY TCP4 127.0.0.1 {address} {} {port}\r\n", client.port()), "{more}");
    }
}

/// What a proxy before us says is what servers are told.
#[test]
fn the_client_is_the_one_that_is_known() {
    let (tell, told) = post();
    let farm = listening(Sides::TCP, tell);
    let trusting = "gatehouse: {acceptProxyProtocol: ['127.0.0.0/8']}";
    let gateway = Gateway::start(&document(Sides::TCP, &farm, trusting, ""));
    let port = gateway.address("web").port();
    let mapped = ["[::ffff:203.0.113.7]:50412", "[::ffff:198.51.100.10]:1433"];
    let mixed = ["[2001:db8::7]:50412", "[::ffff:198.51.100.10]:1433"];
    let rows: [(Vec<u8>, &str); 6] = [
        (
            b"PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433\r\n".to_vec(),
            "PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433\r\n",
        ),
        (
            b"PROXY TCP6 2001:0DB8:0:0::7 2001:db8:1::10 50412 1433\r\n".to_vec(),
            "PROXY TCP6 2001:db8::7 2001:db8:1::10 50412 1433\r\n",
        ),
        (
            proxied_v2(["203.0.113.7:50412", "198.51.100.10:1433"], &[4, 0, 0]),
            "PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433\r\n",
        ),
        (proxied_v2(mapped, b""), "PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433\r\n"),
        (proxied_v2(mixed, b""), "PROXY UNKNOWN\r\n"),
        // The proxy speaks for itself.
        (b"PROXY UNKNOWN\r\n".to_vec(), "PROXY TCP4 127.0.0.1 127.0.0.1 "),
    ];
    for (header, expected) in rows {
        let (bytes, client) = heard(&gateway, &told, &[&header[..], b"hello"].concat());
        let own = if expected.ends_with(' ') { format!("{} {port}\r\n", client.port()) } else { String::new() };
        assert_eq!(text(bytes), format!("{expected}{own}hello"), "{header:?}");
    }
}

/// Azure: headers that clients send are payload, so a server may see two.
#[test]
fn a_clients_own_header_stands_behind_ours() {
    let (tell, told) = post();
    let farm = listening(Sides::TCP, tell);
    let gateway = Gateway::start(&document(Sides::TCP, &farm, "", ""));
    let line = "PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n";
    let (bytes, client) = heard(&gateway, &told, line.as_bytes());
    let port = gateway.address("web").port();
    assert_eq!(text(bytes), format!("PROXY TCP4 127.0.0.1 127.0.0.1 {} {port}\r\n{line}", client.port()));
}

#[test]
fn a_server_that_speaks_first_hears_the_header_before() {
    let farm = Sides::TCP.farm(1, |peer| {
        // Nothing but the header comes until the banner was sent.
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            peer.wire.exactly(1, |byte| line.extend_from_slice(byte))?;
        }
        assert!(line.starts_with(b"PROXY TCP4 127.0.0.1 127.0.0.1 "), "{line:?}");
        peer.send("220 ready\r\n")?;
        talk::echo(peer)
    });
    let gateway = Gateway::start(&document(Sides::TCP, &farm, "", ""));
    let mut client = Sides::TCP.connect(&gateway);
    client.expect("220 ready\r\n");
}

#[test]
fn version_2_says_the_same_in_binary() {
    let (tell, told) = post();
    let farm = listening(Sides::TCP, tell);
    let gateway = Gateway::start(&document(Sides::TCP, &farm, "", V2));
    let (bytes, client) = heard(&gateway, &told, b"hello");
    let header = proxied_v2([&client.to_string(), &gateway.address("web").to_string()], b"");
    assert_eq!(bytes, [&header[..], b"hello"].concat());
    gateway.session_row().check("200", "closed", 5, 0);
}

/// A field: its type, its length, and its value.
fn field(kind: u8, value: &[u8]) -> Vec<u8> {
    [&[kind][..], &u16::try_from(value.len()).unwrap().to_be_bytes(), value].concat()
}

#[test]
fn version_2_says_what_is_known_of_the_clients_tls() {
    let clients = Ca::root("clients");
    let lax = "clientAuthConfiguration: {verifyClientAuthMode: Passthrough}";
    let strict = "trustedClientCertificates: [clients]";
    let (version, cipher) = (field(0x21, b"TLSv1.3"), field(0x23, b"TLS_AES_256_GCM_SHA384"));
    let ssl = |start: [u8; 5], name: &[u8]| field(0x20, &[&start[..], &version, name, &cipher].concat());
    let named = field(2, b"a.com");
    let ann = field(0x22, b"ann");
    let with_certificate = |ca: &Ca| Tls::new().certificate(&ca.issue(&Wish::client("ann")));
    let rows: [(&str, Tls, &str, Vec<u8>); 5] = [
        ("a name", Tls::new(), "", [&named[..], &ssl([1, 0, 0, 0, 1], b"")].concat()),
        ("no name", Tls::new().nameless(), "", ssl([1, 0, 0, 0, 1], b"")),
        (
            "a protocol",
            Tls::new().protocols(&["mqtt", "postgresql"]),
            "",
            [&field(1, b"postgresql")[..], &named, &ssl([1, 0, 0, 0, 1], b"")].concat(),
        ),
        ("a good certificate", with_certificate(&clients), strict, [&named[..], &ssl([7, 0, 0, 0, 0], &ann)].concat()),
        (
            "an unchecked one",
            with_certificate(&Ca::root("other")),
            lax,
            [&named[..], &ssl([7, 0, 0, 0, 1], &ann)].concat(),
        ),
    ];
    for (what, tls, profile, expected) in rows {
        let (tell, told) = post();
        let farm = listening(OFFLOAD, tell);
        let profiled = if profile.is_empty() { "" } else { ", sslProfile: guard" };
        let listener = format!("gatehouse: {{alpn: [postgresql]}}{profiled}");
        let mut document = document(OFFLOAD, &farm, &listener, V2).client_ca("clients", &clients.pem());
        if !profile.is_empty() {
            document = document.profile("guard", profile);
        }
        let gateway = Gateway::start(&document);
        let mut client = tls.connect(gateway.address("web")).client;
        client.send("hello");
        client.wire.finish();
        let bytes = told.recv_timeout(PATIENCE).expect("a word from the server");
        let addresses = [client.address().to_string(), gateway.address("web").to_string()];
        let header = proxied_v2([&addresses[0], &addresses[1]], &expected);
        assert_eq!(bytes, [&header[..], b"hello"].concat(), "{what}");
    }
}

/// The header is in clear, before the first byte of TLS, and the handshake behind it is a whole one.
#[test]
fn the_header_stands_before_tls_to_the_server() {
    for version in ["proxyProtocol: v1", V2] {
        let (tell, told) = post();
        let server = TlsServer::new(e2e::sides::back());
        // Servers of bytes that read the header by themselves; the other farm is probed.
        let farm = Sides::TCP.farm(1, move |peer| {
            let mut socket = peer.wire.stream().try_clone()?;
            tell.send(header_of(&mut socket)?).unwrap();
            let mut wire = server.over(socket).expect("a handshake");
            wire.expect("hello");
            wire.send("world")?;
            wire.finish();
            Ok(())
        });
        let sides = Sides { client_tls: false, server_tls: true };
        let well = sides.farm(1, talk::echo);
        let (_, _, settings) = sides.setting("bytes", ASKED);
        let settings = format!(
            "[{{name: bytes, port: {}, protocol: Tls, probe: bytes-probe, {settings}, gatehouse: {{{version}}}}}]",
            farm.port()
        );
        let gateway = Gateway::start(&sides.document(&well).section("backendSettingsCollection", settings));
        let mut client = sides.connect(&gateway);
        client.send("hello").unwrap();
        client.expect("world");
        client.expect_end(End::Fin);
        client.finish();
        let header = told.recv_timeout(PATIENCE).unwrap();
        let (own, listener) = (client.local(), gateway.address("web"));
        let expected = if version == V2 {
            proxied_v2([&own.to_string(), &listener.to_string()], b"")
        } else {
            format!("PROXY TCP4 127.0.0.1 127.0.0.1 {} {}\r\n", own.port(), listener.port()).into_bytes()
        };
        assert_eq!(header, expected);
        gateway.session_row().check("200", "closed", 5, 5);
    }
}

/// Exactly the bytes of a header.
fn header_of(socket: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut header = vec![0; 16];
    // No line is shorter than that, save those that name nobody.
    socket.read_exact(&mut header)?;
    if header.starts_with(b"PROXY") {
        while !header.ends_with(b"\r\n") {
            let mut byte = [0];
            socket.read_exact(&mut byte)?;
            header.push(byte[0]);
        }
        return Ok(header);
    }
    let length = usize::from(u16::from_be_bytes([header[14], header[15]]));
    header.resize(16 + length, 0);
    socket.read_exact(&mut header[16..])?;
    Ok(header)
}

/// Probes that nobody defined begin as sessions do, and name nobody (Azure, proxy-protocol-header).
#[test]
fn probes_name_nobody() {
    for (more, expected) in [("", &b"PROXY UNKNOWN\r\n"[..]), (V2, b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0")] {
        let (tell, told) = post();
        let farm = listening(Sides::TCP, tell);
        let settings =
            format!("[{{name: bytes, port: {}, protocol: Tcp, {ASKED}, gatehouse: {{{more}}}}}]", farm.port());
        let document = document(Sides::TCP, &farm, "", "").section("backendSettingsCollection", settings);
        let gateway = Gateway::start(&document.section("probes", "[]"));
        assert_eq!(told.recv_timeout(PATIENCE).expect("a probe"), expected);
        drop(gateway);
    }
}

/// Many headers at once, while everything about the connections is new: none is missing, none stands twice.
#[test]
fn every_session_has_exactly_one_header() {
    let (tell, told) = post();
    let farm = listening(Sides::TCP, tell);
    let gateway = Gateway::start(&document(Sides::TCP, &farm, "", ""));
    let clients: Vec<_> = (0..40)
        .map(|number: usize| {
            let mut socket = TcpStream::connect(gateway.address("web")).unwrap();
            socket.write_all(&vec![b'x'; number]).unwrap();
            socket
        })
        .collect();
    let mut expected: Vec<_> = clients
        .iter()
        .enumerate()
        .map(|(number, client)| {
            let (from, to) = (client.local_addr().unwrap().port(), gateway.address("web").port());
            format!("PROXY TCP4 127.0.0.1 127.0.0.1 {from} {to}\r\n{}", "x".repeat(number))
        })
        .collect();
    drop(clients);
    let mut found: Vec<_> = expected.iter().map(|_| text(told.recv_timeout(PATIENCE).unwrap())).collect();
    expected.sort();
    found.sort();
    assert_eq!(found, expected);
}
