//! What a policy does in each of its modes, situation by situation.
//!
//! Source: `ag-overview`, `application-gateway-waf-request-size-limits`, `custom-waf-rules-overview`, read 2026-11-22.
//! A policy whose `state` is `Disabled` is no policy: nobody begins an inspection.

use super::*;
use crate::custom::RuleKind;
use crate::rate::GroupBy;

/// What is sent: the query, or a body of a type.
#[derive(Clone, Copy)]
enum Sent {
    Query(&'static str),
    Body(&'static [u8], &'static [u8]),
}

/// A situation and what comes of it: whether it is refused in prevention, and the rows.
struct Row {
    name: &'static str,
    custom: Vec<RuleSpec>,
    spec: managed::Spec,
    limits: Limits,
    sent: Sent,
    refused: bool,
    prevention: Vec<(&'static str, &'static str)>,
    detection: Vec<(&'static str, &'static str)>,
}

/// An attack under the default rule set.
fn attack() -> Row {
    Row {
        name: "the score",
        custom: Vec::new(),
        spec: drs(&[]),
        limits: Limits::default(),
        sent: Sent::Query("a=attack"),
        refused: true,
        prevention: vec![("942100", "Matched"), ("949110", "Blocked")],
        detection: vec![("942100", "Matched"), ("949110", "Detected")],
    }
}

fn custom_rows() -> Vec<Row> {
    let mine = |action| vec![rule("mine", 1, action, Variable::RequestUri, None, "attack")];
    let limited = |action| {
        let kind = RuleKind::RateLimit { window: Duration::from_secs(60), threshold: 1, group: GroupBy::default() };
        let limited = RuleSpec { kind, ..rule("limit", 1, action, Variable::RequestUri, None, "attack") };
        // One request is under the limit of one, so another rule tells that the first did not end it.
        vec![limited, rule("after", 2, Does::Log, Variable::RequestUri, None, "attack")]
    };
    let two = |action| [mine(action), vec![rule("after", 2, Does::Log, Variable::RequestUri, None, "attack")]].concat();
    vec![
        Row {
            name: "custom Block ends it",
            custom: two(Does::Block),
            prevention: vec![("mine", "Blocked")],
            detection: vec![("mine", "Detected")],
            ..attack()
        },
        Row {
            name: "custom Allow ends it",
            custom: two(Does::Allow),
            refused: false,
            prevention: vec![("mine", "Allowed")],
            detection: vec![("mine", "Allowed")],
            ..attack()
        },
        Row {
            name: "custom Log goes on",
            custom: two(Does::Log),
            prevention: vec![("mine", "Log"), ("after", "Log"), ("942100", "Matched"), ("949110", "Blocked")],
            detection: vec![("mine", "Log"), ("after", "Log"), ("942100", "Matched"), ("949110", "Detected")],
            ..attack()
        },
        Row {
            name: "a rate limit that is not reached goes on",
            custom: limited(Does::Block),
            prevention: vec![("after", "Log"), ("942100", "Matched"), ("949110", "Blocked")],
            detection: vec![("after", "Log"), ("942100", "Matched"), ("949110", "Detected")],
            ..attack()
        },
    ]
}

fn managed_rows() -> Vec<Row> {
    use managed::Action::{Block, Log};
    let of_rule = |action| drs(&[("SQLI", &[(942_100, true, Some(action))])]);
    vec![
        attack(),
        Row {
            name: "a score below the threshold",
            sent: Sent::Query("a=odd"),
            refused: false,
            prevention: vec![("920350", "Matched")],
            detection: vec![("920350", "Matched")],
            ..attack()
        },
        Row {
            name: "a managed rule with Block ends it",
            spec: of_rule(Block),
            prevention: vec![("942100", "Blocked")],
            detection: vec![("942100", "Detected")],
            ..attack()
        },
        Row {
            name: "a managed rule with Log does not score",
            spec: of_rule(Log),
            refused: false,
            prevention: vec![("942100", "Log")],
            detection: vec![("942100", "Log")],
            ..attack()
        },
        Row {
            name: "a body that does not parse",
            sent: Sent::Body(b"application/json", b"{\"a\":"),
            prevention: vec![("200002", "Matched"), ("949110", "Blocked")],
            detection: vec![("200002", "Matched"), ("949110", "Detected")],
            ..attack()
        },
    ]
}

fn size_rows() -> Vec<Row> {
    let small = Limits { inspected_body: 100, max_body: Some(16), max_upload: Some(10), inspects_body: true };
    const FILE: &[u8] = b"--B\r\nContent-Disposition: form-data; name=a; filename=x\r\n\r\n";
    let upload: &'static [u8] = Box::leak([FILE, &[b'x'; 5000], b"\r\n--B--\r\n"].concat().into_boxed_slice());
    vec![
        Row {
            name: "a body that is too large",
            limits: small.clone(),
            sent: Sent::Body(b"application/x-www-form-urlencoded", b"a=attack and more than is allowed"),
            prevention: vec![("0", "Blocked")],
            detection: vec![("0", "Detected"), ("942100", "Matched"), ("949110", "Detected")],
            ..attack()
        },
        Row {
            name: "a file that is too large",
            limits: Limits { max_body: Some(1000), ..small },
            sent: Sent::Body(b"multipart/form-data; boundary=B", upload),
            prevention: vec![("0", "Blocked")],
            detection: vec![("0", "Detected")],
            ..attack()
        },
    ]
}

#[test]
fn a_policy_prevents_or_detects_as_azure_says() {
    for row in custom_rows().into_iter().chain(managed_rows()).chain(size_rows()) {
        let (target, content_type, body) = match row.sent {
            Sent::Query(query) => (format!("/?{query}"), &b""[..], &b""[..]),
            Sent::Body(content_type, body) => ("/".to_owned(), content_type, body),
        };
        let fields = [BROWSER[0], BROWSER[1], BROWSER[2], (&b"Content-Type"[..], content_type)];
        let headers = if content_type.is_empty() { &fields[..3] } else { &fields };
        let request = request(&target, headers);
        for (mode, refused, rows_of_mode) in
            [(Mode::Prevention, row.refused, row.prevention), (Mode::Detection, false, row.detection)]
        {
            let policy = policy(mode, row.limits.clone(), &row.custom, &row.spec, Vec::new());
            let pieces: Vec<&[u8]> = body.chunks(11).collect();
            let (_, outcome) = run(&policy, &request, &pieces);
            let decision = if refused { block() } else { Decision::Forward };
            assert_eq!((&outcome.decision, rows(&outcome)), (&decision, rows_of_mode), "{} in {mode:?}", row.name);
        }
    }
}
