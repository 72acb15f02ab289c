//! Which listener a Host leads to.
//!
//! Source: Azure, "Application Gateway multiple site hosting" and "Application Gateway request routing rules".

use e2e::{Document, Farm, Gateway};

/// Two listeners: one with the pattern, one for every host that is tried after it. Which server answers tells which
/// listener took the request.
fn two_listeners(farm: &Farm, pattern: &str) -> Document {
    let pattern = format!("hostNames: ['{pattern}']");
    Document::new(farm).pools(farm, &["named", "other"]).listeners(&[("web", &pattern), ("any", "")]).rules(&[
        "{name: named, priority: 10, httpListener: web, backendAddressPool: named, backendHttpSettings: http}",
        "{name: other, priority: 20, httpListener: any, backendAddressPool: other, backendHttpSettings: http}",
    ])
}

#[test]
fn a_host_is_matched_as_the_host_table_says() {
    let rows = [
        ("*.contoso.com", "www.contoso.com", true),
        ("*.contoso.com", "a.b.contoso.com", true),
        ("*.contoso.com", "contoso.com", false),
        ("w??.contoso.com", "www.contoso.com", true),
        ("w??.contoso.com", "ww.contoso.com", false),
        ("shop-*.contoso.com", "shop-eu.contoso.com", true),
        ("WWW.contoso.com", "www.CONTOSO.com:8443", true),
    ];
    let farm = Farm::echo(2);
    let gateway = Gateway::start(&two_listeners(&farm, "example.org"));
    let mut client = gateway.client();
    for (pattern, host, matches) in rows {
        gateway.apply(&two_listeners(&farm, pattern)).unwrap();
        let answer = client.get(host, "/");
        let expected = if matches { "0" } else { "1" };
        assert_eq!(answer.field("x-server"), Some(expected), "{pattern} and {host}");
    }
}

#[test]
fn the_rule_with_the_smallest_priority_takes_the_request_whatever_its_listener() {
    let farm = Farm::echo(2);
    let document = Document::new(&farm)
        .pools(&farm, &["basic", "named"])
        .listeners(&[("web", ""), ("www", "hostName: www.a.com")])
        .rules(&[
            "{name: named, priority: 20, httpListener: www, backendAddressPool: named, backendHttpSettings: http}",
            "{name: basic, priority: 10, httpListener: web, backendAddressPool: basic, backendHttpSettings: http}",
        ]);
    let gateway = Gateway::start(&document);
    for host in ["www.a.com", "b.com"] {
        assert_eq!(gateway.get(host, "/").field("x-server"), Some("0"), "{host}");
    }
}

#[test]
fn a_host_that_no_listener_takes_is_404_a_missing_or_bad_one_400() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).listeners(&[("web", "hostName: www.a.com")]));
    let rows = [
        ("Host: www.a.com\r\n", 200, "ERRORINFO_NO_ERROR"),
        ("Host: www.b.com\r\n", 404, "ERRORINFO_INVALID_HOST"),
        ("", 400, "ERRORINFO_HTTP_NO_HOST_HEADER"),
        ("Host: a:1:2\r\n", 400, "ERRORINFO_INVALID_HOST"),
    ];
    for (at, (field, status, info)) in rows.into_iter().enumerate() {
        let answer = gateway.client().ask(&format!("GET / HTTP/1.1\r\n{field}\r\n"));
        assert_eq!(answer.status, status, "{field:?}");
        assert_eq!(gateway.wait_rows(at + 1)[at]["properties"]["error_info"], info, "{field:?}");
    }
}

#[test]
fn an_empty_pool_is_502_where_an_unknown_host_is_404() {
    let gateway = Gateway::start(&Document::empty().listeners(&[("web", "hostName: www.a.com")]));
    let mut client = gateway.client();
    assert_eq!(client.get("www.a.com", "/").status, 502);
    assert_eq!(client.get("www.b.com", "/").status, 404);
    let rows = gateway.wait_rows(2);
    assert_eq!(rows[0]["properties"]["error_info"], "ERRORINFO_UPSTREAM_NO_LIVE");
}
