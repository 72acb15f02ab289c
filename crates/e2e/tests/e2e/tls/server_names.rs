//! Which name is asked for in a handshake with a server, and that no two names share a connection.
//!
//! Source: Azure, "Overview of TLS termination": the tables of server names towards backends; "Backend settings": SNI.

use e2e::{Ca, Document, Farm, Gateway, Start, Tls, TlsServer};

/// Every name that occurs in these tests, and the address.
const NAMES: &[&str] = &["a.com", "b.com", "srv.internal", "sni.internal", "probe.internal", "localhost", "127.0.0.1"];

fn document(farm: &Farm, root: &Ca, more: &str) -> Document {
    let comma = if more.is_empty() { "" } else { ", " };
    Document::new(farm)
        .root("root", root.pem())
        .tls_settings(farm, &format!("requestTimeout: 20, trustedRootCertificates: [root]{comma}{more}"))
}

/// The same with the server as `localhost`.
fn by_name(document: Document) -> Document {
    document.section("backendAddressPools", "[{name: pool, backendAddresses: [{fqdn: localhost}]}]")
}

#[test]
fn live_requests_ask_for_the_name_that_the_settings_call_for() {
    let root = Ca::root("root");
    // Settings, whether the server is a name, the client's host, the name asked for, and the Host sent.
    let rows = [
        ("hostName: srv.internal", false, "a.com", Some("srv.internal"), "srv.internal"),
        ("hostName: srv.internal", true, "a.com", Some("srv.internal"), "srv.internal"),
        ("pickHostNameFromBackendAddress: true", true, "a.com", Some("localhost"), "localhost"),
        ("pickHostNameFromBackendAddress: true", false, "a.com", None, "127.0.0.1"),
        ("", false, "a.com", Some("a.com"), "a.com"),
        ("", true, "a.com", Some("a.com"), "a.com"),
        ("", false, "A.com:8443", Some("a.com"), "A.com:8443"),
        ("", false, "127.0.0.1", None, "127.0.0.1"),
        ("sniName: sni.internal", false, "a.com", Some("sni.internal"), "a.com"),
        ("sniName: sni.internal", true, "a.com", Some("sni.internal"), "a.com"),
        ("sniName: sni.internal, hostName: srv.internal", false, "a.com", Some("sni.internal"), "srv.internal"),
        ("sniName: sni.internal, validateSNI: false", false, "a.com", Some("sni.internal"), "a.com"),
        ("sniName: sni.internal, validateCertChainAndExpiry: false", false, "a.com", Some("sni.internal"), "a.com"),
    ];
    let mut failures = Vec::new();
    for (settings, named, host, name, sent) in rows {
        let farm = Farm::tls(1, &TlsServer::new(&root.server(NAMES)));
        let plain = document(&farm, &root, settings);
        let gateway = Gateway::start(&if named { by_name(plain) } else { plain });
        let answer = gateway.get(host, "/");
        if answer.status != 200 {
            failures.push(format!(
                "{settings}, {host}, named {named}: {} {:?}",
                answer.status,
                gateway.status().health
            ));
            continue;
        }
        let request = farm.last();
        let seen = (request.server_name.as_deref(), request.field("host"));
        // A name is asked for without its port and in lower case; Host goes on as it came.
        if seen != (name, Some(sent)) {
            failures.push(format!("{settings}, {host}, named {named}: {seen:?}, not {name:?} and {sent}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn probes_ask_for_the_name_of_their_host() {
    let root = Ca::root("root");
    let probe = |more: &str| format!("[{{name: probe, protocol: Https, path: /, {more}}}]");
    let rows = [
        ("", None, false, None),
        ("", None, true, Some("localhost")),
        ("hostName: srv.internal", None, false, Some("srv.internal")),
        ("hostName: srv.internal, sniName: sni.internal", None, false, Some("sni.internal")),
        ("sniName: sni.internal", None, false, Some("sni.internal")),
        ("probe: probe", Some("host: probe.internal"), false, Some("probe.internal")),
        ("probe: probe, hostName: srv.internal", Some("host: probe.internal"), false, Some("probe.internal")),
        (
            "probe: probe, hostName: srv.internal",
            Some("pickHostNameFromBackendHttpSettings: true"),
            false,
            Some("srv.internal"),
        ),
        (
            "probe: probe, pickHostNameFromBackendAddress: true",
            Some("pickHostNameFromBackendHttpSettings: true"),
            true,
            Some("localhost"),
        ),
        ("probe: probe", Some("host: 127.0.0.1"), false, None),
    ];
    let mut failures = Vec::new();
    for (settings, custom, named, name) in rows {
        let farm = Farm::tls(1, &TlsServer::new(&root.server(NAMES)));
        let plain = document(&farm, &root, settings);
        let document = if named { by_name(plain) } else { plain };
        let document = custom.iter().fold(document, |document, more| document.section("probes", probe(more)));
        let gateway = Gateway::start(&document);
        let seen = farm.probes().first().map(|request| request.server_name.clone());
        if seen != Some(name.map(str::to_owned)) {
            let health = &gateway.status().health.targets[0].servers;
            failures.push(format!("{settings} {custom:?} named {named}: {seen:?}, not {name:?}; {health:?}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// Where the client's host is asked for, a connection belongs to that host.
#[test]
fn connections_for_one_name_are_not_used_for_another() {
    let root = Ca::root("root");
    let farm = Farm::tls(1, &TlsServer::new(&root.server(NAMES)));
    let gateway = Start::workers(1).run(&document(&farm, &root, ""));
    let mut client = gateway.client();
    for host in ["a.com", "b.com", "a.com", "b.com", "A.COM", "srv.internal", "b.com", "a.com"] {
        assert_eq!(client.get(host, "/").status, 200, "{host}");
        let request = farm.last();
        assert_eq!(request.server_name.as_deref(), Some(host.to_ascii_lowercase().as_str()));
    }
    for request in farm.requests() {
        assert_eq!(request.field("host").map(str::to_ascii_lowercase), request.server_name);
    }
    assert_eq!(farm.connections(), 3, "one for each name, used again");
}

#[test]
fn a_host_that_the_servers_certificate_does_not_have_is_502_and_leaves_others_alone() {
    let root = Ca::root("root");
    let farm = Farm::tls(1, &TlsServer::new(&root.server(&["a.com", "127.0.0.1"])));
    let gateway = Start::workers(1).run(&document(&farm, &root, ""));
    let mut client = gateway.client();
    for (host, status) in [("a.com", 200), ("b.com", 502), ("a.com", 200), ("b.com", 502)] {
        assert_eq!(client.get(host, "/").status, status, "{host}");
    }
    let reasons: Vec<_> = gateway.wait_rows(4).iter().map(|row| row["properties"]["reason"].clone()).collect();
    assert_eq!(reasons[1], "backend_certificate_name", "{reasons:?}");
}

/// Clients from both sides: TLS in front, HTTP/2 in front, and TLS behind.
#[test]
fn tls_at_both_ends_carries_requests_of_both_protocols() {
    let root = Ca::root("root");
    let farm = Farm::tls(1, &TlsServer::new(&root.server(NAMES)));
    let front = Document::https(&farm, &root.server(&["a.com"])).root("root", root.pem());
    let gateway = Gateway::start(&front.tls_settings(&farm, "requestTimeout: 20, trustedRootCertificates: [root]"));
    assert_eq!(gateway.secure(&Tls::new()).client.get("a.com", "/").status, 200);
    assert_eq!(gateway.h2().get("/").status(), 200);
}

/// Columns that Azure added to its table later.
#[test]
fn the_log_says_what_was_agreed_with_the_server() {
    let root = Ca::root("root");
    let farm = Farm::tls(1, &TlsServer::new(&root.server(NAMES)));
    let gateway = Gateway::start(&document(&farm, &root, ""));
    assert_eq!(gateway.get("a.com", "/").status, 200);
    let row = gateway.wait_rows(1).remove(0);
    assert_eq!(row["properties"]["backendSslProtocol"], "TLSv1.3", "{row}");
    assert_eq!(row["properties"]["backendSslCipher"], "TLS_AES_256_GCM_SHA384", "{row}");
}
