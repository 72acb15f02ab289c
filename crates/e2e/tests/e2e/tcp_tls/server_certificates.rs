//! Servers under TLS: which certificates are taken, for clients of TCP and of TLS; what refused ones look like.

use e2e::ca::{Dates, self_signed};
use e2e::sides::SERVER_NAME;
use e2e::{Ca, End, Farm, Gateway, Issued, SessionRow, Sides, TlsServer, Wish, talk};

use super::expect_reset;

const NAMED: &str = "hostName: server.internal, trustedRootCertificates: [own]";

/// Servers whose probes succeed whatever they show to sessions.
fn farm(shown: &TlsServer) -> Farm {
    let farm = Sides::TLS.farm(1, talk::echo);
    farm.set_tls(0, shown);
    farm
}

/// A gateway whose servers are to lead to this root; it trusts the ones that are probed as well.
fn gateway(sides: Sides, farm: &Farm, root: &Ca, settings: &str) -> Gateway {
    let (name, protocol, _) = sides.setting("bytes", "");
    let settings = format!("timeout: 20, {}", settings.replace("[own]", "[own, root]"));
    Gateway::start(&sides.document(farm).root("own", root.pem()).byte_settings(farm, &[(name, protocol, settings)]))
}

const BOTH: [Sides; 2] = [Sides { client_tls: false, server_tls: true }, Sides::TLS];

#[test]
fn good_certificates_are_taken() {
    let root = Ca::root("own");
    let issuing = root.intermediate("issuing");
    let common_name = root.issue(&Wish::server(&[SERVER_NAME]).common_name_only());
    let rows: [(&str, TlsServer, &str, Option<&str>); 6] = [
        ("of the root", TlsServer::new(&root.server(&[SERVER_NAME])), NAMED, Some(SERVER_NAME)),
        ("of an intermediate", TlsServer::new(&issuing.server(&[SERVER_NAME])), NAMED, Some(SERVER_NAME)),
        ("RSA", TlsServer::new(&root.issue(&Wish::server(&[SERVER_NAME]).rsa())), NAMED, Some(SERVER_NAME)),
        ("TLS 1.2", TlsServer::tls12(&root.server(&[SERVER_NAME])), NAMED, Some(SERVER_NAME)),
        ("one that asks for ours", TlsServer::asking(&root.server(&[SERVER_NAME])), NAMED, Some(SERVER_NAME)),
        ("by its common name", TlsServer::new(&common_name), NAMED, Some(SERVER_NAME)),
    ];
    for (what, shown, settings, name) in rows {
        for sides in BOTH {
            let farm = farm(&shown);
            let gateway = gateway(sides, &farm, &root, settings);
            let mut client = sides.connect(&gateway);
            client.send("hello").unwrap();
            client.expect("hello");
            client.finish();
            client.expect_end(End::Fin);
            gateway.session_row().check("200", "closed", 5, 5);
            let handshake = farm.handshakes().pop().unwrap();
            assert_eq!(handshake.name.as_deref(), name, "{what}, {sides}");
            assert_eq!(handshake.certificates, None, "{what}: nothing is shown to servers");
        }
    }
}

/// Without a name, nothing is sent; the address has to be in the certificate. Azure does not say.
#[test]
fn without_a_name_the_address_has_to_be_in_the_certificate() {
    let root = Ca::root("own");
    let settings = "trustedRootCertificates: [own]";
    let rows = [
        ("the address", root.server(&["127.0.0.1"]), "closed"),
        ("another address", root.server(&["127.0.0.2"]), "backend_certificate_name"),
        ("a name", root.server(&[SERVER_NAME]), "backend_certificate_name"),
    ];
    for (what, shown, end) in rows {
        // Probes need the address, too, so they go to the port of sessions.
        let sides = BOTH[0];
        let farm = farm(&TlsServer::new(&root.server(&["127.0.0.1"])));
        let text = format!("[{{name: bytes, port: {}, protocol: Tls, timeout: 20, {settings}}}]", farm.port());
        let document = sides.document(&farm).root("own", root.pem());
        let document = document.section("backendSettingsCollection", text).section("probes", "[]");
        let gateway = Gateway::start(&document);
        farm.set_tls(0, &TlsServer::new(&shown));
        if end == "closed" {
            let mut client = sides.connect(&gateway);
            client.send("hello").unwrap();
            client.expect("hello");
            client.finish();
            client.expect_end(End::Fin);
        } else {
            expect_reset(sides, &gateway);
        }
        let row = gateway.session_row();
        assert_eq!(row.end, end, "{what}: {}", row.row);
        assert!(farm.handshakes().iter().all(|handshake| handshake.name.is_none()), "{what}: no name was sent");
    }
}

