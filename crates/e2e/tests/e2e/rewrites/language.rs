//! Conditions and the language of values.

use e2e::rewrites::{request, response, rule, unless, url, when};
use serde_json::{Value, json};

use super::{Sent, check_sent};

/// One rule that says in a header whether its conditions held.
fn fires(conditions: &[Value]) -> Vec<Value> {
    vec![rule(1, conditions, request(&[("X-Fired", "yes")]))]
}

#[test]
fn conditions_look_anywhere_in_a_value_and_at_the_empty_string_where_there_is_none() {
    const YES: &[(&str, Option<&str>)] = &[("X-Fired", Some("yes"))];
    const NO: &[(&str, Option<&str>)] = &[("X-Fired", None)];
    let ignoring = |pattern: &str| json!({"variable": "http_req_X-A", "pattern": pattern, "ignoreCase": true});
    let a = |pattern: &str| when("http_req_X-A", pattern);
    let rows: Vec<Sent<'_>> = vec![
        ("found in the middle", fires(&[a("bc")]), "/", &[("X-A", "abcd")], "/", YES),
        ("anchored, not all of it", fires(&[a("^bc$")]), "/", &[("X-A", "abcd")], "/", NO),
        ("anchored, all of it", fires(&[a("^abcd$")]), "/", &[("X-A", "abcd")], "/", YES),
        ("case counts", fires(&[a("ABC")]), "/", &[("X-A", "abc")], "/", NO),
        ("case ignored", fires(&[ignoring("ABC")]), "/", &[("X-A", "xabcx")], "/", YES),
        ("case ignored beyond letters of English", fires(&[ignoring("^[a-c]+$")]), "/", &[("X-A", "ABC")], "/", YES),
        ("an alternative", fires(&[a("^(x|y)$")]), "/", &[("X-A", "y")], "/", YES),
        ("negated and found", fires(&[unless("http_req_X-A", "b")]), "/", &[("X-A", "abc")], "/", NO),
        ("negated and not found", fires(&[unless("http_req_X-A", "z")]), "/", &[("X-A", "abc")], "/", YES),
        ("absent, anything", fires(&[a(".*")]), "/", &[], "/", YES),
        ("absent, presence", fires(&[a(".+")]), "/", &[], "/", NO),
        ("present, presence", fires(&[a(".+")]), "/", &[("X-A", "1")], "/", YES),
        ("absent, absence", fires(&[unless("http_req_X-A", ".+")]), "/", &[], "/", YES),
        ("empty, absence", fires(&[unless("http_req_X-A", ".+")]), "/", &[("X-A", "")], "/", YES),
        ("the name of a header has no case", fires(&[when("http_req_x-a", "^1$")]), "/", &[("X-A", "1")], "/", YES),
        ("several values", fires(&[a("^1, 2$")]), "/", &[("X-A", "1"), ("X-A", "2")], "/", YES),
        ("a cookie", fires(&[when("var_cookie_b", "^2$")]), "/", &[("Cookie", "a=1; b=2")], "/", YES),
        (
            "a cookie whose name has another case",
            fires(&[when("var_cookie_B", "2")]),
            "/",
            &[("Cookie", "b=2")],
            "/",
            NO,
        ),
        ("the query", fires(&[when("var_query_string", "^a=1$")]), "/?a=1", &[], "/?a=1", YES),
        ("no query", fires(&[unless("var_query_string", ".")]), "/", &[], "/", YES),
        ("the path as it came", fires(&[when("var_uri_path", "^/a%2Fb$")]), "/a%2Fb", &[], "/a%2Fb", YES),
        ("the method", fires(&[when("var_http_method", "^GET$")]), "/", &[], "/", YES),
        ("the address of the client", fires(&[when("var_client_ip", r"^127\.")]), "/", &[], "/", YES),
        ("bytes that are no text", fires(&[a("^a.+b$")]), "/", &[("X-A", "a\u{e9}b")], "/", YES),
    ];
    check_sent(&rows);
}

