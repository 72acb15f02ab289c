//! Requests and responses over HTTP/2: what is passed on, what is refused, and what is never passed on.
//!
//! Source: RFC 9113, section 8; Azure, "Application Gateway listener configuration": HTTP/2 to clients, HTTP/1.1 to
//! servers.

use e2e::h2::frame::{Frame, code, flag, setting};
use e2e::h2::hpack::{Literal, block, plain};
use e2e::h2::{get, post, words_of};
use e2e::wait::until_true;
use e2e::{Farm, Gate};

use super::Bench;

#[test]
fn a_request_is_passed_on_as_http_1_1_with_what_the_gateway_adds() {
    let bench = Bench::new();
    let mut h2 = bench.h2();
    let fields = [
        &get("/path?x=1")[..],
        &[("user-agent", "test/2"), ("te", "trailers"), ("cookie", "a=1"), ("cookie", "b=2"), ("x-a", "1")],
        &[("x-a", "2"), ("x_b", "3")],
    ];
    let stream = h2.request(&fields.concat());
    let answer = h2.expect_status(stream, 200);
    let request = bench.farm.last();
    assert_eq!((request.method.as_str(), request.target.as_str()), ("GET", "/path?x=1"));
    let port = bench.gateway.address("web").port().to_string();
    let expected = [
        ("host", "a.com"),
        ("x-original-host", "a.com"),
        ("x-forwarded-proto", "https"),
        ("x-forwarded-port", port.as_str()),
        ("x-original-url", "/path?x=1"),
        ("user-agent", "test/2"),
        ("cookie", "a=1; b=2"),
    ];
    for (name, value) in expected {
        assert_eq!(request.field(name), Some(value), "{name}");
    }
    assert_eq!(request.head.all("x-a"), ["1", "2"]);
    for absent in ["x_b", "connection", "transfer-encoding", "content-length", ":path", "te"] {
        assert!(!request.head.has(absent), "{absent} in {}", request.head.text);
    }
    assert_eq!(answer.field("x-server"), Some("0"));
    assert_eq!(answer.field("content-length"), Some(answer.body.len().to_string().as_str()));
    let row = bench.gateway.wait_rows(1).remove(0);
    let expected = [
        ("httpVersion", "HTTP/2.0"),
        ("httpMethod", "GET"),
        ("originalRequestUriWithArgs", "/path?x=1"),
        ("requestUri", "/path"),
        ("requestQuery", "x=1"),
        ("originalHost", "a.com"),
        ("sslEnabled", "on"),
        ("sslProtocol", "TLSv1.3"),
        ("userAgent", "test/2"),
        ("error_info", "ERRORINFO_NO_ERROR"),
    ];
    for (name, value) in expected {
        assert_eq!(row["properties"][name], value, "{name} in {row}");
    }
    assert_eq!(row["properties"]["httpStatus"], 200);
    assert_eq!(row["properties"]["transactionId"], request.field("x-appgw-trace-id").unwrap());
}

/// Malformed requests whose fields the library that reads blocks does not let through.
const FATAL: &[&str] = &[
    "an empty name",
    "a name with a blank",
    "a name with a colon",
    "a name with a control byte",
    "a name with DEL",
    "an upper-case name",
    "NUL in a value",
    "CR in a value",
    "LF in a value",
    "a request in a value",
    "a method with a blank",
    "no method",
];

