//! Paths and queries.

use e2e::rewrites::{both, request, rule, url, when};
use e2e::{Ca, Document, Farm, Start};
use serde_json::Value;

use super::{Clients, Sent, check_sent, host, one_each};

fn to(path: Option<&str>, query: Option<&str>) -> Vec<Value> {
    vec![rule(1, &[], url(path, query))]
}

#[test]
fn paths_and_queries_are_replaced_kept_and_dropped() {
    let rows: Vec<Sent<'_>> = vec![
        ("the path, the query stays", to(Some("/b"), None), "/a?x=1", &[], "/b?x=1", &[]),
        ("the query, the path stays", to(None, Some("y=2")), "/a%20b?x=1", &[], "/a%20b?y=2", &[]),
        ("both", to(Some("/b"), Some("y=2")), "/a?x=1", &[], "/b?y=2", &[]),
        ("the query dropped", to(None, Some("")), "/a?x=1", &[], "/a", &[]),
        ("a query where there was none", to(None, Some("y=2")), "/a", &[], "/a?y=2", &[]),
        ("a query with its question mark", to(None, Some("?y=2")), "/a", &[], "/a?y=2", &[]),
        ("an empty query of the client stays", to(Some("/b"), None), "/a?", &[], "/b?", &[]),
        ("a path without slash", to(Some("buy.aspx"), None), "/a?x", &[], "/buy.aspx?x", &[]),
        ("a prefix", to(Some("/apim{var_uri_path}"), None), "/a/b?x", &[], "/apim/a/b?x", &[]),
        ("a prefix with a slash too many", to(Some("/apim/{var_uri_path}"), None), "/a", &[], "/apim//a", &[]),
        ("what is illegal is encoded", to(Some("/a b/é\"<>"), None), "/", &[], "/a%20b/%C3%A9\"<>", &[]),
        ("what would end a path is encoded", to(Some("/a?b#c"), Some("d#e?f")), "/", &[], "/a%3Fb%23c?d%23e?f", &[]),
        ("what is encoded stays", to(Some("/a%2fb%zz%"), Some("c=%41+%")), "/", &[], "/a%2fb%zz%?c=%41+%", &[]),
        (
            "the path into the query",
            vec![rule(
                1,
                &[when("var_uri_path", ".*article/(.*)/(.*)")],
                url(Some("/article.aspx"), Some("id={var_uri_path_1}&title={var_uri_path_2}")),
            )],
            "/site/article/123/fabrikam",
            &[],
            "/article.aspx?id=123&title=fabrikam",
            &[],
        ),
        (
            "the query into the path",
            vec![rule(
                1,
                &[when("var_query_string", "category=(.*)")],
                url(Some("/category/{var_query_string_1}"), None),
            )],
            "/list?category=shoes",
            &[],
            "/category/shoes?category=shoes",
            &[],
        ),
        (
            "with another host",
            vec![rule(1, &[], both(url(Some("/b"), None), request(&[("Host", "b.internal")])))],
            "/a",
            &[],
            "/b",
            &[("Host", Some("b.internal")), ("x-original-host", Some("r15.com")), ("x-original-url", Some("/a"))],
        ),
        (
            "the last rule counts, each for its part",
            vec![rule(1, &[], url(Some("/1"), Some("q=1"))), rule(2, &[], url(Some("/2"), None))],
            "/a?x",
            &[],
            "/2?q=1",
            &[],
        ),
        (
            "a path of a client that is rewritten stays a path",
            to(Some("/p{var_request_uri}"), None),
            "/a?x=1",
            &[],
            "/p/a%3Fx=1?x=1",
            &[],
        ),
        ("dots stay", to(Some("/a/../b/./c"), None), "/", &[], "/a/../b/./c", &[]),
    ];
    check_sent(&rows);
}

