//! Who the client is, by the word of a proxy that is trusted: the PROXY protocol before everything else, on listeners
//! of every kind. An extension.

use std::io::Write as _;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpStream};
use std::time::Instant;

use e2e::{Ca, Client, Document, End, Farm, Gateway, PATIENCE, SessionRow, Sides, Tls, Wire, talk};

use super::{OFFLOAD, proxied_v2};

/// Believes what comes from 127.0.0.1, where tests connect from unless they say otherwise.
const TRUSTING: &str = "gatehouse: {acceptProxyProtocol: ['127.0.0.1/32', '2001:db8::/32']}";
/// Another address of this machine.
const STRANGER: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 9));

/// A listener that believes its proxies.
fn document(sides: Sides, farm: &Farm) -> Document {
    let more = if sides.client_tls { format!("sslCertificate: front, {TRUSTING}") } else { TRUSTING.to_owned() };
    sides.document(farm).byte_listeners(&[("web", 5432, sides.listener(), &more)])
}

/// Sends the pieces of a header, then begins as the listener wants it.
fn connect(sides: Sides, address: SocketAddr, header: &[&[u8]]) -> Wire {
    let mut socket = TcpStream::connect_timeout(&address, PATIENCE).unwrap();
    socket.set_nodelay(true).unwrap();
    header.iter().for_each(|piece| socket.write_all(piece).unwrap());
    if sides.client_tls { Tls::new().over(socket).unwrap().client.wire } else { Wire::new(socket) }
}

#[track_caller]
fn client_of(row: &SessionRow) -> (&str, u64) {
    (row.property("clientIP").as_str().unwrap(), row.property("clientPort").as_u64().unwrap())
}

