//! Every rule of the language on a small request, and the recipes of the documentation.
//!
//! Source: Azure, rewrite-http-headers-url, "Common scenarios for header rewrite" and "Common scenarios for URL
//! rewrite"; parameter-based-path-selection-portal.

mod common;

use common::{Outcome, request, respond, response, rule, run, set_of};
use rewrite::{Edits, ResponseEdits, Server, Verdict};

#[test]
fn a_condition_is_a_search_and_an_absent_header_is_the_empty_string() {
    let asked = request("/app/hello", "id=1", &[("User-Agent", "curl/8.5"), ("Accept", "a"), ("accept", "b")]);
    let rows = [
        // Anywhere, unless the pattern says where.
        ("http_req_User-Agent", "curl", false, false, true),
        ("http_req_User-Agent", "^8", false, false, false),
        ("http_req_User-Agent", r"/8\.\d$", false, false, true),
        ("http_req_user_agent", "curl", false, false, true),
        // Case.
        ("http_req_User-Agent", "CURL", false, false, false),
        ("http_req_User-Agent", "CURL", true, false, true),
        ("var_uri_path", "^/APP/", true, false, true),
        // Absence.
        ("http_req_X-Missing", ".*", false, false, true),
        ("http_req_X-Missing", ".+", false, false, false),
        ("http_req_X-Missing", ".+", false, true, true),
        ("http_req_X-Missing", "^$", false, false, true),
        ("http_req_User-Agent", ".+", false, false, true),
        ("var_cookie_missing", ".+", false, true, true),
        ("var_ssl_enabled", "^On$", false, true, true),
        // Several headers of one name are one value.
        ("http_req_Accept", "^a, b$", false, false, true),
        // Server variables.
        ("var_uri_path", "^/app/hello$", false, false, true),
        ("var_request_uri", r"^/app/hello\?id=1$", false, false, true),
        ("var_query_string", "id=1", false, false, true),
        ("var_request_query", "^id=1$", false, true, false),
        ("var_uri_path", "a|z", false, false, true),
    ];
    for (variable, pattern, ignore_case, negate, expected) in rows {
        let set = set_of([rule(1).condition(variable, pattern, ignore_case, negate).set("X-Fired", "yes")]);
        let fired = !run(&set, &asked).headers.is_empty();
        assert_eq!(fired, expected, "{variable} {pattern} {ignore_case} {negate}");
    }
}

#[test]
fn all_conditions_have_to_hold_and_every_rule_that_holds_fires_by_sequence() {
    let asked = request("/x", "", &[("A", "1")]);
    let set = set_of([
        rule(300).set("X-Order", "{http_req_X-Order}c"),
        rule(100).when("http_req_A", "1").when("http_req_A", "^1$").set("X-Order", "a"),
        rule(200).when("http_req_A", "1").when("http_req_A", "2").set("X-Order", "never"),
        rule(300).set("X-Order", "{http_req_X-Order}d"),
    ]);
    assert_eq!(run(&set, &asked).headers, [("x-order".to_owned(), Some("acd".to_owned()))]);
}

#[test]
fn headers_add_up_and_server_variables_stay_those_of_the_request_as_it_came() {
    let asked = request("/old", "a=1", &[("Host", "www.a.com:8080")]);
    let set = set_of([
        rule(100).set("X-T", "one").set("Host", "b.com").path("/new").query("b=2"),
        rule(200).when("http_req_X-T", "^one$").set("X-T", "{http_req_X-T}-two"),
        rule(300)
            .when("var_uri_path", "^/old$")
            .when("var_query_string", "^a=1$")
            .when("http_req_Host", "^b.com$")
            .set("X-Seen", "{var_uri_path} {var_request_uri} {http_req_host}"),
        rule(400).set("X-T", "").when("http_req_X-T", "."),
        rule(500).when("http_req_X-T", "^$").set("X-Gone", "yes"),
    ]);
    let outcome = run(&set, &asked);
    let expected =
        [("host", Some("b.com")), ("x-gone", Some("yes")), ("x-seen", Some("/old /old?a=1 b.com")), ("x-t", None)];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.map(str::to_owned)));
    assert_eq!(outcome.headers, expected);
    assert_eq!((outcome.path.as_deref(), outcome.query.as_deref()), (Some("/new"), Some("b=2")));
}

