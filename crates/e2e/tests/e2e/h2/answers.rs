//! Answers over HTTP/2: servers' and the gateway's own.
//!
//! Source: RFC 9113, sections 8.1 and 8.2; RFC 7541, section 4.

use e2e::Farm;
use e2e::h2::frame::{Frame, code, flag, setting};
use e2e::h2::hpack::block;
use e2e::h2::{get, post};

use super::Bench;

#[test]
fn the_fields_of_a_response_that_concern_a_connection_end_at_the_gateway() {
    let bench = Bench::before(Farm::canned(
        1,
        "HTTP/1.1 200 OK\r\nConnection: X-Gone\r\nX-Gone: 1\r\nKeep-Alive: 5\r\nTransfer-Encoding: chunked\r\n\
         Upgrade: h2c\r\nProxy-Connection: close\r\nX-Kept: Yes\r\nX_Kept: too\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
    ));
    let answer = bench.h2().get("/");
    assert_eq!((answer.status(), answer.body.as_slice()), (200, &b"body"[..]));
    let names: Vec<_> = answer.heads[0].iter().map(|(name, _)| name.as_str()).collect();
    for name in ["connection", "x-gone", "keep-alive", "transfer-encoding", "upgrade", "proxy-connection"] {
        assert!(!names.contains(&name), "{names:?}");
    }
    assert_eq!((answer.field("x-kept"), answer.field("x_kept")), (Some("Yes"), Some("too")));
    assert!(names.iter().all(|name| *name == name.to_ascii_lowercase()), "{names:?}");
}

#[test]
fn interim_answers_are_passed_on() {
    let bench = Bench::before(Farm::canned(
        1,
        "HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
    ));
    let answer = bench.h2().get("/");
    assert_eq!((answer.status(), answer.body.as_slice()), (200, &b"ok"[..]));
    let hint = &answer.heads[0];
    assert!(hint.contains(&(":status".to_owned(), "103".to_owned())), "{hint:?}");
    assert!(hint.contains(&("link".to_owned(), "</a.css>".to_owned())), "{hint:?}");
}

#[test]
fn answers_without_content_have_none() {
    let rows = [("204 No Content", "GET"), ("304 Not Modified", "GET"), ("200 OK", "HEAD")];
    for (status, method) in rows {
        let length = if status.starts_with("204") { "" } else { "Content-Length: 5\r\n" };
        let bench = Bench::before(Farm::canned(1, format!("HTTP/1.1 {status}\r\n{length}ETag: \"1\"\r\n\r\n")));
        let mut h2 = bench.h2();
        for _ in 0..2 {
            let mut fields = get("/");
            fields[0].1 = method;
            let stream = h2.request(&fields);
            let answer = h2.expect_status(stream, status[..3].parse().unwrap());
            assert_eq!((answer.body.len(), answer.field("etag")), (0, Some("\"1\"")), "{status}");
        }
    }
}

#[test]
fn an_answer_that_a_server_cuts_is_reset_and_looks_like_no_whole_one() {
    let bench = Bench::before(Farm::start(1, |peer, request| {
        if request.target == "/whole" {
            return peer.echo(request);
        }
        peer.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nnot a hundred")?;
        e2e::peer::close()
    }));
    let mut h2 = bench.h2();
    let answer = h2.get("/cut");
    assert!(answer.reset.is_some_and(|code| code != code::NO_ERROR) && !answer.ended, "{answer:?}");
    assert_eq!(h2.get("/whole").status(), 200);
}

#[test]
fn the_gateways_own_answers_have_their_page_and_fields() {
    let farm = Farm::echo(1);
    let bench = Bench::with(farm, |document| {
        document.secure(&[("web", "sslCertificate: cert, hostNames: ['a.com', 'b.com']")])
    });
    let mut h2 = bench.h2();
    let mut fields = get("/");
    fields[2].1 = "nobody.example";
    let stream = h2.request(&fields);
    let answer = h2.expect_status(stream, 404);
    assert!(answer.text().contains("404 Not Found"), "{}", answer.text());
    assert_eq!(answer.field("server"), Some("Microsoft-Azure-Application-Gateway/v2"));
    assert_eq!(answer.field("content-type"), Some("text/html"));
    assert_eq!(answer.field("connection"), None);
    assert_eq!(h2.get("/").status(), 200);
}

/// Fields of every answer differ, so that whoever remembers them remembers much.
#[test]
fn answers_keep_to_the_table_that_the_client_allows() {
    let bench = Bench::before(Farm::start(1, |peer, request| {
        let value = request.target.repeat(20);
        peer.send(format!("HTTP/1.1 200 OK\r\nX-Value: {value}\r\nContent-Length: 0\r\n\r\n"))
    }));
    for allowed in [0, 100, 4096, 1 << 30] {
        let mut h2 = bench.silent().begun(&[(setting::HEADER_TABLE_SIZE, allowed)]);
        for number in 0..50 {
            let path = format!("/value-{number}");
            assert_eq!(h2.get(&path).field("x-value"), Some(path.repeat(20).as_str()), "{allowed}");
        }
        assert!(h2.table().size() <= 4096.min(allowed as usize), "{} of {allowed}", h2.table().size());
    }
}

/// More than fits in one frame.
#[test]
fn large_heads_of_answers_arrive_whole() {
    let bench = Bench::before(Farm::start(1, |peer, _| {
        let fields: String = (0..12).map(|number| format!("X-{number}: {}\r\n", "v".repeat(4000))).collect();
        peer.send(format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 2\r\n\r\nok"))
    }));
    let mut h2 = bench.h2();
    for _ in 0..3 {
        let answer = h2.get("/");
        assert_eq!((answer.status(), answer.text().as_str()), (200, "ok"));
        for number in 0..12 {
            assert_eq!(answer.field(&format!("x-{number}")).map(str::len), Some(4000));
        }
    }
}

#[test]
fn answers_with_trailers_and_many_interim_answers_do_no_harm() {
    let bench = Bench::before(Farm::start(1, |peer, request| {
        match request.target.as_str() {
        "/trailers" => peer.send(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 1\r\nContent-Length: 9\r\n\r\n",
        ),
        _ => {
            let hints = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n".repeat(100);
            peer.send(hints + "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        }
    }
    }));
    let mut h2 = bench.h2();
    let answer = h2.get("/trailers");
    assert_eq!((answer.status(), answer.text().as_str(), answer.ended), (200, "ok", true));
    // More than 32 are no answer but an attack.
    let answer = h2.get("/hints");
    assert!(answer.heads.len() <= 34, "{} heads", answer.heads.len());
    assert!(answer.reset.is_some() || answer.status() == 502, "{answer:?}");
    h2.expect_pong();
}

#[test]
fn an_early_answer_to_an_upload_is_sent_and_the_upload_given_up() {
    let bench = Bench::streaming(Farm::start(1, |peer, request| {
        if request.method == "POST" {
            peer.send("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno")?;
            return peer.hold();
        }
        peer.echo(request)
    }));
    let mut h2 = bench.h2();
    let stream = h2.stream();
    h2.frame(&Frame::headers(stream, flag::END_HEADERS, block(&post("/"))));
    h2.frame(&Frame::data(stream, 0, "some"));
    let answer = h2.answer(stream);
    assert_eq!((answer.status(), answer.text().as_str()), (403, "no"));
    assert!(answer.reset.is_none_or(|code| code == code::NO_ERROR), "{answer:?}");
    assert_eq!(h2.get("/").status(), 200);
}
