//! Many messages on one connection, and messages of every shape.
//!
//! Source: RFC 9112 (framing, persistence), RFC 9110 (methods and statuses without content, interim answers).

use e2e::client::Framing;
use e2e::{Document, Farm, Gateway};

#[test]
fn a_connection_serves_one_request_after_the_other() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    for number in 0..50 {
        let target = format!("/{number}");
        assert_eq!(client.get("a.com", &target).field("x-target"), Some(target.as_str()));
    }
    assert_eq!(farm.connections(), 1, "one connection to the server carries them all");
}

#[test]
fn forty_pipelined_requests_are_answered_in_order() {
    let farm = Farm::echo(2);
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    let request = |number: usize| match number % 4 {
        3 => format!("POST /{number} HTTP/1.1\r\nHost: a.com\r\nContent-Length: 5\r\n\r\nGET /"),
        2 => {
            format!("PUT /{number} HTTP/1.1\r\nHost: a.com\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n")
        }
        _ => format!("GET /{number} HTTP/1.1\r\nHost: a.com\r\n\r\n"),
    };
    client.send((0..40).map(request).collect::<String>());
    for number in 0..40 {
        let answer = client.answer();
        assert_eq!(answer.field("x-target"), Some(format!("/{number}").as_str()));
    }
    assert!(client.wire.is_quiet());
}

#[test]
fn close_ends_the_connection_after_the_answer_and_nothing_after_it_is_served() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    client.send("GET /1 HTTP/1.1\r\nHost: a.com\r\nConnection: close\r\n\r\nGET /2 HTTP/1.1\r\nHost: a.com\r\n\r\n");
    assert_eq!(client.answer().field("connection"), Some("close"));
    client.expect_end();
    assert_eq!(farm.requests().len(), 1);
}

#[test]
fn http_1_0_persists_only_when_asked_and_knows_no_chunks() {
    let chunks = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";
    let sized = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let farm = Farm::start(1, move |peer, request| peer.send(if request.target == "/chunks" { chunks } else { sized }));
    let gateway = Gateway::start(&Document::new(&farm));
    let rows = [
        ("/sized", "", "close", Framing::Length),
        ("/sized", "Connection: keep-alive\r\n", "keep-alive", Framing::Length),
        ("/chunks", "", "close", Framing::Close),
        ("/chunks", "Connection: keep-alive\r\n", "close", Framing::Close),
    ];
    for (target, fields, connection, framing) in rows {
        let mut client = gateway.client();
        let answer = client.ask(&format!("GET {target} HTTP/1.0\r\nHost: a.com\r\n{fields}\r\n"));
        assert_eq!(answer.text(), "ok", "{target} {fields}");
        assert_eq!((answer.field("connection"), answer.framing), (Some(connection), framing), "{target} {fields}");
        match connection {
            "close" => client.expect_end(),
            _ => assert_eq!(client.ask("GET /sized HTTP/1.0\r\n\r\n").text(), "ok"),
        }
    }
}

#[test]
fn a_client_that_expects_100_gets_it_before_it_sends_and_the_server_does_not_see_the_wish() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    client.send("POST / HTTP/1.1\r\nHost: a.com\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
    let interim = client.wire.head().unwrap();
    assert_eq!(interim.text, "HTTP/1.1 100 Continue\r\n\r\n");
    client.send("hello");
    let answer = client.answer();
    assert_eq!((answer.status, answer.interim.len()), (200, 0));
    assert_eq!(farm.last().body, b"hello");
    assert_eq!(farm.last().field("expect"), None);
}

