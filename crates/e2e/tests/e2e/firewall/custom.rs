//! Custom rules: every variable, operator and transform, what a match does, and rate limits.
//!
//! Source: Azure, `custom-waf-rules-overview`, `rate-limiting-overview`, read 2026-11-22.

use e2e::{Document, Farm, Gateway};
use serde_json::{Value, json};

use super::{actions, get, told};

/// A rule that blocks what a condition holds for.
fn block(variable: &str, selector: Option<&str>, operator: &str, values: &[&str], transforms: &[&str]) -> Value {
    let mut variable = json!({ "variableName": variable });
    if let Some(selector) = selector {
        variable["selector"] = json!(selector);
    }
    json!({
        "name": "rule", "priority": 1, "ruleType": "MatchRule", "action": "Block",
        "matchConditions": [{
            "matchVariables": [variable], "operator": operator, "matchValues": values, "transforms": transforms,
        }],
    })
}

fn with(farm: &Farm, rules: Value) -> Gateway {
    Gateway::start(&Document::new(farm).guarded("Prevention", json!({}), rules))
}

struct Row {
    rule: Value,
    /// Requests that the rule holds for, and requests that it does not hold for.
    yes: &'static [&'static str],
    no: &'static [&'static str],
}

const FORM: &str = "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                    Content-Length: 9\r\n\r\nuser=Root";
const JSON: &str = "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: application/json\r\n\
                    Content-Length: 15\r\n\r\n{\"user\":\"Root\"}";
const MULTIPART: &str = "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: multipart/form-data; boundary=B\r\n\
    Content-Length: 65\r\n\r\n--B\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\nRoot\r\n--B--\r\n";
const XML: &str = "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: text/xml\r\nContent-Length: 11\r\n\r\n<a>Root</a>";
const PLAIN: &str = "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\nRoot";
const EMPTY: &str = "GET / HTTP/1.1\r\nHost: a.com\r\n\r\n";

/// Every variable.
fn variables() -> Vec<Row> {
    vec![
        Row { rule: block("RemoteAddr", None, "IPMatch", &["127.0.0.0/8"], &[]), yes: &[EMPTY], no: &[] },
        Row { rule: block("RemoteAddr", None, "IPMatch", &["10.0.0.0/8", "::1"], &[]), yes: &[], no: &[EMPTY] },
        Row { rule: block("RequestMethod", None, "Equal", &["GET"], &[]), yes: &[EMPTY], no: &[PLAIN] },
        Row {
            rule: block("QueryString", Some("user"), "Equal", &["Root"], &[]),
            yes: &[
                "GET /?user=Root HTTP/1.1\r\nHost: a.com\r\n\r\n",
                "GET /?a=b&user=%52oot HTTP/1.1\r\nHost: a.com\r\n\r\n",
            ],
            no: &["GET /?other=Root HTTP/1.1\r\nHost: a.com\r\n\r\n", FORM, EMPTY],
        },
        Row {
            rule: block("QueryString", None, "Equal", &["Root"], &[]),
            yes: &["GET /?any=Root HTTP/1.1\r\nHost: a.com\r\n\r\n"],
            no: &["GET /?Root=any HTTP/1.1\r\nHost: a.com\r\n\r\n", EMPTY],
        },
        Row {
            rule: block("PostArgs", Some("user"), "Equal", &["Root"], &[]),
            yes: &[FORM, JSON, MULTIPART],
            no: &["GET /?user=Root HTTP/1.1\r\nHost: a.com\r\n\r\n", PLAIN, XML],
        },
        Row {
            rule: block("RequestUri", None, "Contains", &["/shop?"], &[]),
            yes: &["GET /a/shop?x HTTP/1.1\r\nHost: a.com\r\n\r\n"],
            no: &["GET /a/shop HTTP/1.1\r\nHost: a.com\r\n\r\n", "GET /a/%73hop?x HTTP/1.1\r\nHost: a.com\r\n\r\n"],
        },
        Row {
            rule: block("RequestHeaders", Some("x-role"), "Equal", &["admin"], &[]),
            yes: &["GET / HTTP/1.1\r\nHost: a.com\r\nX-Role: admin\r\n\r\n"],
            no: &["GET / HTTP/1.1\r\nHost: a.com\r\nX-Rule: admin\r\n\r\n", EMPTY],
        },
        Row {
            rule: block("RequestBody", None, "Contains", &["Root"], &[]),
            yes: &[FORM, XML],
            no: &[PLAIN, JSON, MULTIPART, EMPTY],
        },
        Row {
            rule: block("RequestCookies", Some("id"), "Equal", &["7"], &[]),
            yes: &["GET / HTTP/1.1\r\nHost: a.com\r\nCookie: a=b; id=7\r\n\r\n"],
            no: &["GET / HTTP/1.1\r\nHost: a.com\r\nCookie: ID=7\r\n\r\n", EMPTY],
        },
    ]
}

