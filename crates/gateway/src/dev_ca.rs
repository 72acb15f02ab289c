//! The certificate authority of `gatehouse dev`: made once on a developer's machine, so that HTTPS works there without
//! a certificate of one's own.
//!
//! Trusting it is harmless: the key of its root is thrown away as soon as the one intermediate authority below it is
//! signed, and that one is limited to names that nobody owns (`names`). So even who steals what is on the disk can
//! speak for nobody but this machine.

mod authority;
mod names;
mod store;

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use snapshot::compile::Issuer;
use tls::certificate::{CertificateError, EXPIRY_NOTICE, Identity};

use authority::Authority;
use names::Names;
pub use names::REACH;
pub use store::{OpenError, Stored, open};

/// Where the authority is kept below a state folder.
pub fn folder(state: &Path) -> PathBuf {
    state.join("dev-ca")
}

/// Issues certificates for the listeners of a document that has none for them.
pub struct DevCa {
    /// Where it is kept; `None` for one that ends with the process.
    folder: Option<PathBuf>,
    /// Tells the developer what should be known of a certificate.
    say: fn(String),
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    authority: Option<Authority>,
    /// By names, so that reading a document again does not change its certificates.
    issued: BTreeMap<Names, Identity>,
}

impl DevCa {
    /// The authority in a folder, which is opened, or made, when the first certificate is asked for.
    pub fn in_folder(folder: PathBuf, say: fn(String)) -> Self {
        Self { folder: Some(folder), say, inner: Mutex::default() }
    }

    /// One that is never written down.
    pub fn in_memory(say: fn(String)) -> Self {
        Self { folder: None, say, inner: Mutex::default() }
    }

    /// The file with the certificate to trust, once a certificate was issued and if there is such a file.
    pub fn file(&self) -> Option<PathBuf> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.authority.as_ref()?.file().map(Path::to_owned)
    }

    /// A developer whose folder cannot be written to still gets certificates; only trusting them is of no use.
    fn authority(&self, now: i64) -> Result<Authority, CertificateError> {
        if let Some(folder) = &self.folder {
            match open(folder, now) {
                Ok(stored) => return Ok(stored.authority),
                Err(error) => (self.say)(format!("{error}; certificates come from an authority of this process alone")),
            }
        }
        Ok(Authority::create(now).map_err(|error| not_issued(&error))?.authority)
    }
}

impl Issuer for DevCa {
    fn issue(&self, hosts: &[String]) -> Result<Identity, CertificateError> {
        let now = jiff::Timestamp::now().as_second();
        let names = Names::of(hosts);
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let Inner { authority, issued } = &mut *inner;
        if let Some(known) = issued.get(&names).filter(|known| known.facts().not_after - now > EXPIRY_NOTICE) {
            return Ok(known.clone());
        }
        let authority = match authority {
            Some(authority) => authority,
            none => none.insert(self.authority(now)?),
        };
        let identity = authority.issue(&names, now)?;
        names.note().into_iter().for_each(self.say);
        issued.insert(names, identity.clone());
        Ok(identity)
    }
}

/// Where it is; never a key.
impl fmt::Debug for DevCa {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("DevCa").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// A certificate that could not be made.
fn not_issued(why: &dyn std::fmt::Display) -> CertificateError {
    CertificateError {
        code: "CertificateNotIssued",
        message: format!("the dev CA could not issue a certificate: {why}"),
        found: None,
        expected: None,
        help: None,
    }
}

#[cfg(test)]
mod tests;
