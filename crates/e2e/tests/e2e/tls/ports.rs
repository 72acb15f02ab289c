//! What does not belong on a port: plain HTTP where TLS is spoken, TLS where it is not, and handshakes that are none.
//!
//! Source: Azure, "HTTP response codes" (400) and the monitoring reference (`ERRORINFO_HTTP_TO_HTTPS_PORT`).

use std::net::TcpStream;
use std::time::{Duration, Instant};

use e2e::openssl::{is_there, s_client};
use e2e::wait::until_true;
use e2e::{Broken, Client, Document, Farm, Gateway, Tls};

use super::simple;

#[test]
fn plain_http_on_a_tls_port_is_answered_400_and_logged_as_such() {
    let (farm, gateway) = simple();
    let requests = [
        "GET /plain HTTP/1.1\r\nHost: a.com\r\n\r\n",
        "POST /plain HTTP/1.1\r\nHost: a.com\r\nContent-Length: 5\r\n\r\nhello",
        "OPTIONS * HTTP/1.1\r\nHost: a.com\r\n\r\n",
        "GET /plain HTTP/1.0\r\n\r\n",
        "PROPFIND / HTTP/1.1\r\nHost: nobody.com\r\n\r\n",
    ];
    for request in requests {
        let mut client = Client::connect(gateway.address("web"));
        let answer = client.ask(request);
        assert_eq!(answer.status, 400, "{request}");
        assert_eq!(answer.field("connection"), Some("close"), "{request}");
        client.expect_end();
    }
    let rows = gateway.wait_rows(requests.len());
    for row in &rows {
        let properties = &row["properties"];
        assert_eq!(properties["httpStatus"], 400, "{row}");
        assert_eq!(properties["error_info"], "ERRORINFO_HTTP_TO_HTTPS_PORT", "{row}");
        assert_eq!(properties["sslEnabled"], "off", "{row}");
    }
    assert_eq!(rows.len(), requests.len());
    assert_eq!(farm.requests().len(), 0);
}

#[test]
fn the_page_says_that_plain_http_was_sent_to_a_tls_port() {
    let (_farm, gateway) = simple();
    let text = Client::connect(gateway.address("web")).get("a.com", "/").text();
    let words = "The plain HTTP request was sent to HTTPS port";
    assert!(text.contains(&format!("<title>400 {words}</title>")), "{text}");
    assert!(text.contains(&format!("<center>{words}</center>")), "{text}");
}

#[test]
fn a_plain_request_in_pieces_is_answered_all_the_same() {
    let (_farm, gateway) = simple();
    let mut client = Client::connect(gateway.address("web"));
    for piece in "GET / HTTP/1.1\r\nHost: a.com\r\n\r\n".as_bytes().chunks(3) {
        client.send(piece);
    }
    assert_eq!(client.answer().status, 400);
}

#[test]
fn tls_on_a_plain_port_is_answered_400_and_closed() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    let error = Tls::new().try_connect(gateway.address("web")).err().expect("no TLS there");
    assert!(!matches!(error, rustls::Error::AlertReceived(_)), "{error}");
    let mut client = gateway.client();
    // The beginning of a ClientHello.
    client.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n");
    assert_eq!(client.answer().status, 400);
    client.expect_end();
    assert_eq!(gateway.get("a.com", "/").status, 200);
}

#[test]
fn a_handshake_that_is_none_ends_the_connection_and_nothing_else() {
    let (_farm, gateway) = simple();
    let openings: [&[u8]; 7] = [
        b"\0\0\0\0\0\0\0\0",
        b"\x16\x03\x01\xff\xff",
        b"\x16\x03\x01\x00\x04\x01\x00\x00\x00",
        b"\x15\x03\x03\x00\x02\x02\x28",
        b"\x17\x03\x03\x00\x05hello",
        b"\x80\x2e\x01\x00\x02",
        b"get / http/1.1\r\n\r\n",
    ];
    for opening in openings {
        let mut client = Client::connect(gateway.address("web"));
        client.send(opening);
        client.wire.finish();
        // An alert may come first.
        assert!(client.wire.rest().is_ok(), "{opening:?} is not answered");
        assert_eq!(gateway.secure(&Tls::new()).client.get("a.com", "/").status, 200);
    }
    assert_eq!(gateway.wait_rows(openings.len()).len(), openings.len(), "failed handshakes have no row");
    until_true("the failures to be counted", || {
        let refused = gateway.status().counters.refused;
        refused.iter().any(|row| row.reason == "client_handshake" && row.count >= 5)
    });
}