#[test]
fn values_are_text_variables_and_captures() {
    let mut asked = request("/article/42/title", "a=1&b=2", &[("X-A", "one two"), ("Name_1", "odd")]);
    asked.cookies = vec![("x_1".to_owned(), b"cookie".to_vec())];
    asked.server = vec![(Server::ClientIp, b"192.0.2.1".to_vec())];
    let rows = [
        ("plain", "plain"),
        ("{var_client_ip}", "192.0.2.1"),
        ("<{http_req_X-A}>", "<one two>"),
        ("{http_req_X-A_1}{http_req_X-A_2}", "onetwo"),
        ("{var_uri_path_1}-{var_uri_path_2}", "42-title"),
        // The last time round of a repeated group.
        ("{var_query_string_1}", "2"),
        // A group that took no part, one that is not there, one of another spelling.
        ("[{http_req_X-A_3}]", "[]"),
        ("[{http_req_X-A_9}]", "[]"),
        ("[{http_req_x-a_1}]", "[]"),
        ("[{var_request_uri_1}]", "[]"),
        // No condition on the cookie `x`: the cookie is called `x_1`.
        ("{var_cookie_x_1}", "cookie"),
        // Absent, not available.
        ("[{http_req_X-Missing}{var_cookie_none}{var_client_user}{http_req_X-AppGW-Trace-Id}]", "[]"),
        // Braces that begin no token.
        ("{\"a\": {\"b\": 1}}", "{\"a\": {\"b\": 1}}"),
        ("{{var_client_ip}}", "{192.0.2.1}"),
        ("{VAR_client_ip} {x} {", "{VAR_client_ip} {x} {"),
        ("a {var_client_ip", "a {var_client_ip"),
    ];
    for (value, expected) in rows {
        let set = set_of([rule(1)
            .when("http_req_X-A", r"(\w+) (\w+)( \w+)?")
            .when("var_uri_path", "article/(.*)/(.*)")
            .when("var_query_string", r"(?:[a-z]=(\d)&?)+")
            .set("V", value)]);
        let found = run(&set, &asked).headers.pop().unwrap().1;
        assert_eq!(found.as_deref(), Some(expected), "{value}");
    }
}

#[test]
fn a_capture_is_of_the_last_condition_that_has_it_and_is_not_negated() {
    let asked = request("/a/b", "", &[]);
    let set = set_of([rule(1)
        .when("var_uri_path", "^/(.)/(.)$")
        .when("var_uri_path", "(/b)")
        .unless("var_uri_path", "(x)(y)(z)")
        .set("V", "{var_uri_path_1}{var_uri_path_2}[{var_uri_path_3}]")]);
    assert_eq!(run(&set, &asked).headers, [("v".to_owned(), Some("/bb[]".to_owned()))]);
}

#[test]
fn a_header_without_value_is_deleted_but_never_the_host() {
    let asked = request("/", "", &[("Host", "a.com"), ("X-A", "1")]);
    let set = set_of([rule(1).set("X-A", "").set("X-B", "{http_req_X-None}").set("Host", "{http_req_X-None}")]);
    assert_eq!(run(&set, &asked).headers, [("x-a".to_owned(), None), ("x-b".to_owned(), None)]);
}

#[test]
fn a_later_set_continues_where_the_earlier_one_was() {
    let asked = request("/a", "", &[]);
    let first = set_of([rule(1)
        .when("var_uri_path", "/(.)")
        .set("X-P", "{var_uri_path_1}")
        .set_response("X-R", "1")
        .path("/b")
        .reroute()]);
    let second = set_of([
        rule(1).set("X-P", "{http_req_X-P}2").set_response("X-R", "{http_resp_X-R}2").set("X-Q", "[{var_uri_path_1}]"),
        rule(2).when("var_uri_path", "^/b$").set("X-Never", "the path is the original"),
    ]);
    let (mut edits, mut out) = (Edits::default(), ResponseEdits::default());
    first.request(&asked, &mut edits);
    assert!(edits.take_reroute());
    assert!(!edits.take_reroute(), "asked for once");
    second.request(&asked, &mut edits);
    assert!(!edits.take_reroute());
    assert_eq!(edits.header(b"x-p"), Some(Some(b"a2".as_slice())));
    assert_eq!(edits.header(b"X-Q"), Some(Some(b"[]".as_slice())));
    assert_eq!((edits.header(b"X-Never"), edits.path()), (None, Some(b"/b".as_slice())));
    edits.respond(&response(200, &[]), &mut out);
    assert_eq!(common::fields(&out, &response(200, &[])), [("X-R".to_owned(), "12".to_owned())]);
}

