//! What a block leaves of a connection: requests that follow, content that nobody read, slow clients.

use e2e::{Document, Farm, Gateway};
use serde_json::json;

use super::{ATTACK, get, refusing};

const FORM: &str = "application/x-www-form-urlencoded";

/// Refuses all that goes to `/no`, by the head alone.
fn gateway(farm: &Farm) -> Gateway {
    let rule = refusing("no", 1, ("RequestUri", ""), "BeginsWith", "/no");
    Gateway::start(&Document::new(farm).guarded("Prevention", json!({}), json!([rule])))
}

#[test]
fn a_block_of_head_has_no_content() {
    let farm = Farm::echo(1);
    let gateway = gateway(&farm);
    let mut client = gateway.client();
    let request = |method: &str| format!("{method} {ATTACK} HTTP/1.1\r\nHost: a.com\r\n\r\n");
    let length = client.ask(&request("GET")).head.length();
    for _ in 0..2 {
        client.send(request("HEAD"));
        let answer = client.answer_to_head();
        assert_eq!((answer.status, answer.head.length()), (403, length));
    }
    assert_eq!(client.ask(&request("GET")).status, 403);
}

#[test]
fn requests_sent_ahead_are_answered_in_order_after_a_block() {
    let farm = Farm::echo(1);
    let gateway = gateway(&farm);
    let mut client = gateway.client();
    let get = |target: &str| format!("GET {target} HTTP/1.1\r\nHost: a.com\r\n\r\n");
    let post = |target: &str, body: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: a.com\r\nContent-Type: {FORM}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let chunked = |target: &str, body: &str| {
        format!(
            "POST {target} HTTP/1.1\r\nHost: a.com\r\nContent-Type: {FORM}\r\nTransfer-Encoding: chunked\r\n\r\n\
             {:x}\r\n{body}\r\n0\r\n\r\n",
            body.len()
        )
    };
    const BAD: &str = "q=%3Cscript%3Ealert(1)%3C/script%3E";
    let all = [
        (get("/1"), 200),
        (get(ATTACK), 403),
        (get("/2"), 200),
        (post("/3", BAD), 403),
        (chunked("/4", BAD), 403),
        (chunked("/5", "q=1"), 200),
        // Refused by the head, with content that is there and that no rule has asked for.
        (post("/no", BAD), 403),
        (chunked("/no", BAD), 403),
        (post("/6", "q=1"), 200),
    ];
    client.send(all.iter().map(|(request, _)| request.as_str()).collect::<String>());
    for (request, status) in &all {
        assert_eq!(client.answer().status, *status, "{request}");
    }
    let targets: Vec<_> = farm.requests().into_iter().map(|request| request.target).collect();
    assert_eq!(targets, ["/1", "/2", "/5", "/6"]);
}

#[test]
fn content_that_comes_after_its_block_is_not_taken_for_a_request() {
    let farm = Farm::echo(1);
    let gateway = gateway(&farm);
    let smuggled = "GET /smuggled HTTP/1.1\r\nHost: a.com\r\n\r\n";
    let head = format!("POST /no HTTP/1.1\r\nHost: a.com\r\nContent-Length: {}\r\n\r\n", smuggled.len());
    let mut client = gateway.client();
    client.send(&head);
    let answer = client.answer();
    assert_eq!(answer.status, 403, "the content is not waited for");
    // Both will do: the connection ends, or what comes is content.
    if client.wire.send(format!("{smuggled}GET /next HTTP/1.1\r\nHost: a.com\r\n\r\n")).is_ok() {
        match client.try_answer(false) {
            Ok(answer) => assert_eq!(answer.field("x-target"), Some("/next")),
            Err(_) => assert_eq!(answer.field("connection"), Some("close")),
        }
    }
    assert!(farm.requests().iter().all(|request| request.target == "/next"));
}

#[test]
fn a_slow_client_is_waited_for_and_no_server_is_kept_waiting_meanwhile() {
    let farm = Farm::echo(1);
    let gateway = gateway(&farm);
    let mut slow = gateway.client();
    slow.send(format!("POST /slow HTTP/1.1\r\nHost: a.com\r\nContent-Type: {FORM}\r\nContent-Length: 4\r\n\r\n"));
    for byte in ["a", "=", "b"] {
        slow.send(byte);
        // Others are served on both workers while it waits.
        assert_eq!(get(&mut gateway.client(), "/").status, 200);
    }
    assert!(farm.requests().iter().all(|request| request.target != "/slow"));
    slow.send("c");
    assert_eq!(slow.answer().status, 200);
    assert_eq!(farm.last().body, b"a=bc");
}
