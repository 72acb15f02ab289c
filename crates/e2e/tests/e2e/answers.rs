//! The answers that the gateway makes itself: status, head, body.
//!
//! Source: Azure, "HTTP response codes in Application Gateway"; RFC 9112 for what is refused.

use e2e::client::Framing;
use e2e::{Document, Farm, Gateway};

const SERVER: &str = "Microsoft-Azure-Application-Gateway/v2";

fn body(title: &str, server: &str) -> String {
    format!(
        "<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n\
         <hr><center>{server}</center>\r\n</body>\r\n</html>\r\n"
    )
}

#[test]
fn an_own_answer_has_the_documented_head_and_body() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).listeners(&[("web", "hostName: a.com")]));
    let answer = gateway.get("b.com", "/");
    let names = ["server", "date", "content-type", "content-length", "x-appgw-trace-id", "connection"];
    assert_eq!(answer.head.start, "HTTP/1.1 404 Not Found");
    assert_eq!(answer.head.names(), names);
    assert_eq!(answer.field("server"), Some(SERVER));
    assert_eq!(answer.field("content-type"), Some("text/html"));
    assert_eq!(answer.field("connection"), Some("keep-alive"));
    assert_eq!(answer.text(), body("404 Not Found", SERVER));
    assert_eq!(answer.field("content-length"), Some(answer.body.len().to_string().as_str()));
    let date = answer.field("date").unwrap();
    assert!(date.len() == 29 && date.ends_with(" GMT"), "{date}");
}

/// Everything that is wrong with a request: bytes, status and reason phrase, Azure's token, our reason.
#[test]
fn what_is_wrong_with_a_request_decides_status_and_log() {
    let get = |fields: &str| format!("GET / HTTP/1.1\r\nHost: a.com\r\n{fields}\r\n");
    let post = |fields: &str| format!("POST / HTTP/1.1\r\nHost: a.com\r\n{fields}\r\n");
    let rows: Vec<(String, &str, &str, &str)> = vec![
        ("\x16\x03\x01\r\n\r\n".into(), "400 Bad Request", "INVALID_REQUEST", "malformed_request"),
        ("get / HTTP/1.1\r\nHost: a.com\r\n\r\n".into(), "400 Bad Request", "INVALID_METHOD", "invalid_method"),
        ("GET / HTTP/1.2\r\nHost: a.com\r\n\r\n".into(), "400 Bad Request", "INVALID_VERSION", "invalid_version"),
        ("GET /\r\n\r\n".into(), "400 Bad Request", "INVALID_09_METHOD", "http09"),
        (
            "GET / HTTP/2.0\r\nHost: a.com\r\n\r\n".into(),
            "505 HTTP Version Not Supported",
            "INVALID_VERSION",
            "unsupported_version",
        ),
        ("GET /a#b HTTP/1.1\r\nHost: a.com\r\n\r\n".into(), "400 Bad Request", "REQUEST_URI_INVALID", "invalid_target"),
        (get("X-A: a\0b\r\n"), "400 Bad Request", "INVALID_HEADER", "invalid_header"),
        (get(" folded: x\r\n"), "400 Bad Request", "INVALID_HEADER", "invalid_header"),
        (get("Authorization: a\r\nAuthorization: b\r\n"), "400 Bad Request", "INVALID_HEADER", "duplicate_header"),
        (get("Host: b.com\r\n"), "400 Bad Request", "INVALID_HEADER", "duplicate_header"),
        ("GET / HTTP/1.1\r\n\r\n".into(), "400 Bad Request", "HTTP_NO_HOST_HEADER", "missing_host"),
        ("GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n".into(), "400 Bad Request", "INVALID_HOST", "invalid_host"),
        (post("Content-Length: -1\r\n"), "400 Bad Request", "INVALID_CONTENT_LENGTH", "invalid_content_length"),
        (
            post("Content-Length: 1\r\nContent-Length: 2\r\n"),
            "400 Bad Request",
            "INVALID_CONTENT_LENGTH",
            "invalid_content_length",
        ),
        (post(""), "400 Bad Request", "INVALID_CONTENT_LENGTH", "missing_content_length"),
        (
            post("Content-Length: 3\r\nTransfer-Encoding: chunked\r\n"),
            "400 Bad Request",
            "INVALID_REQUEST",
            "conflicting_framing",
        ),
        (
            post("Transfer-Encoding: chunked, chunked\r\n"),
            "400 Bad Request",
            "INVALID_REQUEST",
            "invalid_transfer_encoding",
        ),
        (
            post("Transfer-Encoding: gzip, chunked\r\n"),
            "501 Not Implemented",
            "INVALID_REQUEST",
            "unsupported_transfer_encoding",
        ),
        (post("Transfer-Encoding: chunked\r\n") + "x\r\n", "400 Bad Request", "INVALID_REQUEST", "invalid_chunk"),
        ("TRACE / HTTP/1.1\r\nHost: a.com\r\n\r\n".into(), "405 Not Allowed", "INVALID_METHOD_TRACE", "method_trace"),
        (
            "CONNECT a.com:443 HTTP/1.1\r\nHost: a.com\r\n\r\n".into(),
            "405 Not Allowed",
            "INVALID_METHOD",
            "method_connect",
        ),
        (get("Connection: upgrade\r\nUpgrade: h2c\r\n"), "403 Forbidden", "INVALID_REQUEST", "upgrade_h2c"),
        (get("Expect: miracles\r\n"), "417 Expectation Failed", "INVALID_HEADER", "expectation_failed"),
    ];
    let farm = Farm::start(1, |peer, request| peer.echo(request));
    let gateway = Gateway::start(&Document::new(&farm));
    for (at, (request, status, info, reason)) in rows.iter().enumerate() {
        let mut client = gateway.client();
        let answer = client.ask(request);
        assert_eq!(answer.head.start, format!("HTTP/1.1 {status}"), "{request:?}");
        assert_eq!(answer.text(), body(status, SERVER), "{request:?}");
        assert_eq!(answer.field("connection"), Some("close"), "after doubt about framing nothing is read: {request:?}");
        client.expect_end();
        let row = &gateway.wait_rows(at + 1)[at]["properties"];
        assert_eq!(row["error_info"], format!("ERRORINFO_{info}"), "{request:?}");
        assert_eq!(row["reason"], *reason, "{request:?}");
        assert_eq!(row["httpStatus"].to_string(), status[..3], "{request:?}");
        assert_eq!(row["serverStatus"], "", "an answer of our own has no status of a server: {request:?}");
    }
}

