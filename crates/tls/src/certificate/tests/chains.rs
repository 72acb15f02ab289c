//! Which certificates are sent, in which order, and what is said about them.

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::*;

/// An authority that can sign.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

fn params(name: &str, is_ca: bool) -> CertificateParams {
    let names = if is_ca { vec![] } else { vec![name.to_owned()] };
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    if is_ca {
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    }
    params
}

fn root(name: &str) -> Authority {
    let (params, key) = (params(name, true), KeyPair::generate().unwrap());
    let pem = params.self_signed(&key).unwrap().pem();
    Authority { issuer: Issuer::new(params, key), pem }
}

impl Authority {
    fn authority(&self, name: &str) -> Authority {
        let (params, key) = (params(name, true), KeyPair::generate().unwrap());
        let pem = params.signed_by(&key, &self.issuer).unwrap().pem();
        Authority { issuer: Issuer::new(params, key), pem }
    }

    /// Certificate and key of a server.
    fn server(&self, name: &str) -> (String, String) {
        let key = KeyPair::generate().unwrap();
        (params(name, false).signed_by(&key, &self.issuer).unwrap().pem(), key.serialize_pem())
    }
}

fn read(parts: &[&str]) -> Read {
    read_any(parts.concat().as_bytes(), None, NOW).unwrap()
}

#[test]
fn certificates_are_put_in_order() {
    let root = root("Root");
    let (upper, lower);
    upper = root.authority("Upper");
    lower = upper.authority("Lower");
    let (leaf, key) = lower.server("shop.example");
    let orders: [[&str; 5]; 4] = [
        [&leaf, &lower.pem, &upper.pem, &root.pem, &key],
        [&root.pem, &upper.pem, &lower.pem, &leaf, &key],
        [&key, &upper.pem, &root.pem, &leaf, &lower.pem],
        [&lower.pem, &leaf, &key, &root.pem, &upper.pem],
    ];
    for order in orders {
        let read = read(&order);
        assert_eq!(subjects(&read.identity), ["CN=shop.example", "CN=Lower", "CN=Upper", "CN=Root"]);
        assert_eq!(codes_of(&read.findings), [""; 0]);
    }
}

#[test]
fn a_missing_issuer_is_named() {
    let root = root("Root");
    let lower = root.authority("Lower");
    let (leaf, key) = lower.server("shop.example");
    let rows: [(&[&str], &str); 3] = [
        (&[&leaf, &key], "the chain ends at CN=shop.example; the certificate of its issuer CN=Lower is missing"),
        (&[&leaf, &lower.pem, &key], "the chain ends at CN=Lower; the certificate of its issuer CN=Root is missing"),
        (&[&leaf, &root.pem, &key], "the certificate of its issuer CN=Lower is missing"),
    ];
    for (parts, expected) in rows {
        let findings = read(parts).findings;
        let finding = findings.iter().find(|finding| finding.code == codes::CHAIN_INCOMPLETE).unwrap();
        assert!(finding.message.contains(expected), "{}", finding.message);
    }
}

#[test]
fn an_issuer_of_the_same_name_and_another_key_is_no_issuer() {
    let (root, other) = (root("Root"), root("Root"));
    let (leaf, key) = root.server("shop.example");
    let wrong = read(&[&leaf, &other.pem, &key]);
    assert_eq!(subjects(&wrong.identity), ["CN=shop.example"]);
    assert_eq!(codes_of(&wrong.findings), [codes::CHAIN_INCOMPLETE, codes::UNRELATED]);
    assert_eq!(wrong.findings[0].message, "a certificate of CN=Root is there, but it did not sign CN=shop.example");
    let both = read(&[&other.pem, &leaf, &root.pem, &key]);
    assert_eq!(subjects(&both.identity), ["CN=shop.example", "CN=Root"]);
}

#[test]
fn what_is_no_part_of_the_chain_is_not_sent() {
    let (ours, theirs) = (root("Ours"), root("Theirs"));
    let (leaf, key) = ours.server("shop.example");
    let (stranger, stray) = theirs.server("stray.example");
    let with_stranger = read(&[&stranger, &leaf, &ours.pem, &key]);
    assert_eq!(subjects(&with_stranger.identity), ["CN=shop.example", "CN=Ours"]);
    assert_eq!(codes_of(&with_stranger.findings), [codes::UNRELATED]);
    let with_stray_key = read(&[&leaf, &ours.pem, &stray, &key]);
    assert_eq!(codes_of(&with_stray_key.findings), [codes::KEY_UNUSED]);
    let twice = read(&[&leaf, &leaf, &ours.pem, &ours.pem, &key, &key]);
    assert_eq!((twice.identity.chain().len(), codes_of(&twice.findings)), (2, vec![]));
}

