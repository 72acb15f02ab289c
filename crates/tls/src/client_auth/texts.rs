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
pub(super) const NO_KEY: &str = "the client did not prove that it has the certificate's key";
/// Ours.
pub(super) const NOT_CHECKED: &str = "not checked, client authentication is in Passthrough mode";

/// What is wrong, coarsely: what an alert can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    /// The certificate itself: `bad_certificate`.
    Bad,
    /// Who issued it, or what is known of that: `unknown_ca`.
    UnknownAuthority,
    /// When it is valid: `certificate_expired`, which is also for one that is not valid yet.
    Dates,
    /// It was taken back: `certificate_revoked`.
    Revoked,
}

/// Why a certificate is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) ground: Ground,
    pub(super) text: Cow<'static, str>,
}

impl Refusal {
    /// The certificate itself is bad, in these words.
    pub(super) fn bad(text: &'static str) -> Self {
        Self { ground: Ground::Bad, text: text.into() }
    }

    /// Its issuer is not known, in these words.
    pub(super) fn unknown(text: &'static str) -> Self {
        Self { ground: Ground::UnknownAuthority, text: text.into() }
    }
}

impl From<&Error> for Refusal {
    fn from(error: &Error) -> Self {
        Self { ground: ground(error), text: of(error) }
    }
}

/// OpenSSL's table of alerts (`ssl_x509err2alert`), as far as there are several alerts here.
fn ground(error: &Error) -> Ground {
    match error {
        Error::CertNotValidYet { .. } | Error::CertExpired { .. } | Error::InvalidCertValidity => Ground::Dates,
        Error::CertRevoked => Ground::Revoked,
        Error::UnknownIssuer
        | Error::UnknownRevocationStatus
        | Error::CrlExpired { .. }
        | Error::InvalidCrlSignatureForPublicKey
        | Error::UnsupportedCrlSignatureAlgorithmContext(_)
        | Error::UnsupportedCrlSignatureAlgorithmForPublicKeyContext(_)
        | Error::IssuerNotCrlSigner
        | Error::MaximumPathDepthExceeded
        | Error::EndEntityUsedAsCa
        | Error::PathLenConstraintViolated
        | Error::CertDistrusted => Ground::UnknownAuthority,
        _ => Ground::Bad,
    }
}

/// The text for an error of webpki.
fn of(error: &Error) -> Cow<'static, str> {
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