/// A rule that writes a value into `X-V`.
fn value(conditions: &[Value], value: &str) -> Vec<Value> {
    vec![rule(1, conditions, request(&[("X-V", value)]))]
}

#[test]
fn values_are_text_with_variables_and_captures() {
    let a = |pattern: &str| when("http_req_X-A", pattern);
    let rows: Vec<Sent<'_>> = vec![
        ("text", value(&[], "a b"), "/", &[], "/", &[("X-V", Some("a b"))]),
        ("a header", value(&[], "<{http_req_X-A}>"), "/", &[("X-A", "1")], "/", &[("X-V", Some("<1>"))]),
        ("an absent header", value(&[], "<{http_req_X-A}>"), "/", &[], "/", &[("X-V", Some("<>"))]),
        ("hyphens as underscores", value(&[], "{http_req_X_A}"), "/", &[("X-A", "1")], "/", &[("X-V", Some("1"))]),
        ("a cookie", value(&[], "{var_cookie_b}"), "/", &[("Cookie", "a=1; b=2")], "/", &[("X-V", Some("2"))]),
        (
            "captures",
            value(&[a("^(.)-(.)$")], "{http_req_X-A_2}{http_req_X-A_1}{http_req_X-A}"),
            "/",
            &[("X-A", "1-2")],
            "/",
            &[("X-V", Some("211-2"))],
        ),
        (
            "a group that did not take part",
            value(&[a("^(a)|(b)$")], "<{http_req_X-A_1}{http_req_X-A_2}>"),
            "/",
            &[("X-A", "b")],
            "/",
            &[("X-V", Some("<b>"))],
        ),
        (
            "the last of a repeated group",
            value(&[a(r"(\d)+")], "{http_req_X-A_1}"),
            "/",
            &[("X-A", "123")],
            "/",
            &[("X-V", Some("3"))],
        ),
        (
            "captures of a server variable",
            value(&[when("var_uri_path", "^/(.*)/(.*)$")], "{var_uri_path_2}/{var_uri_path_1}"),
            "/a/b",
            &[],
            "/a/b",
            &[("X-V", Some("b/a"))],
        ),
        (
            "in another spelling than the condition's there is no capture",
            value(&[a("(.)")], "<{http_req_x-a_1}>"),
            "/",
            &[("X-A", "1")],
            "/",
            &[("X-V", Some("<>"))],
        ),
        (
            "a cookie whose name ends like a group",
            value(&[], "{var_cookie_x_1}"),
            "/",
            &[("Cookie", "x=abc; x_1=2")],
            "/",
            &[("X-V", Some("2"))],
        ),
        (
            "a group of a cookie",
            value(&[when("var_cookie_x", "^(.)")], "{var_cookie_x_1}"),
            "/",
            &[("Cookie", "x=abc; x_1=2")],
            "/",
            &[("X-V", Some("a"))],
        ),
        (
            "captures are those of the same rule",
            vec![
                rule(1, &[a("(.)")], request(&[("X-B", "{http_req_X-A_1}")])),
                rule(2, &[when("http_req_X-B", "^(.)$")], request(&[("X-V", "{http_req_X-B_1}")])),
            ],
            "/",
            &[("X-A", "12")],
            "/",
            &[("X-B", Some("1")), ("X-V", Some("1"))],
        ),
        (
            "what came in X-Forwarded-For",
            value(&[], "{http_req_X-Forwarded-For}"),
            "/",
            &[("X-Forwarded-For", "1.2.3.4")],
            "/",
            &[("X-V", Some("1.2.3.4"))],
        ),
        (
            "the trace id is not known",
            value(&[], "<{http_req_X-AppGW-Trace-Id}>"),
            "/",
            &[],
            "/",
            &[("X-V", Some("<>"))],
        ),
        (
            "braces",
            value(&[], "{a} {} {{var_uri_path}} {http_req_X-A"),
            "/p",
            &[],
            "/p",
            &[("X-V", Some("{a} {} {/p} {http_req_X-A"))],
        ),
    ];
    check_sent(&rows);
}

