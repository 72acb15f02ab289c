//! TLS that passes through: a listener of TCP reads the name in the client's hello and changes nothing.

use std::io::Read as _;
use std::net::{TcpListener, TcpStream};
use std::time::{Duration, Instant};

use e2e::{Ca, Client, Document, End, Farm, Gateway, Sides, Tls, TlsServer, talk};

use super::{server, sites};

/// The servers behind the listeners.
const A: usize = 0;
const WILD: usize = 1;
const ANY: usize = 2;

/// `a.com`, everything under `wild.com`, and anybody else where that is asked for.
fn document(farm: &Farm, with_any: bool) -> Document {
    let mut listeners = vec![("a", "hostNames: [a.com]"), ("wild", "hostNames: ['*.wild.com']")];
    if with_any {
        listeners.push(("any", ""));
    }
    sites(farm, "Tcp", &listeners)
}

/// The record with which a client begins.
fn hello(tls: &Tls) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (tls, address) = (tls.clone(), listener.local_addr().unwrap());
    let client = std::thread::spawn(move || drop(tls.over(TcpStream::connect(address).unwrap())));
    let (mut socket, _) = listener.accept().unwrap();
    let mut record = vec![0; 5];
    socket.read_exact(&mut record).unwrap();
    let length = usize::from(u16::from_be_bytes([record[3], record[4]]));
    record.resize(5 + length, 0);
    socket.read_exact(&mut record[5..]).unwrap();
    drop(socket);
    client.join().unwrap();
    record
}

/// The same message in records of this size.
fn in_records(hello: &[u8], size: usize) -> Vec<u8> {
    let record = |part: &[u8]| [&[22, 3, 1][..], &u16::try_from(part.len()).unwrap().to_be_bytes(), part].concat();
    hello[5..].chunks(size).flat_map(record).collect()
}

/// A hello that asks for `a.com` and has about this many bytes.
fn long_hello(length: usize) -> Vec<u8> {
    let names: Vec<String> = (0..length / 201).map(|number| format!("{number:0200}")).collect();
    hello(&Tls::new().protocols(&names.iter().map(String::as_str).collect::<Vec<_>>()))
}

/// What says that a hello of 20 KB follows, and some of it.
fn too_long() -> Vec<u8> {
    [&[22, 3, 1, 0x3f, 0xff, 1, 0, 0x4e, 0x20, 3, 3][..], &[7; 5000]].concat()
}

#[test]
fn tls_passes_through_to_the_server_of_the_name() {
    let ca = Ca::root("own");
    let certificates = [ca.server(&["a.com"]), ca.server(&["*.wild.com"]), ca.server(&["any.com"])];
    // Servers of TLS; they are probed by connections only.
    let farm = Farm::bytes(3, None, talk::name);
    let gateway = Gateway::start(&document(&farm, true));
    for (server, certificate) in certificates.iter().enumerate() {
        farm.set_tls(server, &TlsServer::new(certificate));
    }
    for (name, expected) in [
        (Some("a.com"), A),
        (Some("x.wild.com"), WILD),
        (Some("x.y.wild.com"), WILD),
        (Some("wild.com"), ANY),
        (Some("b.com"), ANY),
        (None, ANY),
    ] {
        for tls in [Tls::new().tls12(), Tls::new().tls13()] {
            let tls = match name {
                Some(name) => tls.name(name),
                None => tls.nameless(),
            };
            let before = gateway.rows().len();
            let secure = tls.connect(gateway.address("a"));
            assert!(secure.shows(&certificates[expected]), "{name:?}: the server's own certificate");
            assert_eq!(server(secure.client.wire), expected, "{name:?}");
            let row = gateway.session_rows(before + 1).pop().unwrap();
            assert_eq!(row.outcome(), ("200", "closed"), "{name:?}: {}", row.row);
            assert_eq!(row.property("sni").as_str().unwrap_or_default(), name.unwrap_or_default(), "{}", row.row);
            assert_eq!(row.property("sslProtocol"), "", "the gateway speaks no TLS: {}", row.row);
        }
    }
}

#[test]
fn bytes_pass_as_they_came_however_the_hello_is_cut() {
    let farm = Sides::TCP.farm(3, talk::echo);
    let gateway = Gateway::start(&document(&farm, false));
    let plain = hello(&Tls::new());
    let pieces: [(&str, Vec<u8>, usize); 7] = [
        ("at once", plain.clone(), usize::MAX),
        ("byte by byte", plain.clone(), 1),
        ("in threes", plain.clone(), 3),
        ("records of a byte, byte by byte", in_records(&plain, 1), 1),
        ("records of 100", in_records(&plain, 100), 7),
        ("16 KiB, nearly", long_hello(16_000), 1000),
        ("16 KiB, nearly, in several records", in_records(&long_hello(16_000), 5000), 4999),
    ];
    for (number, (what, mut bytes, size)) in pieces.into_iter().enumerate() {
        bytes.extend(b"and what follows, in the same piece");
        let mut client = Client::connect(gateway.address("a"));
        for piece in bytes.chunks(size) {
            client.send(piece);
        }
        client.wire.expect(&bytes);
        client.send("more");
        client.wire.expect("more");
        client.wire.finish();
        client.wire.expect_end(End::Fin);
        let row = gateway.session_rows(number + 1).remove(number);
        row.check("200", "closed", bytes.len() + 4, bytes.len() + 4);
        assert_eq!((row.property("sni"), &row.row["listenerName"]), (&"a.com".into(), &"a".into()), "{what}");
    }
    assert_eq!(farm.visits_by_server(), [7, 0, 0]);
}

