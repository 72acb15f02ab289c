//! The access log shows a request as it came and as it went on.
//!
//! Source: Azure, "Rewrite HTTP headers and URL": `originalRequestUriWithArgs` and `originalHost` beside `requestUri`
//! and `host`.

use e2e::rewrites::{both, request, rule, url, when};
use e2e::{Document, Farm, Start};

#[test]
fn a_row_has_path_query_and_host_before_and_after() {
    let farm = Farm::echo(1);
    let rules = [
        rule(
            1,
            &[when("var_uri_path", "^/all")],
            both(url(Some("/new/a b"), Some("x=1&y=2")), request(&[("Host", "new.com"), ("User-Agent", "rewritten")])),
        ),
        rule(2, &[when("var_uri_path", "^/path")], url(Some("/only"), None)),
        rule(3, &[when("var_uri_path", "^/drop")], url(None, Some(""))),
    ];
    let document = |more: &str| Document::new(&farm).settings(&farm, more).rewrites(&rules, "");
    // Settings; asked for; requestUri, requestQuery and host after it.
    let rows = [
        ("", "/all?q=%20", "/new/a%20b", "x=1&y=2", "new.com"),
        ("", "/path?q", "/only", "q", "www.a.com:81"),
        ("", "/drop?q", "/drop", "", "www.a.com:81"),
        ("", "/none?q", "/none", "q", "www.a.com:81"),
        ("hostName: app.internal, path: /v1", "/all?q", "/v1/new/a%20b", "x=1&y=2", "app.internal"),
        ("hostName: app.internal, path: /v1", "/none?q", "/v1/none", "q", "app.internal"),
    ];
    let gateway = Start::workers(1).run(&document(""));
    let mut client = gateway.client();
    for (at, (settings, target, uri, query, host)) in rows.into_iter().enumerate() {
        gateway.apply(&document(settings)).unwrap();
        client.ask(&format!("GET {target} HTTP/1.1\r\nHost: www.a.com:81\r\nUser-Agent: test/1\r\n\r\n"));
        let row = &gateway.wait_rows(at + 1)[at]["properties"];
        let expected = [
            ("originalRequestUriWithArgs", target),
            ("requestUri", uri),
            ("requestQuery", query),
            ("originalHost", "www.a.com:81"),
            ("host", host),
            ("userAgent", if target.starts_with("/all") { "rewritten" } else { "test/1" }),
        ];
        for (key, value) in expected {
            assert_eq!(row[key], value, "{key} of {target} with {settings:?}");
        }
    }
}
