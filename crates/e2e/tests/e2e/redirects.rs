//! Redirects: status, Location, and that no server is asked.
//!
//! Source: Azure, "Application Gateway redirect overview".

use e2e::{Document, Farm, Gateway};

const RULE: &str = "{name: rule, priority: 10, httpListener: web, redirectConfiguration: away}";

fn redirecting(farm: &Farm, redirect: &str) -> Document {
    Document::new(farm)
        .port(80, "{bind: 0, public: 80}")
        .section("redirectConfigurations", format!("[{{name: away, {redirect}}}]"))
        .rules(&[RULE])
}

#[test]
fn a_redirect_answers_with_status_and_location_of_its_kind() {
    let rows = [
        // The rows of the table that lead to a URL.
        ("SeeOther, targetUrl: 'https://b.com/land'", "/x?q=1", 303, "https://b.com/land"),
        (
            "Temporary, targetUrl: 'https://b.com/', includePath: true, includeQueryString: true",
            "/x?q=1",
            307,
            "https://b.com/x?q=1",
        ),
        // The two flags, one at a time, and the other two kinds.
        ("Permanent, targetUrl: 'https://b.com/p/', includePath: true", "/x/y?q=1", 301, "https://b.com/p/x/y"),
        ("Found, targetUrl: 'https://b.com/p', includeQueryString: true", "/x?q=1", 302, "https://b.com/p?q=1"),
        ("Found, targetUrl: 'https://b.com/p?a=b', includeQueryString: true", "/x?q=1", 302, "https://b.com/p?a=b&q=1"),
        ("Found, targetUrl: 'https://b.com/', includePath: true", "/a%20b%2F", 302, "https://b.com/a%20b%2F"),
    ];
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    for (redirect, target, status, location) in rows {
        gateway.apply(&redirecting(&farm, &format!("redirectType: {redirect}"))).unwrap();
        let answer = gateway.get("a.com", target);
        assert_eq!(answer.status, status, "{redirect}");
        assert_eq!(answer.field("location"), Some(location), "{redirect}");
    }
    assert_eq!(farm.requests().len(), 0, "a redirect asks no server");
}

/// A second HTTP listener as the target, on a port that is not 80.
#[test]
fn a_redirect_to_a_listener_takes_its_scheme_and_port_and_the_requests_host() {
    let farm = Farm::echo(1);
    let listeners = "[{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http},
        {name: alt, frontendIPConfiguration: feip, frontendPort: p8080, protocol: Http}]";
    let to_alt = "{name: alt, priority: 20, httpListener: alt, backendAddressPool: pool, backendHttpSettings: http}";
    let document = |flags: &str| {
        redirecting(&farm, &format!("redirectType: Permanent, targetListener: alt{flags}"))
            .section("frontendPorts", "[{name: p80, port: 80}, {name: p8080, port: 8080}]")
            .section("httpListeners", listeners)
            .port(8080, "{bind: 0, public: 8080}")
            .rules(&[RULE, to_alt])
    };
    let rows = [
        (", includePath: true, includeQueryString: true", "a.com", "/x/y?q=1", "http://a.com:8080/x/y?q=1"),
        (", includePath: true, includeQueryString: false", "a.com:80", "/x?q=1", "http://a.com:8080/x"),
        (", includePath: false, includeQueryString: true", "a.com", "/x?q=1", "http://a.com:8080/?q=1"),
        ("", "b.com", "/x?q=1", "http://b.com:8080/x?q=1"),
    ];
    let gateway = Gateway::start(&Document::new(&farm));
    for (flags, host, target, location) in rows {
        gateway.apply(&document(flags)).unwrap();
        let answer = gateway.get(host, target);
        assert_eq!((answer.status, answer.field("location")), (301, Some(location)), "{flags}");
    }
}

#[test]
fn a_path_rule_may_redirect_a_part_of_a_site() {
    let farm = Farm::echo(1);
    let map = "[{name: map, defaultBackendAddressPool: pool, defaultBackendHttpSettings: http,
        pathRules: [{name: old, paths: [/old/*], redirectConfiguration: away}]}]";
    let document = redirecting(&farm, "redirectType: Found, targetUrl: 'https://b.com/new'")
        .section("urlPathMaps", map)
        .rules(&["{name: rule, ruleType: PathBasedRouting, priority: 10, httpListener: web, urlPathMap: map}"]);
    let gateway = Gateway::start(&document);
    assert_eq!(gateway.get("a.com", "/old/x").status, 302);
    assert_eq!(gateway.get("a.com", "/new").status, 200);
}

/// The rows of the table that lead to an HTTPS listener. Listeners for HTTPS cannot serve yet, but one that only a
/// redirect names need not.
#[test]
fn a_redirect_to_an_https_listener_changes_scheme_and_port() {
    let farm = Farm::echo(1);
    let document = |redirect: &str| {
        redirecting(&farm, redirect)
            .section("frontendPorts", "[{name: p80, port: 80}, {name: p443, port: 443}, {name: p8443, port: 8443}]")
            .section("sslCertificates", "[{name: cert, keyVaultSecretId: 'https://v.vault.azure.net/secrets/s'}]")
            .section(
                "httpListeners",
                "[{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http},
                  {name: tls, frontendIPConfiguration: feip, frontendPort: p443, protocol: Https, sslCertificate: cert},
                  {name: alt, frontendIPConfiguration: feip, frontendPort: p8443, protocol: Https, sslCertificate: cert}]",
            )
    };
    let rows = [
        (
            "redirectType: Permanent, targetListener: tls, includePath: true, includeQueryString: true",
            ("a.com", "/x/y?q=1"),
            (301, "https://a.com/x/y?q=1"),
        ),
        (
            "redirectType: Permanent, targetListener: tls, includePath: true, includeQueryString: false",
            ("a.com", "/x?q=1"),
            (301, "https://a.com/x"),
        ),
        (
            "redirectType: Found, targetListener: alt, includePath: true, includeQueryString: false",
            ("a.com:8080", "/x"),
            (302, "https://a.com:8443/x"),
        ),
    ];
    let gateway = Gateway::start(&Document::new(&farm));
    for (redirect, (host, target), (status, location)) in rows {
        gateway.apply(&document(redirect)).unwrap();
        let answer = gateway.get(host, target);
        assert_eq!((answer.status, answer.field("location")), (status, Some(location)), "{redirect}");
    }
}
