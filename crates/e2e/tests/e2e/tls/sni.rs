//! Which certificate is shown, and which listener serves what is asked for then.
//!
//! Source: Azure, "Overview of TLS termination" (ssl-overview): the table of certificates by server name; "Hosting
//! multiple sites".

use e2e::h2::get;
use e2e::openssl::{is_there, s_client};
use e2e::{Ca, Document, Farm, Gateway, H2, Tls};

use super::Sites;

#[test]
fn the_name_that_is_asked_for_decides_about_the_certificate() {
    let (farm, sites) = (Farm::echo(1), Sites::new());
    let rows = [
        (Some("a.com"), &sites.a, &sites.a),
        (Some("b.com"), &sites.b, &sites.b),
        (Some("x.wild.com"), &sites.wild, &sites.wild),
        (Some("x.y.wild.com"), &sites.wild, &sites.wild),
        (Some("wild.com"), &sites.b, &sites.basic),
        (Some("unknown.com"), &sites.b, &sites.basic),
        (Some("xa.com"), &sites.b, &sites.basic),
        (Some("a_b.com"), &sites.b, &sites.basic),
        (None, &sites.b, &sites.basic),
    ];
    for with_basic in [false, true] {
        let gateway = Gateway::start(&sites.document(&farm, with_basic));
        for tls in [Tls::new().tls12(), Tls::new().tls13()] {
            for (name, alone, beside_basic) in rows {
                let tls = match name {
                    Some(name) => tls.clone().name(name),
                    None => tls.clone().nameless(),
                };
                let expected = if with_basic { beside_basic } else { alone };
                let secure = tls.connect(gateway.address("a"));
                assert!(secure.shows(expected), "{name:?}, with a basic listener: {with_basic}");
            }
        }
    }
}

/// ILLEGAL_PARAMETER.
const NO_NAME: u8 = 47;

