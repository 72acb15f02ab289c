//! Path maps that are looked at again with the new path.

use e2e::rewrites::{both, request, reroute, response, rule, set, url, when};
use e2e::{Ca, Document, Farm, Start, Tls};
use serde_json::Value;

/// Path rules as name, path, pool and set; a path of its own for the default.
fn document(farm: &Farm, pools: &[&str], rules: &[(&str, &str, &str, &str)], sets: &[Value]) -> Document {
    let one = |(name, path, pool, set): &(&str, &str, &str, &str)| {
        let set = if set.is_empty() { String::new() } else { format!(", rewriteRuleSet: {set}") };
        format!("{{name: {name}, paths: [{path}], backendAddressPool: {pool}, backendHttpSettings: http{set}}}")
    };
    let rules: Vec<_> = rules.iter().map(one).collect();
    let map = format!(
        "[{{name: map, defaultBackendAddressPool: {}, defaultBackendHttpSettings: http, \
         defaultRewriteRuleSet: default, pathRules: [{}]}}]",
        pools[0],
        rules.join(", ")
    );
    Document::https(farm, &Ca::root("root").server(&["a.com"]))
        .pools(farm, pools)
        .section("urlPathMaps", map)
        .section("rewriteRuleSets", Value::from(sets).to_string())
        .rules(&["{name: rule, ruleType: PathBasedRouting, priority: 10, httpListener: web, urlPathMap: map}"])
}

#[test]
fn a_rewrite_keeps_its_pool_and_one_that_looks_again_takes_the_new_one() {
    let farm = Farm::echo(4);
    let sets = [
        set(
            "default",
            &[
                rule(1, &[when("var_query_string", "category=shoes")], reroute("/listing1", None)),
                rule(2, &[when("http_req_X-Canary", "^1$")], reroute("/b/canary", Some("c=1"))),
            ],
        ),
        set("keeps", &[rule(1, &[], url(Some("/b/x"), None))]),
        set("again", &[rule(1, &[when("var_query_string", "go")], reroute("/b/x", Some("")))]),
        set(
            "b",
            &[rule(
                1,
                &[when("var_uri_path", "^/(.)")],
                both(request(&[("X-B", "{var_uri_path_1}")]), response(&[("X-R", "b")])),
            )],
        ),
    ];
    let rules = [
        ("a", "/a/*", "a", "keeps"),
        ("g", "/g/*", "a", "again"),
        ("b", "/b/*", "b", "b"),
        ("listing", "/listing1", "c", ""),
    ];
    let gateway = Start::workers(1).run(&document(&farm, &["d", "a", "b", "c"], &rules, &sets));
    let server = |name: &str| ["d", "a", "b", "c"].iter().position(|its| *its == name).unwrap();
    // Asked for, with or without the canary's header; the pool and the target at the server; what the set of /b/* says.
    let rows = [
        ("/a/1", "", "a", "/b/x", None),
        ("/g/1?go", "", "b", "/b/x", Some("g")),
        ("/g/1?stay", "", "a", "/g/1?stay", None),
        ("/?category=shoes", "", "c", "/listing1?category=shoes", None),
        ("/?category=hats", "", "d", "/?category=hats", None),
        ("/x", "X-Canary: 1\r\n", "b", "/b/canary?c=1", Some("x")),
        ("/listing1?category=shoes", "", "c", "/listing1?category=shoes", None),
    ];
    let mut client = gateway.secure(&Tls::new()).client;
    let mut h2 = gateway.h2();
    for (target, canary, pool, sent, b) in rows {
        let answer = client.ask(&format!("GET {target} HTTP/1.1\r\nHost: a.com\r\n{canary}\r\n"));
        assert_eq!(answer.status, 200, "{target}");
        assert_eq!(answer.field("x-r"), b.map(|_| "b"), "{target}: answers are rewritten by the set of every pass");
        let mut fields = e2e::h2::get(target).to_vec();
        fields.extend((!canary.is_empty()).then_some(("x-canary", "1")));
        let stream = h2.request(&fields);
        assert_eq!(h2.answer(stream).status(), 200);
        let requests = farm.requests();
        for seen in &requests[requests.len() - 2..] {
            assert_eq!((seen.server, seen.target.as_str()), (server(pool), sent), "{target}");
            assert_eq!(seen.field("x-b"), b, "{target}: the original path is what variables hold");
            assert_eq!(seen.field("x-original-url"), Some(target));
        }
        let row = gateway.wait_rows(requests.len()).pop().unwrap();
        assert_eq!(row["backendPoolName"], pool, "{target}");
    }
}

