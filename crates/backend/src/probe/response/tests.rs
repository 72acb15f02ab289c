use super::*;

async fn answer(bytes: &[u8]) -> Result<Response, Failure> {
    read(&mut &bytes[..], &Progress::default()).await
}

#[tokio::test]
async fn answers_are_read_by_their_framing() {
    for (rule, bytes, status, body) in [
        ("by length", &b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nwellrest"[..], 200, "well"),
        ("equal lengths fold", b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\ncontent-length: 4\r\n\r\nwell", 200, "well"),
        (
            "chunked",
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n2\r\nwe\r\n2\r\nll\r\n0\r\n\r\n",
            200,
            "well",
        ),
        ("to the end of the connection", b"HTTP/1.0 200 OK\r\n\r\nwell", 200, "well"),
        ("no body with 204", b"HTTP/1.1 204 No Content\r\n\r\nwell", 204, ""),
        ("no body with 304 whatever its length", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", 304, ""),
        ("no reason phrase", b"HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n", 404, ""),
        (
            "interim responses are skipped",
            b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx",
            200,
            "x",
        ),
        ("101 is a status like others", b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", 101, ""),
        ("redirects are not followed", b"HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 0\r\n\r\n", 302, ""),
    ] {
        let response = answer(bytes).await.unwrap();
        assert_eq!((response.status, response.body.as_slice()), (status, body.as_bytes()), "{rule}");
    }
}

#[tokio::test]
async fn what_is_not_http_is_refused_with_what_is_wrong() {
    let many_fields = format!("HTTP/1.1 200 OK\r\n{}\r\n", "a: b\r\n".repeat(201)).into_bytes();
    let long_head = format!("HTTP/1.1 200 OK\r\na: {}", "b".repeat(70_000)).into_bytes();
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(9);
    for (bytes, part) in [
        (&b""[..], "closed without an answer"),
        (b"HTTP/1.1 200", "closed within its head"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "begin with HTTP"),
        (b"HTTP/2.0 200 OK\r\n\r\n", "begin with HTTP"),
        (b"<html></html>", "begin with HTTP"),
        (b"HTTP/1.1 abc OK\r\n\r\n", "three digits"),
        (b"HTTP/1.1 099 OK\r\n\r\n", "below 100"),
        (b"HTTP/1.1 200 OK\r\na b\r\n\r\n", "bytes that no head may have"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "not a number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: \r\n\r\n", "not a number"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "two different"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "both"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "not chunked"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", "before the end of its body"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", "before the end of its body"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "hexadecimal"),
        (&many_fields, "more than 200 fields"),
        (&long_head, "longer than 64 KiB"),
        (&interim, "too many interim"),
    ] {
        let failure = answer(bytes).await.unwrap_err();
        assert_eq!(failure.code(), "InvalidHttp");
        assert!(failure.to_string().contains(part), "{failure} / {part}");
    }
}

#[tokio::test]
async fn no_more_than_64_kib_of_a_body_is_read() {
    let mut bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n".to_vec();
    bytes.resize(bytes.len() + 100_000, b'x');
    assert_eq!(answer(&bytes).await.unwrap().body.len(), 64 * 1024);
}