#[test]
fn head_gets_the_head_of_an_own_answer_and_no_body() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).listeners(&[("web", "hostName: a.com")]));
    let mut client = gateway.client();
    client.send("HEAD / HTTP/1.1\r\nHost: b.com\r\n\r\n");
    let answer = client.answer_to_head();
    assert_eq!((answer.status, answer.framing), (404, Framing::None));
    let length = body("404 Not Found", SERVER).len().to_string();
    assert_eq!(answer.field("content-length"), Some(length.as_str()));
    assert_eq!(client.get("a.com", "/").status, 200, "the next answer begins right behind the head");
}

#[test]
fn the_operator_chooses_the_server_header() {
    let farm = Farm::echo(1);
    let document = Document::new(&farm).listeners(&[("web", "hostName: a.com")]);
    let gateway = Gateway::start(&document.clone().extension("serverHeader: 'shop/1'"));
    let answer = gateway.get("b.com", "/");
    assert_eq!((answer.field("server"), answer.text()), (Some("shop/1"), body("404 Not Found", "shop/1")));
    gateway.apply(&document.extension("serverHeader: ''")).unwrap();
    assert_eq!(gateway.get("b.com", "/").field("server"), None);
}

#[test]
fn a_servers_own_error_passes_through_untouched() {
    let farm = Farm::canned(1, "HTTP/1.1 502 Mine\r\nServer: own/1\r\nContent-Length: 4\r\n\r\nmine");
    let gateway = Gateway::start(&Document::new(&farm));
    let answer = gateway.get("a.com", "/");
    assert_eq!((answer.head.start.as_str(), answer.text().as_str()), ("HTTP/1.1 502 Mine", "mine"));
    let row = &gateway.wait_rows(1)[0]["properties"];
    assert_eq!((&row["serverStatus"], &row["error_info"]), (&"502".into(), &"ERRORINFO_NO_ERROR".into()));
}

#[test]
fn sizes_beyond_the_limits_are_refused() {
    let farm = Farm::echo(1);
    let document = Document::new(&farm)
        .limit("maxUrlBytes: 300")
        .limit("maxHeaderBytes: 2000")
        .limit("maxHeaderFields: 10")
        .limit("maxBodyBytes: 1000");
    let gateway = Gateway::start(&document);
    let get = |target: &str, fields: &str| format!("GET {target} HTTP/1.1\r\nHost: a.com\r\n{fields}\r\n");
    let post = |fields: &str, content: &str| format!("POST / HTTP/1.1\r\nHost: a.com\r\n{fields}\r\n{content}");
    let chunks = "64\r\n".to_owned() + &"x".repeat(100) + "\r\n";
    let rows = [
        (get(&format!("/{}", "x".repeat(299)), ""), 200),
        (get(&format!("/{}", "x".repeat(300)), ""), 414),
        (get("/", &format!("X-A: {}\r\n", "x".repeat(1900))), 200),
        (get("/", &format!("X-A: {}\r\n", "x".repeat(2000))), 431),
        (get("/", &"X-A: 1\r\n".repeat(9)), 200),
        (get("/", &"X-A: 1\r\n".repeat(10)), 431),
        (post("Content-Length: 1000\r\n", &"x".repeat(1000)), 200),
        (post("Content-Length: 1001\r\n", ""), 413),
        (post("Transfer-Encoding: chunked\r\n", &(chunks.repeat(10) + "0\r\n\r\n")), 200),
        (post("Transfer-Encoding: chunked\r\n", &(chunks.repeat(11) + "0\r\n\r\n")), 413),
    ];
    for (request, status) in rows {
        assert_eq!(gateway.client().ask(&request).status, status, "{request:?}");
    }
}

/// A head that never ends is refused at the limit, not when it ends.
#[test]
fn an_endless_head_is_refused_at_the_limit() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    let rows = [("GET /", "x", 414), ("GET / HTTP/1.1\r\nHost: a.com\r\nX-A: ", "x", 431)];
    for (start, piece, status) in rows {
        let mut client = gateway.client();
        client.send(start.to_owned() + &piece.repeat(80_000));
        assert_eq!(client.answer().status, status, "{start}");
    }
}
