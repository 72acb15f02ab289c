//! From HTTP to HTTPS.
//!
//! Source: Azure, "Redirect overview" and "Create an application gateway with HTTP to HTTPS redirection".

use e2e::{Ca, Client, Document, Farm, Gateway, Tls};

fn document(farm: &Farm, redirect: &str) -> Document {
    Document::new(farm)
        .certificate("cert", &Ca::root("root").server(&["a.com"]))
        .listeners_on(&[("plain", 80, "hostName: a.com"), ("web", 443, "hostName: a.com, sslCertificate: cert")])
        .section("redirectConfigurations", format!("[{{name: up, {redirect}}}]"))
        .rules(&[
            "{name: up, priority: 10, httpListener: plain, redirectConfiguration: up}",
            "{name: rule, priority: 20, httpListener: web, backendAddressPool: pool, backendHttpSettings: http}",
        ])
}

#[test]
fn a_plain_request_is_sent_to_the_tls_listener() {
    let farm = Farm::echo(1);
    let rows = [
        ("redirectType: Permanent, targetListener: web, includePath: true, includeQueryString: true", 301, "/x/y?z=1"),
        ("redirectType: Found, targetListener: web, includeQueryString: false", 302, "/x/y"),
        ("redirectType: SeeOther, targetListener: web, includePath: false, includeQueryString: false", 303, "/"),
        ("redirectType: Temporary, targetListener: web, includePath: false", 307, "/?z=1"),
    ];
    for (redirect, status, rest) in rows {
        for (binding, port) in [("{bind: 0, public: 443}", ""), ("{bind: 0, public: 8443}", ":8443")] {
            let gateway = Gateway::start(&document(&farm, redirect).port(443, binding));
            let mut client = Client::connect(gateway.address("plain"));
            let answer = client.get("a.com:8080", "/x/y?z=1");
            assert_eq!(answer.status, status);
            let expected = format!("https://a.com{port}{rest}");
            assert_eq!(answer.field("location"), Some(expected.as_str()));
        }
    }
}

/// Where the redirect leads there is somebody who answers.
#[test]
fn who_follows_the_redirect_is_served() {
    let farm = Farm::echo(1);
    let redirect = "redirectType: Permanent, targetListener: web, includePath: true";
    let gateway = Gateway::start(&document(&farm, redirect).port(443, "{bind: 0, public: 443}"));
    let answer = Client::connect(gateway.address("plain")).get("a.com", "/x");
    assert_eq!(answer.field("location"), Some("https://a.com/x"));
    let answer = gateway.secure(&Tls::new()).client.get("a.com", "/x");
    assert_eq!((answer.status, answer.field("x-target")), (200, Some("/x")));
}