#[test]
fn urls_are_formed_so_that_a_server_can_read_them() {
    let asked = request("/app/x", "a=1", &[("X-Odd", "a b\u{e9}?#%2F\"")]);
    let rows = [
        // A slash is put in front, and only there.
        ("buy.aspx", "", Some("/buy.aspx"), Some("")),
        ("/apim{var_uri_path}", "{var_query_string}", Some("/apim/app/x"), Some("a=1")),
        ("/apim/{var_uri_path}", "?x=1", Some("/apim//app/x"), Some("x=1")),
        ("{var_cookie_none}", "??x", Some("/"), Some("?x")),
        // What may not stand there is encoded; what is encoded stays.
        ("/{http_req_X-Odd}", "q={http_req_X-Odd}", Some("/a%20b%C3%A9%3F%23%2F\""), Some("q=a%20b%C3%A9?%23%2F\"")),
        ("/a?b=1", "a#b", Some("/a%3Fb=1"), Some("a%23b")),
        ("/a\tb\r\nc", "a\nb", Some("/a%09b%20%20c"), Some("a%20b")),
    ];
    for (path, query, new_path, new_query) in rows {
        let outcome = run(&set_of([rule(1).path(path).query(query)]), &asked);
        assert_eq!((outcome.path.as_deref(), outcome.query.as_deref()), (new_path, new_query), "{path} {query}");
    }
    let kept = run(&set_of([rule(1).path("/x")]), &asked);
    assert_eq!(kept.query, None, "no modified query keeps it");
    let only_query = run(&set_of([rule(1).query("x").reroute()]), &asked);
    assert_eq!((only_query.path, only_query.reroute), (None, false), "nothing to look up again");
}

#[test]
fn the_response_decides_what_it_alone_knows() {
    let asked = request("/a", "", &[("X-Id", "7"), ("Cookie", "n=1")]);
    let answer =
        response(404, &[("Location", "http://x/"), ("Server", "s"), ("set-cookie", "a=1"), ("Set-Cookie", "b")]);
    let rows: [(common::Rule, &[(&str, &str)]); 8] = [
        (rule(1).when("var_http_status", "^40[34]$").set_response("X", "{var_http_status}"), &[("X", "404")]),
        (rule(1).when("var_http_status", "^200$").set_response("X", "no"), &[]),
        (rule(1).when("http_req_X-Id", "(7)").set_response("X", "{http_req_X-Id_1}"), &[("X", "7")]),
        (rule(1).when("http_req_X-Id", "8").when("http_resp_Server", "s").set_response("X", "no"), &[]),
        (
            rule(1).when("http_resp_Location", "^(.*):").when("http_req_X-Id", "(.)").set_response(
                "X",
                "{http_req_X-Id_1}{http_resp_Location_1}{var_uri_path}{http_req_X-Id}{http_resp_server}",
            ),
            &[("X", "7http/a7s")],
        ),
        (rule(1).set_response("X", "{http_resp_set_cookie}"), &[("X", "a=1, b")]),
        (rule(1).set_response("X", "{var_sent_bytes}"), &[("X", "1234")]),
        (rule(1).unless("http_resp_X-None", ".+").set_response("X", "absent"), &[("X", "absent")]),
    ];
    for (rule, expected) in rows {
        let shown = format!("{rule:?}");
        let fields = respond(&set_of([rule]), &asked, &answer);
        let added: Vec<_> = fields.iter().skip(4).map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(added, expected, "{shown}");
    }
}