/// A request with one header field `X`.
macro_rules! x {
    ($value:literal) => {
        concat!("GET / HTTP/1.1\r\nHost: a.com\r\nX: ", $value, "\r\n\r\n")
    };
}

/// Every operator, on a header field.
fn operators() -> Vec<Row> {
    let on = |operator: &str, values: &[&str]| block("RequestHeaders", Some("X"), operator, values, &[]);
    vec![
        Row { rule: on("Equal", &["abc", "x"]), yes: &[x!("abc"), x!("x")], no: &[x!("ABC"), x!("abcd"), EMPTY] },
        Row { rule: on("Contains", &["bc"]), yes: &[x!("abcd")], no: &[x!("b c"), EMPTY] },
        Row { rule: on("BeginsWith", &["ab"]), yes: &[x!("abc")], no: &[x!("cab"), EMPTY] },
        Row { rule: on("EndsWith", &["ab"]), yes: &[x!("cab")], no: &[x!("abc"), EMPTY] },
        Row { rule: on("Regex", &["^a.+z$"]), yes: &[x!("a--z")], no: &[x!("az"), x!("a--z."), EMPTY] },
        Row { rule: on("LessThan", &["3"]), yes: &[x!("ab")], no: &[x!("abc"), EMPTY] },
        Row { rule: on("LessThanOrEqual", &["3"]), yes: &[x!("abc")], no: &[x!("abcd"), EMPTY] },
        Row { rule: on("GreaterThan", &["3"]), yes: &[x!("abcd")], no: &[x!("abc"), EMPTY] },
        Row { rule: on("GreaterThanOrEqual", &["3"]), yes: &[x!("abc")], no: &[x!("ab"), EMPTY] },
        Row { rule: on("Any", &[]), yes: &[x!("a")], no: &[EMPTY] },
        Row { rule: block("RemoteAddr", None, "GeoMatch", &["ZZ"], &[]), yes: &[EMPTY], no: &[] },
        Row { rule: block("RemoteAddr", None, "GeoMatch", &["FR"], &[]), yes: &[], no: &[EMPTY] },
        Row { rule: negated(on("Any", &[])), yes: &[EMPTY], no: &[x!("a")] },
        Row { rule: negated(on("Equal", &["abc"])), yes: &[x!("abd"), EMPTY], no: &[x!("abc")] },
    ]
}

/// Every transform, before a comparison for equality.
fn transforms() -> Vec<Row> {
    let on = |transforms: &[&str], value: &str| block("RequestHeaders", Some("X"), "Equal", &[value], transforms);
    vec![
        Row { rule: on(&["Uppercase"], "ABC"), yes: &[x!("aBc")], no: &[x!("abd")] },
        Row { rule: on(&["Lowercase"], "abc"), yes: &[x!("aBc")], no: &[x!("abd")] },
        Row { rule: on(&["UrlDecode", "Trim"], "abc"), yes: &[x!("%20abc+")], no: &[x!("a%20bc")] },
        Row { rule: on(&["UrlDecode"], "a b"), yes: &[x!("a%20b")], no: &[x!("a%2520b")] },
        Row { rule: on(&["UrlEncode"], "a%2fb"), yes: &[x!("a/b")], no: &[x!("ab")] },
        Row { rule: on(&["UrlDecode", "RemoveNulls"], "ab"), yes: &[x!("a%00b")], no: &[x!("a b")] },
        Row { rule: on(&["HtmlEntityDecode"], "a<b"), yes: &[x!("a&lt;b")], no: &[x!("a&b")] },
    ]
}

fn negated(mut rule: Value) -> Value {
    rule["matchConditions"][0]["negationConditon"] = json!(true);
    rule
}

