mod demand;
mod handshake;

use rcgen::{
    CertificateRevocationListParams, ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyUsagePurpose, RevokedCertParams,
    SerialNumber, date_time_ymd,
};
use rustls::pki_types::CertificateDer;

use super::*;
use crate::certificate::parse;
use crate::fixtures::{Authority, Leaf, NOW, expire, postpone, self_signed};

/// What a profile has uploaded, leaf-most intermediate last.
fn chain(root: &Authority, intermediates: &[&Authority]) -> Chain {
    let last = intermediates.last().map_or(root.der(), |last| last.der());
    Chain {
        root: root.der(),
        intermediates: intermediates.iter().map(|one| one.der()).collect(),
        issuer_dn: parse(&last).unwrap().tbs_certificate.subject.as_raw().to_vec(),
        issuer_text: String::new(),
    }
}

fn auth(chains: Vec<Chain>) -> ClientAuth {
    ClientAuth {
        mode: Mode::Strict,
        chains,
        verify_issuer: false,
        revocation: Revocation::None,
        crls: Vec::new(),
        max_depth: 6,
    }
}

fn verdict(auth: &ClientAuth, presented: &[&CertificateDer<'static>]) -> String {
    let presented: Vec<_> = presented.iter().map(|der| (*der).clone()).collect();
    Checker::new(auth).unwrap().verdict(Some(&presented), NOW).to_string()
}

#[test]
fn a_verdict_names_what_is_wrong_as_openssl_does() {
    let root = Authority::root("Root");
    let (issuing, other) = (root.intermediate("Issuing"), Authority::root("Other"));
    let stale = root.intermediate_with("Stale", expire);
    let namesake = Authority::root("Root");
    let leaf = |change: fn(&mut rcgen::CertificateParams)| issuing.leaf_with("client", change).der;
    let auth = auth(vec![chain(&root, &[])]);
    let issuing_der = issuing.der();
    let no_clients = |params: &mut rcgen::CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    };
    let for_clients = |params: &mut rcgen::CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    };
    let authority = |params: &mut rcgen::CertificateParams| {
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    };
    for (rule, presented, expected) in [
        ("good", vec![leaf(|_| {}), issuing_der.clone()], "SUCCESS"),
        ("for clients", vec![leaf(for_clients), issuing_der.clone()], "SUCCESS"),
        ("straight from the root", vec![root.leaf("client").der], "SUCCESS"),
        ("with the root, too", vec![leaf(|_| {}), issuing_der.clone(), root.der()], "SUCCESS"),
        ("none", vec![], "NONE"),
        ("expired", vec![leaf(expire), issuing_der.clone()], "FAILED:certificate has expired"),
        ("not yet", vec![leaf(postpone), issuing_der.clone()], "FAILED:certificate is not yet valid"),
        ("expired issuer", vec![stale.leaf("client").der, stale.der()], "FAILED:certificate has expired"),
        ("wrong usage", vec![leaf(no_clients), issuing_der.clone()], "FAILED:unsuitable certificate purpose"),
        ("an authority", vec![leaf(authority), issuing_der.clone()], "FAILED:unsuitable certificate purpose"),
        ("wrong CA", vec![other.leaf("client").der], "FAILED:unable to verify the first certificate"),
        (
            "wrong CA, root sent",
            vec![other.leaf("client").der, other.der()],
            "FAILED:self-signed certificate in certificate chain",
        ),
        ("self-signed", vec![self_signed("client", |_| {}).der], "FAILED:self-signed certificate"),
        ("intermediate missing", vec![leaf(|_| {})], "FAILED:unable to verify the first certificate"),
        (
            "one of two intermediates missing",
            {
                let below = issuing.intermediate("Below");
                vec![below.leaf("client").der, below.der()]
            },
            "FAILED:unable to get local issuer certificate",
        ),
        ("a root of that name", vec![namesake.leaf("client").der], "FAILED:certificate signature failure"),
        ("no certificate", vec![CertificateDer::from(b"garbage".to_vec())], "FAILED:the certificate cannot be read"),
    ] {
        assert_eq!(verdict(&auth, &presented.iter().collect::<Vec<_>>()), expected, "{rule}");
    }
}

