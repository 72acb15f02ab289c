//! Heads that pass and heads that do not, with the failure each of the latter gets.

use super::*;

fn outcome(input: &[u8]) -> Result<Option<usize>, Failure> {
    let mut room = Fields::new();
    match parse(input, &mut room, &Limits::default()) {
        Parsed::Partial => Ok(None),
        Parsed::Complete(_, len) => Ok(Some(len)),
        Parsed::Refused(failure) => Err(failure),
    }
}

fn refused(input: &str) -> Option<Failure> {
    outcome(input.as_bytes()).err()
}

#[test]
fn a_plain_head_is_read_whole() {
    let input = b"GET /a?b HTTP/1.1\r\nHost: h:80\r\nX: y\r\n\r\nrest";
    let mut room = Fields::new();
    let Parsed::Complete(request, len) = parse(input, &mut room, &Limits::default()) else { panic!("not complete") };
    assert_eq!(&input[len..], b"rest");
    assert_eq!(
        (request.method, request.target.path(), request.target.query()),
        (&b"GET"[..], &b"/a"[..], Some(&b"b"[..]))
    );
    assert_eq!((request.host, request.keep_alive, request.framing), (Some(&b"h:80"[..]), true, Framing::None));
}

#[test]
fn one_empty_line_may_stand_before_a_request_and_no_more() {
    assert_eq!(outcome(b"\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), Ok(Some(29)));
    assert_eq!(outcome(b"\r\n"), Ok(None));
    assert_eq!(outcome(b"\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), Err(Failure::MalformedRequest));
    assert_eq!(outcome(b"\nGET / HTTP/1.1\r\nHost: h\r\n\r\n"), Err(Failure::MalformedRequest));
}

#[test]
fn each_fault_of_a_head_has_its_failure() {
    use Failure::*;
    let rows = [
        ("GET / HTTP/1.1\r\n\r\n", MissingHost),
        ("GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n", InvalidHost),
        ("GET / HTTP/1.1\r\nHost:\r\n\r\n", InvalidHost),
        ("GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", DuplicateHeader),
        ("GET http://a/ HTTP/1.1\r\nHost: b/c\r\n\r\n", InvalidHost),
        ("GET /\r\n", Http09),
        ("GET / HTTP/0.3\r\nHost: a\r\n\r\n", InvalidVersion),
        ("GET / HTTP/1.2\r\nHost: a\r\n\r\n", InvalidVersion),
        ("GET / HTTP/2.0\r\nHost: a\r\n\r\n", UnsupportedVersion),
        ("GET / http/1.1\r\nHost: a\r\n\r\n", InvalidVersion),
        ("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", InvalidVersion),
        ("GET123 / HTTP/1.1\r\nHost: a\r\n\r\n", InvalidMethod),
        ("get / HTTP/1.1\r\nHost: a\r\n\r\n", InvalidMethod),
        ("TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", MethodTrace),
        ("CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n", MethodConnect),
        ("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", InvalidTarget),
        ("GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", InvalidTarget),
        ("GET * HTTP/1.1\r\nHost: a\r\n\r\n", InvalidTarget),
        ("GET / HTTP/1.1\nHost: a\r\n\r\n", MalformedRequest),
        ("GET / HTTP/1.1\r\nHost: a\n\r\n", InvalidHeader),
        ("GET / HTTP/1.1\r\nHost: a\nX: y\r\n\r\n", InvalidHeader),
        ("GET / HTTP/1.1\r\nHost : a\r\n\r\n", InvalidHeader),
        ("GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", InvalidHeader),
        ("GET / HTTP/1.1\r\n Host: a\r\n\r\n", InvalidHeader),
        ("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", InvalidHeader),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\x01b\r\n\r\n", InvalidHeader),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", InvalidHeader),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", InvalidHeader),
        ("POST / HTTP/1.1\r\nHost: a\r\n\r\n", MissingContentLength),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +1\r\n\r\n", InvalidContentLength),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1, 1\r\n\r\n", InvalidContentLength),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", InvalidContentLength),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", ConflictingFraming),
        ("GET / HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", InvalidTransferEncoding),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked, chunked\r\n\r\n", InvalidTransferEncoding),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked,\r\n\r\n", InvalidTransferEncoding),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: \r\n\r\n", InvalidTransferEncoding),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: xchunked\r\n\r\n", InvalidTransferEncoding),
        ("GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", UnsupportedTransferEncoding),
        ("GET / HTTP/1.1\r\nHost: a\r\nExpect: 200-ok\r\n\r\n", ExpectationFailed),
        ("GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n", UpgradeH2c),
        ("GET / HTTP/1.1\r\nHost: a\r\nAuthorization: a\r\nAuthorization: a\r\n\r\n", DuplicateHeader),
        ("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999\r\n\r\n", BodyTooLarge),
        ("\x16\x03\x01\x02", MalformedRequest),
    ];
    for (input, failure) in rows {
        assert_eq!(refused(input), Some(failure), "{input:?}");
    }
}

#[test]
fn equal_content_lengths_fold_into_one() {
    assert!(outcome(b"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n").is_ok());
}

#[test]
fn a_head_beyond_the_limits_is_refused_before_it_ends() {
    let long_target = format!("GET /{}", "a".repeat(33 * 1024));
    assert_eq!(refused(&long_target), Some(Failure::TargetTooLong));
    let large_head = format!("GET / HTTP/1.1\r\nHost: a\r\nX: {}", "a".repeat(33 * 1024));
    assert_eq!(refused(&large_head), Some(Failure::HeaderTooLarge));
    let many = format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(201));
    assert_eq!(refused(&many), Some(Failure::HeaderTooLarge));
}

#[test]
fn an_http10_client_stays_only_when_it_asks_to() {
    for (input, stays) in [
        ("GET / HTTP/1.0\r\n\r\n", false),
        ("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", true),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", false),
        ("GET / HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, close\r\n\r\n", false),
    ] {
        let mut room = Fields::new();
        let Parsed::Complete(request, _) = parse(input.as_bytes(), &mut room, &Limits::default()) else {
            panic!("{input}")
        };
        assert_eq!(request.keep_alive, stays, "{input}");
    }
}

#[test]
fn no_cut_of_a_good_head_is_refused() {
    let input = b"\r\nGET /a?b HTTP/1.1\r\nHost: h:80\r\nConnection: keep-alive\r\nX: y\r\n\r\n";
    for end in 0..input.len() {
        assert_eq!(outcome(&input[..end]), Ok(None), "cut at {end}");
    }
}