/// Each is malformed, and no server hears of it: the stream is reset, and the connection goes on. Where no field can be
/// made of what stands in a block, it may also end (RFC 9113, section 5.4).
#[test]
fn malformed_requests_are_reset_and_reach_no_server() {
    let bench = Bench::new();
    let base = get("/malformed");
    let with = |name: &'static str, value: &'static str| [&base[..], &[(name, value)]].concat();
    let rows: Vec<(&str, Vec<(&str, &str)>)> = vec![
        ("an empty name", with("", "x")),
        ("a name with a blank", with("x y", "x")),
        ("a name with a colon", with("x:y", "x")),
        ("a name with a control byte", with("x\u{1}", "x")),
        ("a name with DEL", with("x\u{7f}", "x")),
        ("an upper-case name", with("X-A", "x")),
        ("keep-alive", with("keep-alive", "timeout=5")),
        ("proxy-connection", with("proxy-connection", "keep-alive")),
        ("transfer-encoding", with("transfer-encoding", "chunked")),
        ("upgrade", with("upgrade", "websocket")),
        ("te: gzip", with("te", "gzip")),
        ("NUL in a value", with("x-a", "a\0b")),
        ("CR in a value", with("x-a", "a\rb")),
        ("LF in a value", with("x-a", "a\nb")),
        ("a request in a value", with("x-a", "a\r\n\r\nGET /smuggled HTTP/1.1\r\n")),
        ("a blank before a value", with("x-a", " a")),
        ("a tab behind a value", with("x-a", "a\t")),
        ("LF in the path", vec![base[0], base[1], base[2], (":path", "/ HTTP/1.1\r\nx: y\r\n")]),
        ("a path without its slash", vec![base[0], base[1], base[2], (":path", "malformed")]),
        ("a path that is a URL", vec![base[0], base[1], base[2], (":path", "https://b.com/malformed")]),
        ("* for GET", vec![base[0], base[1], base[2], (":path", "*")]),
        ("two authorities", [&[(":authority", "b.com")], &base[..]].concat()),
        ("Host unlike :authority", with("host", "b.com")),
        ("two content lengths", [&with("content-length", "1")[..], &[("content-length", "2")]].concat()),
        ("a content length that is none", with("content-length", "+0")),
        ("content that was promised and did not come", with("content-length", "5")),
        ("a method with a blank", vec![(":method", "GET /x"), base[1], base[2], base[3]]),
        ("no method", vec![(":method", ""), base[1], base[2], base[3]]),
    ];
    let mut failures = Vec::new();
    for (what, fields) in &rows {
        let mut h2 = bench.h2();
        let stream = h2.request(fields);
        let failed = words_of(|| {
            if FATAL.contains(what) {
                return h2.expect_reset(stream, &[code::PROTOCOL_ERROR]);
            }
            h2.expect_only_reset(stream, &[code::PROTOCOL_ERROR]);
            assert_eq!(h2.get("/good").status(), 200);
        });
        failures.extend(failed.map(|why| format!("{what}: {why}")));
    }
    for request in bench.farm.requests() {
        if request.target != "/good" {
            failures.push(format!("a server got {:?}", request.head.text));
        }
    }
    assert!(failures.is_empty(), "of {} rows:\n{}", rows.len(), failures.join("\n"));
}

#[test]
fn host_may_stand_beside_the_same_authority_or_in_its_place() {
    let bench = Bench::new();
    let mut h2 = bench.h2();
    let stream = h2.request(&[&get("/")[..], &[("host", "a.com")]].concat());
    h2.expect_status(stream, 200);
    let [method, scheme, _, path] = get("/");
    let stream = h2.request(&[method, scheme, path, ("host", "b.com")]);
    h2.expect_status(stream, 200);
    for (request, host) in bench.farm.requests().iter().zip(["a.com", "b.com"]) {
        assert_eq!(request.field("host"), Some(host));
    }
    let stream = h2.request(&[method, scheme, path]);
    let answer = h2.answer(stream);
    assert!(answer.reset.is_some() || answer.status() == 400, "a request for no host: {answer:?}");
    assert_eq!(bench.farm.requests().len(), 2);
}

#[test]
fn methods_that_the_gateway_does_not_serve_reach_no_server() {
    let bench = Bench::new();
    let mut h2 = bench.h2();
    assert_eq!(h2.settings.get(&setting::ENABLE_CONNECT_PROTOCOL).copied().unwrap_or(0), 0);
    let connect = [(":method", "CONNECT"), (":authority", "a.com:443")];
    let [_, scheme, authority, path] = get("/chat");
    let extended = [(":method", "CONNECT"), (":protocol", "websocket"), scheme, path, authority];
    let trace = [(":method", "TRACE"), scheme, authority, path];
    let rows: [(&str, &[(&str, &str)], u16); 3] =
        [("CONNECT", &connect, 405), ("CONNECT with a protocol", &extended, 405), ("TRACE", &trace, 405)];
    for (what, fields, status) in rows {
        let stream = h2.request(fields);
        let answer = h2.answer(stream);
        let refused = answer.reset == Some(code::PROTOCOL_ERROR) || answer.reset == Some(code::REFUSED_STREAM);
        assert!(refused || answer.status() == status, "{what}: {answer:?}");
        h2.expect_pong();
    }
    assert_eq!(h2.get("/").status(), 200);
    assert_eq!(bench.farm.requests().len(), 1);
}

