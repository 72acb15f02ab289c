//! From "this chain does not verify" to what is wrong with it, in the classes that operators know.

use rustls::pki_types::CertificateDer;
use webpki::Error;

use super::error::{Class, ServerTlsError};
use super::issuer::unknown_issuer;
use super::verifier::weak_key;
use crate::anchors::{Anchors, check_dates};
use crate::calendar::date_time;
use crate::certificate::{Facts, KeyKind, parse};
use crate::chain::{Named, climb};
use crate::signature::Signed;

/// What a server presented, and what it was held against.
pub(super) struct Presented<'a> {
    /// The first certificate.
    pub(super) leaf: &'a CertificateDer<'a>,
    /// What it says of itself.
    pub(super) facts: &'a Facts,
    /// All others.
    pub(super) others: &'a [CertificateDer<'a>],
    /// The trusted roots; `None`: the public ones.
    pub(super) roots: Option<&'a Anchors>,
    /// The time.
    pub(super) now: i64,
}

impl<'a> Presented<'a> {
    /// The others that can be read.
    pub(super) fn named(&self) -> impl Iterator<Item = Named<'a>> {
        let others: &'a [CertificateDer<'a>] = self.others;
        others.iter().filter_map(|der| Named::read(der))
    }

    /// The leaf and each issuer that was presented.
    pub(super) fn path(&self) -> Vec<Named<'a>> {
        let leaf: &'a CertificateDer<'a> = self.leaf;
        let others: Vec<_> = self.named().collect();
        Named::read(leaf).map(|leaf| climb(leaf, &others)).unwrap_or_default()
    }

    pub(super) fn subject(&self) -> String {
        cut(&self.facts.subject)
    }

    pub(super) fn issuer(&self) -> String {
        cut(&self.facts.issuer)
    }
}

/// The failure that an error of webpki means for a server.
pub(super) fn classify(presented: &Presented<'_>, error: &Error) -> ServerTlsError {
    let (class, text) = match error {
        Error::CertExpired { .. } | Error::CertNotValidYet { .. } | Error::InvalidCertValidity => {
            (Class::CertDateInvalid, dates(presented, error))
        }
        // An authority comes this far only alone and signed by itself.
        Error::UnknownIssuer | Error::CaUsedAsEndEntity => unknown_issuer(presented),
        Error::InvalidSignatureForPublicKey => return wrong_signature(presented),
        other => {
            let (number, what) = other_error(other);
            let subject = presented.subject();
            let text = format!("the chain of the server's certificate, {subject}, {what} (OpenSSL error {number})");
            (Class::CertVerifyOther(number), text)
        }
    };
    ServerTlsError::new(class, text)
}

/// Which certificate is outside its dates, and since when.
fn dates(presented: &Presented<'_>, error: &Error) -> String {
    let when = |seconds: u64| {
        let time = i64::try_from(seconds).ok().and_then(date_time);
        time.map_or_else(|| "a day beyond the calendar".to_owned(), |time| format!("{time}Z"))
    };
    let whose = |is_it: &dyn Fn(&Facts) -> bool| {
        let is_it = |facts: &Facts| check_dates(facts, presented.now).is_err() && is_it(facts);
        if is_it(presented.facts) {
            return format!("the server's certificate, {},", presented.subject());
        }
        let other = presented.others.iter().filter_map(|der| Facts::read(der).ok()).find(|facts| is_it(facts));
        let root = || presented.roots.into_iter().flat_map(Anchors::facts).find(|facts| is_it(facts)).cloned();
        match other {
            Some(other) if other.is_self_signed => format!("the root that the server sends, {},", cut(&other.subject)),
            Some(other) => format!("the intermediate that the server sends, {},", cut(&other.subject)),
            None => match root() {
                Some(root) => format!("the trusted root {}", cut(&root.subject)),
                None => "a certificate of the server's chain".to_owned(),
            },
        }
    };
    match error {
        Error::CertExpired { not_after, .. } => {
            let end = not_after.as_secs();
            let whose = whose(&|facts| u64::try_from(facts.not_after).unwrap_or(0) == end);
            format!("{whose} expired on {}", when(end))
        }
        Error::CertNotValidYet { not_before, .. } => {
            let start = not_before.as_secs();
            let whose = whose(&|facts| u64::try_from(facts.not_before).unwrap_or(0) == start);
            format!("{whose} is not valid before {}", when(start))
        }
        _ => format!("{} ends before it begins", whose(&|facts| facts.not_before > facts.not_after)),
    }
}

