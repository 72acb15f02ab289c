//! Certificates of servers: each class of fault as the health report names it, and as a client and the log see it.
//!
//! Source: Azure, "Troubleshoot backend health issues" and "Backend settings" (validation switches).

use e2e::ca::{Dates, Purpose, self_signed};
use e2e::{Ca, Document, Farm, Gateway, Issued, TlsServer, Wish};

/// Settings for `srv.shop.internal`, and a probe that keeps the server in use whatever it finds.
pub(super) const SETTINGS: &str = "requestTimeout: 20, hostName: srv.shop.internal, probe: probe";
pub(super) const PROBE: &str = "[{name: probe, protocol: Https, host: srv.shop.internal, path: /, interval: 30, \
     timeout: 5, unhealthyThreshold: 1, minServers: 1}]";

/// A plain listener before servers that speak TLS; `roots` are those that were uploaded.
pub(super) fn document(farm: &Farm, more: &str, roots: &[&Ca]) -> Document {
    let names: Vec<_> = (0..roots.len()).map(|number| format!("root-{number}")).collect();
    let trusted =
        if roots.is_empty() { String::new() } else { format!(", trustedRootCertificates: [{}]", names.join(", ")) };
    let document =
        Document::new(farm).tls_settings(farm, &format!("{SETTINGS}{trusted}{more}")).section("probes", PROBE);
    names.iter().zip(roots).fold(document, |document, (name, root)| document.root(name, root.pem()))
}

/// What the probe found, as its token and in words.
pub(super) fn found(gateway: &Gateway) -> (String, String) {
    let server = gateway.status().health.targets[0].servers[0].clone();
    (server.code.to_owned(), server.reason)
}

/// Asks, and returns the status, the reason in the log and its words.
pub(super) fn asked(gateway: &Gateway) -> (u16, String, String) {
    let status = gateway.get("a.com", "/").status;
    let row = gateway.wait_rows(1).remove(0);
    let text = |key: &str| row["properties"][key].as_str().unwrap_or_default().to_owned();
    (status, text("reason"), text("reasonDetail"))
}

/// What is shown, which roots are trusted, the token in the health report, and the reason in the log.
type Row<'a> = (&'static str, Issued, Vec<&'a Ca>, &'static str, &'static str);

const NAME: &str = "backend_certificate_name";
const DATE: &str = "backend_certificate_date";
const CHAIN: &str = "backend_certificate_chain";
const GOOD: &str = "";