#[test]
fn a_response_header_that_is_set_is_one_and_later_rules_see_it() {
    let answer = response(200, &[("csp", "a"), ("CSP", "b"), ("Server", "s")]);
    let set = set_of([
        rule(1).set_response("CSP", "{http_resp_csp}; c"),
        rule(2).when("http_resp_CSP", "; c$").set_response("csp", "{http_resp_CSP}; d").set_response("Server", ""),
        rule(3).unless("http_resp_Server", ".+").set_response("X-Gone", "1"),
    ]);
    let expected = [("CSP", "a, b; c; d"), ("X-Gone", "1")];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(respond(&set, &request("/", "", &[]), &answer), expected);
}

#[test]
fn a_matcher_means_single_cookies() {
    let answer = response(200, &[("Set-Cookie", "cookie1=a"), ("Set-Cookie", "cookie2=b"), ("set-cookie", "c3=c")]);
    let rows: [(&str, &str, bool, &[&str]); 7] = [
        (
            "cookie2={capt_header_value_matcher_1};Max-Age=3600",
            "cookie2=(.*)",
            false,
            &["cookie1=a", "cookie2=b;Max-Age=3600", "c3=c"],
        ),
        (
            "{capt_header_value_matcher}; Secure",
            ".*",
            false,
            &["cookie1=a; Secure", "cookie2=b; Secure", "c3=c; Secure"],
        ),
        ("[{capt_header_value_matcher_7}]", "^c3", false, &["cookie1=a", "cookie2=b", "[]"]),
        // Deletes, and nothing else.
        ("", "^cookie", false, &["c3=c"]),
        ("", ".", false, &[]),
        // The others.
        ("x[{capt_header_value_matcher}]", "^cookie", true, &["cookie1=a", "cookie2=b", "x[]"]),
        // None: nothing is added.
        ("new=1", "^none", false, &["cookie1=a", "cookie2=b", "c3=c"]),
    ];
    for (value, pattern, negate, expected) in rows {
        let set = set_of([rule(1).set_matching("Set-Cookie", value, pattern, negate)]);
        let values: Vec<_> =
            respond(&set, &request("/", "", &[]), &answer).into_iter().map(|(_, value)| value).collect();
        assert_eq!(values, expected, "{value} {pattern}");
    }
    let twice = set_of([
        rule(1).set_matching("Set-Cookie", "{capt_header_value_matcher}; A", "cookie1.*", false),
        rule(2).set_matching("Set-Cookie", "{capt_header_value_matcher}; B", "cookie1.*|c3.*", false),
    ]);
    let values: Vec<_> = respond(&twice, &request("/", "", &[]), &answer).into_iter().map(|(_, value)| value).collect();
    assert_eq!(values, ["cookie1=a; A; B", "cookie2=b", "c3=c; B"]);
}

#[test]
fn the_documented_recipes_work() {
    let mut asked = request("/fashion/article/42/shoes", "category=shoes&x=1", &[("X-Forwarded-For", "198.51.100.7")]);
    asked.server = vec![
        (Server::AddXForwardedForProxy, b"198.51.100.7, 192.0.2.1".to_vec()),
        (Server::ClientCertificate, b"-----BEGIN%20CERTIFICATE-----%0Aabc".to_vec()),
        (Server::ClientCertificateFingerprint, b"aabb".to_vec()),
    ];
    let header = |name: &str, value: &str| Outcome {
        headers: vec![(name.to_owned(), Some(value.to_owned()))],
        ..Outcome::default()
    };
    let url = |path: Option<&str>, query: Option<&str>, reroute| Outcome {
        path: path.map(str::to_owned),
        query: query.map(str::to_owned),
        reroute,
        ..Outcome::default()
    };
    let rows = [
        (
            rule(1).set("X-Forwarded-For", "{var_add_x_forwarded_for_proxy}"),
            header("x-forwarded-for", "198.51.100.7, 192.0.2.1"),
        ),
        (rule(1).when("http_req_X-Forwarded-For", ".+").set("X-Was", "yes"), header("x-was", "yes")),
        (
            rule(1).set("X-Client-Cert", "{var_client_certificate}"),
            header("x-client-cert", "-----BEGIN%20CERTIFICATE-----%0Aabc"),
        ),
        (
            rule(1).when("var_query_string", "category=shoes").path("/listing1").reroute(),
            url(Some("/listing1"), None, true),
        ),
        (
            rule(1)
                .when("var_uri_path", ".*article/(.*)/(.*)")
                .path("/article.aspx")
                .query("id={var_uri_path_1}&title={var_uri_path_2}"),
            url(Some("/article.aspx"), Some("id=42&title=shoes"), false),
        ),
        (
            rule(1).when("var_query_string", "category=([a-z]*)").path("/category/{var_query_string_1}"),
            url(Some("/category/shoes"), None, false),
        ),
    ];
    for (rule, expected) in rows {
        let shown = format!("{rule:?}");
        assert_eq!(run(&set_of([rule]), &asked), expected, "{shown}");
    }
}

