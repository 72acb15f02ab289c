//! Certificates of clients where no status could refuse them: Strict ends the handshake, Passthrough takes any.

use e2e::ca::{Dates, self_signed};
use e2e::ocsp::{Responder, Says};
use e2e::openssl::{Outcome, is_there, s_client};
use e2e::{Ca, Document, End, Farm, Folder, Gateway, Issued, Tls, Wish, talk};

use super::OFFLOAD;

const STRICT: &str = "trustedClientCertificates: [clients], clientAuthConfiguration: {verifyClientAuthMode: Strict";
const PASSTHROUGH: &str = "clientAuthConfiguration: {verifyClientAuthMode: Passthrough}";

/// One listener with this profile; clients' certificates lead to this chain.
fn guarded(farm: &Farm, chain: &str, profile: &str) -> Document {
    OFFLOAD.document(farm).client_ca("clients", chain).profile("guard", profile).byte_listeners(&[(
        "web",
        5432,
        "Tls",
        "sslCertificate: front, sslProfile: guard",
    )])
}

fn strict(farm: &Farm, chain: &str, more: &str) -> Document {
    guarded(farm, chain, &format!("{STRICT}{more}}}"))
}

/// What the program that is no relative of the gateway's library sees: the alert, or what the server says.
fn ask(gateway: &Gateway, version: &str, certificate: Option<&Issued>) -> Outcome {
    let folder = Folder::new();
    let files = certificate.map(|issued| {
        let chain = folder.write("chain.pem", issued.pem());
        let key = folder.secret("key.pem", issued.key_pem());
        [chain, key].map(|path| path.display().to_string())
    });
    let mut arguments = vec![version, "-quiet", "-servername", "a.com"];
    if let Some([chain, key]) = &files {
        arguments.extend(["-cert", chain, "-key", key, "-cert_chain", chain]);
    }
    s_client(gateway.address("web"), &arguments, "hello\n")
}

