//! Listeners of TLS that share a port: the name that a client asks for decides about certificate, rule and server.

use e2e::openssl::{is_there, s_client};
use e2e::{Ca, Document, Farm, Gateway, Issued, Tls, talk};

use super::{OFFLOAD, server, sites};

/// Certificates for the four listeners, in the order of their servers.
struct Sites([(&'static str, &'static str, Issued); 4]);

/// The servers behind them.
const A: usize = 0;
const WILD: usize = 1;
const B: usize = 2;
const BASIC: usize = 3;

impl Sites {
    fn new() -> Self {
        let ca = Ca::root("sites");
        Self([
            ("a", "hostNames: [A.com]", ca.server(&["a.com"])),
            ("wild", "hostNames: ['*.wild.com', 'w?ld.org']", ca.server(&["*.wild.com"])),
            ("b", "hostNames: [b.com, x.wild.com]", ca.server(&["b.com"])),
            ("basic", "", ca.server(&["basic.com"])),
        ])
    }

    /// The listeners in the order of their priorities.
    fn document(&self, farm: &Farm, order: &[usize]) -> Document {
        let listeners: Vec<(&str, String)> = order
            .iter()
            .map(|&site| {
                let (name, hosts, _) = &self.0[site];
                let comma = if hosts.is_empty() { "" } else { ", " };
                (*name, format!("sslCertificate: {name}{comma}{hosts}"))
            })
            .collect();
        let listeners: Vec<_> = listeners.iter().map(|(name, more)| (*name, more.as_str())).collect();
        let pools: Vec<_> = self.0.iter().map(|(name, ..)| *name).collect();
        let document = sites(farm, "Tls", &listeners).pools(farm, &pools);
        order.iter().fold(document, |document, &site| {
            let (name, _, certificate) = &self.0[site];
            document.certificate(name, certificate)
        })
    }

    #[track_caller]
    fn check(&self, gateway: &Gateway, tls: &Tls, name: Option<&str>, expected: Option<usize>) {
        let tls = match name {
            Some(name) => tls.clone().name(name),
            None => tls.clone().nameless(),
        };
        let made = tls.try_connect(gateway.address("a"));
        let Some(expected) = expected else {
            let alert = rustls::Error::AlertReceived(rustls::AlertDescription::UnrecognisedName);
            return assert_eq!(made.err(), Some(alert), "{name:?}");
        };
        let secure = made.unwrap_or_else(|error| panic!("{name:?}: {error}"));
        assert!(secure.shows(&self.0[expected].2), "{name:?}: the certificate");
        assert_eq!(server(secure.client.wire), expected, "{name:?}: the server");
    }
}

#[test]
fn the_name_that_is_asked_for_decides_about_certificate_and_server() {
    let (farm, sites) = (OFFLOAD.farm(4, talk::name), Sites::new());
    // Without and with a listener that takes any name, whose priority says nothing.
    let rows = [
        (Some("a.com"), Some(A), Some(A)),
        (Some("b.com"), Some(B), Some(B)),
        (Some("y.wild.com"), Some(WILD), Some(WILD)),
        (Some("y.z.wild.com"), Some(WILD), Some(WILD)),
        (Some("wild.org"), Some(WILD), Some(WILD)),
        (Some("wld.org"), None, Some(BASIC)),
        (Some("wild.com"), None, Some(BASIC)),
        (Some("xa.com"), None, Some(BASIC)),
        (Some("basic.com"), None, Some(BASIC)),
        // Nobody is named: the best priority.
        (None, Some(B), Some(BASIC)),
    ];
    for (order, basic) in [(vec![B, A, WILD], false), (vec![BASIC, B, A, WILD], true), (vec![B, A, WILD, BASIC], true)]
    {
        let gateway = Gateway::start(&sites.document(&farm, &order));
        for tls in [Tls::new().tls12(), Tls::new().tls13()] {
            for (name, alone, beside_basic) in rows {
                sites.check(&gateway, &tls, name, if basic { beside_basic } else { alone });
            }
        }
    }
}

/// Azure, configuration-listeners: of several that match, the rule with the best priority.
#[test]
fn where_several_match_the_priority_decides() {
    let (farm, sites) = (OFFLOAD.farm(4, talk::name), Sites::new());
    for (order, expected) in [(vec![WILD, B], WILD), (vec![B, WILD], B)] {
        let gateway = Gateway::start(&sites.document(&farm, &[order, vec![A]].concat()));
        sites.check(&gateway, &Tls::new(), Some("x.wild.com"), Some(expected));
    }
}

