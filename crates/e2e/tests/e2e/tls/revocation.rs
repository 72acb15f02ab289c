//! Certificates of clients that were revoked: by what a responder says, and by lists.
//!
//! Source: Azure, "Mutual authentication": OCSP from the responder that the certificate names; answers are kept; no
//! answer is a refusal. RFC 6960.

use std::time::{Duration, Instant};

use e2e::ocsp::{Responder, Says};
use e2e::{Ca, Document, Farm, Gateway, Issued, Tls, Wish};

/// One listener that asks responders about the certificates of this authority.
fn guarded(farm: &Farm, ca: &Ca) -> Document {
    Document::https(farm, &Ca::root("root").server(&["a.com"]))
        .client_ca("clients", &ca.chain_pem())
        .profile(
            "strict",
            "trustedClientCertificates: [clients], clientAuthConfiguration: {verifyClientRevocation: OCSP}",
        )
        .secure(&[("web", "sslCertificate: cert, sslProfile: strict")])
}

fn ask(gateway: &Gateway, certificate: &Issued) -> u16 {
    gateway.secure(&Tls::new().certificate(certificate)).client.get("a.com", "/").status
}

fn client(ca: &Ca, responder: &Responder) -> Issued {
    ca.issue(&Wish::client("somebody").responder(&responder.url()))
}

#[test]
fn what_the_responder_says_decides() {
    let farm = Farm::echo(1);
    let ca = Ca::root("clients").intermediate("issuing");
    let responder = Responder::start(&ca);
    let gateway = Gateway::start(&guarded(&farm, &ca));
    let rows = [
        (Says::Good, 200),
        (Says::GoodByDelegate, 200),
        (Says::Revoked, 400),
        (Says::Unknown, 400),
        (Says::GoodByStranger, 400),
        (Says::GoodLongAgo, 400),
        (Says::GoodForged, 400),
        (Says::TryLater, 400),
        (Says::Garbage, 400),
        (Says::Failure, 400),
    ];
    for (says, status) in rows {
        responder.say(says);
        let before = (responder.asked(), gateway.rows().len());
        assert_eq!(ask(&gateway, &client(&ca, &responder)), status, "{says:?}");
        assert!(responder.asked() > before.0, "{says:?}: nobody asked");
        let row = gateway.wait_rows(before.1 + 1).pop().unwrap();
        let verify = row["properties"]["sslClientVerify"].as_str().unwrap();
        assert!(verify.starts_with(if status == 200 { "SUCCESS" } else { "FAILED:" }), "{says:?}: {verify}");
    }
    assert_eq!(farm.requests().len(), 2);
}

#[test]
fn a_certificate_that_names_no_responder_is_refused() {
    let farm = Farm::echo(1);
    let ca = Ca::root("clients");
    let gateway = Gateway::start(&guarded(&farm, &ca));
    assert_eq!(ask(&gateway, &ca.client("somebody")), 400);
    let unreachable = ca.issue(&Wish::client("somebody").responder("http://127.0.0.1:9/"));
    assert_eq!(ask(&gateway, &unreachable), 400);
}

/// The wait for a responder is 5 seconds; others are served meanwhile.
#[test]
fn a_responder_that_says_nothing_is_not_waited_for_for_long() {
    let farm = Farm::echo(1);
    let ca = Ca::root("clients");
    let (responder, quick) = (Responder::start(&ca), Responder::start(&ca));
    responder.say(Says::Nothing);
    let gateway = Gateway::start(&guarded(&farm, &ca));
    let (address, certificate) = (gateway.address("web"), client(&ca, &responder));
    let began = Instant::now();
    let waiting = std::thread::spawn(move || {
        Tls::new().certificate(&certificate).connect(address).client.get("a.com", "/").status
    });
    while responder.asked() == 0 {
        assert_eq!(ask(&gateway, &client(&ca, &quick)), 200);
    }
    assert_eq!(ask(&gateway, &client(&ca, &quick)), 200);
    assert_eq!(waiting.join().unwrap(), 400);
    assert!((Duration::from_secs(4)..Duration::from_secs(9)).contains(&began.elapsed()), "{:?}", began.elapsed());
}

#[test]
fn answers_are_kept_and_asked_for_once_by_many() {
    let farm = Farm::echo(1);
    let ca = Ca::root("clients");
    let responder = Responder::start(&ca);
    let gateway = Gateway::start(&guarded(&farm, &ca));
    let certificate = client(&ca, &responder);
    let address = gateway.address("web");
    let crowd: Vec<_> = (0..8)
        .map(|_| {
            let certificate = certificate.clone();
            std::thread::spawn(move || {
                Tls::new().certificate(&certificate).connect(address).client.get("a.com", "/").status
            })
        })
        .collect();
    assert!(crowd.into_iter().all(|one| one.join().unwrap() == 200));
    assert_eq!(responder.asked(), 1, "one question for many handshakes at once");
    responder.say(Says::Revoked);
    assert_eq!(ask(&gateway, &certificate), 200, "the answer is good until it says otherwise");
    assert_eq!(responder.asked(), 1);
    assert_eq!(ask(&gateway, &client(&ca, &responder)), 400, "another certificate is another question");
}

