//! Protocols inside TLS: nothing is agreed to unless a listener or settings name it.

use e2e::{Farm, Gateway, Sides, Tls, TlsServer, talk};

use super::{OFFLOAD, expect_reset};

fn listening(alpn: &str) -> (Farm, Gateway) {
    let farm = OFFLOAD.farm(1, talk::echo);
    let more = format!("sslCertificate: front{alpn}");
    let document = OFFLOAD.document(&farm).byte_listeners(&[("web", 5432, "Tls", &more)]);
    let gateway = Gateway::start(&document);
    (farm, gateway)
}

#[test]
fn a_listener_agrees_to_a_protocol_that_it_names_and_refuses_nobody() {
    let rows: [(&str, &[(&[&str], Option<&str>)]); 3] = [
        ("", &[(&[], None), (&["postgresql"], None), (&["h2", "http/1.1"], None)]),
        (
            ", gatehouse: {alpn: [postgresql]}",
            &[
                (&["postgresql"], Some("postgresql")),
                (&["mqtt", "postgresql"], Some("postgresql")),
                (&["mqtt"], None),
                (&[], None),
            ],
        ),
        (
            ", gatehouse: {alpn: [mqtt, postgresql]}",
            &[(&["postgresql", "mqtt"], Some("mqtt")), (&["postgresql"], Some("postgresql"))],
        ),
    ];
    for (alpn, rows) in rows {
        let (_farm, gateway) = listening(alpn);
        for (offered, expected) in rows {
            for tls in [Tls::new().tls12(), Tls::new().tls13()] {
                let before = gateway.rows().len();
                let mut secure = tls.protocols(offered).connect(gateway.address("web"));
                let agreed = secure.protocol.as_deref();
                assert_eq!(agreed, expected.map(str::as_bytes), "{alpn}: {offered:?}");
                secure.client.send("hello");
                secure.client.wire.expect("hello");
                drop(secure);
                let row = gateway.session_rows(before + 1).pop().unwrap();
                let logged = row.property("alpn").as_str().unwrap_or_default();
                assert_eq!(logged, expected.unwrap_or_default(), "{offered:?}: {}", row.row);
            }
        }
    }
}

/// Servers, and those that are probed, that speak these protocols.
fn speaking(spoken: &str) -> Farm {
    let server = TlsServer::new(e2e::sides::back()).protocols(&spoken.split_whitespace().collect::<Vec<_>>());
    Farm::bytes(1, Some(&server), talk::echo)
}

/// What a client has agreed on with the gateway is nothing to the server, and the other way round.
#[test]
fn servers_are_offered_what_the_settings_name() {
    let sides = Sides::TLS;
    for (settings, spoken, expected) in [
        ("", "postgresql", None),
        (", gatehouse: {alpn: [postgresql]}", "postgresql", Some("postgresql")),
        (", gatehouse: {alpn: [mqtt, postgresql]}", "postgresql", Some("postgresql")),
        (", gatehouse: {alpn: [postgresql]}", "", None),
    ] {
        let farm = speaking(spoken);
        let listener = "sslCertificate: front, gatehouse: {alpn: [mqtt]}";
        let document = sides
            .document(&farm)
            .byte_listeners(&[("web", 5432, "Tls", listener)])
            .byte_settings(&farm, &[sides.setting("bytes", &format!("timeout: 20{settings}"))]);
        let gateway = Gateway::start(&document);
        let mut secure = Tls::new().protocols(&["mqtt"]).connect(gateway.address("web"));
        assert_eq!(secure.protocol.as_deref(), Some(&b"mqtt"[..]));
        secure.client.send("hello");
        secure.client.wire.expect("hello");
        let handshake = farm.handshakes().pop().unwrap();
        assert_eq!(handshake.protocol.as_deref(), expected.map(str::as_bytes), "{settings}: {handshake:?}");
    }
}

#[test]
fn a_server_that_speaks_none_of_the_protocols_is_not_used() {
    let sides = Sides { client_tls: false, server_tls: true };
    let farm = speaking("postgresql");
    farm.set_tls(0, &TlsServer::new(e2e::sides::back()).protocols(&["mqtt"]));
    let setting = sides.setting("bytes", "timeout: 20, gatehouse: {alpn: [postgresql]}");
    let gateway = Gateway::start(&sides.document(&farm).byte_settings(&farm, &[setting]));
    expect_reset(sides, &gateway);
    let row = gateway.session_row();
    row.check("502", "backend_handshake", 0, 0);
    let detail = row.property("detail").as_str().unwrap();
    assert!(detail.contains("no_application_protocol"), "{detail}");
}