/// Asks with each certificate over both versions, and reads the log: name, certificate, alert (0 for none; TLS 1.2 and
/// 1.3), and the certificate's verdict.
fn judged(farm: &Farm, gateway: &Gateway, rows: &[(&str, Option<Issued>, [u8; 2], &str)]) {
    if !is_there() {
        return;
    }
    let (mut failures, mut served) = (Vec::new(), farm.visits().len());
    for (what, certificate, alerts, verify) in rows {
        for (version, alert) in ["-tls1_2", "-tls1_3"].into_iter().zip(alerts) {
            let before = gateway.rows().len();
            let outcome = ask(gateway, version, certificate.as_ref());
            let row = gateway.session_rows(before + 1).pop().unwrap();
            let expected = match (alert, *verify) {
                (0, _) => ("200", "closed"),
                (_, "NONE") => ("400", "client_certificate_missing"),
                _ => ("400", "client_certificate_invalid"),
            };
            served += usize::from(*alert == 0);
            let seen = row.property("sslClientVerify").as_str().unwrap_or_default();
            let heard = outcome.text.contains("served");
            if row.outcome() != expected
                || seen != *verify
                || outcome.alert.unwrap_or(0) != *alert
                || heard != (*alert == 0)
            {
                failures.push(format!("{what} {version}: {:?} {:?} {}", outcome.alert, outcome.text, row.row));
            }
            if *alert != 0 && (row.bytes(), row.server.as_str()) != ([0; 4], "") {
                failures.push(format!("{what} {version}: bytes or a server in {}", row.row));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert_eq!(farm.visits().len(), served, "servers hear of nobody who is refused");
}

/// A server that answers the first line and closes.
fn farm() -> Farm {
    OFFLOAD.farm(1, |peer| {
        peer.wire.exactly(6, |_| {})?;
        peer.send("served\n")?;
        peer.wire.finish();
        Ok(())
    })
}

/// Alerts, as RFC 8446 6 numbers them; those of TLS 1.2 and of 1.3.
const NONE: [u8; 2] = [0, 0];
const BAD: [u8; 2] = [42, 42];
const REVOKED: [u8; 2] = [44, 44];
const EXPIRED: [u8; 2] = [45, 45];
const UNKNOWN_CA: [u8; 2] = [48, 48];
const MISSING: [u8; 2] = [40, 116];

#[test]
fn in_strict_mode_the_handshake_fails_without_a_good_certificate() {
    let farm = farm();
    let root = Ca::root("clients");
    let issuing = root.intermediate("issuing");
    let late = root.intermediate_with("late", Dates::Expired);
    let gateway = Gateway::start(&strict(&farm, &issuing.chain_pem(), ""));
    let wish = |wish: Wish| Some(issuing.issue(&wish));
    judged(
        &farm,
        &gateway,
        &[
            ("good", Some(issuing.client("good")), NONE, "SUCCESS"),
            ("good, without its intermediate", Some(issuing.client("good").alone()), NONE, "SUCCESS"),
            ("good, RSA", wish(Wish::client("good").rsa()), NONE, "SUCCESS"),
            ("none", None, MISSING, "NONE"),
            (
                "of another authority of that name",
                Some(Ca::root("clients").client("bad")),
                BAD,
                "FAILED:certificate signature failure",
            ),
            (
                "of another authority",
                Some(Ca::root("other").client("bad")),
                UNKNOWN_CA,
                "FAILED:unable to verify the first certificate",
            ),
            ("expired", wish(Wish::client("bad").dates(Dates::Expired)), EXPIRED, "FAILED:certificate has expired"),
            (
                "not yet valid",
                wish(Wish::client("bad").dates(Dates::NotYet)),
                EXPIRED,
                "FAILED:certificate is not yet valid",
            ),
            ("of an expired issuer", Some(late.client("bad")), EXPIRED, "FAILED:certificate has expired"),
            ("a server's", Some(issuing.server(&["a.com"])), BAD, "FAILED:unsuitable certificate purpose"),
            ("self-signed", Some(self_signed(&Wish::client("bad"))), UNKNOWN_CA, "FAILED:self-signed certificate"),
        ],
    );
}

#[test]
fn issuers_names_and_lists_are_checked_in_the_handshake() {
    let farm = farm();
    let root = Ca::root("clients");
    let (issuing, sister) = (root.intermediate("issuing"), root.intermediate("sister"));
    let by_name = Gateway::start(&strict(&farm, &issuing.chain_pem(), ", verifyClientCertIssuerDN: true"));
    judged(
        &farm,
        &by_name,
        &[
            ("of the uploaded issuer", Some(issuing.client("good")), NONE, "SUCCESS"),
            ("of its sister", Some(sister.client("bad")), BAD, "FAILED:issuer DN mismatch"),
        ],
    );
    let (good, bad) = (issuing.client("good"), issuing.client("bad"));
    let document = strict(&farm, &issuing.chain_pem(), "");
    let listed = document.revocation_lists("clients", &[issuing.revocation_list(&[&bad])]);
    judged(
        &farm,
        &Gateway::start(&listed),
        &[
            ("not on the list", Some(good), NONE, "SUCCESS"),
            ("on the list", Some(bad), REVOKED, "FAILED:certificate revoked"),
            ("without a list", Some(sister.client("bad")), UNKNOWN_CA, "FAILED:unable to get certificate CRL"),
        ],
    );
}

/// Nothing can carry the certificate to a server of bytes, so only the log shows it.
#[test]
fn in_passthrough_mode_every_certificate_is_taken_unchecked() {
    let farm = farm();
    let gateway = Gateway::start(&guarded(&farm, &Ca::root("clients").pem(), PASSTHROUGH));
    let unchecked = "FAILED:not checked, client authentication is in Passthrough mode";
    let expired = self_signed(&Wish::client("bad").dates(Dates::Expired));
    judged(
        &farm,
        &gateway,
        &[("none", None, NONE, "NONE"), ("self-signed and expired", Some(expired), NONE, unchecked)],
    );
}

/// The same without another program: a client of the gateway's own library.
#[test]
fn a_session_without_a_good_certificate_ends_before_any_byte() {
    let farm = OFFLOAD.farm(1, talk::echo);
    let root = Ca::root("clients");
    let gateway = Gateway::start(&strict(&farm, &root.pem(), ""));
    let (good, bad) = (root.client("good"), Ca::root("other").client("bad"));
    for tls in [Tls::new().tls12(), Tls::new().tls13()] {
        for certificate in [None, Some(&bad)] {
            let tls = certificate.iter().fold(tls.clone(), |tls, certificate| tls.certificate(certificate));
            // In TLS 1.3 the client is done before the server has seen its certificate.
            if let Ok(mut secure) = tls.try_connect(gateway.address("web")) {
                let _ = secure.client.wire.send("hello");
                assert!(secure.client.wire.some(1).is_err(), "an alert");
            }
        }
        // Every time: nothing is resumed where each handshake is to show a certificate.
        let tls = tls.certificate(&good);
        for _ in 0..3 {
            let mut secure = tls.connect(gateway.address("web"));
            assert!(!secure.resumed);
            secure.client.send("hello");
            secure.client.wire.expect("hello");
            secure.client.wire.finish();
            secure.client.wire.expect_end(End::Fin);
        }
    }
    let expected =
        [vec!["200 closed"; 6], vec!["400 client_certificate_invalid"; 2], vec!["400 client_certificate_missing"; 2]];
    assert_eq!(super::ends(&gateway, 10), expected.concat());
    let rows = gateway.session_rows(10);
    assert!(rows.iter().filter(|row| row.status == "400").all(|row| row.bytes() == [0; 4] && row.server.is_empty()));
    assert_eq!(farm.visits().len(), 6);
}

/// A session that a listener of HTTP began, where certificates are judged later, is worth nothing here.
#[test]
fn a_session_of_a_site_that_answers_400_does_not_open_one_that_ends_handshakes() {
    let farm = OFFLOAD.farm(1, talk::echo);
    let web = Farm::echo(1);
    let root = Ca::root("clients");
    let bad = Ca::root("other").client("bad");
    let document = strict(&farm, &root.pem(), "")
        .section("frontendPorts", "[{name: p443, port: 443}, {name: p5432, port: 5432}]")
        .section(
            "httpListeners",
            "[{name: site, frontendIPConfiguration: feip, frontendPort: p443, protocol: Https, sslCertificate: front, \
              sslProfile: guard}]",
        )
        .settings(&web, "")
        .section("requestRoutingRules", site_rule())
        .port(443, "0");
    let gateway = Gateway::start(&document);
    for tls in [Tls::new().tls12(), Tls::new().tls13()] {
        let tls = tls.certificate(&bad);
        let mut site = tls.connect(gateway.address("site"));
        assert_eq!(site.client.get("a.com", "/").status, 400);
        assert!(tls.connect(gateway.address("site")).resumed, "the site resumes sessions");
        if let Ok(mut secure) = tls.try_connect(gateway.address("web")) {
            assert!(!secure.resumed);
            assert!(secure.client.wire.some(1).is_err(), "an alert");
        }
    }
    assert!(farm.visits().is_empty(), "no server heard of it");
}

fn site_rule() -> &'static str {
    "[{name: site, priority: 5, httpListener: site, backendAddressPool: pool, backendHttpSettings: http}]"
}

/// Responders are asked when the handshake is over: it would take too long within it. No byte has passed by then.
#[test]
fn what_a_responder_says_decides_after_the_handshake() {
    let farm = OFFLOAD.farm(1, talk::echo);
    let ca = Ca::root("clients").intermediate("issuing");
    let responder = Responder::start(&ca);
    let profile = "trustedClientCertificates: [clients], clientAuthConfiguration: {verifyClientRevocation: OCSP}";
    let gateway = Gateway::start(&guarded(&farm, &ca.chain_pem(), profile));
    let says = [(Says::Good, true), (Says::Revoked, false), (Says::Unknown, false), (Says::TryLater, false)];
    for (number, (says, is_served)) in says.into_iter().enumerate() {
        responder.say(says);
        let certificate = ca.issue(&Wish::client("somebody").responder(&responder.url()));
        let mut secure = Tls::new().certificate(&certificate).connect(gateway.address("web"));
        let _ = secure.client.wire.send("hello");
        if is_served {
            secure.client.wire.expect("hello");
            secure.client.wire.finish();
            secure.client.wire.expect_end(End::Fin);
        } else {
            assert!(secure.client.wire.to_end().is_ok_and(|(bytes, end)| bytes.is_empty() && end == End::Reset));
        }
        let row = gateway.session_rows(number + 1).remove(number);
        let expected = if is_served { ("200", "closed") } else { ("400", "client_certificate_invalid") };
        assert_eq!(row.outcome(), expected, "{says:?}: {}", row.row);
        let verify = row.property("sslClientVerify").as_str().unwrap();
        assert!(verify.starts_with(if is_served { "SUCCESS" } else { "FAILED:" }), "{says:?}: {verify}");
    }
    assert_eq!(farm.visits().len(), 1, "servers hear of nobody who is refused");
}
