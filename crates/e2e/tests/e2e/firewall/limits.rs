//! Size limits, just below, at, and above: bodies, uploads, and how deep rules look.
//!
//! Source: Azure, `application-gateway-waf-request-size-limits`, read 2026-11-22.

use e2e::{Client, Document, Farm, Gateway};
use serde_json::json;

use super::{actions, told};

const KIB: usize = 1024;

fn post(kind: &str, body: &[u8], chunked: bool) -> Vec<u8> {
    let framing =
        if chunked { "Transfer-Encoding: chunked".to_owned() } else { format!("Content-Length: {}", body.len()) };
    let mut request =
        format!("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: {kind}\r\n{framing}\r\n\r\n").into_bytes();
    if !chunked {
        request.extend_from_slice(body);
        return request;
    }
    for piece in body.chunks(5000) {
        request.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
        request.extend_from_slice(piece);
        request.extend_from_slice(b"\r\n");
    }
    request.extend_from_slice(b"0\r\n\r\n");
    request
}

fn multipart(file: usize) -> Vec<u8> {
    let head = "--B\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.bin\"\r\n\
                Content-Type: application/octet-stream\r\n\r\n";
    [head.as_bytes(), &vec![b'x'; file], b"\r\n--B--\r\n"].concat()
}

fn status(gateway: &Gateway, request: &[u8]) -> u16 {
    let mut client: Client = gateway.client();
    client.send(request);
    client.answer().status
}

#[test]
fn a_body_may_be_as_long_as_the_limit_and_no_longer() {
    let farm = Farm::echo(1);
    let mut count = 0;
    for mode in ["Prevention", "Detection"] {
        let settings = json!({ "maxRequestBodySizeInKb": 8, "requestBodyInspectLimitInKB": 8 });
        let gateway = Gateway::start(&Document::new(&farm).guarded(mode, settings, json!([])));
        let mut rows_before = 0;
        for chunked in [false, true] {
            for (size, fits) in [(8 * KIB - 1, true), (8 * KIB, true), (8 * KIB + 1, false)] {
                let found = status(&gateway, &post("text/plain", &vec![b'a'; size], chunked));
                let expected = if fits || mode == "Detection" { 200 } else { 403 };
                assert_eq!(found, expected, "{mode}, {size} bytes, chunked: {chunked}");
                count += 1;
                rows_before += 1;
                let (rows, _) = told(&gateway, rows_before);
                let action = if mode == "Prevention" { "Blocked" } else { "Detected" };
                let expected: &[(String, String)] = &[(action.to_owned(), "0".to_owned())];
                assert_eq!(actions(&rows), if fits { &[] } else { expected }, "{mode}, {size} bytes");
            }
        }
    }
    assert_eq!(count, 12);
}

#[test]
fn a_body_of_any_length_passes_where_its_size_is_not_enforced() {
    let farm = Farm::echo(1);
    let settings = json!({ "maxRequestBodySizeInKb": 8, "requestBodyEnforcement": false });
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", settings, json!([])));
    for chunked in [false, true] {
        assert_eq!(status(&gateway, &post("text/plain", &vec![b'a'; 300 * KIB], chunked)), 200);
    }
}

#[test]
fn an_upload_may_be_four_kilobytes_over_its_limit() {
    let farm = Farm::echo(1);
    let settings = json!({ "fileUploadLimitInMb": 1 });
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", settings, json!([])));
    let most = 1024 * KIB + 4 * KIB;
    for chunked in [false, true] {
        for (size, expected) in [(most - 1, 200), (most, 200), (most + 1, 403)] {
            let request = post("multipart/form-data; boundary=B", &multipart(size), chunked);
            assert_eq!(status(&gateway, &request), expected, "{size} bytes, chunked: {chunked}");
        }
    }
    let settings = json!({ "fileUploadLimitInMb": 1, "fileUploadEnforcement": false });
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", settings, json!([])));
    let request = post("multipart/form-data; boundary=B", &multipart(2 * most), false);
    assert_eq!(status(&gateway, &request), 200);
}

#[test]
fn rules_look_as_deep_as_the_inspection_limit() {
    const ATTACK: &[u8] = b"<script>alert(1)</script>";
    let farm = Farm::echo(1);
    let settings = json!({ "requestBodyInspectLimitInKB": 8, "maxRequestBodySizeInKb": 128 });
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", settings, json!([])));
    // The attack ends so many bytes before the limit: at it, one before it, and begins behind it.
    for (end, expected) in [(8 * KIB - 1, 403), (8 * KIB, 403), (8 * KIB + ATTACK.len(), 200)] {
        let padding = vec![b'a'; end - ATTACK.len() - 4];
        let body = [b"p=", &padding[..], b"&q", b"=", ATTACK].concat();
        let body = [&body[..], &vec![b'b'; 20 * KIB]].concat();
        // What comes behind belongs to the same value.
        assert_eq!(status(&gateway, &post("application/x-www-form-urlencoded", &body, false)), expected, "{end}");
    }
}

#[test]
fn a_custom_rule_that_allows_by_the_head_lets_a_long_body_pass() {
    let farm = Farm::echo(1);
    let rule = json!([{
        "name": "mine", "priority": 1, "ruleType": "MatchRule", "action": "Allow",
        "matchConditions": [{ "matchVariables": [{ "variableName": "RequestHeaders", "selector": "Content-Type" }],
                              "operator": "Equal", "matchValues": ["text/mine"] }],
    }]);
    let settings = json!({ "maxRequestBodySizeInKb": 8 });
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", settings, rule));
    let long = vec![b'a'; 300 * KIB];
    assert_eq!(status(&gateway, &post("text/mine", &long, false)), 200);
    assert_eq!(status(&gateway, &post("text/plain", &long, false)), 403);
}
