//! Files of every kind, right and wrong. The fixtures' `make.sh` says how they were made.

mod broken;
mod chains;
mod facts;
mod pfx;
mod readable;

use super::*;

/// 2027-01-15, within the time of every fixture.
pub(super) const NOW: i64 = 1_800_000_000;

/// A fixture; `.b64` ones decoded.
pub(super) fn fixture(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let data = std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    match name.strip_suffix(".b64") {
        Some(_) => decoded(&data),
        None => data,
    }
}

/// The bytes behind base64 text.
pub(super) fn decoded(text: &[u8]) -> Vec<u8> {
    use base64::Engine as _;
    let digits: Vec<u8> = text.iter().filter(|byte| !byte.is_ascii_whitespace()).copied().collect();
    form::BASE64.decode(digits).unwrap()
}

/// The first part of a PEM file, as bytes.
pub(super) fn der(name: &str) -> Vec<u8> {
    pem::sections(&fixture(name)).unwrap().remove(0).der.to_vec()
}

/// Several fixtures, one after the other.
pub(super) fn joined(names: &[&str]) -> Vec<u8> {
    names.iter().flat_map(|name| fixture(name)).collect()
}

/// The subjects of what is sent.
pub(super) fn subjects(identity: &Identity) -> Vec<String> {
    identity.chain().iter().map(|der| Facts::read(der).unwrap().subject).collect()
}

pub(super) fn codes_of(findings: &[Finding]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn printing_an_identity_shows_subject_and_expiry_alone() {
    let read = read_pfx(&fixture("modern.pfx.b64"), Some("secret"), NOW).unwrap();
    let printed = format!("{:?}", read.identity);
    let facts = read.identity.facts();
    let expected = format!("Identity {{ subject: {:?}, not_after: {}, .. }}", facts.subject, facts.not_after);
    assert_eq!(printed, expected);
}

#[test]
fn identities_are_equal_when_clients_see_the_same() {
    let from = |name: &str| read_pfx(&fixture(name), Some("secret"), NOW).unwrap().identity;
    let one = from("modern.pfx.b64");
    assert_eq!(one, from("legacy.pfx.b64"));
    assert_ne!(one, one.clone().with_ocsp(vec![1]));
    assert_eq!(one.clone().with_ocsp(vec![1]), one.clone().with_ocsp(vec![1]));
    let other = read_pem(&joined(&["odd_client.pem", "leaf.key"]), None, None, NOW).unwrap().identity;
    assert_ne!(one, other);
}