#[test]
fn uploaded_intermediates_complete_the_chain() {
    let root = Authority::root("Root");
    let issuing = root.intermediate("Issuing");
    let auth = auth(vec![chain(&root, &[&issuing])]);
    assert_eq!(verdict(&auth, &[&issuing.leaf("client").der]), "SUCCESS");
}

#[test]
fn an_issuer_that_was_uploaded_without_its_own_is_told_apart() {
    let (root, other) = (Authority::root("Root"), Authority::root("Other"));
    let stray = other.intermediate("Stray");
    let mut chain = chain(&root, &[]);
    chain.intermediates.push(stray.der());
    let expected = "FAILED:unable to get issuer certificate";
    assert_eq!(verdict(&auth(vec![chain]), &[&stray.leaf("client").der]), expected);
}

#[test]
fn any_of_several_chains_will_do() {
    let (one, two) = (Authority::root("One"), Authority::root("Two"));
    let auth = auth(vec![chain(&one, &[]), chain(&two, &[])]);
    for root in [&one, &two] {
        assert_eq!(verdict(&auth, &[&root.leaf("client").der]), "SUCCESS");
    }
}

#[test]
fn an_expired_root_is_not_trusted() {
    let root = Authority::root_with("Root", expire);
    let auth = auth(vec![chain(&root, &[])]);
    assert_eq!(verdict(&auth, &[&root.leaf("client").der]), "FAILED:certificate has expired");
}

#[test]
fn a_self_signed_certificate_that_was_uploaded_is_good() {
    let authority = |params: &mut rcgen::CertificateParams| {
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    };
    let for_servers = |params: &mut rcgen::CertificateParams| {
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    };
    for (change, expected) in [
        (&authority as &dyn Fn(&mut rcgen::CertificateParams), "SUCCESS"),
        (&expire, "FAILED:certificate has expired"),
        (&for_servers, "FAILED:unsuitable certificate purpose"),
    ] {
        let own = self_signed("client", change);
        let chain = Chain {
            root: own.der.clone(),
            intermediates: Vec::new(),
            issuer_dn: Vec::new(),
            issuer_text: String::new(),
        };
        assert_eq!(verdict(&auth(vec![chain]), &[&own.der]), expected);
    }
}

#[test]
fn the_issuer_must_be_the_one_that_signs_leaves() {
    let root = Authority::root("Root");
    let (issuing, beside) = (root.intermediate("Issuing"), root.intermediate("Beside"));
    let auth = ClientAuth { verify_issuer: true, ..auth(vec![chain(&root, &[&issuing])]) };
    assert_eq!(verdict(&auth, &[&issuing.leaf("client").der]), "SUCCESS");
    let expected = "FAILED:issuer DN mismatch";
    assert_eq!(verdict(&auth, &[&beside.leaf("client").der, &beside.der()]), expected);
    assert_eq!(verdict(&auth, &[&root.leaf("client").der]), expected);
}

#[test]
fn the_depth_counts_intermediates() {
    let root = Authority::root("Root");
    let one = root.intermediate("One");
    let two = one.intermediate("Two");
    let leaf = two.leaf("client").der;
    for (max_depth, expected) in [(1, "FAILED:certificate chain too long"), (2, "SUCCESS"), (6, "SUCCESS")] {
        let auth = ClientAuth { max_depth, ..auth(vec![chain(&root, &[])]) };
        assert_eq!(verdict(&auth, &[&leaf, &two.der(), &one.der()]), expected, "{max_depth}");
    }
}

#[test]
fn nothing_is_checked_in_passthrough() {
    let auth = ClientAuth { mode: Mode::Passthrough, ..auth(Vec::new()) };
    let expected = "FAILED:not checked, client authentication is in Passthrough mode";
    assert_eq!(verdict(&auth, &[&self_signed("client", |_| {}).der]), expected);
    assert_eq!(verdict(&auth, &[]), "NONE");
}