#[test]
fn the_override_of_the_settings_strips_what_the_new_path_rule_matched() {
    let farm = Farm::echo(1);
    let sets = [set("default", &[rule(1, &[when("var_uri_path", "^/old")], reroute("/new/x", None))])];
    let gateway = Start::workers(1)
        .run(&document(&farm, &["d"], &[("new", "/new/*", "d", "")], &sets).settings(&farm, "path: /v2/"));
    let mut client = gateway.secure(&Tls::new()).client;
    for (target, sent) in [("/old?q=1", "/v2/x?q=1"), ("/new/y", "/v2/y"), ("/other", "/v2/other")] {
        client.get("a.com", target);
        assert_eq!(farm.last().target, sent, "{target}");
    }
}

#[test]
fn a_loop_is_500_for_its_request_and_nobody_else() {
    let farm = Farm::echo(1);
    let to = |path: &str| {
        [rule(
            1,
            &[when("http_req_X-Go", "^1$")],
            both(reroute(path, None), request(&[("X-Round", "{http_req_X-Round}+")])),
        )]
    };
    let step = |at: usize| {
        set(&format!("s{at}"), &[rule(1, &[when("http_req_X-Go", "^2$")], reroute(&format!("/s{}", at + 1), None))])
    };
    let mut sets = vec![
        set("default", &[rule(1, &[when("var_uri_path", "^/home$")], reroute("/home/new", None))]),
        set("a", &to("/b")),
        set("b", &to("/a")),
        set("self", &to("/self")),
    ];
    sets.extend((1..=14).map(step));
    let names: Vec<(String, String, String)> =
        (1..=14).map(|at| (format!("rule{at}"), format!("/s{at}"), format!("s{at}"))).collect();
    let mut rules = vec![("a", "/a", "d", "a"), ("b", "/b", "d", "b"), ("self", "/self", "d", "self")];
    rules.extend(names.iter().map(|(name, path, set)| (name.as_str(), path.as_str(), "d", set.as_str())));
    let gateway = Start::workers(1).run(&document(&farm, &["d"], &rules, &sets));
    let mut client = gateway.secure(&Tls::new()).client;
    let mut h2 = gateway.h2();
    // Which header makes it go round: ten looks are allowed.
    let rows = [
        ("/a", "1", 500),
        ("/b", "1", 500),
        ("/self", "1", 500),
        ("/a", "0", 200),
        ("/s5", "2", 200),
        ("/s4", "2", 500),
        ("/s1", "2", 500),
        // Variables hold the original path, so that the default's own set sends it round.
        ("/home", "0", 500),
    ];
    for (at, (target, go, status)) in rows.into_iter().enumerate() {
        let answer = client.ask(&format!("GET {target} HTTP/1.1\r\nHost: a.com\r\nX-Go: {go}\r\n\r\n"));
        assert_eq!(answer.status, status, "{target} {go}");
        let mut fields = e2e::h2::get(target).to_vec();
        fields.push(("x-go", go));
        let stream = h2.request(&fields);
        assert_eq!(h2.answer(stream).status(), status, "{target} {go}");
        let row = &gateway.wait_rows(at * 2 + 2)[at * 2]["properties"];
        let expected = if status == 500 { "rewrite_loop" } else { "" };
        assert_eq!(row["reason"].as_str().unwrap_or_default(), expected, "{row}");
        if status == 500 {
            assert_eq!(
                (row["originalRequestUriWithArgs"].as_str(), row["serverRouted"].as_str()),
                (Some(target), Some(""))
            );
        }
    }
    assert_eq!(client.get("a.com", "/else").status, 200, "the connection goes on");
}