#[test]
fn each_variable_operator_and_transform_decides_as_documented() {
    let farm = Farm::echo(1);
    for Row { rule, yes, no } in variables().into_iter().chain(operators()).chain(transforms()) {
        let shown = rule["matchConditions"].to_string();
        let gateway = with(&farm, json!([rule]));
        let mut client = gateway.client();
        for (requests, status) in [(yes, 403), (no, 200)] {
            for request in requests {
                assert_eq!(client.ask(request).status, status, "{shown}\n{request}");
            }
        }
    }
}

fn conditions() -> Value {
    json!([{ "matchVariables": [{ "variableName": "RequestHeaders", "selector": "X" }], "operator": "Any",
             "matchValues": [] }])
}

fn rule(name: &str, priority: u32, action: &str) -> Value {
    json!({ "name": name, "priority": priority, "ruleType": "MatchRule", "action": action,
            "matchConditions": conditions() })
}

#[test]
fn actions_end_it_or_go_on_as_their_priority_says() {
    const ATTACK: &str = "GET /?q=%3Cscript%3Ealert(1)%3C/script%3E HTTP/1.1\r\nHost: a.com\r\nX: 1\r\n\r\n";
    let farm = Farm::echo(1);
    // Rules in the order of the document, which is not theirs; mode; status; actions and rules told.
    let rows: &[(&[Value], &str, u16, &[(&str, &str)])] = &[
        (&[rule("b", 2, "Block"), rule("a", 1, "Allow")], "Prevention", 200, &[("Allowed", "a")]),
        (&[rule("b", 2, "Allow"), rule("a", 1, "Block")], "Prevention", 403, &[("Blocked", "a")]),
        (&[rule("b", 2, "Block"), rule("a", 1, "Log")], "Prevention", 403, &[("Log", "a"), ("Blocked", "b")]),
        (&[rule("a", 1, "Block")], "Detection", 200, &[("Detected", "a")]),
        (&[rule("a", 1, "Allow")], "Detection", 200, &[("Allowed", "a")]),
    ];
    for (rules, mode, status, expected) in rows {
        let gateway = Gateway::start(&Document::new(&farm).guarded(mode, json!({}), json!(rules)));
        assert_eq!(gateway.client().ask(ATTACK).status, *status, "{mode} {expected:?}");
        let (rows, _) = told(&gateway, 1);
        let expected: Vec<_> = expected.iter().map(|(action, rule)| (action.to_string(), rule.to_string())).collect();
        assert_eq!(actions(&rows), expected, "{mode}");
    }
    // Log goes on to the rule sets.
    let gateway = with(&farm, json!([rule("a", 1, "Log")]));
    assert_eq!(gateway.client().ask(ATTACK).status, 403);
    let (rows, _) = told(&gateway, 1);
    let found = actions(&rows);
    assert_eq!(found.first(), Some(&("Log".to_owned(), "a".to_owned())));
    assert_eq!(found.last(), Some(&("Blocked".to_owned(), "949110".to_owned())));
}

#[test]
fn a_rule_that_is_off_does_nothing() {
    let farm = Farm::echo(1);
    let mut off = rule("a", 1, "Block");
    off["state"] = json!("Disabled");
    let gateway = with(&farm, json!([off]));
    assert_eq!(gateway.client().ask("GET / HTTP/1.1\r\nHost: a.com\r\nX: 1\r\n\r\n").status, 200);
}

#[test]
fn a_rate_limit_refuses_what_is_beyond_it_by_group_and_place() {
    let farm = Farm::echo(1);
    let limit = json!({
        "name": "limit", "priority": 1, "ruleType": "RateLimitRule", "action": "Block",
        "rateLimitDuration": "FiveMins", "rateLimitThreshold": 3,
        "groupByUserSession": [{ "groupByVariables": [{ "variableName": "ClientAddr" }] }],
        "matchConditions": [{ "matchVariables": [{ "variableName": "RequestUri" }], "operator": "BeginsWith",
                              "matchValues": ["/counted"] }],
    });
    let gateway = with(&farm, json!([limit]));
    let mut client = gateway.client();
    for number in 1..=5 {
        assert_eq!(get(&mut client, "/counted").status, if number <= 3 { 200 } else { 403 }, "request {number}");
        assert_eq!(get(&mut client, "/other").status, 200);
    }
    let (rows, _) = told(&gateway, 9);
    assert_eq!(actions(&rows), [("Blocked".to_owned(), "limit".to_owned())]);
    let mut other = e2e::Client::connect_from([127, 0, 0, 9].into(), gateway.address("web"));
    assert_eq!(get(&mut other, "/counted").status, 200, "another client has its own count");
}
