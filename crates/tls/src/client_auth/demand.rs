//! What rustls is told where nothing could say later that a client certificate is bad: demand one, and judge it within
//! the handshake.
//!
//! The alert is `certificate_required` without a certificate (`handshake_failure` before TLS 1.3, see
//! [`spoken_alert`]), else what [`Ground`] says.

use std::borrow::Cow;
use std::cell::Cell;
use std::io;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::texts::{self, Ground};
use super::{AskForCertificate, Checker, Verdict};

thread_local! {
    /// What was wrong with the certificate that was refused last: rustls has errors, but no words for all of it. A
    /// handshake fails on the thread, and in the call, in which its certificate is refused.
    static REFUSED: Cell<Option<(CertificateError, Cow<'static, str>)>> = const { Cell::new(None) };
}

/// Demands a certificate and judges its chain: all but OCSP.
#[derive(Debug)]
pub struct DemandCertificate {
    ask: Arc<AskForCertificate>,
    checker: Checker,
}

impl DemandCertificate {
    /// Asks like `ask`, and lets pass what `checker` finds good.
    pub fn new(ask: Arc<AskForCertificate>, checker: Checker) -> Arc<Self> {
        Arc::new(Self { ask, checker })
    }
}

impl ClientCertVerifier for DemandCertificate {
    fn client_auth_mandatory(&self) -> bool {
        true
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.ask.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        self.checker.check(leaf, others, now).map(|()| ClientCertVerified::assertion()).map_err(|refusal| {
            let error = match refusal.ground {
                Ground::Bad => CertificateError::BadEncoding,
                Ground::UnknownAuthority => CertificateError::UnknownIssuer,
                Ground::Dates => CertificateError::Expired,
                Ground::Revoked => CertificateError::Revoked,
            };
            REFUSED.set(Some((error.clone(), refusal.text)));
            Error::InvalidCertificate(error)
        })
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.ask.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.ask.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.ask.supported_verify_schemes()
    }
}

/// What a failed handshake says of the client's certificate; `None` when that is not why it failed. To be asked on the
/// thread of the handshake, before another one goes on there.
pub fn refusal(error: &io::Error) -> Option<Verdict> {
    match error.get_ref()?.downcast_ref::<Error>()? {
        Error::NoCertificatesPresented => Some(Verdict::Absent),
        Error::InvalidCertificate(CertificateError::BadSignature) => Some(Verdict::Failed(texts::NO_KEY.into())),
        Error::InvalidCertificate(error) => {
            let refused = REFUSED.take().filter(|(refused, _)| refused == error);
            Some(Verdict::Failed(refused.map_or_else(|| error.to_string().into(), |(_, text)| text)))
        }
        _ => None,
    }
}

/// A fatal `certificate_required` in the clear, as rustls writes it for clients of TLS 1.2, too, which do not know it.
const REQUIRED: [u8; 7] = [21, 3, 3, 0, 2, 2, 116];
/// What TLS 1.2 has for that (RFC 5246 7.4.6): `handshake_failure`.
const FAILURE: [u8; 7] = [21, 3, 3, 0, 2, 2, 40];

/// What to write instead of these bytes of a handshake: the same, or the alert that the client's version knows. No
/// other record looks like that one, since alerts of TLS 1.3 are encrypted by then, and longer.
pub fn spoken_alert(bytes: &[u8]) -> &[u8] {
    if bytes == REQUIRED { &FAILURE } else { bytes }
}