#[test]
fn of_two_certificates_of_one_key_the_valid_one_that_ends_last_is_shown() {
    let key = KeyPair::generate().unwrap();
    let of = |name: &str, from: i32, to: i32| {
        let mut params = params(name, false);
        params.not_before = rcgen::date_time_ymd(from, 1, 1);
        params.not_after = rcgen::date_time_ymd(to, 1, 1);
        params.self_signed(&key).unwrap().pem()
    };
    let (old, new, future) =
        (of("old.example", 2020, 2028), of("new.example", 2026, 2030), of("next.example", 2029, 2040));
    for order in [[&old, &new, &future], [&future, &new, &old], [&new, &future, &old]] {
        let read = read(&[order[0], order[1], order[2], &key.serialize_pem()]);
        assert_eq!(read.identity.facts().subject, "CN=new.example");
        assert_eq!(codes_of(&read.findings), [codes::UNRELATED, codes::UNRELATED]);
    }
}

#[test]
fn dates_are_told_before_and_after_they_matter() {
    let day = 86_400;
    let facts = Facts::read(&der("leaf.pem")).unwrap();
    let (from, to) = (facts.not_before, facts.not_after);
    let rows = [
        (from - 1, Some((codes::NOT_YET_VALID, "is not valid before 2026-"))),
        (from, None),
        (to - 30 * day - 1, None),
        (to - 30 * day, Some((codes::EXPIRES_SOON, "in 30 days"))),
        (to - day, Some((codes::EXPIRES_SOON, "in 1 day"))),
        (to, Some((codes::EXPIRES_SOON, "in 0 days"))),
        (to + 1, Some((codes::EXPIRED, "expired on 2046-"))),
        (i64::MAX, Some((codes::EXPIRED, "expired on 2046-"))),
        (i64::MIN, Some((codes::NOT_YET_VALID, "is not valid before"))),
    ];
    for (now, expected) in rows {
        let finding = dates(&facts, "the certificate", "clients refuse it", now);
        let found = finding.as_ref().map(|finding| (finding.code, finding.message.as_str()));
        assert_eq!(found.map(|(code, _)| code), expected.map(|(code, _)| code), "{now}: {found:?}");
        assert!(expected.is_none_or(|(_, text)| found.unwrap().1.contains(text)), "{now}: {found:?}");
    }
    let expired = read_pem(&joined(&["leaf.pem", "mid.pem", "root.pem", "leaf.key"]), None, None, to + 1).unwrap();
    // The root is the client's own; that of the file may be as old as it likes.
    assert_eq!(codes_of(&expired.findings), [codes::EXPIRED, codes::EXPIRED]);
    assert!(expired.findings[1].message.starts_with("the intermediate certificate of CN=Fixture Intermediate"));
}

#[test]
fn what_clients_will_not_like_is_found() {
    let rows: [(&str, &[&str]); 4] = [
        ("odd_sha1.pem", &[codes::WEAK_SIGNATURE]),
        ("odd_no_names.pem", &[codes::NO_NAMES]),
        ("odd_authority.pem", &[codes::IS_CA]),
        ("odd_client.pem", &[codes::NOT_FOR_SERVERS]),
    ];
    for (name, expected) in rows {
        let read = read_pem(&joined(&[name, "mid.pem", "root.pem", "leaf.key"]), None, None, NOW).unwrap();
        assert_eq!(codes_of(&read.findings), expected, "{name}");
        assert!(read.findings.iter().all(|finding| finding.help.is_some()), "{name}");
    }
}

#[test]
fn a_public_root_may_be_left_out() {
    let rows = [(webpki_roots::TLS_SERVER_ROOTS[0].subject.as_ref().to_vec(), true), (b"\x31\x00".to_vec(), false)];
    for (content, expected) in rows {
        let mut name = vec![0x30, 0x82, 0, 0];
        name[2..4].copy_from_slice(&(content.len() as u16).to_be_bytes());
        name.extend(content);
        assert_eq!(chain::is_public_root(&name), expected);
    }
}

#[test]
fn a_file_that_azure_would_refuse_for_its_size_is_told() {
    let padding = "x".repeat(LARGEST_IN_AZURE);
    let data = [joined(&["leaf.pem", "mid.pem", "root.pem", "leaf.key"]), padding.into_bytes()].concat();
    assert_eq!(codes_of(&read_any(&data, None, NOW).unwrap().findings), [codes::ABOVE_AZURE_SIZE]);
}