#[test]
fn trailers_of_a_request_are_accepted_and_never_frame_or_route_it() {
    let bench = Bench::new();
    let mut h2 = bench.h2();
    let stream = h2.stream();
    h2.frame(&Frame::headers(stream, flag::END_HEADERS, block(&post("/upload"))));
    h2.frame(&Frame::data(stream, 0, "the "));
    h2.frame(&Frame::data(stream, 0, "content"));
    let trailers = block(&[("x-sum", "1"), ("host", "b.com"), ("content-length", "3"), ("x-forwarded-for", "9.9.9.9")]);
    h2.frame(&Frame::headers(stream, flag::END, trailers));
    let answer = h2.answer(stream);
    if answer.reset.is_none() {
        assert_eq!(answer.status(), 200);
        let request = bench.farm.last();
        assert_eq!((request.body.as_slice(), request.field("host")), (&b"the content"[..], Some("a.com")));
        assert!(!request.head.text.contains("9.9.9.9"), "{}", request.head.text);
    }
    // Trailers that nobody could object to.
    let stream = h2.stream();
    h2.frame(&Frame::headers(stream, flag::END_HEADERS, block(&post("/upload"))));
    h2.frame(&Frame::data(stream, 0, "more"));
    h2.frame(&Frame::headers(stream, flag::END, block(&[("x-sum", "1")])));
    h2.expect_status(stream, 200);
    assert_eq!(bench.farm.last().body, b"more");
}

#[test]
fn an_upload_without_a_length_is_passed_on_in_chunks_and_one_with_a_length_with_it() {
    let bench = Bench::new();
    let mut h2 = bench.h2();
    for length in [None, Some("11")] {
        let mut fields = post("/upload").to_vec();
        fields.extend(length.map(|length| ("content-length", length)));
        let stream = h2.stream();
        h2.frame(&Frame::headers(stream, flag::END_HEADERS, block(&fields)));
        h2.frame(&Frame::data(stream, 0, "the "));
        h2.frame(&Frame::data(stream, flag::END_STREAM, "content"));
        h2.expect_status(stream, 200);
        let request = bench.farm.last();
        assert_eq!(request.body, b"the content");
        let framing = (request.field("content-length"), request.head.chunked());
        assert!(framing == (length, length.is_none()) || framing == (Some("11"), false), "{framing:?}");
    }
    // Without content there is nothing to frame, and a length of zero for a method that has content as a rule.
    let stream = h2.request(&post("/empty"));
    h2.expect_status(stream, 200);
    assert!(matches!(bench.farm.last().field("content-length"), Some("0")) || bench.farm.last().head.chunked());
}