#[test]
fn each_fault_of_a_servers_certificate_has_its_class_and_is_answered_502() {
    let root = Ca::root("root");
    let issuing = root.intermediate("issuing");
    let other = Ca::root("other");
    let (late_root, late) =
        (Ca::root_with("late root", Dates::Expired), root.intermediate_with("late", Dates::Expired));
    let name = &["srv.shop.internal"][..];
    let good = issuing.server(name);
    let wish = || Wish::server(name);
    let authority = issuing.as_server();
    let authority_first = authority.with_chain(vec![issuing.certificate(), good.leaf().clone(), root.certificate()]);
    let trusted = vec![&root];
    let rows: Vec<Row<'_>> = vec![
        ("good", good.clone(), trusted.clone(), "Success", GOOD),
        ("good, with its root", good.with_root(), trusted.clone(), "Success", GOOD),
        ("good, of the root itself", root.server(name), trusted.clone(), "Success", GOOD),
        ("good, with an RSA key", issuing.issue(&wish().rsa()), trusted.clone(), "Success", GOOD),
        ("good, for any purpose", issuing.issue(&wish().any_purpose()), trusted.clone(), "Success", GOOD),
        ("good, one of two roots", good.clone(), vec![&other, &root], "Success", GOOD),
        ("a wildcard", issuing.server(&["*.shop.internal"]), trusted.clone(), "Success", GOOD),
        ("a common name alone", issuing.issue(&wish().common_name_only()), trusted.clone(), "Success", GOOD),
        ("upper-case", issuing.server(&["SRV.shop.internal"]), trusted.clone(), "Success", GOOD),
        ("another name", issuing.server(&["other.shop.internal"]), trusted.clone(), "CertNameMismatch", NAME),
        ("a wildcard too high", issuing.server(&["*.internal"]), trusted.clone(), "CertNameMismatch", NAME),
        (
            "a common name that the other names outweigh",
            issuing.issue(&Wish::server(&["other.shop.internal"]).common_name("srv.shop.internal")),
            trusted.clone(),
            "CertNameMismatch",
            NAME,
        ),
        ("expired", issuing.issue(&wish().dates(Dates::Expired)), trusted.clone(), "CertDateInvalid", DATE),
        ("not yet valid", issuing.issue(&wish().dates(Dates::NotYet)), trusted.clone(), "CertDateInvalid", DATE),
        ("of an expired intermediate", late.server(name), trusted.clone(), "CertDateInvalid", DATE),
        ("of an expired root", late_root.server(name).with_root(), vec![&late_root], "CertDateInvalid", DATE),
        ("its intermediate missing", good.alone(), trusted.clone(), "IntermediateMissing", CHAIN),
        ("self-signed, no authority", self_signed(&wish()), trusted.clone(), "IntermediateMissing", CHAIN),
        ("no leaf", authority.with_root(), trusted.clone(), "LeafMissing", CHAIN),
        ("the leaf not first", authority_first, trusted.clone(), "LeafNotFirst", CHAIN),
        ("of no well-known authority", other.server(name), vec![], "LeafNotWellKnown", CHAIN),
        (
            "of an intermediate of no well-known authority",
            issuing.server(name),
            vec![],
            "IntermediateNotWellKnown",
            CHAIN,
        ),
        ("of another root, not shown", good.clone(), vec![&other], "RootMismatchNoRootPresented", CHAIN),
        ("of another root, shown", good.with_root(), vec![&other], "RootMismatchRootPresented", CHAIN),
        (
            "of another root of that name",
            Ca::root("root").intermediate("issuing").server(name).with_root(),
            trusted.clone(),
            "RootMismatchRootPresented",
            CHAIN,
        ),
        (
            "a client's",
            issuing.issue(&wish().purpose(Purpose::Client)),
            trusted.clone(),
            "CertVerifyOther",
            "backend_certificate",
        ),
    ];
    let mut failures = Vec::new();
    for (what, shown, roots, code, reason) in &rows {
        let farm = Farm::tls(1, &TlsServer::new(shown));
        let gateway = Gateway::start(&document(&farm, "", roots));
        let (seen, words) = found(&gateway);
        let fits = seen == *code || (*code == "CertVerifyOther" && seen.starts_with(code));
        if !fits || (seen != "Success" && words.len() < 20) {
            failures.push(format!("{what}: the probe says {seen} ({words}), not {code}"));
        }
        let (status, logged, detail) = asked(&gateway);
        let expected = if reason.is_empty() { 200 } else { 502 };
        if status != expected || !logged.starts_with(reason) || logged.is_empty() != reason.is_empty() {
            failures.push(format!("{what}: {status} with {logged:?} ({detail}), not {expected} with {reason:?}"));
        }
        if expected == 502 && detail.is_empty() {
            failures.push(format!("{what}: the log does not say what was seen"));
        }
        let served = farm.requests().len();
        if served != usize::from(expected == 200) {
            failures.push(format!("{what}: the server got {served} requests"));
        }
    }
    assert!(failures.is_empty(), "of {} rows:\n{}", rows.len(), failures.join("\n"));
}

#[test]
fn a_self_signed_authority_that_was_uploaded_may_be_a_server() {
    let uploaded = self_signed(&Wish::server(&["srv.shop.internal"]).ca());
    let farm = Farm::tls(1, &TlsServer::new(&uploaded));
    let document = document(&farm, ", trustedRootCertificates: [own]", &[]).root("own", uploaded.leaf());
    let gateway = Gateway::start(&document);
    assert_eq!(found(&gateway).0, "Success", "{}", found(&gateway).1);
    assert_eq!(asked(&gateway).0, 200);
}