#[test]
fn answers_without_content_leave_the_connection_in_step() {
    let rows = [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n", Some("10")),
        ("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 10\r\n\r\n", None),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 10\r\nETag: x\r\n\r\n", Some("10")),
        ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", None),
        ("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Some("0")),
    ];
    let farm = Farm::start(1, move |peer, request| match request.target[1..].parse::<usize>() {
        Ok(row) => peer.send(rows[row].1),
        Err(_) => peer.echo(request),
    });
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    for (row, (method, answer, length)) in rows.into_iter().enumerate() {
        client.send(format!("{method} /{row} HTTP/1.1\r\nHost: a.com\r\n\r\n"));
        let got = client.try_answer(method == "HEAD").unwrap();
        assert_eq!(got.field("content-length"), length, "{answer:?}");
        assert_eq!(client.get("a.com", "/next").field("x-target"), Some("/next"), "{answer:?}");
    }
    assert_eq!(farm.connections(), 1, "the server's connection stays in step too");
}

#[test]
fn interim_answers_100_and_103_pass_to_http_1_1_and_others_nowhere() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n\
                   HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 199 Odd\r\n\r\n";
    let farm = Farm::canned(1, format!("{interim}HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
    let gateway = Gateway::start(&Document::new(&farm));
    let answer = gateway.get("a.com", "/");
    let starts: Vec<_> = answer.interim.iter().map(|head| head.start.as_str()).collect();
    assert_eq!(starts, ["HTTP/1.1 103 Early Hints", "HTTP/1.1 100 Continue"]);
    assert_eq!(answer.interim[0].field("link"), Some("</a.css>"));
    assert_eq!(answer.text(), "ok");
    let old = gateway.client().ask("GET / HTTP/1.0\r\nHost: a.com\r\n\r\n");
    assert_eq!((old.interim.len(), old.text().as_str()), (0, "ok"));
}

#[test]
fn an_unasked_101_and_endless_interim_answers_are_502() {
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n".to_owned();
    let many = "HTTP/1.1 102 Processing\r\n\r\n".repeat(33) + "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for answer in [upgrade, many] {
        let farm = Farm::canned(1, answer.clone());
        let gateway = Gateway::start(&Document::new(&farm));
        assert_eq!(gateway.get("a.com", "/").status, 502, "{answer:.60}");
    }
}

#[test]
fn chunks_go_on_as_chunks_and_their_trailers_do_not() {
    let farm = Farm::start(1, |peer, request| {
        // The fake server's reader panics when it meets a trailer.
        let body = peer.body(request)?;
        assert_eq!(body, b"hello world");
        assert!(request.head.chunked());
        peer.send(
            "HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n\
             5;name=\"value\"\r\nhello\r\n1\r\n!\r\n0\r\nX-Sum: 1\r\nSet-Cookie: evil=1\r\n\r\n",
        )
    });
    let gateway = Gateway::start(&Document::new(&farm).streaming());
    let mut client = gateway.client();
    for _ in 0..2 {
        let answer = client.ask(
            "POST / HTTP/1.1\r\nHost: a.com\r\nTransfer-Encoding: chunked\r\nTrailer: x-t\r\n\r\n\
             6;ext\r\nhello \r\n5\r\nworld\r\n0\r\nX-T: 1\r\nHost: evil\r\n\r\n",
        );
        assert_eq!((answer.text().as_str(), answer.framing), ("hello!", Framing::Chunks));
        assert_eq!((answer.trailers.len(), answer.head.has("trailer")), (0, false));
    }
}

#[test]
fn content_on_a_get_is_content() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    client.ask("GET /1 HTTP/1.1\r\nHost: a.com\r\nContent-Length: 31\r\n\r\nGET /evil HTTP/1.1\r\nHost: a\r\n\r\n");
    client.get("a.com", "/2");
    let targets: Vec<_> = farm.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/1", "/2"]);
}

#[test]
fn a_malformed_answer_is_502_and_its_connection_is_dropped() {
    let rows = [
        "hello\r\n\r\n",
        "HTTP/1.1 99 Low\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ];
    let farm = Farm::start(1, move |peer, request| match request.target[1..].parse::<usize>() {
        Ok(row) => peer.send(rows[row]),
        Err(_) => peer.echo(request),
    });
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    for (row, answer) in rows.iter().enumerate() {
        assert_eq!(client.get("a.com", &format!("/{row}")).status, 502, "{answer:?}");
        assert_eq!(client.get("a.com", "/next").status, 200, "{answer:?}");
        assert_eq!(farm.connections(), row + 2, "a new connection after {answer:?}");
        assert_eq!(gateway.wait_rows(2 * row + 1)[2 * row]["properties"]["reason"], "invalid_response");
    }
}

#[test]
fn a_response_head_beyond_64_kib_is_502() {
    let farm = Farm::canned(1, format!("HTTP/1.1 200 OK\r\nX: {}\r\nContent-Length: 0\r\n\r\n", "x".repeat(70_000)));
    let gateway = Gateway::start(&Document::new(&farm));
    assert_eq!(gateway.get("a.com", "/").status, 502);
    assert_eq!(gateway.wait_rows(1)[0]["properties"]["reason"], "response_header_too_large");
}