/// Parity: Azure's portal takes values of 1,000 characters.
#[test]
fn values_may_be_long() {
    let long = "x".repeat(4000);
    let (half, expected) = ([("X-A", &long[..2000])], [("X-V", Some(long.as_str()))]);
    let rows: Vec<Sent<'_>> = vec![
        ("as text", value(&[], &long), "/", &[], "/", &expected),
        ("put together", value(&[], "{http_req_X-A}{http_req_X-A}"), "/", &half, "/", &expected),
    ];
    check_sent(&rows);
}

#[test]
fn the_port_of_a_host_is_in_the_header_and_not_in_the_variable() {
    use e2e::{Document, Farm, Start};
    let farm = Farm::echo(1);
    let rules = value(&[], "{http_req_host} {var_host}");
    let document = Document::new(&farm).rewrites(&rules, "");
    let gateway = Start::workers(1).run(&document);
    let rows = [
        ("a.com:8080", "a.com:8080 a.com"),
        ("A.com", "A.com A.com"),
        ("127.0.0.1:80", "127.0.0.1:80 127.0.0.1"),
        ("[::1]:81", "[::1]:81 [::1]"),
    ];
    for (host, expected) in rows {
        gateway.get(host, "/");
        assert_eq!(farm.last().field("x-v"), Some(expected), "{host}");
    }
    gateway.client().ask("GET http://B.com:81/x HTTP/1.1\r\nHost: a.com\r\n\r\n");
    assert_eq!(farm.last().field("x-v"), Some("B.com:81 B.com"), "the host of the request line counts");
}

#[test]
fn what_cannot_be_meant_is_refused() {
    use e2e::{Document, Farm};
    let farm = Farm::echo(1);
    let rows: Vec<(&str, Vec<Value>)> = vec![
        ("an unknown variable", value(&[], "{var_location}")),
        ("an unknown variable in a condition", value(&[when("var_location", ".")], "a")),
        ("look-around", value(&[when("var_uri_path", "(?=a)")], "a")),
        ("a back reference", value(&[when("var_uri_path", r"(a)\1")], "a")),
        ("a pattern that is none", value(&[when("var_uri_path", "(a")], "a")),
        ("a response in a request", value(&[], "{http_resp_X-A}")),
        ("a condition on the response for the request", value(&[when("http_resp_X-A", ".")], "a")),
        ("Connection", vec![rule(1, &[], request(&[("Connection", "close")]))]),
        ("Upgrade", vec![rule(1, &[], request(&[("Upgrade", "a")]))]),
        ("Content-Length", vec![rule(1, &[], request(&[("Content-Length", "0")]))]),
        ("Transfer-Encoding", vec![rule(1, &[], request(&[("transfer-encoding", "chunked")]))]),
        ("Content-Length of an answer", vec![rule(1, &[], response(&[("Content-Length", "0")]))]),
        ("Connection of an answer", vec![rule(1, &[], response(&[("Connection", "close")]))]),
        ("a value with a line break in its name", vec![rule(1, &[], request(&[("X-A\r\nX-B", "1")]))]),
        ("a matcher for another header", {
            let header = json!({"headerName": "X-A", "headerValue": "1", "headerValueMatcher": {"pattern": "."}});
            vec![rule(1, &[], json!({"responseHeaderConfigurations": [header]}))]
        }),
        ("Host deleted", vec![rule(1, &[], request(&[("Host", "")]))]),
        ("a name that is none", vec![rule(1, &[], request(&[("X A", "1")]))]),
        ("a basic rule looked up again", vec![rule(1, &[], e2e::rewrites::reroute("/a", None))]),
    ];
    let accepted: Vec<_> = rows
        .iter()
        .filter(|(_, rules)| {
            let document = Document::new(&farm).rewrites(rules, "");
            document.load().snapshot.is_some()
        })
        .map(|(what, _)| what)
        .collect();
    assert!(accepted.is_empty(), "{accepted:?}");
    let good = e2e::rewrites::set("set", &[rule(1, &[], url(Some("/a"), None))]);
    assert!(Document::new(&farm).section("rewriteRuleSets", json!([good]).to_string()).load().snapshot.is_some());
}