/// The time for a handshake is 10 seconds, whatever comes in that time.
#[test]
fn a_handshake_has_a_deadline_that_single_bytes_do_not_move() {
    let (_farm, gateway) = simple();
    let began = Instant::now();
    let mut mute = Client::connect(gateway.address("web"));
    let mut slow = Client::connect(gateway.address("web"));
    slow.send(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03");
    let dripping = std::thread::spawn(move || {
        while slow.wire.send([0]).is_ok() && slow.wire.poll(Duration::from_millis(200)).is_ok() {}
        began.elapsed()
    });
    assert!(matches!(mute.wire.some(100), Ok(_) | Err(Broken::Cut)), "the silent client is still connected");
    let (mute, slow) = (began.elapsed(), dripping.join().unwrap());
    for (what, took) in [("the silent client", mute), ("the slow client", slow)] {
        assert!((Duration::from_secs(9)..Duration::from_secs(16)).contains(&took), "{what}: {took:?}");
    }
    until_true("the connections to be gone", || gateway.status().counters.client_connections_current == 0);
}

#[test]
fn a_hello_in_single_bytes_is_understood() {
    let (_farm, gateway) = simple();
    // A relay that passes each byte on by itself.
    let relay = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = relay.local_addr().unwrap();
    let target = gateway.address("web");
    let relayed = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut client, _) = relay.accept().unwrap();
        let mut server = TcpStream::connect(target).unwrap();
        server.set_nodelay(true).unwrap();
        let (mut back, mut forth) = (server.try_clone().unwrap(), client.try_clone().unwrap());
        let answers = std::thread::spawn(move || std::io::copy(&mut back, &mut forth));
        let mut byte = [0];
        while client.read(&mut byte).is_ok_and(|count| count == 1) {
            if server.write_all(&byte).is_err() {
                break;
            }
        }
        let _ = server.shutdown(std::net::Shutdown::Write);
        let _ = answers.join();
    });
    let mut secure = Tls::new().connect(address);
    assert_eq!(secure.client.get("a.com", "/").status, 200);
    drop(secure);
    relayed.join().unwrap();
}

/// A response whose end is the end of the connection has to end in an alert that says so: else a cut looks whole.
#[test]
fn connections_end_with_close_notify() {
    let (_farm, gateway) = simple();
    let mut client = gateway.secure(&Tls::new()).client;
    let answer = client.ask("GET / HTTP/1.1\r\nHost: a.com\r\nConnection: close\r\n\r\n");
    assert_eq!(answer.status, 200);
    assert_eq!(client.wire.some(1), Ok(Vec::new()), "an end without close_notify");
}

#[test]
fn many_requests_and_large_bodies_go_over_one_connection() {
    let (farm, gateway) = simple();
    let mut client = gateway.secure(&Tls::new()).client;
    for number in 0..50 {
        assert_eq!(client.get("a.com", &format!("/{number}")).status, 200);
    }
    let body = "x".repeat(3 << 20);
    let answer =
        client.ask(&format!("POST /upload HTTP/1.1\r\nHost: a.com\r\nContent-Length: {}\r\n\r\n{body}", body.len()));
    assert!(answer.text().ends_with(&body));
    let request = farm.last();
    assert_eq!(request.field("x-forwarded-proto"), Some("https"));
    assert_eq!(request.field("x-forwarded-port"), Some(gateway.address("web").port().to_string().as_str()));
}

#[test]
fn the_log_says_what_was_agreed() {
    let (_farm, gateway) = simple();
    let rows = [
        (Tls::new().tls13(), "TLSv1.3", "TLS_AES_256_GCM_SHA384"),
        (Tls::new().tls12(), "TLSv1.2", "ECDHE-ECDSA-AES256-GCM-SHA384"),
    ];
    for (number, (tls, version, cipher)) in rows.into_iter().enumerate() {
        gateway.secure(&tls).client.get("a.com", "/");
        let row = gateway.wait_rows(number + 1).remove(number);
        let properties = &row["properties"];
        let seen = ["sslEnabled", "sslProtocol", "sslCipher", "sslClientVerify"].map(|key| properties[key].as_str());
        assert_eq!(seen, ["on", version, cipher, "NONE"].map(Some));
        let empty = ["sslClientCertificateFingerprint", "sslClientCertificateIssuerName"];
        assert_eq!(empty.map(|key| properties[key].as_str()), [Some(""); 2]);
    }
}

#[test]
fn old_versions_are_refused_with_their_alert() {
    if !is_there() {
        return;
    }
    let (_farm, gateway) = simple();
    for version in ["-tls1", "-tls1_1"] {
        let outcome = s_client(gateway.address("web"), &[version, "-cipher", "ALL:@SECLEVEL=0"], "");
        assert_eq!((&outcome.agreed, outcome.alert), (&None, Some(70)), "{version}: {}", outcome.text);
    }
}

#[test]
fn renegotiation_is_refused() {
    if !is_there() {
        return;
    }
    let (_farm, gateway) = simple();
    // `R` asks for it; what follows would be a request on the renegotiated connection.
    let outcome = s_client(gateway.address("web"), &["-tls1_2", "-servername", "a.com"], "R\n");
    assert!(outcome.agreed.is_some(), "{}", outcome.text);
    assert!(outcome.text.contains("Secure Renegotiation IS supported"), "RFC 5746 is spoken: {}", outcome.text);
    assert!(outcome.text.contains("no renegotiation") || outcome.alert == Some(100), "{}", outcome.text);
}
