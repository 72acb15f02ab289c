//! Roots that were uploaded, ready for webpki, with what webpki does not look at: their dates.

use std::time::Duration;

use rustls::pki_types::{CertificateDer, TrustAnchor, UnixTime};

use crate::certificate::Facts;

/// Uploaded roots.
#[derive(Debug)]
pub(crate) struct Anchors {
    roots: Vec<Root>,
    trusted: Vec<TrustAnchor<'static>>,
}

#[derive(Debug)]
struct Root {
    der: CertificateDer<'static>,
    facts: Facts,
}

impl Anchors {
    /// Reads roots; the error says which one cannot be read, counted from 1, and why.
    pub(crate) fn new<'a>(roots: impl IntoIterator<Item = &'a CertificateDer<'static>>) -> Result<Self, String> {
        let mut anchors = Self { roots: Vec::new(), trusted: Vec::new() };
        for (index, der) in roots.into_iter().enumerate() {
            let unreadable = |why: &dyn std::fmt::Display| format!("root {} cannot be read: {why}", index + 1);
            let facts = Facts::read(der).map_err(|error| unreadable(&error))?;
            let anchor = webpki::anchor_from_trusted_cert(der).map_err(|error| unreadable(&error))?;
            anchors.trusted.push(anchor.to_owned());
            anchors.roots.push(Root { der: der.clone(), facts });
        }
        Ok(anchors)
    }

    /// For webpki.
    pub(crate) fn trusted(&self) -> &[TrustAnchor<'static>] {
        &self.trusted
    }

    /// Whether a certificate is one of them, byte for byte.
    pub(crate) fn contain(&self, der: &[u8]) -> bool {
        self.roots.iter().any(|root| *root.der == *der)
    }

    /// The certificates.
    pub(crate) fn certificates(&self) -> impl Iterator<Item = &CertificateDer<'static>> {
        self.roots.iter().map(|root| &root.der)
    }

    /// What they say of themselves.
    pub(crate) fn facts(&self) -> impl Iterator<Item = &Facts> {
        self.roots.iter().map(|root| &root.facts)
    }

    /// The certificates whose name and key an anchor has: several where a root was renewed.
    pub(crate) fn certificates_of(&self, anchor: &TrustAnchor<'_>) -> impl Iterator<Item = &CertificateDer<'static>> {
        self.roots_of(anchor).map(|root| &root.der)
    }

    fn roots_of(&self, anchor: &TrustAnchor<'_>) -> impl Iterator<Item = &Root> {
        let same = |trusted: &TrustAnchor<'_>| {
            trusted.subject == anchor.subject && trusted.subject_public_key_info == anchor.subject_public_key_info
        };
        self.trusted.iter().zip(&self.roots).filter(move |(trusted, _)| same(trusted)).map(|(_, root)| root)
    }

    /// Whether an anchor is within its dates, by one of its certificates at least.
    pub(crate) fn check_dates(&self, anchor: &TrustAnchor<'_>, now: i64) -> Result<(), webpki::Error> {
        let mut result = Ok(());
        for root in self.roots_of(anchor) {
            result = check_dates(&root.facts, now);
            if result.is_ok() {
                break;
            }
        }
        result
    }
}

/// Whether a certificate is within its dates, in webpki's words.
pub(crate) fn check_dates(facts: &Facts, now: i64) -> Result<(), webpki::Error> {
    let time = unix_time(now);
    if now < facts.not_before {
        return Err(webpki::Error::CertNotValidYet { time, not_before: unix_time(facts.not_before) });
    }
    if now > facts.not_after {
        return Err(webpki::Error::CertExpired { time, not_after: unix_time(facts.not_after) });
    }
    Ok(())
}

/// Seconds since 1970; what lies before is 1970.
pub(crate) fn unix_time(seconds: i64) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(seconds).unwrap_or(0)))
}