#[test]
fn the_documented_recipes_for_responses_work() {
    let answer = response(
        302,
        &[("Location", "https://shop.azurewebsites.net/a?b=1"), ("Server", "Kestrel"), ("X-Powered-By", "ASP.NET")],
    );
    let location = set_of([rule(1)
        .when("http_resp_Location", r"(https?):\/\/.*azurewebsites\.net(.*)$")
        .set_response("Location", "{http_resp_Location_1}://contoso.com{http_resp_Location_2}")]);
    let fields = respond(&location, &request("/", "", &[]), &answer);
    assert_eq!(fields.last().unwrap(), &("Location".to_owned(), "https://contoso.com/a?b=1".to_owned()));
    let security = set_of([rule(1)
        .set_response("Strict-Transport-Security", "max-age=31536000")
        .set_response("Server", "")
        .set_response("X-Powered-By", "")]);
    let fields = respond(&security, &request("/", "", &[]), &answer);
    let names: Vec<_> = fields.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["Location", "Strict-Transport-Security"]);
}

#[test]
fn whoever_asks_hears_which_rules_fired_and_why_the_others_did_not() {
    let asked = request("/a", "", &[("X-A", "1")]);
    let set = set_of([
        rule(1).when("http_req_X-A", "1").set("X-B", "2"),
        rule(2).when("http_req_X-B", "2").unless("http_req_X-B", "2").set("X-C", "3"),
        rule(3).when("var_http_status", "404").set_response("X-D", "4"),
        rule(4).set_response("X-E", "{http_req_X-B}").set_response("X-F", "{http_resp_X-F}").set_response("X-G", ""),
    ]);
    let mut told = Vec::new();
    let mut edits = Edits::default();
    set.request_traced(&asked, &mut edits, |rule, verdict| {
        told.push(match verdict {
            Verdict::Fired => format!("{rule} fired"),
            Verdict::Waits => format!("{rule} waits"),
            Verdict::Failed { condition, value } => {
                format!("{rule} {} {} {:?}", condition.variable, condition.pattern.as_str(), common::text(value))
            }
        });
    });
    assert_eq!(told, ["rule 1 fired", "rule 2 http_req_X-B 2 \"2\"", "rule 3 waits", "rule 4 fired"]);
    let promises: Vec<_> = edits
        .promises()
        .into_iter()
        .map(|promise| {
            (promise.name, promise.template, promise.value.map(|value| common::text(&value)), promise.depends)
        })
        .collect();
    let expected = [
        ("X-D".to_owned(), Some("4"), Some("4".to_owned()), true),
        ("X-E".to_owned(), Some("{http_req_X-B}"), Some("2".to_owned()), false),
        ("X-F".to_owned(), Some("{http_resp_X-F}"), None, false),
        ("X-G".to_owned(), None, None, false),
    ];
    assert_eq!(promises, expected);
}

#[test]
fn a_set_says_which_server_variables_it_asks_for() {
    let set = set_of([
        rule(1).when("var_client_tcp_rtt", ".").set("A", "{var_client_port}"),
        rule(2).when("var_ciphers_used", "(x)").set_response("B", "{var_ciphers_used_1}").query("{var_host}"),
    ]);
    let asked_for: Vec<_> = Server::ALL.iter().copied().filter(|variable| set.uses(*variable)).collect();
    assert_eq!(asked_for, [Server::CiphersUsed, Server::ClientPort, Server::ClientTcpRtt, Server::Host]);
}