/// A server, the reason in the log, and words of the detail.
type Row = (&'static str, Issued, &'static str, &'static str);

#[test]
fn bad_certificates_are_refused_and_the_log_says_why() {
    let root = Ca::root("own");
    let (issuing, stale) = (root.intermediate("issuing"), root.intermediate_with("stale", Dates::Expired));
    let wish = |wish: Wish| root.issue(&wish);
    let named = || Wish::server(&[SERVER_NAME]);
    let rows: [Row; 9] = [
        ("another name", root.server(&["other.internal"]), "backend_certificate_name", "server.internal"),
        ("an address", root.server(&["127.0.0.1"]), "backend_certificate_name", "server.internal"),
        ("expired", wish(named().dates(Dates::Expired)), "backend_certificate_date", ""),
        ("not yet valid", wish(named().dates(Dates::NotYet)), "backend_certificate_date", ""),
        ("of an expired issuer", stale.server(&[SERVER_NAME]), "backend_certificate_date", ""),
        ("of another root", Ca::root("own").server(&[SERVER_NAME]), "backend_certificate_chain", ""),
        ("self-signed", self_signed(&named()), "backend_certificate_chain", ""),
        ("without its issuer", issuing.server(&[SERVER_NAME]).alone(), "backend_certificate_chain", ""),
        ("a client's", root.issue(&Wish::client(SERVER_NAME)), "backend_certificate_", ""),
    ];
    for (what, shown, reason, says) in rows {
        for sides in BOTH {
            let farm = farm(&TlsServer::new(&shown));
            let gateway = gateway(sides, &farm, &root, NAMED);
            expect_reset(sides, &gateway);
            refused(&farm, &gateway.session_row(), reason, says, what);
        }
    }
}

#[track_caller]
fn refused(farm: &Farm, row: &SessionRow, reason: &str, says: &str, what: &str) {
    assert_eq!((row.status.as_str(), row.bytes()), ("502", [0; 4]), "{what}: {}", row.row);
    assert!(row.end.starts_with(reason), "{what}: {}", row.row);
    assert_eq!(row.server, farm.address(0).to_string(), "{what}: the last one tried");
    let detail = row.property("detail").as_str().unwrap_or_default();
    assert!(!detail.is_empty() && detail.contains(says), "{what}: {detail:?}");
}

#[test]
fn a_server_that_does_not_shake_hands_is_refused() {
    let sides = BOTH[0];
    let rows: [(&str, fn(&mut e2e::Peer) -> std::io::Result<()>); 3] = [
        ("it speaks something else", |peer| peer.send("220 mail.internal ready\r\n").and_then(|()| peer.hold())),
        ("it leaves", |peer| peer.wire.exactly(1, |_| {}).map_err(Into::into)),
        ("it resets", |peer| peer.wire.exactly(1, |_| {}).map_err(std::io::Error::from).and_then(|()| peer.reset())),
    ];
    for (what, script) in rows {
        // One farm is probed, the other one serves.
        let (well, farm) = (sides.farm(1, talk::echo), Sides::TCP.farm(1, script));
        let (_, _, tls) = sides.setting("bytes", "timeout: 20");
        let settings = format!("[{{name: bytes, port: {}, protocol: Tls, probe: bytes-probe, {tls}}}]", farm.port());
        let probes =
            format!("[{{name: bytes-probe, protocol: Tls, port: {}, interval: 30, timeout: 20}}]", well.port());
        let document = sides.document(&well).section("backendSettingsCollection", settings).section("probes", probes);
        let gateway = Gateway::start(&document);
        expect_reset(sides, &gateway);
        refused(&farm, &gateway.session_row(), "backend_handshake", "", what);
    }
}
