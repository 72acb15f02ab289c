//! Signatures: of handshakes, certificates and OCSP responses.
//!
//! webpki reads certificates of version 3 alone. The key is taken out by a parser that reads any version: neither a
//! client's certificate nor one that is not checked has to be more than readable, yet its holder must have its key.

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls13_signature_with_raw_key};
use rustls::pki_types::SubjectPublicKeyInfoDer;
use rustls::{CertificateError, DigitallySignedStruct, Error, PeerMisbehaved};
use webpki::RawPublicKeyEntity;

use crate::certificate::parse;
use crate::der;

/// Checks the signature of a TLS 1.2 handshake.
pub(crate) fn verify_tls12(
    message: &[u8],
    certificate: &[u8],
    signed: &DigitallySignedStruct,
    known: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    let key = key(certificate)?;
    let (_, algorithms) = (known.mapping.iter().find(|(scheme, _)| *scheme == signed.scheme))
        .ok_or(PeerMisbehaved::SignedHandshakeWithUnadvertisedSigScheme)?;
    let entity = RawPublicKeyEntity::try_from(&key).map_err(|_| CertificateError::BadEncoding)?;
    // The scheme does not say which curve; the one of the key fits.
    let fits = algorithms.iter().any(|&algorithm| {
        let verified = entity.verify_signature(algorithm, message, signed.signature());
        verified.is_ok()
    });
    if fits { Ok(HandshakeSignatureValid::assertion()) } else { Err(CertificateError::BadSignature.into()) }
}

/// Checks the signature of a TLS 1.3 handshake.
pub(crate) fn verify_tls13(
    message: &[u8],
    certificate: &[u8],
    signed: &DigitallySignedStruct,
    known: &WebPkiSupportedAlgorithms,
) -> Result<HandshakeSignatureValid, Error> {
    verify_tls13_signature_with_raw_key(message, &key(certificate)?, signed, known)
}

fn key(certificate: &[u8]) -> Result<SubjectPublicKeyInfoDer<'_>, Error> {
    let certificate = parse(certificate).map_err(|_| CertificateError::BadEncoding)?;
    Ok(SubjectPublicKeyInfoDer::from(certificate.tbs_certificate.subject_pki.raw))
}

/// Something signed, as X.509 and OCSP write it: data, algorithm, signature.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Signed<'a> {
    /// What is signed.
    pub(crate) data: &'a [u8],
    algorithm: &'a [u8],
    signature: &'a [u8],
}

impl<'a> Signed<'a> {
    /// Takes the three from the front.
    pub(crate) fn take(elements: &mut der::Elements<'a>) -> Option<Self> {
        let data = elements.next_if(der::SEQUENCE)?.raw;
        let algorithm = elements.next_if(der::SEQUENCE)?.content;
        // The first byte counts unused bits, of which a signature has none.
        let signature = elements.next_if(der::BIT_STRING)?.content.strip_prefix(&[0])?;
        Some(Self { data, algorithm, signature })
    }

    /// A certificate.
    pub(crate) fn certificate(der: &'a [u8]) -> Option<Self> {
        Self::take(&mut der::single(der, der::SEQUENCE)?.elements())
    }

    /// Whether this key (a SubjectPublicKeyInfo in DER) has signed it.
    pub(crate) fn is_by(&self, key: &[u8]) -> bool {
        let key = SubjectPublicKeyInfoDer::from(key);
        let Ok(entity) = RawPublicKeyEntity::try_from(&key) else { return false };
        webpki::ALL_VERIFICATION_ALGS.iter().any(|&algorithm| {
            algorithm.signature_alg_id().as_ref() == self.algorithm
                && entity.verify_signature(algorithm, self.data, self.signature).is_ok()
        })
    }
}