#[test]
fn responders_are_asked_only_about_certificates_that_are_good_otherwise() {
    let farm = Farm::echo(1);
    let ca = Ca::root("clients");
    let responder = Responder::start(&ca);
    let gateway = Gateway::start(&guarded(&farm, &ca));
    let wish = || Wish::client("somebody").responder(&responder.url());
    let rows = [
        ca.issue(&wish().dates(e2e::ca::Dates::Expired)),
        Ca::root("other").issue(&wish()),
        ca.issue(&wish().purpose(e2e::ca::Purpose::Server)),
    ];
    for certificate in rows {
        assert_eq!(ask(&gateway, &certificate), 400);
    }
    assert_eq!(responder.asked(), 0, "strangers cannot make the gateway send requests");
}

/// An extension: Azure knows no lists.
#[test]
fn certificates_on_a_list_are_refused() {
    let farm = Farm::echo(1);
    let root = Ca::root("clients");
    let issuing = root.intermediate("issuing");
    let (good, bad) = (issuing.client("good"), issuing.client("bad"));
    let document = |lists: &[Vec<u8>]| {
        Document::https(&farm, &Ca::root("root").server(&["a.com"]))
            .client_ca("clients", &issuing.chain_pem())
            .profile("strict", "trustedClientCertificates: [clients]")
            .secure(&[("web", "sslCertificate: cert, sslProfile: strict")])
            .revocation_lists("clients", lists)
    };
    let gateway = Gateway::start(&document(&[issuing.revocation_list(&[&bad]), root.revocation_list(&[])]));
    assert_eq!([ask(&gateway, &good), ask(&gateway, &bad)], [200, 400]);
    // Rows of two workers come in either order.
    let rows = gateway.wait_rows(2);
    let verdicts: Vec<_> = rows.iter().filter_map(|row| row["properties"]["sslClientVerify"].as_str()).collect();
    assert!(verdicts.contains(&"SUCCESS") && verdicts.contains(&"FAILED:certificate revoked"), "{verdicts:?}");
    // The next list has it that the other one is revoked; a session begun before helps nobody.
    let tls = Tls::new().certificate(&good);
    assert_eq!(gateway.secure(&tls).client.get("a.com", "/").status, 200);
    gateway.apply(&document(&[issuing.revocation_list(&[&good]), root.revocation_list(&[])])).unwrap();
    assert_eq!(gateway.secure(&tls).client.get("a.com", "/").status, 400);
    assert_eq!(ask(&gateway, &bad), 200);
}

/// An extension: where a responder cannot be asked, its silence can be taken for consent.
#[test]
fn a_soft_failure_lets_in_whom_no_responder_has_refused() {
    let farm = Farm::echo(1);
    let ca = Ca::root("clients");
    let responder = Responder::start(&ca);
    let document = guarded(&farm, &ca).profile(
        "strict",
        "trustedClientCertificates: [clients], clientAuthConfiguration: {verifyClientRevocation: OCSP}, \
         gatehouse: {revocationSoftFail: true}",
    );
    let gateway = Gateway::start(&document);
    let rows = [(Says::Failure, 200), (Says::Garbage, 200), (Says::Good, 200), (Says::Revoked, 400)];
    for (says, status) in rows {
        responder.say(says);
        assert_eq!(ask(&gateway, &client(&ca, &responder)), status, "{says:?}");
    }
    assert_eq!(ask(&gateway, &ca.client("without a responder")), 200);
}

#[test]
fn a_response_of_a_responder_is_stapled_where_the_site_file_has_one() {
    if !e2e::openssl::is_there() {
        return;
    }
    let farm = Farm::echo(1);
    let issuing = Ca::root("root").intermediate("issuing");
    let certificate = issuing.server(&["a.com"]);
    let response = e2e::ocsp::staple(&issuing, &certificate);
    let rows = [
        (Document::https(&farm, &certificate), false),
        (Document::https(&farm, &certificate).stapled("cert", &certificate, &response), true),
    ];
    for (document, stapled) in rows {
        let gateway = Gateway::start(&document);
        for version in ["-tls1_2", "-tls1_3"] {
            let outcome = e2e::openssl::s_client(gateway.address("web"), &["-status", version], "");
            assert!(outcome.agreed.is_some(), "{}", outcome.text);
            let seen =
                outcome.text.contains("OCSP Response Status: successful") && outcome.text.contains("Cert Status: good");
            assert_eq!(seen, stapled, "{version}: {}", outcome.text);
        }
    }
}
