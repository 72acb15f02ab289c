//! HTTP/1.1 over TLS: records are not messages, and what lies read in a session is not seen on its socket.

use std::net::Shutdown;
use std::time::Duration;

use e2e::h2::frame::{Frame, PREFACE, flag};
use e2e::h2::{get, hpack};
use e2e::wait::until_true;
use e2e::{Broken, Ca, Client, Document, Farm, Gate, Gateway, H2, Tls};

use super::simple;

fn secure(gateway: &Gateway) -> Client {
    gateway.secure(&Tls::new()).client
}

#[test]
fn requests_that_come_in_one_record_are_answered_in_order() {
    let (_farm, gateway) = simple();
    let mut client = secure(&gateway);
    let request = |number: usize| match number % 3 {
        0 => format!("POST /{number} HTTP/1.1\r\nHost: a.com\r\nContent-Length: 5\r\n\r\nGET /"),
        1 => {
            format!("POST /{number} HTTP/1.1\r\nHost: a.com\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        }
        _ => format!("GET /{number} HTTP/1.1\r\nHost: a.com\r\n\r\n"),
    };
    // Thirty at once are two records at most; then the same byte by byte.
    client.send((0..30).map(request).collect::<String>());
    for number in 0..30 {
        assert_eq!(client.answer().field("x-target"), Some(format!("/{number}").as_str()));
    }
    assert!(client.wire.is_quiet());
}

#[test]
fn requests_in_records_of_one_byte_are_understood() {
    let (farm, gateway) = simple();
    let mut client = secure(&gateway);
    for byte in b"POST /slow HTTP/1.1\r\nHost: a.com\r\nContent-Length: 11\r\n\r\nthe content" {
        client.send([*byte]);
    }
    assert_eq!(client.answer().status, 200);
    assert_eq!(farm.last().body, b"the content");
    let mut h2 = H2::silent(gateway.address("web"));
    let request = Frame::headers(1, flag::END, hpack::block(&get("/slow")));
    for byte in [PREFACE, &Frame::settings(&[]).bytes(), &request.bytes()].concat() {
        h2.send([byte]);
    }
    h2.expect_status(1, 200);
}

#[test]
fn a_client_that_leaves_while_the_server_thinks_is_noticed() {
    let farm = Farm::start(1, |peer, _| peer.hold());
    let gateway = Gateway::start(&Document::https(&farm, &Ca::root("root").server(&["a.com"])));
    let leave: [(&str, fn(Client)); 3] = [
        ("in an orderly way", |mut client| {
            client.wire.finish();
            drop(client);
        }),
        ("without a word", |client| {
            let _ = client.wire.stream().shutdown(Shutdown::Both);
        }),
        ("with a reset", |client| client.wire.reset()),
    ];
    for (number, (what, leave)) in leave.into_iter().enumerate() {
        let mut client = secure(&gateway);
        client.send("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n");
        farm.wait_requests(number + 1);
        leave(client);
        until_true(&format!("the server to be let go after a client left {what}"), || farm.left() == number + 1);
    }
    let rows = gateway.wait_rows(3);
    assert!(rows.iter().all(|row| row["properties"]["httpStatus"] == 499), "{rows:?}");
}

#[test]
fn an_idle_connection_is_ended_with_close_notify() {
    let farm = Farm::echo(1);
    let document = Document::https(&farm, &Ca::root("root").server(&["a.com"]));
    let limits = document.limit("keepAliveTimeoutInSec: 1").limit("requestHeaderTimeoutInSec: 1");
    let gateway = Gateway::start(&limits);
    let mut client = secure(&gateway);
    assert_eq!(client.get("a.com", "/").status, 200);
    assert_eq!(client.wire.some(1), Ok(Vec::new()), "an end without close_notify");
    let mut unused = secure(&gateway);
    assert_eq!(unused.wire.some(1), Ok(Vec::new()), "an end without close_notify");
}

/// TLS with clients, and with servers whose certificates this authority has issued.
fn end_to_end(farm: &Farm, root: &Ca) -> Document {
    Document::https(farm, &root.server(&["a.com"]))
        .root("root", root.pem())
        .tls_settings(farm, "requestTimeout: 20, hostName: a.com, trustedRootCertificates: [root]")
}

/// Content without a length ends with its connection. Only close_notify tells that end from a cut.
#[test]
fn an_answer_whose_connection_ends_without_close_notify_is_cut() {
    let root = Ca::root("root");
    let tls = e2e::TlsServer::new(&root.server(&["a.com"]));
    let farm = Farm::start_with(1, Some(&tls), |peer, request| {
        peer.send("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\nsome content")?;
        if request.target == "/whole" {
            peer.wire.finish();
        }
        e2e::peer::close()
    });
    let gateway = Gateway::start(&end_to_end(&farm, &root));
    let answer = secure(&gateway).get("a.com", "/whole");
    assert_eq!(answer.text(), "some content");
    let mut client = secure(&gateway);
    client.send("GET /cut HTTP/1.1\r\nHost: a.com\r\n\r\n");
    let cut = client.try_answer(false);
    assert!(cut.is_err() || cut.as_ref().is_ok_and(|answer| answer.status == 502), "a cut looks whole: {cut:?}");
    let mut h2 = gateway.h2();
    assert_eq!(h2.get("/whole").text(), "some content");
    let cut = h2.get("/cut");
    assert!(!cut.ended || cut.status() == 502, "a cut looks whole: {cut:?}");
}

#[test]
fn answers_in_records_of_one_byte_are_understood() {
    let root = Ca::root("root");
    let tls = e2e::TlsServer::new(&root.server(&["a.com"]));
    let farm = Farm::start_with(1, Some(&tls), |peer, _| {
        let answer =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-A: b\r\n\r\n4\r\nsome\r\n8\r\n content\r\n0\r\n\r\n";
        answer.iter().try_for_each(|byte| peer.send([*byte]))
    });
    let gateway = Gateway::start(&end_to_end(&farm, &root));
    let mut client = secure(&gateway);
    for _ in 0..3 {
        assert_eq!(client.get("a.com", "/").text(), "some content");
    }
    assert_eq!(gateway.h2().get("/").text(), "some content");
    let connections = farm.connections();
    assert!(connections <= 2, "{connections} connections for four requests of two workers");
}

/// The server may say that it has had enough at any time; requests do not suffer.
#[test]
fn kept_connections_that_a_server_ends_are_not_used_again() {
    let root = Ca::root("root");
    let tls = e2e::TlsServer::new(&root.server(&["a.com"]));
    let farm = Farm::start_with(1, Some(&tls), |peer, request| {
        peer.echo(request)?;
        // An end in order, unannounced, right behind the answer.
        peer.wire.finish();
        e2e::peer::close()
    });
    let gateway = Gateway::start(&end_to_end(&farm, &root));
    let mut client = secure(&gateway);
    for number in 0..20 {
        assert_eq!(client.get("a.com", &format!("/{number}")).status, 200);
    }
    // Not even what may not be sent twice.
    for number in 0..20 {
        let answer = client.ask(&format!("POST /{number} HTTP/1.1\r\nHost: a.com\r\nContent-Length: 2\r\n\r\nhi"));
        assert_eq!(answer.status, 200, "POST {number}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn connections_beyond_the_limit_are_closed_and_their_places_given_back() {
    let farm = Farm::echo(1);
    let document = Document::https(&farm, &Ca::root("root").server(&["a.com"])).limit("maxConnectionsPerClient: 3");
    let gateway = Gateway::start(&document);
    // Two in use, one in the middle of its handshake.
    let mut kept = [secure(&gateway), secure(&gateway)];
    let half = Client::connect(gateway.address("web"));
    kept.iter_mut().for_each(|client| assert_eq!(client.get("a.com", "/").status, 200));
    assert!(Tls::new().try_connect(gateway.address("web")).is_err(), "a fourth connection is served");
    drop(half);
    until_true("the place to be given back", || Tls::new().try_connect(gateway.address("web")).is_ok());
}

/// A listener's rules hold for what was connected before they did.
#[test]
fn connections_from_before_certificates_were_demanded_are_not_served_without_one() {
    let farm = Farm::echo(1);
    let certificate = Ca::root("root").server(&["a.com"]);
    let clients = Ca::root("clients");
    let open = Document::https(&farm, &certificate);
    let strict = open
        .clone()
        .client_ca("clients", &clients.pem())
        .profile("strict", "trustedClientCertificates: [clients]")
        .secure(&[("web", "sslCertificate: cert, sslProfile: strict")]);
    let gateway = Gateway::start(&open);
    let (mut client, mut h2) = (secure(&gateway), gateway.h2());
    assert_eq!((client.get("a.com", "/").status, h2.get("/").status()), (200, 200));
    gateway.apply(&strict).unwrap();
    assert_eq!((client.get("a.com", "/").status, h2.get("/").status()), (421, 421));
    let good = Tls::new().certificate(&clients.client("good"));
    let mut late = gateway.secure(&good).client;
    assert_eq!(late.get("a.com", "/").status, 200);
    gateway.apply(&open).unwrap();
    assert_eq!(secure(&gateway).get("a.com", "/").status, 200);
    assert_eq!(farm.requests().len(), 4);
}

#[test]
fn a_listener_that_goes_finishes_what_it_has_begun() {
    let gate = Gate::new();
    let go = gate.clone();
    let farm = Farm::start(1, move |peer, request| {
        if request.target == "/slow" {
            go.wait();
        }
        peer.echo(request)
    });
    let gateway = Gateway::start(&Document::https(&farm, &Ca::root("root").server(&["a.com"])));
    let address = gateway.address("web");
    let (mut busy, mut idle, mut h2) = (secure(&gateway), secure(&gateway), gateway.h2());
    idle.get("a.com", "/");
    busy.send("GET /slow HTTP/1.1\r\nHost: a.com\r\n\r\n");
    let stream = h2.request(&get("/slow"));
    farm.wait_requests(3);
    gateway.apply(&Document::new(&farm)).unwrap();
    until_true("the port to be closed", || std::net::TcpStream::connect(address).is_err());
    assert_eq!(idle.wire.some(1), Ok(Vec::new()), "an idle connection ends in order");
    gate.open();
    let answer = busy.answer();
    assert_eq!((answer.status, answer.field("connection")), (200, Some("close")));
    assert!(matches!(busy.wire.some(1), Ok(bytes) if bytes.is_empty()));
    h2.expect_status(stream, 200);
    let end = end_of(&mut h2);
    assert!(matches!(end, Broken::Closed), "an end without close_notify: {end:?}");
}

fn end_of(h2: &mut H2) -> Broken {
    loop {
        if let Err(broken) = h2.event() {
            return broken;
        }
    }
}