/// Roots come as DER, PEM, and PEM that was encoded once more, as the Azure CLI does with a PEM file.
#[test]
fn roots_are_read_in_every_form_that_they_are_uploaded_in() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let (root, other) = (Ca::root("root"), Ca::root("other"));
    let farm = Farm::tls(1, &TlsServer::new(&root.server(&["srv.shop.internal"])));
    let forms: [(&str, Vec<u8>); 4] = [
        ("DER", root.certificate().to_vec()),
        ("PEM", root.pem().into_bytes()),
        ("a bundle", [other.pem(), root.pem()].concat().into_bytes()),
        ("PEM in base64", STANDARD.encode(root.pem()).into_bytes()),
    ];
    for (what, form) in forms {
        let document = document(&farm, ", trustedRootCertificates: [own]", &[]).root("own", form);
        let gateway = Gateway::start(&document);
        assert_eq!(found(&gateway).0, "Success", "{what}: {}", found(&gateway).1);
    }
}

#[test]
fn the_switches_switch_off_what_they_name_and_no_more() {
    let root = Ca::root("root");
    let name = &["srv.shop.internal"][..];
    let good = root.server(name);
    let expired = root.issue(&Wish::server(name).dates(Dates::Expired));
    let strange = Ca::root("other").server(name);
    let misnamed = root.server(&["other.shop.internal"]);
    let worst = Ca::root("other").issue(&Wish::server(&["other.shop.internal"]).dates(Dates::Expired));
    let (chain, names) = ("validateCertChainAndExpiry: false", "validateSNI: false");
    let both = &format!("{chain}, {names}");
    let rows: [(&str, &str, &Issued, &str); 14] = [
        ("chain off", chain, &good, "Success"),
        ("chain off", chain, &expired, "Success"),
        ("chain off", chain, &strange, "Success"),
        ("chain off", chain, &misnamed, "CertNameMismatch"),
        ("chain off", chain, &worst, "CertNameMismatch"),
        ("names off", names, &good, "Success"),
        ("names off", names, &misnamed, "Success"),
        ("names off", names, &expired, "CertDateInvalid"),
        ("names off", names, &strange, "IntermediateMissing"),
        ("both off", both, &worst, "Success"),
        ("both off", both, &good, "Success"),
        ("both on", "validateCertChainAndExpiry: true, validateSNI: true", &good, "Success"),
        ("both on", "validateCertChainAndExpiry: true, validateSNI: true", &misnamed, "CertNameMismatch"),
        ("both on", "validateCertChainAndExpiry: true, validateSNI: true", &expired, "CertDateInvalid"),
    ];
    let mut failures = Vec::new();
    for (number, (what, switches, shown, code)) in rows.into_iter().enumerate() {
        let farm = Farm::tls(1, &TlsServer::new(shown));
        let gateway = Gateway::start(&document(&farm, &format!(", {switches}"), &[&root]));
        let seen = found(&gateway).0;
        let status = asked(&gateway).0;
        let expected = if code == "Success" { 200 } else { 502 };
        if seen != code || status != expected {
            failures.push(format!("row {number}, {what}: {seen} and {status}, not {code} and {expected}"));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// With all checks off the server still has to own the key of what it shows.
#[test]
fn a_certificate_without_its_key_is_never_taken() {
    let root = Ca::root("root");
    let stolen = root.server(&["srv.shop.internal"]).with_chain(root.server(&["srv.shop.internal"]).chain);
    for switches in ["", ", validateCertChainAndExpiry: false, validateSNI: false"] {
        let farm = Farm::tls(1, &TlsServer::new(&stolen));
        let gateway = Gateway::start(&document(&farm, switches, &[&root]));
        assert_ne!(found(&gateway).0, "Success", "{switches}");
        assert_eq!(asked(&gateway).0, 502, "{switches}");
        assert_eq!(farm.requests().len(), 0);
    }
}