/// Parity: the rewrite first, then what the settings say.
#[test]
fn settings_have_the_last_word_on_path_and_host() {
    let farm = Farm::echo(1);
    let sets = [
        to(Some("/new"), None),
        vec![rule(1, &[], request(&[("Host", "rewritten.com")]))],
        vec![rule(1, &[], both(url(Some("new/"), Some("q")), request(&[("Host", "rewritten.com")])))],
    ];
    let document = Document::https(&farm, &Ca::root("root").server(&["r0.com"]));
    let rows = [
        ("path: /over/", ["/over/new r0.com", "/over/a rewritten.com", "/over/new/?q rewritten.com"]),
        ("hostName: app.internal", ["/new app.internal", "/a app.internal", "/new/?q app.internal"]),
        ("hostName: app.internal, path: /", ["/new app.internal", "/a app.internal", "/new/?q app.internal"]),
        ("pickHostNameFromBackendAddress: true", ["/new 127.0.0.1", "/a 127.0.0.1", "/new/?q 127.0.0.1"]),
    ];
    let gateway = Start::workers(1).run(&one_each(document.clone(), &sets));
    for (settings, expected) in rows {
        gateway.apply(&one_each(document.clone().settings(&farm, settings), &sets)).unwrap();
        let mut clients = Clients::new(&gateway);
        for (at, expected) in expected.into_iter().enumerate() {
            let host = host(at);
            for protocol in [1, 2] {
                match protocol {
                    1 => drop(clients.over_one(&host, "/a", &[])),
                    _ => drop(clients.over_two(&host, "/a", &[])),
                }
                let seen = farm.last();
                assert_eq!(format!("{} {}", seen.target, seen.field("host").unwrap()), expected, "{settings}, {host}");
                assert_eq!(seen.field("x-original-host"), Some(host.as_str()), "{settings}");
            }
        }
    }
}

/// What the path rule matched is cut off where the rewritten path still begins with it.
#[test]
fn an_override_cuts_off_what_the_path_rule_matched_of_the_new_path() {
    let farm = Farm::echo(1);
    let map = "[{name: map, defaultBackendAddressPool: pool, defaultBackendHttpSettings: http, pathRules: \
               [{name: shop, paths: [/shop/*], backendAddressPool: pool, backendHttpSettings: http, \
               rewriteRuleSet: set}]}]";
    let set = e2e::rewrites::set(
        "set",
        &[
            rule(1, &[when("var_query_string", "stay")], url(Some("/shop/new"), None)),
            rule(2, &[when("var_query_string", "leave")], url(Some("/other/new"), None)),
        ],
    );
    let document = Document::new(&farm)
        .settings(&farm, "path: /v2/")
        .section("urlPathMaps", map)
        .section("rewriteRuleSets", Value::from(vec![set]).to_string())
        .rules(&["{name: rule, ruleType: PathBasedRouting, priority: 10, httpListener: web, urlPathMap: map}"]);
    let gateway = Start::workers(1).run(&document);
    let mut client = gateway.client();
    let rows = [
        ("/shop/a", "/v2/a"),
        ("/shop/a?stay", "/v2/new?stay"),
        ("/shop/a?leave", "/v2/other/new?leave"),
        ("/else?stay", "/v2/else?stay"),
    ];
    for (target, sent) in rows {
        client.get("a.com", target);
        assert_eq!(farm.last().target, sent, "{target}");
    }
}

/// Without an override the Host that a rewrite has set is also the name that is asked for in the TLS handshake.
#[test]
fn a_rewritten_host_is_the_name_for_tls_to_the_server() {
    let ca = Ca::root("backend");
    let farm = Farm::tls(1, &e2e::TlsServer::new(&ca.server(&["rewritten.com", "app.internal"])));
    let sets = [vec![rule(1, &[], request(&[("Host", "rewritten.com")]))]];
    let document = Document::https(&farm, &Ca::root("root").server(&["r0.com"])).root("backend", ca.pem()).section(
        "probes",
        "[{name: probe, protocol: Https, path: /health, host: app.internal, interval: 30, timeout: 30, \
         unhealthyThreshold: 3}]",
    );
    let rows = [("", "rewritten.com", "rewritten.com"), (", hostName: app.internal", "app.internal", "app.internal")];
    for (more, host, name) in rows {
        let settings = format!("requestTimeout: 20, probe: probe, trustedRootCertificates: [backend]{more}");
        let gateway = Start::workers(1).run(&one_each(document.clone().tls_settings(&farm, &settings), &sets));
        let answer = Clients::new(&gateway).over_one("r0.com", "/", &[]);
        assert_eq!(answer.status, 200, "{more}: {}", gateway.wait_rows(1)[0]);
        let seen = farm.last();
        assert_eq!((seen.field("host"), seen.server_name.as_deref()), (Some(host), Some(name)), "{more}");
    }
}
