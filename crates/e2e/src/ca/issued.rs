//! A certificate with its key and the certificates that go with it.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use p12_keystore::{Certificate, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain};
use rcgen::{KeyPair, SigningKey as _};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::sign::CertifiedKey;

/// A certificate, its key, and its chain as it will be shown.
#[derive(Clone)]
pub struct Issued {
    /// The certificate first, then those between it and the root.
    pub chain: Vec<CertificateDer<'static>>,
    root: Option<CertificateDer<'static>>,
    key: Arc<KeyPair>,
    /// Its serial number.
    pub serial: Vec<u8>,
}

impl Issued {
    pub(super) fn new(
        chain: Vec<CertificateDer<'static>>,
        root: Option<CertificateDer<'static>>,
        key: Arc<KeyPair>,
        serial: Vec<u8>,
    ) -> Self {
        Self { chain, root, key, serial }
    }

    /// The certificate itself.
    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.chain[0]
    }

    /// Without the certificates that go with it.
    pub fn alone(&self) -> Self {
        self.with_chain(vec![self.chain[0].clone()])
    }

    /// With the root at the end of its chain.
    pub fn with_root(&self) -> Self {
        self.with_chain(self.chain.iter().chain(&self.root).cloned().collect())
    }

    /// With another chain.
    pub fn with_chain(&self, chain: Vec<CertificateDer<'static>>) -> Self {
        Self { chain, ..self.clone() }
    }

    /// The chain, PEM.
    pub fn pem(&self) -> String {
        self.chain.iter().map(|certificate| pem("CERTIFICATE", certificate)).collect()
    }

    /// The key, PEM.
    pub fn key_pem(&self) -> String {
        pem("PRIVATE KEY", self.key.serialized_der())
    }

    /// Chain and key as a PFX, base64.
    pub fn pfx(&self, password: &str) -> String {
        let certificates = self.chain.iter().map(|certificate| Certificate::from_der(certificate).unwrap());
        let chain = PrivateKeyChain::new("1", PrivateKey::from_der(self.key.serialized_der()).unwrap(), certificates);
        let mut store = KeyStore::new();
        store.add_entry("1", KeyStoreEntry::PrivateKeyChain(chain));
        // Few rounds: the tests' time is dearer than these keys.
        let writer = store.writer(password).encryption_iterations(100).mac_iterations(100);
        STANDARD.encode(writer.write().unwrap())
    }

    /// A signature by its key, for keys on P-256 with SHA-256.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.key.sign(bytes).unwrap()
    }

    pub(crate) fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.serialize_der()))
    }

    /// As rustls wants it. Whether the key belongs to the first certificate is not asked: some tests want it wrong.
    pub(crate) fn certified(&self) -> CertifiedKey {
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&self.private_key()).unwrap();
        CertifiedKey::new(self.chain.clone(), key)
    }
}

/// Some DER as PEM.
pub(crate) fn pem(label: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<_> = text.as_bytes().chunks(64).map(|line| String::from_utf8_lossy(line)).collect();
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
}
