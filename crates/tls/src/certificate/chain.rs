//! From what a file holds to what is shown: the certificate of the key, then its issuers in order.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use x509_parser::certificate::X509Certificate;
use x509_parser::error::X509Error;

use super::error::{CertificateError, Finding};
use super::facts::{self, Facts};
use super::key::Key;
use super::{Identity, Read, check, codes, tlv};

/// A certificate of the file, opened.
struct Certificate<'a> {
    der: &'a CertificateDer<'static>,
    parsed: X509Certificate<'a>,
    facts: Facts,
}

/// Joins keys and certificates. Both are given, and in any order.
pub(super) fn assemble(
    keys: &[Key],
    certificates: &[CertificateDer<'static>],
    now: i64,
) -> Result<Read, CertificateError> {
    let mut opened: Vec<Certificate<'_>> = Vec::with_capacity(certificates.len());
    for (index, der) in certificates.iter().enumerate() {
        if opened.iter().all(|other| other.der != der) {
            opened.push(open(der, index)?);
        }
    }
    let mut findings = Vec::new();
    let key = owner(keys, &opened, &mut findings)?;
    let leaf = leaf(key, &opened, now).ok_or_else(|| mismatch(keys, &opened))?;
    let order = order(leaf, &opened);
    let chain: Vec<&Certificate<'_>> = order.iter().filter_map(|at| opened.get(*at)).collect();
    check::chain(&chain.iter().map(|one| (&one.facts, &one.parsed)).collect::<Vec<_>>(), now, &mut findings);
    if let Some(last) = chain.last() {
        incomplete(last, &opened, &mut findings);
    }
    unrelated(&opened, &order, &mut findings);
    let shown = chain.iter().map(|one| one.der.clone()).collect();
    let Some(leaf) = chain.first() else { return Err(mismatch(keys, &opened)) };
    let certified = Arc::new(CertifiedKey::new(shown, Arc::clone(&key.signing)));
    Ok(Read { identity: Identity { facts: Arc::new(leaf.facts.clone()), certified }, findings })
}

fn open<'a>(der: &'a CertificateDer<'static>, index: usize) -> Result<Certificate<'a>, CertificateError> {
    let read = || -> Result<Certificate<'a>, facts::Unreadable> {
        Ok(Certificate { der, parsed: facts::parse(der)?, facts: Facts::read(der)? })
    };
    read().map_err(|error| {
        let message = format!("certificate {} of the file cannot be read: {error}", index + 1);
        CertificateError::new(codes::CERTIFICATE_DAMAGED, message).help("copy it again, whole")
    })
}

fn belongs(key: &Key, certificate: &Certificate<'_>) -> bool {
    certificate.parsed.public_key().subject_public_key.data == key.public
}

/// The one key that has a certificate.
fn owner<'k>(
    keys: &'k [Key],
    certificates: &[Certificate<'_>],
    findings: &mut Vec<Finding>,
) -> Result<&'k Key, CertificateError> {
    let mut owners: Vec<&Key> = Vec::new();
    for key in keys {
        let is_new = owners.iter().all(|other| other.public != key.public);
        if is_new && certificates.iter().any(|certificate| belongs(key, certificate)) {
            owners.push(key);
        }
    }
    match *owners {
        [key] => {
            let unused = keys.iter().filter(|other| other.public != key.public).count();
            if unused > 0 {
                let message = format!("{unused} more private keys in the file belong to none of its certificates");
                findings.push(Finding::new(codes::KEY_UNUSED, message).help("remove them from the file"));
            }
            Ok(key)
        }
        [] => Err(mismatch(keys, certificates)),
        _ => {
            let of =
                |key: &&Key| certificates.iter().find(|one| belongs(key, one)).map(|one| one.facts.subject.clone());
            let subjects: Vec<String> = owners.iter().filter_map(of).collect();
            let message = format!("the file holds {} private keys with a certificate each", owners.len());
            Err(CertificateError::new(codes::SEVERAL_KEYS, message)
                .found(subjects.join("; "))
                .expected("one key with its certificate")
                .help("write each certificate with its key and its chain into a file of its own"))
        }
    }
}

