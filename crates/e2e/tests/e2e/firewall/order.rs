//! Where the firewall stands among the other things that happen to a request.
//!
//! Source: Azure, `how-application-gateway-works`, `rewrite-http-headers-url`, `application-gateway-faq`, read
//! 2026-11-22. That tokens come first is ours to say.

use e2e::rewrites::{both, request, rule, url, when};
use e2e::token::{CLIENT, TENANT, published};
use e2e::{Ca, Client, Document, Farm, Gateway, Signer, Start, Tls};
use serde_json::json;

use super::{ATTACK, actions, get, refusing, told};

#[test]
fn a_request_whose_token_is_refused_is_not_looked_at() {
    let farm = Farm::echo(1);
    let key = Signer::ec("key");
    let document = Document::https(&farm, &Ca::root("root").server(&["a.com"]));
    let keys = document.file("keys.json", published(&[&key]));
    let check = format!(
        "[{{name: check, tenantId: {TENANT}, clientId: {CLIENT}, gatehouse: {{keyFile: '{}'}}}}]",
        keys.display()
    );
    let document = document
        .guarded("Prevention", json!({}), json!([]))
        .section("entraJWTValidationConfigs", check)
        .rules(&["{name: rule, priority: 1, httpListener: web, backendAddressPool: pool, backendHttpSettings: http, \
           entraJWTValidationConfig: check}"]);
    let gateway = Gateway::start(&document);
    let mut client = gateway.secure(&Tls::new()).client;
    assert_eq!(get(&mut client, ATTACK).status, 401);
    let (rows, access) = told(&gateway, 1);
    assert!(rows.is_empty() && access["properties"].get("WAFMode").is_none(), "{rows:?} {access}");
    assert_eq!(gateway.status().counters.firewall_requests, 0);
    let with = |target: &str| {
        format!("GET {target} HTTP/1.1\r\nHost: a.com\r\nAuthorization: Bearer {}\r\n\r\n", key.token(json!({})))
    };
    assert_eq!(client.ask(&with(ATTACK)).status, 403);
    assert_eq!(client.ask(&with("/")).status, 200);
}

#[test]
fn rules_see_what_a_rewrite_of_url_or_host_makes_of_a_request() {
    let farm = Farm::echo(1);
    let bad = json!([
        refusing("host", 1, ("RequestHeaders", "Host"), "Equal", "new.com"),
        refusing("field", 2, ("RequestHeaders", "X-Role"), "Equal", "admin"),
        refusing("path", 3, ("RequestUri", ""), "Equal", "/moved"),
    ]);
    let at = |path: &str| [when("var_uri_path", &format!("^{path}$"))];
    let role = request(&[("X-Role", "admin")]);
    let document = Document::new(&farm).guarded("Prevention", json!({}), bad).rewrites(
        &[
            rule(1, &at("/clean"), url(None, Some("q=1"))),
            rule(2, &at("/worse"), url(None, Some("q=<script>alert(1)</script>"))),
            rule(3, &at("/move"), url(Some("/moved"), None)),
            rule(4, &at("/host"), request(&[("Host", "new.com")])),
            rule(5, &at("/field"), role.clone()),
            rule(6, &at("/both"), both(role, url(None, Some("q=1")))),
            rule(7, &at("/drop"), request(&[("X-Role", "")])),
            rule(8, &at("/drop-both"), both(request(&[("X-Role", "")]), url(None, Some("q=1")))),
        ],
        "",
    );
    let gateway = Gateway::start(&document);
    let mut client = gateway.client();
    const QUERY: &str = "?q=%3Cscript%3Ealert(1)%3C/script%3E";
    let rows = [
        // An attack that the rewrite takes away, and one that it brings.
        (format!("/clean{QUERY}"), "", 200, ""),
        (format!("/other{QUERY}"), "", 403, "949110"),
        ("/worse".to_owned(), "", 403, "949110"),
        ("/move".to_owned(), "", 403, "path"),
        ("/moved".to_owned(), "", 403, "path"),
        ("/host".to_owned(), "", 403, "host"),
        // Headers alone: the request is seen as it came.
        ("/field".to_owned(), "", 200, ""),
        ("/drop".to_owned(), "X-Role: admin\r\n", 403, "field"),
        // Headers beside URL or Host: the request is seen as it goes.
        ("/both".to_owned(), "", 403, "field"),
        ("/drop-both".to_owned(), "X-Role: admin\r\n", 200, ""),
    ];
    for (number, (target, fields, status, by)) in rows.iter().enumerate() {
        let answer = client.ask(&format!("GET {target} HTTP/1.1\r\nHost: a.com\r\n{fields}\r\n"));
        assert_eq!(answer.status, *status, "{target}");
        let (rows, _) = told(&gateway, number + 1);
        assert_eq!(actions(&rows).last().map_or("", |(_, rule)| rule), *by, "{target}");
    }
    assert_eq!(farm.requests().len(), 3);
    // Content is held until the rules have seen it; what they see is the same.
    let mut post = |target: &str| {
        client.ask(&format!("POST {target} HTTP/1.1\r\nHost: a.com\r\nContent-Length: 2\r\n\r\nok")).status
    };
    assert_eq!((post(&format!("/clean{QUERY}")), post("/worse"), post("/host"), post("/field")), (200, 403, 403, 200));
}