/// A name fits and the key does not.
fn wrong_signature(presented: &Presented<'_>) -> ServerTlsError {
    let path = presented.path();
    let roots = presented.roots.into_iter().flat_map(Anchors::facts).cloned();
    let issuers = path.iter().skip(1).filter_map(|named| Facts::read(named.der).ok()).chain(roots);
    for facts in issuers {
        if let KeyKind::Rsa(bits @ ..2048) = facts.key {
            return weak_key(&format!("the authority {}", cut(&facts.subject)), bits, 67);
        }
    }
    let is_broken = |pair: &&[Named<'_>]| matches!(pair, [below, above] if !is_signed(below.der, above.der));
    if let Some([below, above]) = path.windows(2).find(is_broken) {
        let (below, above) = (subject_of(below.der), subject_of(above.der));
        let text = format!("{below} says that {above} issued it, but is not signed with that key (OpenSSL error 7)");
        return ServerTlsError::new(Class::CertVerifyOther(7), text);
    }
    let Some(top) = path.last() else { return ServerTlsError::new(Class::CertVerifyOther(7), "wrong signature") };
    let (name, root) = (subject_of(top.der), issuer_of(top.der));
    let class = match (presented.roots, top.is_self_signed()) {
        (None, _) => Class::CertVerifyOther(7),
        (Some(_), true) => Class::RootMismatchRootPresented,
        (Some(_), false) => Class::RootMismatchNoRootPresented,
    };
    let text = format!(
        "the trusted root {root} has the name of the issuer of {name}, but another key; upload the root that the \
         server's chain ends at"
    );
    ServerTlsError::new(class, text)
}

fn is_signed(below: &[u8], above: &[u8]) -> bool {
    let (Some(signed), Ok(above)) = (Signed::certificate(below), parse(above)) else { return false };
    signed.is_by(above.tbs_certificate.subject_pki.raw)
}

/// OpenSSL's number for an error, and words for it that go on after "the chain".
fn other_error(error: &Error) -> (u32, String) {
    let (number, text) = match error {
        Error::MaximumPathDepthExceeded => (22, "is too long"),
        Error::EndEntityUsedAsCa => (24, "has an issuer in it that is no authority (CA:TRUE)"),
        Error::PathLenConstraintViolated => (25, "is longer than one of its authorities may make it"),
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension => {
            (26, "is not for servers; its extended key usage must have serverAuth")
        }
        Error::CertDistrusted => (28, "has a certificate in it that is not to be trusted any more"),
        Error::UnsupportedCriticalExtension => (34, "has a critical extension that is not supported"),
        Error::NameConstraintViolation => (47, "has an authority in it that may not issue for these names"),
        Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_)
        | Error::SignatureAlgorithmMismatch => {
            (68, "is signed in a way that is not accepted, such as with SHA-1; have it issued with SHA-256")
        }
        Error::UnsupportedCertVersion => {
            (1, "has a certificate of version 1 or 2 in it; have it issued as version 3, with alternative names")
        }
        other => return (1, format!("cannot be verified: {other}")),
    };
    (number, text.to_owned())
}

pub(super) fn subject_of(der: &[u8]) -> String {
    Facts::read(der).map_or_else(|_| "a certificate that cannot be read".to_owned(), |facts| cut(&facts.subject))
}

pub(super) fn issuer_of(der: &[u8]) -> String {
    Facts::read(der).map_or_else(|_| "an authority that cannot be read".to_owned(), |facts| cut(&facts.issuer))
}

/// A distinguished name, or the beginning of a long one.
fn cut(name: &str) -> String {
    const LONGEST: usize = 150;
    match name.char_indices().nth(LONGEST) {
        None if name.is_empty() => "a certificate without a name".to_owned(),
        None => name.to_owned(),
        Some((end, _)) => format!("{}...", name.get(..end).unwrap_or(name)),
    }
}
