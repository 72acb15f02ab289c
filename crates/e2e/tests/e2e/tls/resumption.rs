//! Sessions that go on.
//!
//! Source: Azure, "Overview of TLS termination": session identifiers and tickets are kept for returning clients.

use e2e::openssl::{is_there, s_client};
use e2e::{Ca, Document, Farm, Gateway, Issued, Start, Tls};

/// Asks, so that tickets have come by the time the answer has.
fn ask(gateway: &Gateway, tls: &Tls, listener: &str) -> (bool, u16) {
    let mut secure = tls.connect(gateway.address(listener));
    let status = secure.client.get("a.com", "/").status;
    (secure.resumed, status)
}

#[test]
fn sessions_are_resumed_whichever_worker_the_client_meets() {
    let farm = Farm::echo(1);
    let document = Document::https(&farm, &Ca::root("root").server(&["a.com"]));
    let gateway = Start::workers(4).run(&document);
    for tls in [Tls::new().tls13(), Tls::new().tls12()] {
        assert_eq!(ask(&gateway, &tls, "web"), (false, 200));
        for number in 0..24 {
            assert_eq!(ask(&gateway, &tls, "web"), (true, 200), "connection {number}");
        }
    }
}

#[test]
fn two_tickets_come_with_a_handshake_and_each_resumes() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::https(&farm, &Ca::root("root").server(&["a.com"])));
    let tls = Tls::new().tls13();
    ask(&gateway, &tls, "web");
    assert_eq!(tls.sessions().tickets(), 2);
    let first = tls.connect(gateway.address("web"));
    let second = tls.connect(gateway.address("web"));
    assert!(first.resumed && second.resumed);
}

/// Clients that know no tickets are known by the identifier of their session.
#[test]
fn tls_1_2_resumes_by_session_identifier_whichever_worker_the_client_meets() {
    if !is_there() {
        return;
    }
    let farm = Farm::echo(1);
    let document = Document::https(&farm, &Ca::root("root").server(&["a.com"]));
    let gateway = Start::workers(4).run(&document);
    let arguments = ["-tls1_2", "-no_ticket", "-reconnect", "-servername", "a.com"];
    let outcome = s_client(gateway.address("web"), &arguments, "");
    assert_eq!(outcome.text.matches("Reused, TLSv1.2").count(), 5, "{}", outcome.text);
}

#[test]
fn sessions_survive_a_change_of_configuration() {
    let farm = Farm::echo(1);
    let root = Ca::root("root");
    let certificate = root.server(&["a.com"]);
    let document =
        |path: &str| Document::https(&farm, &certificate).settings(&farm, &format!("requestTimeout: 20, path: {path}"));
    let gateway = Gateway::start(&document("/v1"));
    let kinds = [Tls::new().tls13(), Tls::new().tls12()];
    kinds.iter().for_each(|tls| assert_eq!(ask(&gateway, tls, "web"), (false, 200)));
    gateway.apply(&document("/v2")).unwrap();
    kinds.iter().for_each(|tls| assert_eq!(ask(&gateway, tls, "web"), (true, 200), "after a change elsewhere"));
    // A client that resumes sees no certificate, so a new one need not end its session.
    let renewed = Document::https(&farm, &root.server(&["a.com"]));
    gateway.apply(&renewed).unwrap();
    kinds.iter().for_each(|tls| assert_eq!(ask(&gateway, tls, "web").1, 200));
}

/// Two listeners on ports of their own, so that no name tells them apart: `web` is open, `safe` demands certificates.
fn two_ports(farm: &Farm, clients: &Ca) -> Document {
    Document::new(farm)
        .certificate("cert", &Ca::root("root").server(&["a.com"]))
        .client_ca("clients", &clients.pem())
        .profile("strict", "trustedClientCertificates: [clients]")
        .section("frontendPorts", "[{name: p443, port: 443}, {name: p8443, port: 8443}]")
        .section(
            "httpListeners",
            "[{name: web, frontendIPConfiguration: feip, frontendPort: p443, protocol: Https, sslCertificate: cert},
              {name: safe, frontendIPConfiguration: feip, frontendPort: p8443, protocol: Https, sslCertificate: cert,
               sslProfile: strict}]",
        )
        .port(80, "0")
        .port(443, "0")
        .port(8443, "0")
        .rules_for(&["web", "safe"])
}

