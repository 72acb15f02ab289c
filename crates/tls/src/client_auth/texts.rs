//! What is wrong with a client certificate, in the words that operators know from OpenSSL.

use std::borrow::Cow;

use webpki::Error;

/// OpenSSL's number 2.
pub(super) const ISSUER: &str = "unable to get issuer certificate";
/// 18.
pub(super) const SELF_SIGNED: &str = "self-signed certificate";
/// 19.
pub(super) const SELF_SIGNED_IN_CHAIN: &str = "self-signed certificate in certificate chain";
/// 20.
pub(super) const LOCAL_ISSUER: &str = "unable to get local issuer certificate";
/// 21.
pub(super) const FIRST: &str = "unable to verify the first certificate";
/// 26.
pub(super) const UNSUITABLE: &str = "unsuitable certificate purpose";

/// Azure's own: `verifyClientCertIssuerDN`.
pub(super) const ISSUER_MISMATCH: &str = "issuer DN mismatch";
/// Ours.
pub(super) const UNREADABLE: &str = "the certificate cannot be read";
/// Ours.
pub(super) const NOT_CHECKED: &str = "not checked, client authentication is in Passthrough mode";

/// The text for an error of webpki.
pub(super) fn of(error: &Error) -> Cow<'static, str> {
    let text = match error {
        Error::UnknownRevocationStatus => "unable to get certificate CRL",
        Error::InvalidSignatureForPublicKey
        | Error::SignatureAlgorithmMismatch
        | Error::UnsupportedSignatureAlgorithmContext(_)
        | Error::UnsupportedSignatureAlgorithmForPublicKeyContext(_) => "certificate signature failure",
        Error::InvalidCrlSignatureForPublicKey
        | Error::UnsupportedCrlSignatureAlgorithmContext(_)
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_) => "CRL signature failure",
        Error::CertNotValidYet { .. } => "certificate is not yet valid",
        Error::CertExpired { .. } | Error::InvalidCertValidity => "certificate has expired",
        Error::CrlExpired { .. } => "CRL has expired",
        Error::MaximumPathDepthExceeded => "certificate chain too long",
        Error::CertRevoked => "certificate revoked",
        Error::EndEntityUsedAsCa => "invalid CA certificate",
        Error::PathLenConstraintViolated => "path length constraint exceeded",
        Error::RequiredEkuNotFoundContext(_) | Error::EmptyEkuExtension | Error::CaUsedAsEndEntity => UNSUITABLE,
        Error::CertDistrusted => "certificate rejected",
        Error::UnsupportedCriticalExtension => "unhandled critical extension",
        Error::IssuerNotCrlSigner => "key usage does not include CRL signing",
        Error::NameConstraintViolation => "permitted subtree violation",
        Error::UnsupportedCertVersion => "unsupported certificate version, 3 is needed",
        Error::BadDer | Error::BadDerTime | Error::TrailingData(_) => UNREADABLE,
        other => return format!("unspecified certificate verification error ({other})").into(),
    };
    text.into()
}