#[test]
fn without_a_server_the_answer_is_the_same_to_an_attack() {
    let farm = Farm::echo(1);
    let guarded = |document: Document| document.guarded("Prevention", json!({}), json!([]));
    farm.set_health(0, "HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let ill = Document::new(&farm).probe(&farm, "host: p.com, interval: 1, timeout: 1, unhealthyThreshold: 1");
    let empty = Document::empty();
    for document in [ill, empty] {
        let gateway = Start::workers(1).run(&guarded(document));
        for (number, target) in [ATTACK, "/"].into_iter().enumerate() {
            let mut client: Client = gateway.client();
            assert_eq!(get(&mut client, target).status, 502);
            let (rows, access) = told(&gateway, number + 1);
            assert!(rows.is_empty() && access["properties"].get("WAFMode").is_none(), "{rows:?} {access}");
        }
    }
    assert!(farm.requests().is_empty());
}

#[test]
fn what_the_settings_override_is_not_seen() {
    let farm = Farm::echo(1);
    let rules = json!([
        refusing("host", 1, ("RequestHeaders", "Host"), "Contains", "inner"),
        refusing("path", 2, ("RequestUri", ""), "Contains", "/inner"),
    ]);
    let document = Document::new(&farm).settings(&farm, "path: /inner/, hostName: inner.com").guarded(
        "Prevention",
        json!({}),
        rules,
    );
    let gateway = Gateway::start(&document);
    let mut client = gateway.client();
    assert_eq!(get(&mut client, "/p").status, 200);
    let arrived = farm.last();
    assert_eq!((arrived.target.as_str(), arrived.field("host")), ("/inner/p", Some("inner.com")));
    assert_eq!(get(&mut client, "/inner").status, 403);
    assert_eq!(client.get("inner.com", "/").status, 403);
}

#[test]
fn custom_rules_see_path_and_query_of_a_target_in_absolute_form() {
    let farm = Farm::echo(1);
    let rules = json!([
        refusing("whole", 1, ("RequestUri", ""), "Equal", "/p?q=1"),
        refusing("scheme", 2, ("RequestUri", ""), "Contains", "http:"),
        refusing("host", 3, ("RequestUri", ""), "Contains", "a.com"),
    ]);
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", json!({}), rules));
    let mut client = gateway.client();
    for (target, status) in [("http://a.com/p?q=1", 403), ("http://a.com/p?q=2", 200), ("/p?q=http://a.com", 403)] {
        assert_eq!(get(&mut client, target).status, status, "{target}");
    }
    assert_eq!(farm.requests().len(), 1);
}