#[test]
fn a_large_upload_and_a_large_answer_arrive_whole() {
    const SIZE: usize = 5 << 20;
    let bench = Bench::before(Farm::start(1, |peer, request| {
        let mut sum = 0_u64;
        let mut length = 0;
        peer.body_with(request, |piece| {
            length += piece.len();
            sum = piece.iter().fold(sum, |sum, &byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
        })?;
        let body: Vec<u8> = (0..SIZE).map(|number| (number % 251) as u8).collect();
        peer.send(format!("HTTP/1.1 200 OK\r\nX-Length: {length}\r\nX-Sum: {sum}\r\nContent-Length: {SIZE}\r\n\r\n"))?;
        peer.send(body)
    }));
    let content: Vec<u8> = (0..SIZE).map(|number| (number % 241) as u8).collect();
    let sum = content.iter().fold(0_u64, |sum, &byte| sum.wrapping_mul(31).wrapping_add(u64::from(byte)));
    let mut h2 = bench.h2();
    let stream = h2.stream();
    h2.frame(&Frame::headers(stream, flag::END_HEADERS, block(&post("/upload"))));
    h2.upload(stream, &content);
    let answer = h2.expect_status(stream, 200);
    assert_eq!(answer.field("x-length"), Some(SIZE.to_string().as_str()));
    assert_eq!(answer.field("x-sum"), Some(sum.to_string().as_str()));
    assert!(answer.body.len() == SIZE && answer.body.iter().enumerate().all(|(at, &byte)| byte == (at % 251) as u8));
}

#[test]
fn streams_are_served_side_by_side_and_a_slow_one_holds_up_no_other() {
    let gate = Gate::new();
    let go = gate.clone();
    let bench = Bench::before(Farm::start(1, move |peer, request| {
        if request.target == "/slow" {
            go.wait();
        }
        peer.echo(request)
    }));
    let mut h2 = bench.h2();
    let slow: Vec<u32> = (0..40).map(|_| h2.request(&get("/slow"))).collect();
    bench.farm.wait_requests(40);
    for _ in 0..20 {
        assert_eq!(h2.get("/fast").status(), 200);
    }
    assert!(slow.iter().all(|stream| !h2.answers.contains_key(stream)));
    gate.open();
    for stream in slow {
        assert_eq!(h2.answer(stream).field("x-target"), Some("/slow"));
    }
}

/// When a client gives a request up, so does the gateway: before the answer, and in the middle of it.
#[test]
fn the_cancel_of_a_request_ends_the_servers_work() {
    let bench = Bench::before(Farm::start(1, |peer, request| {
        if request.target == "/half" {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")?;
        }
        peer.hold()
    }));
    let mut h2 = bench.h2();
    let before = h2.request(&get("/before"));
    let half = h2.request(&get("/half"));
    h2.head(half);
    bench.farm.wait_requests(2);
    h2.frame(&Frame::reset(before, code::CANCEL));
    until_true("the work on the first request to end", || bench.farm.left() == 1);
    h2.frame(&Frame::reset(half, code::CANCEL));
    until_true("the work on the second request to end", || bench.farm.left() == 2);
    h2.expect_pong();
    let rows = bench.gateway.wait_rows(2);
    assert!(rows.iter().all(|row| row["properties"]["error_info"] == "ERRORINFO_CLIENT_CLOSED_REQUEST"), "{rows:?}");
}

/// Azure: a field of HTTP/2 may have 8 KB, all together 16 KB.
#[test]
fn fields_beyond_the_limits_are_answered_with_431_and_the_connection_goes_on() {
    let bench = Bench::new();
    let mut h2 = bench.h2();
    let many: Vec<String> = (0..250).map(|number| format!("x-{number}")).collect();
    let many: Vec<(&str, String)> = many.iter().map(|name| (name.as_str(), String::new())).collect();
    let of = |sizes: &[usize]| -> Vec<(&'static str, String)> {
        let names = ["x-a", "x-b", "x-c", "x-d", "x-e", "x-f"];
        names.into_iter().zip(sizes).map(|(name, &size)| (name, "x".repeat(size))).collect()
    };
    let rows: [(&str, Vec<(&str, String)>, u16); 6] = [
        ("a field just below 8 KiB", of(&[8000]), 200),
        ("a field above 8 KiB", of(&[8 * 1024 + 1]), 431),
        ("fields just below 16 KiB", of(&[5000, 5000, 5000]), 200),
        ("fields above 16 KiB", of(&[6000, 6000, 6000]), 431),
        ("more than 200 fields", many, 431),
        ("a usual request after all that", of(&[10]), 200),
    ];
    for (what, fields, status) in rows {
        let mut all = block(&get("/"));
        for (name, value) in &fields {
            all.extend(Literal::Plain.with_name(plain(name), plain(value)));
        }
        let stream = h2.stream();
        let pieces = all.len().div_ceil(16_000);
        for frame in e2e::h2::split(stream, flag::END, &all, pieces) {
            h2.frame(&frame);
        }
        let answer = h2.answer(stream);
        assert!(answer.reset.is_none(), "{what}: {answer:?}");
        assert_eq!(answer.status(), status, "{what}");
    }
    assert_eq!(bench.farm.requests().len(), 3);
}
