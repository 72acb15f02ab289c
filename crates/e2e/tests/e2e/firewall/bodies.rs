//! Bodies of every kind: attacks in them, broken ones, cut ones, and those that come in small pieces.

use e2e::{Client, Document, Farm, Gateway};
use serde_json::json;

use super::{actions, told};

const ATTACK: &str = "<script>alert(1)</script>";

fn gateway(farm: &Farm, mode: &str) -> Gateway {
    Gateway::start(&Document::new(farm).guarded(mode, json!({}), json!([])))
}

fn post(kind: &str, body: &str) -> String {
    format!("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}", body.len())
}

fn part(name: &str, value: &str) -> String {
    format!("--B\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
}

const MULTIPART: &str = "multipart/form-data; boundary=B";

#[test]
fn attacks_are_found_in_bodies_of_every_kind() {
    let farm = Farm::echo(1);
    let gateway = gateway(&farm, "Prevention");
    let mut client = gateway.client();
    let rows = [
        (
            "application/x-www-form-urlencoded",
            "a=1&q=%3Cscript%3Ealert(1)%3C/script%3E".to_owned(),
            "a=1&q=2".to_owned(),
        ),
        ("application/json", format!(r#"{{"a":[1,{{"b":"{ATTACK}"}}]}}"#), r#"{"a":[1,{"b":"x"}]}"#.to_owned()),
        ("text/xml", "<a><b>&lt;script&gt;alert(1)&lt;/script&gt;</b></a>".to_owned(), "<a><b>text</b></a>".to_owned()),
        (MULTIPART, format!("{}--B--\r\n", part("q", ATTACK)), format!("{}--B--\r\n", part("q", "x"))),
    ];
    for (kind, attack, harmless) in rows {
        assert_eq!(client.ask(&post(kind, &attack)).status, 403, "{kind}");
        let answer = client.ask(&post(kind, &harmless));
        assert_eq!(answer.status, 200, "{kind}");
        assert_eq!(farm.requests().last().unwrap().body, harmless.as_bytes(), "{kind}: it arrives as it was");
    }
}

#[test]
fn bodies_that_are_none_of_their_kind_are_refused_and_told() {
    let farm = Farm::echo(1);
    let rows = [
        ("application/json", r#"{"a": 1"#),
        ("application/json", r#"{"a": 1]"#),
        ("application/json", "{\"a\": \u{1}}"),
        ("application/json", "a=b"),
        ("text/xml", "<a><b></a>"),
        ("text/xml", "<a>"),
        ("text/xml", "<a b=></a>"),
        (MULTIPART, "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n"),
        (MULTIPART, "--B\r\nContent-Disposition: form-data\r\n\r\n1\r\n--B--\r\n"),
        (MULTIPART, "no boundary at all"),
        (MULTIPART, "--B\r\nContent-Disposition: form-data; name=\"a\r\n\r\n1\r\n--B--\r\n"),
    ];
    for (mode, expected, action) in [("Prevention", 403, "Blocked"), ("Detection", 200, "Detected")] {
        let gateway = gateway(&farm, mode);
        let mut client = gateway.client();
        for (number, (kind, body)) in rows.iter().enumerate() {
            assert_eq!(client.ask(&post(kind, body)).status, expected, "{mode} {kind} {body:?}");
            let (rows, _) = told(&gateway, number + 1);
            let found = actions(&rows);
            let parsing = found.iter().any(|(_, rule)| matches!(rule.as_str(), "200002" | "200003" | "200004"));
            assert!(parsing && found.last().unwrap().0 == action, "{mode} {kind} {body:?}: {found:?}");
        }
    }
}

#[test]
fn a_body_that_the_inspection_limit_cuts_is_no_broken_one() {
    let farm = Farm::echo(1);
    let settings = json!({ "requestBodyInspectLimitInKB": 8, "maxRequestBodySizeInKb": 128 });
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", settings, json!([])));
    let mut client = gateway.client();
    let text = "x".repeat(20 << 10);
    let rows = [
        ("application/json", format!(r#"{{"a":"{text}"}}"#)),
        ("text/xml", format!("<a>{text}</a>")),
        (MULTIPART, format!("{}--B--\r\n", part("a", &text))),
        ("application/x-www-form-urlencoded", format!("a={text}")),
    ];
    for (kind, body) in rows {
        assert_eq!(client.ask(&post(kind, &body)).status, 200, "{kind}");
    }
}

#[test]
fn a_body_is_seen_whole_in_whatever_pieces_it_comes() {
    let farm = Farm::echo(1);
    let gateway = gateway(&farm, "Prevention");
    let body = format!("a={}&q=%3Cscript%3Ealert(1)%3C/script%3E", "x".repeat(3000));
    for size in [1, 7, 1000] {
        let mut client: Client = gateway.client();
        client.send(
            "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Transfer-Encoding: chunked\r\n\r\n",
        );
        for piece in body.as_bytes().chunks(size) {
            client.send(format!("{:x}\r\n", piece.len()));
            client.send(piece);
            client.send("\r\n");
        }
        client.send("0\r\n\r\n");
        assert_eq!(client.answer().status, 403, "pieces of {size}");
    }
    assert!(farm.requests().is_empty());
}

#[test]
fn a_long_body_passes_as_it_was_and_the_connection_goes_on() {
    let farm = Farm::echo(1);
    let settings = json!({ "maxRequestBodySizeInKb": 2000, "requestBodyInspectLimitInKB": 128 });
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", settings, json!([])));
    let mut client = gateway.client();
    for size in [10_000, 70_000, 1_500_000] {
        let body = "word ".repeat(size / 5);
        assert_eq!(client.ask(&post("text/plain", &body)).status, 200);
        assert!(farm.requests().last().unwrap().body == body.as_bytes(), "{size}");
    }
}

#[test]
fn what_waits_for_a_word_is_told_to_go_on_and_a_refused_head_is_not() {
    let farm = Farm::echo(1);
    let gateway = gateway(&farm, "Prevention");
    let head = |length: usize| {
        format!(
            "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: text/plain\r\nExpect: 100-continue\r\n\
             Content-Length: {length}\r\n\r\n"
        )
    };
    let mut client = gateway.client();
    client.send(head(5));
    client.send("hello");
    let answer = client.answer();
    assert_eq!(answer.status, 200);
    // More than the policy allows by its declared length alone: nothing is asked for.
    let mut client = gateway.client();
    client.send(head(200 << 10));
    let answer = client.answer();
    assert_eq!((answer.status, answer.interim.len()), (403, 0));
}
