//! Certificates of clients. The handshake is completed whatever they show; then requests are refused with 400.
//!
//! Source: Azure, "Mutual authentication" and its troubleshooting page.

use e2e::ca::{Dates, Purpose, self_signed, subject};
use e2e::h2::get;
use e2e::{Ca, Document, Farm, Gateway, H2, Issued, Tls, Wish};

const STRICT: &str = "trustedClientCertificates: [clients], clientAuthConfiguration: {verifyClientAuthMode: Strict";

/// One listener whose clients show certificates that lead to this chain; `more` goes on in the brackets of `STRICT`.
fn guarded(farm: &Farm, chain: &str, more: &str) -> Document {
    Document::https(farm, &Ca::root("root").server(&["a.com"]))
        .client_ca("clients", chain)
        .profile("strict", &format!("{STRICT}{more}}}"))
        .secure(&[("web", "sslCertificate: cert, sslProfile: strict")])
}

/// What a client shows, and what the log says of it.
type Row = (&'static str, Option<Issued>, u16, &'static str);

/// Asks with each certificate over both versions and both protocols, and reads the log.
fn judged(gateway: &Gateway, rows: &[Row]) {
    let mut failures = Vec::new();
    for (what, certificate, status, verify) in rows {
        for tls in [Tls::new().tls12(), Tls::new().tls13()] {
            let tls = certificate.iter().fold(tls, |tls, certificate| tls.certificate(certificate));
            let before = gateway.rows().len();
            let mut secure = gateway.secure(&tls);
            let answer = secure.client.get("a.com", "/");
            let mut h2 = H2::over(&tls, gateway.address("web")).begun(&[]);
            let stream = h2.request(&get("/"));
            let statuses = [answer.status, h2.answer(stream).status()];
            if statuses != [*status; 2] {
                failures.push(format!("{what}: {statuses:?}, not {status}"));
            }
            for row in gateway.wait_rows(before + 2).drain(before..) {
                let properties = &row["properties"];
                let seen = properties["sslClientVerify"].as_str().unwrap();
                if !seen.starts_with(verify) {
                    failures.push(format!("{what}: {seen}, not {verify}"));
                }
                let info = properties["error_info"].as_str().unwrap();
                let expected = if *status == 200 { "ERRORINFO_NO_ERROR" } else { "ERRORINFO_HTTPS_NO_CERT" };
                if info != expected {
                    failures.push(format!("{what}: {info}, not {expected}"));
                }
                let fingerprint = properties["sslClientCertificateFingerprint"].as_str().unwrap();
                let length = if certificate.is_some() { 40 } else { 0 };
                if fingerprint.len() != length {
                    failures.push(format!("{what}: the fingerprint {fingerprint:?}"));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn in_strict_mode_only_good_certificates_are_served() {
    let farm = Farm::echo(1);
    let root = Ca::root("clients");
    let issuing = root.intermediate("issuing");
    let late = root.intermediate_with("late", Dates::Expired);
    let other = Ca::root("other");
    let gateway = Gateway::start(&guarded(&farm, &issuing.chain_pem(), ""));
    let wish = |wish: Wish| Some(issuing.issue(&wish));
    let rows: Vec<Row> = vec![
        ("good", Some(issuing.client("good")), 200, "SUCCESS"),
        ("good, without its intermediate, which was uploaded", Some(issuing.client("good").alone()), 200, "SUCCESS"),
        ("good, with its root", Some(issuing.client("good").with_root()), 200, "SUCCESS"),
        ("good, of the root itself", Some(root.client("good")), 200, "SUCCESS"),
        ("good, with an RSA key", wish(Wish::client("good").rsa()), 200, "SUCCESS"),
        ("good, on P-384", wish(Wish::client("good").p384()), 200, "SUCCESS"),
        ("good, for any purpose", wish(Wish::client("good").any_purpose()), 200, "SUCCESS"),
        ("none", None, 400, "NONE"),
        ("of another authority", Some(other.client("bad")), 400, "FAILED:"),
        ("of another authority of that name", Some(Ca::root("clients").client("bad")), 400, "FAILED:"),
        ("expired", wish(Wish::client("bad").dates(Dates::Expired)), 400, "FAILED:certificate has expired"),
        ("not yet valid", wish(Wish::client("bad").dates(Dates::NotYet)), 400, "FAILED:certificate is not yet valid"),
        ("a server's", Some(issuing.server(&["a.com"])), 400, "FAILED:unsuitable certificate purpose"),
        ("a responder's", wish(Wish::client("bad").purpose(Purpose::OcspSigning)), 400, "FAILED:unsuitable"),
        ("of an expired intermediate", Some(late.client("bad")), 400, "FAILED:certificate has expired"),
        ("self-signed", Some(self_signed(&Wish::client("bad"))), 400, "FAILED:self-signed certificate"),
    ];
    judged(&gateway, &rows);
    let served = rows.iter().filter(|(_, _, status, _)| *status == 200).count();
    assert_eq!(farm.requests().len(), served * 4, "nothing else reached a server");
}

#[test]
fn without_the_intermediate_a_leaf_leads_nowhere() {
    let farm = Farm::echo(1);
    let root = Ca::root("clients");
    let issuing = root.intermediate("issuing");
    let gateway = Gateway::start(&guarded(&farm, &root.pem(), ""));
    judged(
        &gateway,
        &[
            ("with its intermediate", Some(issuing.client("good")), 200, "SUCCESS"),
            ("alone", Some(issuing.client("bad").alone()), 400, "FAILED:unable to verify the first certificate"),
        ],
    );
}

#[test]
fn the_issuer_has_to_be_the_uploaded_one_where_that_is_asked_for() {
    let farm = Farm::echo(1);
    let root = Ca::root("clients");
    let (issuing, sister) = (root.intermediate("issuing"), root.intermediate("sister"));
    let rows: Vec<Row> = vec![
        ("of the uploaded issuer", Some(issuing.client("good")), 200, "SUCCESS"),
        ("of its sister", Some(sister.client("bad")), 400, "FAILED:issuer DN mismatch"),
        ("of the root", Some(root.client("bad")), 400, "FAILED:issuer DN mismatch"),
    ];
    let gateway = Gateway::start(&guarded(&farm, &issuing.chain_pem(), ", verifyClientCertIssuerDN: true"));
    judged(&gateway, &rows);
    let lenient: Vec<Row> =
        rows.into_iter().map(|(what, certificate, _, _)| (what, certificate, 200, "SUCCESS")).collect();
    judged(&Gateway::start(&guarded(&farm, &issuing.chain_pem(), "")), &lenient);
}

#[test]
fn several_chains_may_be_trusted_side_by_side() {
    let farm = Farm::echo(1);
    let (one, two, three) = (Ca::root("one"), Ca::root("two").intermediate("issuing"), Ca::root("three"));
    let document =
        guarded(&farm, &one.pem(), ", verifyClientCertIssuerDN: true").client_ca("more", &two.chain_pem()).profile(
            "strict",
            "trustedClientCertificates: [clients, more], clientAuthConfiguration: {verifyClientCertIssuerDN: true}",
        );
    let gateway = Gateway::start(&document);
    judged(
        &gateway,
        &[
            ("of the first", Some(one.client("good")), 200, "SUCCESS"),
            ("of the second", Some(two.client("good")), 200, "SUCCESS"),
            ("of neither", Some(three.client("bad")), 400, "FAILED:"),
        ],
    );
}

/// Whatever a client shows is passed by; its key is proven all the same.
#[test]
fn in_passthrough_every_client_is_served() {
    let farm = Farm::echo(1);
    let document = Document::https(&farm, &Ca::root("root").server(&["a.com"]))
        .profile("lax", "clientAuthConfiguration: {verifyClientAuthMode: Passthrough}")
        .secure(&[("web", "sslCertificate: cert, sslProfile: lax")]);
    let gateway = Gateway::start(&document);
    let ca = Ca::root("whoever");
    judged(
        &gateway,
        &[
            ("some certificate", Some(ca.client("somebody")), 200, ""),
            ("an expired one", Some(ca.issue(&Wish::client("somebody").dates(Dates::Expired))), 200, ""),
            ("a server's", Some(ca.server(&["a.com"])), 200, ""),
            ("a self-signed one", Some(self_signed(&Wish::client("somebody"))), 200, ""),
            ("none", None, 200, "NONE"),
        ],
    );
    // Somebody else's certificate, without its key.
    let stolen = ca.client("thief").with_chain(ca.client("victim").chain);
    let connected = Tls::new().tls12().certificate(&stolen).try_connect(gateway.address("web"));
    assert!(connected.is_err(), "a certificate without its key was taken");
    let mut client = Tls::new().tls13().certificate(&stolen).connect(gateway.address("web")).client;
    client.wire.send("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n").unwrap();
    assert!(client.try_answer(false).is_err(), "a certificate without its key was taken");
}

#[test]
fn clients_are_asked_only_where_a_profile_says_so_and_told_whose_certificates_count() {
    let farm = Farm::echo(1);
    let root = Ca::root("clients");
    let issuing = root.intermediate("issuing");
    let names = [&root, &issuing].map(|ca| subject(&ca.certificate()));
    for tls in [Tls::new().tls12(), Tls::new().tls13()] {
        let gateway = Gateway::start(&guarded(&farm, &issuing.chain_pem(), ""));
        // A name is sent without the head of its SEQUENCE, or with it: what matters is that it is among them.
        let hints = gateway.secure(&tls).hints.expect("a strict listener asks");
        for name in &names {
            assert!(hints.iter().any(|hint| name.ends_with(hint) && !hint.is_empty()), "{hints:?}");
        }
        let lax = "clientAuthConfiguration: {verifyClientAuthMode: Passthrough}";
        let gateway = Gateway::start(&guarded(&farm, &issuing.chain_pem(), "").profile("strict", lax));
        assert_eq!(gateway.secure(&tls).hints, Some(Vec::new()), "in passthrough any certificate will do");
        let gateway = Gateway::start(&Document::https(&farm, &Ca::root("root").server(&["a.com"])));
        assert_eq!(gateway.secure(&tls).hints, None);
    }
}

#[test]
fn the_page_says_that_a_certificate_is_missing() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&guarded(&farm, &Ca::root("clients").pem(), ""));
    let mut client = gateway.secure(&Tls::new()).client;
    let answer = client.get("a.com", "/");
    assert_eq!(answer.status, 400);
    let text = answer.text();
    assert!(text.contains("<title>400 No required SSL certificate was sent</title>"), "{text}");
    assert!(text.contains("<center>No required SSL certificate was sent</center>"), "{text}");
}

#[test]
fn the_log_names_the_certificate_and_its_issuer() {
    let farm = Farm::echo(1);
    let root = Ca::root("clients");
    let gateway = Gateway::start(&guarded(&farm, &root.pem(), ""));
    let certificate = root.client("good");
    gateway.secure(&Tls::new().certificate(&certificate)).client.get("a.com", "/");
    let row = gateway.wait_rows(1).remove(0);
    assert_eq!(row["properties"]["sslClientCertificateIssuerName"], "CN=clients,O=Gatehouse tests");
    let sha1 = e2e::ca::sha1(certificate.leaf());
    assert_eq!(row["properties"]["sslClientCertificateFingerprint"], sha1);
}