/// A list of an authority, valid for centuries or expired.
fn list(of: &Authority, leaves: &[&Leaf], is_expired: bool) -> Vec<u8> {
    let revoked = |leaf: &&Leaf| RevokedCertParams {
        serial_number: SerialNumber::from_slice(parse(&leaf.der).unwrap().raw_serial()),
        revocation_time: date_time_ymd(2021, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let params = CertificateRevocationListParams {
        this_update: date_time_ymd(2021, 1, 2),
        next_update: if is_expired { date_time_ymd(2022, 1, 1) } else { date_time_ymd(4000, 1, 1) },
        crl_number: SerialNumber::from(1u64),
        issuing_distribution_point: None,
        revoked_certs: leaves.iter().map(revoked).collect(),
        key_identifier_method: KeyIdMethod::Sha256,
    };
    params.signed_by(of.issuer()).unwrap().der().to_vec()
}

#[test]
fn lists_of_revoked_certificates_decide() {
    let (root, other) = (Authority::root("Root"), Authority::root("Other"));
    let namesake = Authority::root("Root");
    let (good, bad) = (root.leaf("good"), root.leaf("bad"));
    let current = list(&root, &[&bad], false);
    let (old, clean) = (list(&root, &[], true), list(&root, &[], false));
    let foreign = list(&other, &[], false);
    for (rule, lists, leaf, expected) in [
        ("not on the list", vec![&current], &good, "SUCCESS"),
        ("on the list", vec![&current], &bad, "FAILED:certificate revoked"),
        ("on one of two", vec![&clean, &current], &bad, "FAILED:certificate revoked"),
        ("the list has expired", vec![&old], &good, "FAILED:CRL has expired"),
        ("a current one beside an expired one", vec![&old, &current], &good, "SUCCESS"),
        ("none of its issuer", vec![&foreign], &good, "FAILED:unable to get certificate CRL"),
        ("by another key", vec![&list(&namesake, &[], false)], &good, "FAILED:CRL signature failure"),
    ] {
        let crls = lists.into_iter().cloned().collect();
        let auth = ClientAuth { crls, ..auth(vec![chain(&root, &[])]) };
        assert_eq!(verdict(&auth, &[&leaf.der]), expected, "{rule}");
    }
}

#[test]
fn an_intermediate_needs_no_list_and_a_bad_chain_is_said_before_a_missing_list() {
    let root = Authority::root("Root");
    let issuing = root.intermediate("Issuing");
    let (leaf, late) = (issuing.leaf("client"), issuing.leaf_with("client", expire));
    let crls = vec![list(&issuing, &[], false)];
    let auth = ClientAuth { crls, ..auth(vec![chain(&root, &[&issuing])]) };
    assert_eq!(verdict(&auth, &[&leaf.der]), "SUCCESS");
    let auth = ClientAuth { crls: vec![list(&Authority::root("Other"), &[], false)], ..auth };
    assert_eq!(verdict(&auth, &[&late.der]), "FAILED:certificate has expired");
}

#[test]
fn a_list_must_be_signed_by_an_authority_that_may() {
    let root = Authority::root("Root");
    let issuing = root.intermediate_with("Issuing", |params| params.key_usages = vec![KeyUsagePurpose::KeyCertSign]);
    let crls = vec![list(&issuing.renewed(), &[], false)];
    let auth = ClientAuth { crls, ..auth(vec![chain(&root, &[&issuing])]) };
    let expected = "FAILED:key usage does not include CRL signing";
    assert_eq!(verdict(&auth, &[&issuing.leaf("client").der]), expected);
}

#[test]
fn a_list_that_cannot_be_read_is_refused_beforehand() {
    let auth = ClientAuth { crls: vec![b"garbage".to_vec()], ..auth(Vec::new()) };
    assert_eq!(Checker::new(&auth).unwrap_err().code, LIST_INVALID);
}

#[test]
fn the_issuer_is_found_by_name_and_key() {
    let root = Authority::root("Root");
    let (issuing, namesake) = (root.intermediate("Issuing"), root.intermediate("Issuing"));
    let leaf = issuing.leaf("client").der;
    let sends = Checker::new(&auth(vec![chain(&root, &[])])).unwrap();
    let has = Checker::new(&auth(vec![chain(&root, &[&namesake, &issuing])])).unwrap();
    assert_eq!(sends.issuer_of(&[leaf.clone(), namesake.der(), issuing.der()]), Some(issuing.der()));
    assert_eq!(has.issuer_of(std::slice::from_ref(&leaf)), Some(issuing.der()));
    assert_eq!(sends.issuer_of(&[leaf.clone(), namesake.der()]), None);
    assert_eq!(sends.issuer_of(&[root.leaf("client").der]), Some(root.der()));
    assert_eq!(sends.issuer_of(&[]), None);
}