/// A server is not called before it is known which one.
#[test]
fn nobody_is_called_before_the_hello_is_whole() {
    let farm = Sides::TCP.farm(3, talk::echo);
    let gateway = Gateway::start(&document(&farm, true));
    let bytes = hello(&Tls::new());
    let mut client = Client::connect(gateway.address("a"));
    let (last, others) = bytes.split_last().unwrap();
    client.send(others);
    assert_eq!(client.wire.poll(Duration::from_millis(300)), Ok(false));
    assert!(farm.visits().is_empty());
    client.send([*last]);
    client.wire.expect(&bytes);
}

#[test]
fn what_names_nobody_goes_to_the_listener_that_takes_any_client() {
    let farm = Sides::TCP.farm(3, talk::echo);
    let gateway = Gateway::start(&document(&farm, true));
    let mut no_name = hello(&Tls::new());
    let at = no_name.windows(5).position(|five| five == b"a.com").unwrap();
    no_name[at..at + 5].copy_from_slice(b"a..om");
    let rows: [(&str, Vec<u8>); 6] = [
        ("SSH", b"SSH-2.0-OpenSSH_9.9\r\n".to_vec()),
        ("a question for TLS", b"\x00\x00\x00\x08\x04\xd2\x16\x2f".to_vec()),
        ("no name", hello(&Tls::new().nameless())),
        ("another name", hello(&Tls::new().name("b.com"))),
        ("what can be no name", no_name),
        ("a hello that is too long", too_long()),
    ];
    let count = rows.len();
    for (number, (what, bytes)) in rows.into_iter().enumerate() {
        let mut client = Client::connect(gateway.address("a"));
        client.send(&bytes);
        client.wire.expect(&bytes);
        client.wire.finish();
        client.wire.expect_end(End::Fin);
        let row = gateway.session_rows(number + 1).pop().unwrap();
        row.check("200", "closed", bytes.len(), bytes.len());
        assert_eq!(row.row["listenerName"], "any", "{what}");
    }
    assert_eq!(farm.visits_by_server(), [0, 0, count]);
}

/// Who says nothing may wait for the server to speak. That takes five seconds, and no longer.
#[test]
fn who_says_nothing_gets_the_listener_that_takes_any_client_after_five_seconds() {
    let farm = Sides::TCP.farm(3, talk::greet(b"220 ready\r\n"));
    let gateway = Gateway::start(&document(&farm, true));
    let began = Instant::now();
    let mut silent = Client::connect(gateway.address("a"));
    let mut slow = Client::connect(gateway.address("a"));
    slow.send(&hello(&Tls::new())[..20]);
    for client in [&mut silent, &mut slow] {
        client.wire.expect("220 ready\r\n");
        let took = began.elapsed();
        assert!((Duration::from_millis(4_800)..Duration::from_secs(9)).contains(&took), "{took:?}");
    }
    assert_eq!(farm.visits_by_server(), [0, 0, 2]);
}

/// Who ends without a name has said all there is.
#[test]
fn an_end_within_the_hello_is_passed_on_with_what_came_before() {
    let farm = Sides::TCP.farm(3, talk::echo);
    let gateway = Gateway::start(&document(&farm, true));
    let bytes = &hello(&Tls::new())[..50];
    let mut client = Client::connect(gateway.address("a"));
    client.send(bytes);
    client.wire.finish();
    client.wire.expect(bytes);
    client.wire.expect_end(End::Fin);
    gateway.session_row().check("200", "closed", 50, 50);
}

#[test]
fn where_no_listener_takes_any_client_others_are_refused() {
    let farm = Sides::TCP.farm(3, talk::echo);
    let gateway = Gateway::start(&document(&farm, false));
    let unknown = rustls::Error::AlertReceived(rustls::AlertDescription::UnrecognisedName);
    for tls in [Tls::new().name("b.com"), Tls::new().nameless()] {
        assert_eq!(tls.try_connect(gateway.address("a")).err(), Some(unknown.clone()));
    }
    let rows: [&[u8]; 3] = [b"SSH-2.0-OpenSSH_9.9\r\n", b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00", &too_long()[..9]];
    for bytes in rows {
        let mut client = Client::connect(gateway.address("a"));
        client.send(bytes);
        client.wire.expect_end(End::Reset);
    }
    let expected = [vec!["400 not_tls"; 3], vec!["400 unknown_server_name"; 2]].concat();
    assert_eq!(super::ends(&gateway, 5), expected);
    assert!(farm.visits().is_empty(), "no server was asked");
}
