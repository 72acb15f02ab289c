//! OCSP: questions to responders, and their answers. Pure: who sends them, and when, is the caller's affair.
//!
//! Source: RFC 6960. Certificates are named by SHA-1 hashes, as every responder understands them: the hashes only
//! look up, and the answer is compared with what was asked.

mod response;
mod signer;

use std::borrow::Cow;

use rustls::pki_types::CertificateDer;
use sha1::{Digest, Sha1};
use sha2::Sha256;

use crate::certificate::{CertificateError, Facts, parse};
use crate::der;
use crate::signature::Signed;

/// Code of an answer that does not count.
pub const RESPONSE_INVALID: &str = "OcspResponseInvalid";
/// Code of an answer that says that the certificate is revoked.
pub const CERTIFICATE_REVOKED: &str = "OcspCertificateRevoked";
/// Code of an answer that says that the responder does not know the certificate.
pub const CERTIFICATE_UNKNOWN: &str = "OcspCertificateUnknown";

/// How far clocks may be apart, in seconds.
pub const SKEW: i64 = 300;
/// How long an answer without `nextUpdate` may be old, in seconds. Such a responder always has newer information, and
/// an old answer of its may be one that somebody kept.
pub const MAX_AGE: i64 = 24 * 60 * 60;
/// The longest answer that is read, in bytes. Usual ones have less than 3 KiB.
pub const MAX_RESPONSE: usize = 64 * 1024;
/// Responders that are asked for one certificate.
const MAX_URLS: usize = 4;

/// A question to the responders that a certificate names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Whom to ask: the `http` and `https` addresses in the certificate, in its order, four at most. Empty: nobody can
    /// say.
    pub urls: Vec<String>,
    /// What to send, DER.
    pub request: Vec<u8>,
    /// The certificate's identity, for caches: a hash over its issuer and serial number.
    pub key: [u8; 32],
    /// The certificate as responders call it: a CertID, DER.
    id: Vec<u8>,
}

/// What a responder says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Not revoked.
    Good {
        /// The answer may be kept until then, in Unix seconds. Not after the time of the question: not at all.
        until: i64,
    },
    /// Revoked.
    Revoked,
    /// The responder does not know the certificate.
    Unknown,
}

/// The question about `leaf`, which `issuer` has issued.
///
/// # Errors
/// One of them cannot be read, or `issuer` has not issued `leaf`; in words.
pub fn question(leaf: &CertificateDer<'_>, issuer: &CertificateDer<'_>) -> Result<Question, Cow<'static, str>> {
    let facts = Facts::read(leaf).map_err(|error| format!("the certificate cannot be read: {error}"))?;
    let parsed = parse(leaf).map_err(|_| "the certificate cannot be read")?;
    let authority = parse(issuer).map_err(|_| "its issuer's certificate cannot be read")?;
    let key = &authority.tbs_certificate.subject_pki;
    let signed = Signed::certificate(leaf).ok_or("the certificate cannot be read")?;
    let is_issuer = authority.tbs_certificate.subject.as_raw() == parsed.tbs_certificate.issuer.as_raw();
    if !is_issuer || !signed.is_by(key.raw) {
        return Err("the certificate was not issued by the certificate that is taken for its issuer".into());
    }

    let (name, key) =
        (Sha1::digest(parsed.tbs_certificate.issuer.as_raw()), Sha1::digest(&key.subject_public_key.data));
    let id = der::encode(
        der::SEQUENCE,
        &[
            SHA1,
            &der::encode(der::OCTET_STRING, &[&name]),
            &der::encode(der::OCTET_STRING, &[&key]),
            &der::encode(der::INTEGER, &[parsed.tbs_certificate.raw_serial()]),
        ],
    );
    // OCSPRequest, TBSRequest, requestList, Request.
    let request = (0..4).fold(id.clone(), |inner, _| der::encode(der::SEQUENCE, &[&inner]));
    let is_web = |url: &String| url.starts_with("http://") || url.starts_with("https://");
    let urls = facts.ocsp_urls.into_iter().filter(is_web).take(MAX_URLS).collect();
    Ok(Question { urls, request, key: Sha256::digest(&id).into(), id })
}

/// AlgorithmIdentifier of SHA-1, with the NULL that older responders insist on.
const SHA1: &[u8] = &[0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00];

/// Reads a responder's answer. What it says counts when the issuer has signed it, or a responder that the issuer has
/// appointed for that; when it is about this certificate; and when it is of these days.
///
/// # Errors
/// The answer does not count; why, in words.
pub fn answer(
    question: &Question,
    response: &[u8],
    issuer: &CertificateDer<'_>,
    now: i64,
) -> Result<Status, Cow<'static, str>> {
    if response.len() > MAX_RESPONSE {
        return Err("the OCSP response is longer than 64 KiB".into());
    }
    let authority = parse(issuer).map_err(|_| "the issuer's certificate cannot be read")?;
    let basic = response::Basic::read(response)?;
    basic.check_signature(&authority, now)?;
    let single = basic.about(&question.id)?;
    let until = single.current_until(now)?;
    Ok(match single.status {
        response::Said::Good => Status::Good { until },
        response::Said::Revoked => Status::Revoked,
        response::Said::Unknown => Status::Unknown,
    })
}

/// Checks an answer that is to be stapled: it must say that `leaf` is good. Returns until when, in Unix seconds.
///
/// # Errors
/// It says something else ([`CERTIFICATE_REVOKED`], [`CERTIFICATE_UNKNOWN`]), or does not count
/// ([`RESPONSE_INVALID`]).
pub fn check_staple(
    response: &[u8],
    leaf: &CertificateDer<'_>,
    issuer: &CertificateDer<'_>,
    now: i64,
) -> Result<i64, CertificateError> {
    let invalid = |why: Cow<'_, str>| CertificateError::new(RESPONSE_INVALID, why);
    let question = question(leaf, issuer).map_err(invalid)?;
    match answer(&question, response, issuer, now).map_err(invalid)? {
        Status::Good { until } => Ok(until),
        Status::Revoked => {
            let help = "have it issued anew, with a new key if the old one may be known to others";
            Err(CertificateError::new(CERTIFICATE_REVOKED, "the certificate is revoked").help(help))
        }
        Status::Unknown => {
            let message = "the responder does not know the certificate";
            Err(CertificateError::new(CERTIFICATE_UNKNOWN, message))
        }
    }
}

#[cfg(test)]
mod tests;