/// Headers, and the client they name; `None`: nobody, so it is whoever has connected.
fn headers() -> Vec<(Vec<u8>, Option<(&'static str, u64)>)> {
    let four = ["203.0.113.7:50412", "198.51.100.10:1433"];
    let six = ["[2001:db8::7]:50412", "[2001:db8:1::10]:1433"];
    let tlv = [&[0xea, 0, 3][..], b"vpc", &[4, 0, 0]].concat();
    vec![
        (b"PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433\r\n".to_vec(), Some(("203.0.113.7", 50412))),
        (b"PROXY TCP6 2001:db8::7 2001:db8:1::10 50412 1433\r\n".to_vec(), Some(("2001:db8::7", 50412))),
        (b"PROXY UNKNOWN\r\n".to_vec(), None),
        (proxied_v2(four, b""), Some(("203.0.113.7", 50412))),
        (proxied_v2(six, b""), Some(("2001:db8::7", 50412))),
        (proxied_v2(four, &tlv), Some(("203.0.113.7", 50412))),
        (b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0".to_vec(), None),
    ]
}

#[test]
fn a_session_is_that_of_the_client_whom_its_proxy_names() {
    for sides in [Sides::TCP, OFFLOAD] {
        let farm = sides.farm(1, talk::echo);
        let gateway = Gateway::start(&document(sides, &farm));
        for (number, (header, named)) in headers().into_iter().enumerate() {
            let mut client = connect(sides, gateway.address("web"), &[&header]);
            let own = u64::from(client.local().port());
            client.send("hello").unwrap();
            client.expect("hello");
            client.finish();
            client.expect_end(End::Fin);
            let row = gateway.session_rows(number + 1).remove(number);
            // The header is none of the client's bytes.
            row.check("200", "closed", 5, 5);
            assert_eq!(client_of(&row), named.unwrap_or(("127.0.0.1", own)), "{header:?}");
        }
    }
}

#[test]
fn a_header_comes_in_any_pieces_and_bytes_behind_it_are_the_clients() {
    let farm = Sides::TCP.farm(1, talk::echo);
    let gateway = Gateway::start(&document(Sides::TCP, &farm));
    for (header, _) in headers() {
        let bytes = [&header[..], b"PROXY UNKNOWN\r\nhello"].concat();
        for pieces in [vec![&bytes[..]], bytes.chunks(1).collect(), bytes.chunks(7).collect()] {
            let mut client = connect(Sides::TCP, gateway.address("web"), &pieces);
            client.expect("PROXY UNKNOWN\r\nhello");
        }
    }
}

/// The name that a client asks for is read behind the header.
#[test]
fn a_header_stands_before_tls_that_passes_through() {
    let farm = Sides::TCP.farm(1, talk::echo);
    let certificate = Ca::root("own").server(&["a.com"]);
    let more = format!("hostNames: [a.com], {TRUSTING}");
    let gateway = Gateway::start(&super::sites(&farm, "Tcp", &[("a", &more)]));
    farm.set_tls(0, &e2e::TlsServer::new(&certificate));
    let mut socket = TcpStream::connect(gateway.address("a")).unwrap();
    socket.write_all(b"PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433\r\n").unwrap();
    let mut secure = Tls::new().over(socket).unwrap();
    assert!(secure.shows(&certificate));
    secure.client.send("hello");
    secure.client.wire.expect("hello");
    drop(secure);
    assert_eq!(client_of(&gateway.session_row()), ("203.0.113.7", 50412));
}

/// A website, plain or under TLS, that believes its proxies.
fn site(farm: &Farm, https: bool) -> Document {
    if https {
        let document = Document::https(farm, &Ca::root("root").server(&["a.com"]));
        return document.secure(&[("web", &format!("sslCertificate: cert, {TRUSTING}"))]);
    }
    Document::new(farm).listeners(&[("web", TRUSTING)])
}

#[test]
fn requests_are_those_of_the_client_whom_its_proxy_names() {
    for https in [false, true] {
        let farm = Farm::echo(1);
        let gateway = Gateway::start(&site(&farm, https));
        let sides = Sides { client_tls: https, server_tls: false };
        for (number, (header, named)) in headers().into_iter().enumerate() {
            let wire = connect(sides, gateway.address("web"), &[&header]);
            let own = wire.local();
            let mut client = Client { wire };
            for _ in 0..2 {
                assert_eq!(client.get("a.com", "/").status, 200, "https: {https}");
                let expected = named.map_or(own.to_string(), |(ip, port)| {
                    SocketAddr::new(ip.parse().unwrap(), u16::try_from(port).unwrap()).to_string()
                });
                let last = farm.last();
                assert_eq!(last.field("x-forwarded-for"), Some(expected.as_str()), "https: {https}, {header:?}");
            }
            let row = &gateway.wait_rows(2 * number + 2)[2 * number];
            let (ip, port) = named.unwrap_or(("127.0.0.1", u64::from(own.port())));
            let properties = &row["properties"];
            assert_eq!((&properties["clientIP"], &properties["clientPort"]), (&ip.into(), &port.into()), "{row}");
        }
    }
}

#[test]
fn what_others_send_is_no_header() {
    let farm = Sides::TCP.farm(1, talk::echo);
    let gateway = Gateway::start(&document(Sides::TCP, &farm));
    let mut client = Client::connect_from(STRANGER, gateway.address("web"));
    let line = "PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433\r\n";
    client.send(line);
    client.wire.expect(line);
    let own = u64::from(client.address().port());
    drop(client);
    assert_eq!(client_of(&gateway.session_row()), ("127.0.0.9", own));

    let farm = Farm::echo(1);
    let gateway = Gateway::start(&site(&farm, false));
    let mut client = Client::connect_from(STRANGER, gateway.address("web"));
    client.send(format!("{line}GET / HTTP/1.1\r\nHost: a.com\r\n\r\n"));
    assert_eq!(client.answer().status, 400);
    let mut client = Client::connect_from(STRANGER, gateway.address("web"));
    assert_eq!(client.get("a.com", "/").status, 200, "and they need none");
    assert!(farm.last().field("x-forwarded-for").unwrap().starts_with("127.0.0.9"));
}

/// What comes from a trusted peer without a header, or with a wrong one.
const WRONG: [&[u8]; 8] = [
    b"hello",
    b"GET / HTTP/1.1\r\nHost: a.com\r\n\r\n",
    b"PROXY TCP4 203.0.113.7 198.51.100.10 50412\r\n",
    b"PROXY TCP4 203.0.113.07 198.51.100.10 50412 1433\r\n",
    b"PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433 \r\n",
    b"PROXY UNKNOWN\n",
    b"\r\n\r\n\0\r\nQUIT\n\x31\x11\0\x0c............",
    b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x04....",
];

#[test]
fn a_trusted_peer_without_a_right_header_is_refused() {
    for sides in [Sides::TCP, OFFLOAD] {
        let farm = sides.farm(1, talk::echo);
        let gateway = Gateway::start(&document(sides, &farm));
        for (number, bytes) in WRONG.into_iter().enumerate() {
            let mut client = Client::connect(gateway.address("web"));
            client.send(bytes);
            client.wire.expect_end(End::Reset);
            let row = gateway.session_rows(number + 1).remove(number);
            row.check("400", "proxy_header", 0, 0);
            let detail = row.property("detail").as_str().unwrap_or_default();
            assert!(detail.contains("PROXY protocol header"), "{bytes:?}: {detail:?}");
            assert_eq!(client_of(&row), ("127.0.0.1", u64::from(client.address().port())), "the peer itself");
        }
        assert!(farm.visits().is_empty(), "no server was asked");
    }
    for https in [false, true] {
        let farm = Farm::echo(1);
        let gateway = Gateway::start(&site(&farm, https));
        for bytes in WRONG {
            let mut client = Client::connect(gateway.address("web"));
            client.send(bytes);
            client.wire.expect_end(End::Reset);
        }
        // One that leaves without a word, as the checks of many a balancer do.
        drop(Client::connect(gateway.address("web")));
        assert!(farm.requests().is_empty() && gateway.rows().is_empty(), "https: {https}");
    }
}

#[test]
fn a_header_that_does_not_come_is_not_waited_for_for_long() {
    let farm = Sides::TCP.farm(1, talk::echo);
    let gateway = Gateway::start(&document(Sides::TCP, &farm).limit("tlsHandshakeTimeoutInSec: 1"));
    for (number, bytes) in
        [&b""[..], b"PROXY TCP4 203.0.113.7 ", b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x0f\xff"].into_iter().enumerate()
    {
        let mut client = Client::connect(gateway.address("web"));
        let began = Instant::now();
        client.send(bytes);
        client.wire.expect_end(End::Reset);
        let took = began.elapsed().as_millis();
        assert!((800..4_000).contains(&took), "{took} ms");
        gateway.session_rows(number + 1).remove(number).check("400", "proxy_header", 0, 0);
    }
}

/// A byte now and then does not put the deadline off.
#[test]
fn a_header_that_trickles_in_has_one_deadline() {
    let farm = Sides::TCP.farm(1, talk::echo);
    let gateway = Gateway::start(&document(Sides::TCP, &farm).limit("tlsHandshakeTimeoutInSec: 1"));
    let mut client = Client::connect(gateway.address("web"));
    let began = Instant::now();
    for byte in b"PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433\r\n" {
        // It is gone in the middle of it.
        if client.wire.send([*byte]).is_err() || client.wire.poll(std::time::Duration::from_millis(100)) != Ok(false) {
            break;
        }
    }
    let took = began.elapsed().as_millis();
    assert!((800..4_000).contains(&took), "{took} ms");
    gateway.session_row().check("400", "proxy_header", 0, 0);
}
