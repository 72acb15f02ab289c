//! Certificates with their private keys: read from PFX or PEM, checked, put in order, ready to be shown.
//!
//! Source: Azure, "Overview of TLS termination and end to end TLS with Application Gateway" (ssl-overview, read
//! 2026-11-22): a PFX with the key and the whole chain. PEM is read as well, for those who have no PFX.

pub mod codes;

mod chain;
mod check;
mod error;
mod facts;
pub(crate) mod files;
mod form;
mod key;
mod key_kind;
mod name;
mod pem;
mod pfx;
mod protection;
mod read;
mod tlv;

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;

pub use check::{EXPIRY_NOTICE, dates, day};
pub use error::{CertificateError, Finding};
pub(crate) use facts::parse;
pub use facts::{Facts, Unreadable};
pub use key_kind::KeyKind;
pub use read::{LARGEST, LARGEST_IN_AZURE, read_any, read_pem, read_pfx};

/// A certificate that can be shown: its chain, leaf first, and its key.
#[derive(Clone)]
pub struct Identity {
    facts: Arc<Facts>,
    certified: Arc<CertifiedKey>,
}

impl Identity {
    /// What the leaf says of itself.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// What is sent: the leaf, then each issuer that was given.
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.certified.cert
    }

    /// Chain, key and stapled response as rustls takes them.
    pub fn certified(&self) -> &Arc<CertifiedKey> {
        &self.certified
    }

    /// The same with an OCSP response to staple, in DER. The caller has checked it.
    #[must_use]
    pub fn with_ocsp(self, response: Vec<u8>) -> Self {
        let certified = CertifiedKey { ocsp: Some(response), ..(*self.certified).clone() };
        Self { certified: Arc::new(certified), ..self }
    }
}

/// Subject and expiry; never the key.
impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let facts = &self.facts;
        f.debug_struct("Identity")
            .field("subject", &facts.subject)
            .field("not_after", &facts.not_after)
            .finish_non_exhaustive()
    }
}

/// The same certificates in the same order with the same stapled response; their key is the same then, too.
impl PartialEq for Identity {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.certified, &other.certified)
            || (self.certified.cert == other.certified.cert && self.certified.ocsp == other.certified.ocsp)
    }
}

impl Eq for Identity {}

/// A certificate that was read, and what is odd about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Read {
    /// What can be shown.
    pub identity: Identity,
    /// What should be looked at.
    pub findings: Vec<Finding>,
}

#[cfg(test)]
mod tests;
