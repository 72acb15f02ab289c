//! What rustls is told: ask for a certificate, take any, and check that the client has its key.

use std::collections::BTreeSet;
use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{WebPkiSupportedAlgorithms, aws_lc_rs};
use rustls::pki_types::{CertificateDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

use super::{ClientAuth, Mode};
use crate::signature;

/// Asks for a certificate, never demands one, never refuses a chain, and always verifies the handshake's signature.
#[derive(Debug)]
pub struct AskForCertificate {
    hints: Vec<DistinguishedName>,
    algorithms: WebPkiSupportedAlgorithms,
}

impl AskForCertificate {
    /// Names the uploaded authorities to clients, so that they can choose among their certificates; in Passthrough
    /// none, which asks for any.
    pub fn new(auth: &ClientAuth) -> Arc<Self> {
        let hints = match auth.mode {
            Mode::Strict => hints(auth),
            Mode::Passthrough => Vec::new(),
        };
        Arc::new(Self { hints, algorithms: aws_lc_rs::default_provider().signature_verification_algorithms })
    }
}

/// Names of authorities that are sent, in bytes. Beyond that a client gets none, and may choose any certificate: the
/// message could not carry more than four times as many, and clients give up long before.
const MAX_HINTS: usize = 16 * 1024;

/// The subjects of roots and intermediates, each once.
fn hints(auth: &ClientAuth) -> Vec<DistinguishedName> {
    let authorities = auth.chains.iter().flat_map(|chain| std::iter::once(&chain.root).chain(&chain.intermediates));
    // What cannot be read issues nothing that verifies: `Checker::new` refuses it.
    let names = authorities.filter_map(|der| webpki::anchor_from_trusted_cert(der).ok());
    let names: BTreeSet<Vec<u8>> = names.map(|anchor| anchor.subject.to_vec()).collect();
    if names.iter().map(Vec::len).sum::<usize>() > MAX_HINTS {
        return Vec::new();
    }
    names.iter().map(|name| DistinguishedName::in_sequence(name)).collect()
}

impl ClientCertVerifier for AskForCertificate {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &self.hints
    }

    /// The verdict is found afterwards, by a [`Checker`](super::Checker).
    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        signature::verify_tls12(message, certificate, signed, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        signature::verify_tls13(message, certificate, signed, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
