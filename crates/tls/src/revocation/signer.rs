//! Who may answer for an issuer (RFC 6960 section 4.2.2.2): the issuer, or whom it has appointed.

use sha1::{Digest, Sha1};
use x509_parser::certificate::X509Certificate;

use super::response::{Basic, Refused};
use crate::certificate::parse;
use crate::der::{self, tagged};
use crate::signature::Signed;

impl Basic<'_> {
    /// Checks who has signed it: the issuer, or whom the issuer has appointed.
    pub(super) fn check_signature(&self, issuer: &X509Certificate<'_>, now: i64) -> Result<(), Refused> {
        if self.signed.is_by(issuer.tbs_certificate.subject_pki.raw) {
            return Ok(());
        }
        let mut reason: Refused = "the OCSP response is not signed by the certificate's issuer".into();
        for der in &self.certificates {
            let Some(delegate) = parse(der).ok().filter(|delegate| self.names(delegate)) else { continue };
            match check_appointed(&delegate, der, issuer, now) {
                Err(why) => reason = why.into(),
                Ok(()) if self.signed.is_by(delegate.tbs_certificate.subject_pki.raw) => return Ok(()),
                Ok(()) => reason = "the OCSP response's signature is wrong".into(),
            }
        }
        Err(reason)
    }

    /// Whether this is the responder that the answer names: by its name, or by the hash of its key.
    fn names(&self, delegate: &X509Certificate<'_>) -> bool {
        let certificate = &delegate.tbs_certificate;
        if self.responder.tag == tagged(1) {
            return self.responder.content == certificate.subject.as_raw();
        }
        let hash = Sha1::digest(&certificate.subject_pki.subject_public_key.data);
        der::single(self.responder.content, der::OCTET_STRING).is_some_and(|named| *named.content == *hash)
    }
}

/// Whether the issuer has appointed a responder: its certificate comes from the issuer and is for just that.
fn check_appointed(
    delegate: &X509Certificate<'_>,
    der: &[u8],
    issuer: &X509Certificate<'_>,
    now: i64,
) -> Result<(), &'static str> {
    let (certificate, issuer) = (&delegate.tbs_certificate, &issuer.tbs_certificate);
    let is_issued = certificate.issuer.as_raw() == issuer.subject.as_raw()
        && Signed::certificate(der).is_some_and(|signed| signed.is_by(issuer.subject_pki.raw));
    if !is_issued {
        return Err("the OCSP responder's certificate does not come from the certificate's issuer");
    }
    if !matches!(certificate.extended_key_usage(), Ok(Some(usage)) if usage.value.ocsp_signing) {
        return Err("the OCSP responder's certificate is not for signing OCSP responses");
    }
    let (from, until) = (certificate.validity.not_before.timestamp(), certificate.validity.not_after.timestamp());
    if now < from || now > until {
        return Err("the OCSP responder's certificate is outside its dates");
    }
    Ok(())
}