#[test]
fn a_map_in_which_every_request_would_be_looked_at_again_is_refused() {
    let farm = Farm::echo(1);
    let always = set("default", &[rule(1, &[], reroute("/b", None))]);
    let also = set("b", &[rule(1, &[], reroute("/c", None))]);
    let document = document(&farm, &["d"], &[("b", "/b", "d", "b")], &[always.clone(), also]);
    assert!(document.load().snapshot.is_none());
    let with_an_end = self::document(&farm, &["d"], &[("b", "/b", "d", "")], &[always]);
    assert!(with_an_end.load().snapshot.is_some(), "{}", with_an_end.load().problems_text(false));
}

/// Where the new path leads to a redirect, that is the answer, and nothing of it is rewritten.
#[test]
fn a_request_may_be_looked_up_again_into_a_redirect() {
    let farm = Farm::echo(1);
    let sets = [set(
        "default",
        &[rule(1, &[when("var_uri_path", "^/old")], both(reroute("/gone", None), response(&[("X-R", "1")])))],
    )];
    let document = document(&farm, &["d"], &[], &sets)
        .section("redirectConfigurations", "[{name: away, redirectType: Permanent, targetUrl: 'https://b.com/'}]")
        .section(
            "urlPathMaps",
            "[{name: map, defaultBackendAddressPool: d, defaultBackendHttpSettings: http, \
             defaultRewriteRuleSet: default, pathRules: [{name: gone, paths: [/gone], redirectConfiguration: away}]}]",
        );
    let gateway = Start::workers(1).run(&document);
    let mut client = gateway.secure(&Tls::new()).client;
    let answer = client.get("a.com", "/old");
    assert_eq!((answer.status, answer.field("location"), answer.field("x-r")), (301, Some("https://b.com/"), None));
    assert_eq!(client.get("a.com", "/new").status, 200);
}

/// Routing by header, cookie or query out of what there is; the path is restored where it was kept.
#[test]
fn requests_may_be_routed_by_header_cookie_query_address_or_method() {
    let farm = Farm::echo(2);
    let go =
        |variable: &str, pattern: &str| rule(1, &[when(variable, pattern)], reroute("/canary{var_uri_path}", None));
    let rows = [
        ("http_req_X-User", "^beta$", "/p?q=1", "X-User: beta\r\n", "X-User: x\r\n"),
        ("var_cookie_group", "^b$", "/p?q=1", "Cookie: a=1; group=b\r\n", "Cookie: group=bb\r\n"),
        ("var_http_method", "^DELETE$", "/p", "", ""),
        ("var_client_ip", r"^127\.0\.0\.9$", "/p", "", ""),
    ];
    for (variable, pattern, target, yes, no) in rows {
        let sets =
            [set("default", &[go(variable, pattern)]), set("back", &[rule(1, &[], url(Some("{var_uri_path}"), None))])];
        let document = document(&farm, &["d", "canary"], &[("canary", "/canary/*", "canary", "back")], &sets);
        let gateway = Start::workers(1).run(&document);
        for (fields, server) in [(yes, 1), (no, 0)] {
            let method = if variable == "var_http_method" && server == 1 { "DELETE" } else { "GET" };
            let source = if variable == "var_client_ip" && server == 1 { "127.0.0.9" } else { "127.0.0.1" };
            let stream = e2e::Client::connect_from(source.parse().unwrap(), gateway.address("web")).wire;
            let socket = stream.stream().try_clone().unwrap();
            let mut client = Tls::new().over(socket).unwrap().client;
            client.ask(&format!("{method} {target} HTTP/1.1\r\nHost: a.com\r\n{fields}\r\n"));
            let seen = farm.last();
            assert_eq!((seen.server, seen.target.as_str()), (server, target), "{variable} {method} {source}");
        }
    }
}