fn mismatch(keys: &[Key], certificates: &[Certificate<'_>]) -> CertificateError {
    let subjects: Vec<String> =
        certificates.iter().map(|one| format!("{} ({})", one.facts.subject, one.facts.key)).collect();
    let algorithms: Vec<String> = keys.iter().map(|key| format!("{:?}", key.signing.algorithm())).collect();
    let message = format!("the private key ({}) belongs to none of the certificates", algorithms.join(", "));
    CertificateError::new(codes::KEY_MISMATCH, message)
        .found(format!("certificates of {}", subjects.join("; ")))
        .expected("the key that the certificate was issued for")
}

/// The certificate of the key. Of several, as a renewal may leave them, a valid one, and the one that ends last.
fn leaf(key: &Key, certificates: &[Certificate<'_>], now: i64) -> Option<usize> {
    let owned = certificates.iter().enumerate().filter(|(_, one)| belongs(key, one));
    let best = owned.max_by_key(|(_, one)| (one.facts.not_before <= now, one.facts.not_after));
    best.map(|(index, _)| index)
}

/// The leaf, then each issuer that is there.
fn order(leaf: usize, certificates: &[Certificate<'_>]) -> Vec<usize> {
    let mut order = vec![leaf];
    while let Some(last) = order.last().and_then(|at| certificates.get(*at)) {
        if last.facts.is_self_signed {
            break;
        }
        let candidates = certificates.iter().enumerate().filter(|(at, _)| !order.contains(at));
        let named = candidates.filter(|(_, one)| one.parsed.subject().as_raw() == last.parsed.issuer().as_raw());
        let Some((_, next)) = named
            .filter_map(|(at, one)| is_signed_by(&last.parsed, &one.parsed).map(|certainty| (certainty, at)))
            .max_by_key(|(certainty, at)| (*certainty, std::cmp::Reverse(*at)))
        else {
            break;
        };
        order.push(next);
    }
    order
}

/// Whether one signed the other: `None` for no, `Some(true)` for yes, `Some(false)` for an algorithm that cannot be
/// checked here.
fn is_signed_by(certificate: &X509Certificate<'_>, issuer: &X509Certificate<'_>) -> Option<bool> {
    match certificate.verify_signature(Some(issuer.public_key())) {
        Ok(()) => Some(true),
        Err(X509Error::SignatureVerificationError) => None,
        Err(_) => Some(false),
    }
}

/// Says when clients have to know more than a root to believe the chain.
fn incomplete(last: &Certificate<'_>, certificates: &[Certificate<'_>], findings: &mut Vec<Finding>) {
    if last.facts.is_self_signed || is_public_root(last.parsed.issuer().as_raw()) {
        return;
    }
    let issuer = &last.facts.issuer;
    let is_named = certificates.iter().any(|one| one.parsed.subject().as_raw() == last.parsed.issuer().as_raw());
    let finding = if is_named {
        let message = format!("a certificate of {issuer} is there, but it did not sign {}", last.facts.subject);
        Finding::new(codes::CHAIN_INCOMPLETE, message)
            .help("put the issuer's certificate with the right key into the file")
    } else {
        let message =
            format!("the chain ends at {}; the certificate of its issuer {issuer} is missing", last.facts.subject);
        Finding::new(codes::CHAIN_INCOMPLETE, message)
            .help("add the issuer's certificate to the file; clients that do not have it refuse the connection")
    };
    findings.push(finding);
}

/// Whether this is the name of a root that clients usually have.
pub(super) fn is_public_root(name: &[u8]) -> bool {
    let Ok((name, _)) = tlv::first(name) else { return false };
    webpki_roots::TLS_SERVER_ROOTS.iter().any(|root| root.subject.as_ref() == name.content)
}

fn unrelated(certificates: &[Certificate<'_>], order: &[usize], findings: &mut Vec<Finding>) {
    for (_, other) in certificates.iter().enumerate().filter(|(at, _)| !order.contains(at)) {
        let message = format!("the certificate of {} is no part of the chain and is not sent", other.facts.subject);
        findings.push(Finding::new(codes::UNRELATED, message).help("remove it from the file"));
    }
}
