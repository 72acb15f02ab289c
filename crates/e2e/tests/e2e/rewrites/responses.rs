//! Rewrites of answers.

use e2e::rewrites::{request, response, rule, unless, when};
use serde_json::{Value, json};

use super::{Answered, check_answered};

/// A rule that changes the `Set-Cookie` that matches.
fn cookie(pattern: Value, value: &str) -> Vec<Value> {
    let header = json!({"headerName": "Set-Cookie", "headerValue": value, "headerValueMatcher": pattern});
    vec![rule(1, &[], json!({"responseHeaderConfigurations": [header]}))]
}

#[test]
fn fields_of_answers_are_set_replaced_and_deleted() {
    let set = |headers: &[(&str, &str)]| vec![rule(1, &[], response(headers))];
    let rows: Vec<Answered<'_>> = vec![
        (
            "security headers",
            set(&[("Strict-Transport-Security", "max-age=31536000"), ("X-Frame-Options", "DENY")]),
            "",
            &[("Strict-Transport-Security", &["max-age=31536000"]), ("X-Frame-Options", &["DENY"])],
        ),
        (
            "the banner removed",
            set(&[("Server", ""), ("X-Powered-By", "")]),
            "Server: x/1|X-Powered-By: y",
            &[("Server", &[]), ("X-Powered-By", &[])],
        ),
        ("replaced, whatever its case", set(&[("x-a", "2")]), "X-A: 1", &[("X-A", &["2"])]),
        (
            "all of one name replaced by one",
            set(&[("X-A", "2")]),
            "X-A: 0|X-B: 1|X-A: 1",
            &[("X-A", &["2"]), ("X-B", &["1"])],
        ),
        (
            "all cookies replaced by one",
            set(&[("Set-Cookie", "c=3")]),
            "Set-Cookie: a=1|Set-Cookie: b=2",
            &[("Set-Cookie", &["c=3"])],
        ),
        (
            "others keep their order and number",
            set(&[("X-A", "2")]),
            "X-B: 1|X-B: 2|X-A: 1|X-B: 3",
            &[("X-B", &["1", "2", "3"])],
        ),
        ("appended to", set(&[("X-A", "{http_resp_X-A}, new")]), "X-A: old", &[("X-A", &["old, new"])]),
        ("Content-Type", set(&[("Content-Type", "a/b")]), "Content-Type: text/html", &[("Content-Type", &["a/b"])]),
        ("the status", set(&[("X-S", "{var_http_status}")]), "", &[("X-S", &["200"])]),
        (
            "a value chained over rules",
            vec![
                rule(1, &[], response(&[("X-C", "a")])),
                rule(2, &[], response(&[("X-C", "{http_resp_X-C} b")])),
                rule(3, &[], response(&[("X-C", "{http_resp_X-C} c")])),
            ],
            "",
            &[("X-C", &["a b c"])],
        ),
        (
            "what is said of the request",
            vec![rule(
                1,
                &[when("var_uri_path", "^/(.)$")],
                response(&[("X-C", "{var_uri_path_1} {var_query_string} {var_http_method} {var_host}")]),
            )],
            "",
            &[("X-C", &["a b=c GET r10.com"])],
        ),
        ("underscores for hyphens", set(&[("X-C", "{http_resp_x_d_e}")]), "X-D-E: 1", &[("X-C", &["1"])]),
        (
            "the request's header as rewritten before",
            vec![rule(1, &[], request(&[("X-R", "new")])), rule(2, &[], response(&[("X-C", "{http_req_X-R}")]))],
            "",
            &[("X-C", &["new"])],
        ),
    ];
    check_answered(&rows);
}

#[test]
fn conditions_may_look_at_the_answer() {
    const FIRED: &[(&str, &[&str])] = &[("X-Fired", &["yes"])];
    const NOT: &[(&str, &[&str])] = &[("X-Fired", &[])];
    let fires = |conditions: &[Value]| vec![rule(1, conditions, response(&[("X-Fired", "yes")]))];
    let rows: Vec<Answered<'_>> = vec![
        ("a field", fires(&[when("http_resp_X-A", "^1$")]), "X-A: 1", FIRED),
        ("a field that differs", fires(&[when("http_resp_X-A", "^1$")]), "X-A: 2", NOT),
        ("absence", fires(&[unless("http_resp_X-A", ".+")]), "", FIRED),
        ("the status", fires(&[when("var_http_status", "^200$")]), "", FIRED),
        ("another status", fires(&[when("var_http_status", "^4")]), "", NOT),
        ("both sides", fires(&[when("var_uri_path", "^/a$"), when("http_resp_X-A", "1")]), "X-A: 1", FIRED),
        ("both sides, one not", fires(&[when("var_uri_path", "^/b$"), when("http_resp_X-A", "1")]), "X-A: 1", NOT),
        (
            "as rewritten by a rule before",
            vec![
                rule(1, &[], response(&[("X-A", "2")])),
                rule(2, &[when("http_resp_X-A", "^2$")], response(&[("X-Fired", "yes")])),
            ],
            "X-A: 1",
            FIRED,
        ),
        (
            "Location with captures",
            vec![rule(
                1,
                &[when("http_resp_Location", r"(https?):\/\/.*azurewebsites\.net(.*)$")],
                response(&[("Location", "{http_resp_Location_1}://contoso.com{http_resp_Location_2}")]),
            )],
            "Location: https://shop.azurewebsites.net/cart?id=1",
            &[("Location", &["https://contoso.com/cart?id=1"])],
        ),
        (
            "Location of another site stays",
            vec![rule(
                1,
                &[when("http_resp_Location", r"(https?):\/\/.*azurewebsites\.net(.*)$")],
                response(&[("Location", "{http_resp_Location_1}://contoso.com{http_resp_Location_2}")]),
            )],
            "Location: https://example.com/cart",
            &[("Location", &["https://example.com/cart"])],
        ),
    ];
    check_answered(&rows);
}