/// Names in forms that only a program of another make sends. What cannot be a name ends the handshake: the library that
/// reads it has nothing to say of it, and no browser sends it.
#[test]
fn names_are_compared_without_case_and_final_dot_and_addresses_are_no_names() {
    if !is_there() {
        return;
    }
    let (farm, sites) = (Farm::echo(1), Sites::new());
    let long = format!("{}.com", "x".repeat(250));
    let rows = [
        ("A.CoM", "a.com", "a.com"),
        ("a.com.", "a.com", "a.com"),
        ("X.WILD.COM.", "*.wild.com", "*.wild.com"),
        ("127.0.0.1", "b.com", "basic.com"),
        ("::1", "b.com", "basic.com"),
        ("\u{e4}.com", "", ""),
        ("a.com ", "", ""),
        ("a..com", "", ""),
        (".", "", ""),
        (&long, "", ""),
    ];
    let mut failures = Vec::new();
    for with_basic in [false, true] {
        let gateway = Gateway::start(&sites.document(&farm, with_basic));
        for (name, alone, beside_basic) in rows {
            let expected = if with_basic { beside_basic } else { alone };
            let outcome = s_client(gateway.address("a"), &["-servername", name], "");
            let shown = outcome.text.lines().find_map(|line| line.strip_prefix("subject="));
            let ended = expected.is_empty() && shown.is_none() && outcome.alert == Some(NO_NAME);
            if !ended && !shown.is_some_and(|shown| shown.ends_with(&format!("CN = {expected}"))) {
                failures.push(format!(
                    "{name:?} (basic: {with_basic}): {expected} expected, got {shown:?} {:?}",
                    outcome.alert
                ));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn after_the_handshake_the_host_decides() {
    let (farm, sites) = (Farm::echo(1), Sites::new());
    for (with_basic, name) in [(false, "unknown.com"), (true, "unknown.com"), (false, "a.com"), (true, "b.com")] {
        let gateway = Gateway::start(&sites.document(&farm, with_basic));
        let mut client = Tls::new().name(name).connect(gateway.address("a")).client;
        let other = if with_basic { (200, "basic") } else { (404, "") };
        let rows = [
            ("a.com", 200, "a"),
            ("A.COM:8443", 200, "a"),
            ("b.com", 200, "b"),
            ("x.wild.com", 200, "wild"),
            ("unknown.com", other.0, other.1),
        ];
        for (host, status, _) in rows {
            assert_eq!(client.get(host, "/").status, status, "{host} after {name}");
        }
        let logged = gateway.wait_rows(rows.len());
        for (row, (host, _, listener)) in logged.iter().zip(rows) {
            assert_eq!(row["listenerName"], listener, "{host}");
        }
        assert_eq!(client.ask("GET / HTTP/1.1\r\nHost: a:1:2\r\n\r\n").status, 400);
    }
}

/// `safe` demands certificates, `safer` and `safest` share a profile that does, `open` does not.
fn guarded(farm: &Farm) -> Document {
    let ca = Ca::root("sites");
    Document::new(farm)
        .certificate("cert", &ca.server(&["open.com", "safe.com", "safer.com", "safest.com"]))
        .client_ca("clients", &Ca::root("clients").pem())
        .client_ca("others", &Ca::root("others").pem())
        .profile(
            "strict",
            "trustedClientCertificates: [clients], clientAuthConfiguration: {verifyClientAuthMode: Strict}",
        )
        .profile("lax", "clientAuthConfiguration: {verifyClientAuthMode: Passthrough}")
        .profile(
            "shared",
            "clientAuthConfiguration: {verifyClientAuthMode: Passthrough}, sslPolicy: {policyType: \
                            Predefined, policyName: AppGwSslPolicy20220101S}",
        )
        .section("enableHttp2", "true")
        .secure(&[
            ("open", "hostName: open.com, sslCertificate: cert"),
            ("safe", "hostName: safe.com, sslCertificate: cert, sslProfile: strict"),
            ("safer", "hostName: safer.com, sslCertificate: cert, sslProfile: lax"),
            ("safest", "hostName: safest.com, sslCertificate: cert, sslProfile: shared"),
        ])
        .rules_for(&["open", "safe", "safer", "safest"])
}

/// Without this a client could enter a site that demands certificates by the name of one that does not. That
/// differs from the name in the handshake alone is no reason to refuse.
#[test]
fn a_host_whose_listener_asks_for_certificates_in_another_way_is_misdirected() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&guarded(&farm));
    let rows = [
        (Some("open.com"), "open.com", 200),
        (Some("open.com"), "safe.com", 421),
        (Some("open.com"), "safer.com", 421),
        (None, "safe.com", 421),
        (Some("unknown.com"), "safe.com", 421),
        (Some("safer.com"), "safer.com", 200),
        (Some("safer.com"), "open.com", 421),
        (Some("safer.com"), "safe.com", 421),
        // Asked in the same way, with another policy.
        (Some("safer.com"), "safest.com", 200),
    ];
    for (name, host, status) in rows {
        let before = farm.requests().len();
        let tls = name.map_or_else(|| Tls::new().nameless(), |name| Tls::new().name(name));
        let mut client = tls.connect(gateway.address("open")).client;
        let answer = client.get(host, "/");
        assert_eq!(answer.status, status, "{host} after {name:?}");
        let mut h2 = H2::over(&tls, gateway.address("open")).begun(&[]);
        let mut fields = get("/");
        fields[2].1 = host;
        let stream = h2.request(&fields);
        assert_eq!(h2.answer(stream).status(), status, "{host} after {name:?}, HTTP/2");
        let reached = farm.requests().len() - before;
        assert_eq!(reached, if status == 200 { 2 } else { 0 }, "{host} after {name:?}");
        // A browser tries again on a new connection, and uses this one on.
        if status == 421 && name == Some("open.com") {
            assert_eq!(client.get("open.com", "/").status, 200);
        }
    }
    let retried = 2;
    let rows = gateway.wait_rows(rows.len() * 2 + retried);
    let misdirected: Vec<_> = rows.iter().filter(|row| row["properties"]["httpStatus"] == 421).collect();
    assert_eq!(misdirected.len(), 12);
    assert!(misdirected.iter().all(|row| row["properties"]["reason"] == "misdirected_request"), "{misdirected:?}");
}

/// An extension: Azure shows some certificate.
#[test]
fn names_that_nobody_has_can_be_refused() {
    let (farm, sites) = (Farm::echo(1), Sites::new());
    for with_basic in [false, true] {
        let document = sites.document(&farm, with_basic).extension("refuseUnknownSni: true");
        let gateway = Gateway::start(&document);
        for (name, refused) in [("a.com", false), ("x.wild.com", false), ("unknown.com", !with_basic)] {
            let connected = Tls::new().name(name).try_connect(gateway.address("a"));
            let alert = rustls::Error::AlertReceived(rustls::AlertDescription::UnrecognisedName);
            assert_eq!(connected.err(), refused.then_some(alert), "{name}, with a basic listener: {with_basic}");
        }
    }
}