#[test]
fn a_session_of_an_open_listener_is_not_resumed_where_certificates_are_demanded() {
    let farm = Farm::echo(1);
    let clients = Ca::root("clients");
    let gateway = Gateway::start(&two_ports(&farm, &clients));
    for tls in [Tls::new().tls13(), Tls::new().tls12()] {
        assert_eq!(ask(&gateway, &tls, "web"), (false, 200));
        assert_eq!(ask(&gateway, &tls, "safe"), (false, 400));
        // And the other way round: who was let in there shows nothing of it here.
        let good = tls.certificate(&clients.client("good"));
        assert_eq!(ask(&gateway, &good, "safe"), (false, 200));
        assert_eq!(ask(&gateway, &good, "web"), (false, 200));
    }
}

/// A session brings its certificate along, and what that is worth is decided anew.
#[test]
fn a_resumed_client_is_judged_by_the_present_configuration() {
    let farm = Farm::echo(1);
    let clients = Ca::root("clients");
    let gateway = Gateway::start(&two_ports(&farm, &clients));
    let certificate: Issued = clients.client("good");
    for tls in [Tls::new().tls13(), Tls::new().tls12()] {
        let tls = tls.certificate(&certificate);
        assert_eq!(ask(&gateway, &tls, "safe").1, 200);
        assert_eq!(ask(&gateway, &tls, "safe").1, 200, "resumed or not, it is the same client");
        gateway.apply(&two_ports(&farm, &Ca::root("others"))).unwrap();
        assert_eq!(ask(&gateway, &tls, "safe").1, 400, "its authority is trusted no more");
        gateway.apply(&two_ports(&farm, &clients)).unwrap();
        assert_eq!(ask(&gateway, &tls, "safe").1, 200);
    }
    let rows = gateway.wait_rows(8);
    for row in rows.iter().filter(|row| row["properties"]["httpStatus"] == 200) {
        assert_eq!(row["properties"]["sslClientVerify"], "SUCCESS", "{row}");
    }
}

#[test]
fn a_ticket_of_another_gateway_is_no_session_and_no_error() {
    let farm = Farm::echo(1);
    let document = Document::https(&farm, &Ca::root("root").server(&["a.com"]));
    let (one, other) = (Gateway::start(&document), Gateway::start(&document));
    for tls in [Tls::new().tls13(), Tls::new().tls12()] {
        assert_eq!(ask(&one, &tls, "web"), (false, 200));
        assert_eq!(ask(&other, &tls, "web"), (false, 200));
    }
}

#[test]
fn gateways_that_share_a_secret_resume_each_others_sessions() {
    let farm = Farm::echo(1);
    let document = Document::https(&farm, &Ca::root("root").server(&["a.com"]));
    let (new, old): (&[u8], &[u8]) = (&[1; 48], &[2; 48]);
    let start = |secrets: &[&[u8]]| Start::workers(1).ticket_secrets(secrets).run(&document);
    // The first encrypts, all decrypt: so a secret is replaced on one gateway after the other.
    let (one, other, strange) = (start(&[old]), start(&[new, old]), start(&[new]));
    for tls in [Tls::new().tls13(), Tls::new().tls12()] {
        assert_eq!(ask(&one, &tls, "web"), (false, 200));
        assert_eq!(ask(&other, &tls, "web"), (true, 200), "the old secret still decrypts");
        let again = Tls::clone(&tls);
        assert_eq!(ask(&other, &again, "web").1, 200);
        let newer = if tls.sessions().tickets() > 0 { Tls::new().tls13() } else { Tls::new().tls12() };
        assert_eq!(ask(&one, &newer, "web"), (false, 200));
        assert_eq!(ask(&strange, &newer, "web"), (false, 200), "a secret it does not have");
    }
}