/// Names in forms that only a program of another make sends.
#[test]
fn names_are_compared_without_case_and_final_dot_and_addresses_are_no_names() {
    if !is_there() {
        return;
    }
    let (farm, sites) = (OFFLOAD.farm(4, talk::name), Sites::new());
    let gateway = Gateway::start(&sites.document(&farm, &[B, A, WILD]));
    for (name, expected) in [
        ("A.CoM", Some("a.com")),
        ("a.com.", Some("a.com")),
        ("X.WILD.COM.", Some("b.com")),
        ("127.0.0.1", Some("b.com")),
        ("unknown.com.", None),
    ] {
        let outcome = s_client(gateway.address("a"), &["-servername", name], "");
        let shown = outcome.text.lines().find_map(|line| line.strip_prefix("subject="));
        match expected {
            Some(expected) => {
                let ends = format!("CN = {expected}");
                assert!(shown.is_some_and(|shown| shown.ends_with(&ends)), "{name}: {shown:?} {:?}", outcome.alert);
            }
            None => assert_eq!((shown, outcome.alert), (None, Some(112)), "{name}"),
        }
    }
}

#[test]
fn a_name_that_nobody_has_is_refused_and_logged() {
    let (farm, sites) = (OFFLOAD.farm(4, talk::name), Sites::new());
    let gateway = Gateway::start(&sites.document(&farm, &[B, A]));
    sites.check(&gateway, &Tls::new(), Some("unknown.com"), None);
    let row = gateway.session_row();
    row.check("400", "unknown_server_name", 0, 0);
    assert_eq!((row.property("sni"), row.server.as_str()), (&"unknown.com".into(), ""), "{}", row.row);
    assert!(farm.visits().is_empty(), "no server was asked");
}

/// An extension: those who name nobody are refused as well, unless some listener takes any name.
#[test]
fn whoever_names_nobody_can_be_refused() {
    let (farm, sites) = (OFFLOAD.farm(4, talk::name), Sites::new());
    for (order, nameless, unknown) in [(vec![B, A], None, None), (vec![B, A, BASIC], Some(BASIC), Some(BASIC))] {
        let document = sites.document(&farm, &order).extension("refuseUnknownSni: true");
        let gateway = Gateway::start(&document);
        for (name, expected) in [(Some("a.com"), Some(A)), (None, nameless), (Some("unknown.com"), unknown)] {
            sites.check(&gateway, &Tls::new(), name, expected);
        }
    }
}

#[test]
fn what_is_not_tls_on_a_listener_of_tls_is_refused_and_logged() {
    let farm = OFFLOAD.farm(1, talk::name);
    let gateway = Gateway::start(&OFFLOAD.document(&farm));
    let rows: [(&[u8], &str); 4] = [
        (b"GET / HTTP/1.1\r\nHost: a.com\r\n\r\n", "not_tls"),
        (b"\x00\x00\x00\x08\x04\xd2\x16\x2f", "not_tls"),
        (b"\x16\x03\x01\x00\x05\x02\x00\x00\x01\x00", "not_tls"),
        // TLS 1.1, whole.
        (
            b"\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x0212345678901234567890123456789012\x00\x00\x02\xc0\x2b\x01\x00",
            "client_handshake",
        ),
    ];
    for (number, (bytes, reason)) in rows.into_iter().enumerate() {
        let mut client = e2e::Client::connect(gateway.address("web"));
        client.send(bytes);
        assert!(client.wire.to_end().is_ok(), "{reason}: the connection ends");
        let row = gateway.session_rows(number + 1).remove(number);
        assert_eq!(row.outcome(), ("400", reason), "{bytes:?}: {}", row.row);
        assert_eq!(row.server, "", "{bytes:?}");
    }
    assert!(farm.visits().is_empty(), "no server was asked");
}

#[test]
fn a_handshake_that_takes_too_long_ends() {
    let farm = OFFLOAD.farm(1, talk::name);
    let gateway = Gateway::start(&OFFLOAD.document(&farm).limit("tlsHandshakeTimeoutInSec: 1"));
    for (number, bytes) in [&b""[..], b"\x16\x03\x01\x02"].into_iter().enumerate() {
        let mut client = e2e::Client::connect(gateway.address("web"));
        client.send(bytes);
        let began = std::time::Instant::now();
        assert!(client.wire.to_end().is_ok(), "the connection ends");
        assert!(began.elapsed().as_millis() > 800, "{:?}", began.elapsed());
        let row = gateway.session_rows(number + 1).remove(number);
        assert_eq!(row.outcome(), ("400", "client_handshake"), "{}", row.row);
    }
}
