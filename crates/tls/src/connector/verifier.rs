//! The judge of servers' certificates, as rustls asks it.
//!
//! In the order in which Azure lists the classes: what the chain is made of, the name, the dates and the chain.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError as Refused, DigitallySignedStruct, Error, OtherError, SignatureScheme};
use webpki::{EndEntityCert, KeyUsage, VerifiedPath};

use super::classify::{Presented, classify};
use super::error::{Class, ServerTlsError};
use super::mismatch::check_name;
use super::order::check_order;
use super::{ServerTls, Trust};
use crate::anchors::{Anchors, check_dates, unix_time};
use crate::certificate::{CertificateError, Facts, KeyKind, codes};
use crate::chain::Named;
use crate::signature;

/// Checks what a server presents.
#[derive(Debug)]
pub(super) struct Verifier {
    /// `None`: the public ones.
    roots: Option<Anchors>,
    check_chain: bool,
    check_name: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl Verifier {
    pub(super) fn new(tls: &ServerTls, provider: &CryptoProvider) -> Result<Self, CertificateError> {
        let roots = match &tls.trust {
            Trust::WellKnown => None,
            Trust::Roots(roots) => {
                Some(Anchors::new(roots).map_err(|message| CertificateError::new(codes::ROOT_INVALID, message))?)
            }
        };
        let algorithms = provider.signature_verification_algorithms;
        Ok(Self { roots, check_chain: tls.check_chain, check_name: tls.check_name, algorithms })
    }

    fn check(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: i64,
    ) -> Result<(), ServerTlsError> {
        if !self.check_chain && !self.check_name {
            return Ok(());
        }
        let facts = Facts::read(leaf).map_err(|error| {
            ServerTlsError::new(Class::CertVerifyOther(1), format!("the server's certificate cannot be read: {error}"))
        })?;
        let is_root = self.roots.as_ref().is_some_and(|roots| roots.contain(leaf));
        if self.check_chain {
            check_order(&facts, others, self.roots.is_some(), is_root)?;
        }
        if self.check_name {
            check_name(&facts, name)?;
        }
        if self.check_chain {
            let presented = Presented { leaf, facts: &facts, others, roots: self.roots.as_ref(), now };
            let checked = if is_root { check_dates(&facts, now) } else { self.check_path(&presented) };
            checked.map_err(|error| classify(&presented, &error))?;
        }
        Ok(())
    }

    fn check_path(&self, presented: &Presented<'_>) -> Result<(), webpki::Error> {
        let end = EndEntityCert::try_from(presented.leaf)?;
        let trusted = self.roots.as_ref().map_or(webpki_roots::TLS_SERVER_ROOTS, Anchors::trusted);
        let (usage, time) = (KeyUsage::server_auth(), unix_time(presented.now));
        let check = |path: &VerifiedPath<'_>| match &self.roots {
            Some(roots) => check_anchor(roots, path, presented),
            None => Ok(()),
        };
        end.verify_for_usage(self.algorithms.all, trusted, presented.others, time, usage, None, Some(&check))
            .map(|_| ())
    }
}

/// What webpki does not ask of an anchor: that it is within its dates, and that it is the top of the chain. An
/// intermediate that was uploaded in place of its root counts only where the server sends nothing above it.
fn check_anchor(roots: &Anchors, path: &VerifiedPath<'_>, presented: &Presented<'_>) -> Result<(), webpki::Error> {
    let anchor = path.anchor();
    roots.check_dates(anchor, presented.now)?;
    let is_below = |root: &CertificateDer<'_>| {
        let Some(root) = Named::read(root).filter(|root| !root.is_self_signed()) else { return false };
        presented.named().any(|other| other.subject == root.issuer && other.subject != root.subject)
    };
    let mut certificates = roots.certificates_of(anchor).peekable();
    if certificates.peek().is_some() && certificates.all(is_below) { Err(webpki::Error::UnknownIssuer) } else { Ok(()) }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        match self.check(leaf, others, name, now) {
            Ok(()) => Ok(ServerCertVerified::assertion()),
            Err(error) => Err(refuse(error)),
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = signature::verify_tls12(message, certificate, signed, &self.algorithms);
        verified.map_err(|error| unproven(certificate, error))
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        let verified = signature::verify_tls13(message, certificate, signed, &self.algorithms);
        verified.map_err(|error| unproven(certificate, error))
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

/// Our error on its way through rustls.
fn refuse(error: ServerTlsError) -> Error {
    Error::InvalidCertificate(Refused::Other(OtherError(Arc::new(error))))
}

/// The server could not prove that it has the key of its certificate. Weak keys are the usual reason.
fn unproven(certificate: &CertificateDer<'_>, error: Error) -> Error {
    let Ok(facts) = Facts::read(certificate) else { return error };
    match facts.key {
        KeyKind::Rsa(bits @ ..2048) => refuse(weak_key("the server's certificate", bits, 66)),
        _ => error,
    }
}

/// A key that is too short to be used; `number` is what OpenSSL calls that.
pub(super) fn weak_key(whose: &str, bits: u32, number: u32) -> ServerTlsError {
    let text = format!(
        "{whose} has an RSA key of {bits} bits, which is too weak to be used; have it issued with 2048 bits or more, \
         or an EC key (OpenSSL error {number})"
    );
    ServerTlsError::new(Class::CertVerifyOther(number), text)
}