#[test]
fn one_cookie_of_several_is_changed_where_a_matcher_picks_it() {
    const ALL: &str = "Set-Cookie: cookie1=a; Path=/|X-A: 1|Set-Cookie: cookie2=b|Set-Cookie: cookie3=c";
    let pick = |pattern: &str| json!({ "pattern": pattern });
    let rows: Vec<Answered<'_>> = vec![
        (
            "replaced with its own group",
            cookie(pick("cookie2=(.*)"), "cookie2={capt_header_value_matcher_1};Max-Age=3600"),
            ALL,
            &[("Set-Cookie", &["cookie1=a; Path=/", "cookie2=b;Max-Age=3600", "cookie3=c"]), ("X-A", &["1"])],
        ),
        (
            "replaced with all that matched",
            cookie(pick("^cookie2.*$"), "{capt_header_value_matcher}; Secure"),
            ALL,
            &[("Set-Cookie", &["cookie1=a; Path=/", "cookie2=b; Secure", "cookie3=c"])],
        ),
        ("deleted", cookie(pick("^cookie2="), ""), ALL, &[("Set-Cookie", &["cookie1=a; Path=/", "cookie3=c"])]),
        (
            "none matched and none added",
            cookie(pick("^cookie4="), "cookie4=d"),
            ALL,
            &[("Set-Cookie", &["cookie1=a; Path=/", "cookie2=b", "cookie3=c"])],
        ),
        ("no cookie at all and none added", cookie(pick(".*"), "cookie4=d"), "X-A: 1", &[("Set-Cookie", &[])]),
        (
            "those that do not match",
            cookie(json!({"pattern": "^cookie2=", "negate": true}), ""),
            ALL,
            &[("Set-Cookie", &["cookie2=b"])],
        ),
        (
            "case ignored",
            cookie(json!({"pattern": "^COOKIE2=", "ignoreCase": true}), ""),
            ALL,
            &[("Set-Cookie", &["cookie1=a; Path=/", "cookie3=c"])],
        ),
        (
            "several rules, one cookie each",
            cookie(pick("^cookie1=(.*)"), "x1={capt_header_value_matcher_1}")
                .into_iter()
                .chain(cookie(pick("^cookie3=(.*)"), "x3={capt_header_value_matcher_1}"))
                .enumerate()
                .map(|(at, mut rule)| {
                    rule["ruleSequence"] = at.into();
                    rule
                })
                .collect(),
            ALL,
            &[("Set-Cookie", &["x1=a; Path=/", "cookie2=b", "x3=c"])],
        ),
    ];
    check_answered(&rows);
}

/// As many fields as a server may send, with two cookies and a set of changes beside them.
#[test]
fn answers_with_many_fields_lose_none() {
    let lines: String = (0..190).map(|at| format!("X-{at}: {at}|")).collect();
    let headers: Vec<(String, String)> =
        (0..40).map(|at| (format!("Y-{at}"), format!("{{http_resp_X-{at}}}"))).collect();
    let headers: Vec<(&str, &str)> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let farm = super::answering();
    let document = e2e::Document::https(&farm, &e2e::Ca::root("root").server(&["a.com"]))
        .settings(&farm, "requestTimeout: 20, cookieBasedAffinity: Enabled")
        .rewrites(&[rule(1, &[], response(&headers))], "")
        .limit("maxHeaderBytes: 65536");
    let gateway = e2e::Start::workers(1).run(&document);
    let mut client = gateway.secure(&e2e::Tls::new()).client;
    let answer = client.ask(&format!("GET / HTTP/1.1\r\nHost: a.com\r\nX-Answer: {lines}\r\n\r\n"));
    assert_eq!((answer.status, answer.head.all("set-cookie").len()), (200, 2));
    for at in 0..190 {
        assert_eq!(answer.field(&format!("x-{at}")), Some(at.to_string().as_str()));
    }
    for at in 0..40 {
        assert_eq!(answer.field(&format!("y-{at}")), Some(at.to_string().as_str()));
    }
}
