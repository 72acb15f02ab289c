//! Private keys: read, and told apart when they cannot be used.

use std::sync::Arc;

use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs1KeyDer, PrivatePkcs8KeyDer, PrivateSec1KeyDer};
use rustls::sign::SigningKey;
use x509_parser::asn1_rs::FromDer as _;
use x509_parser::x509::AlgorithmIdentifier;
use zeroize::Zeroizing;

use super::codes;
use super::error::CertificateError;
use super::form::{self, Der, Form};
use super::key_kind::{self, KeyKind};
use super::pem::Section;
use super::protection::{Closed, Password};
use super::tlv::{self, BIT_STRING, CONTEXT_0, INTEGER, OCTET_STRING, SEQUENCE};

/// Sizes of RSA keys that the provider takes.
const RSA_BITS: std::ops::RangeInclusive<u32> = 2048..=8192;

/// A key that handshakes can be signed with.
#[derive(Clone, Debug)]
pub(super) struct Key {
    /// Signs.
    pub(super) signing: Arc<dyn SigningKey>,
    /// Its public half, as certificates hold it.
    pub(super) public: Vec<u8>,
}

/// Reads a private key of any of the three encodings.
pub(super) fn read(encoding: Der, der: &[u8]) -> Result<Key, CertificateError> {
    let key = match encoding {
        Der::Pkcs1 => PrivateKeyDer::Pkcs1(PrivatePkcs1KeyDer::from(der)),
        Der::Sec1 => PrivateKeyDer::Sec1(PrivateSec1KeyDer::from(der)),
        _ => PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(der)),
    };
    let Ok(signing) = any_supported_type(&key) else { return Err(refused(encoding, der)) };
    let public = signing.public_key().and_then(|info| public_bits(&info)).ok_or_else(damaged)?;
    Ok(Key { signing, public })
}

/// The key of a PEM part; `None` for parts that are no private keys.
pub(super) fn of_section(section: &Section, password: Option<&str>) -> Option<Result<Key, CertificateError>> {
    if section.is_encrypted {
        let message = "the private key is encrypted in the old way of OpenSSL (\"DEK-Info\")";
        return Some(Err(CertificateError::new(codes::KEY_PROTECTION, message).help(DECRYPT)));
    }
    match section.label.as_str() {
        "PRIVATE KEY" => Some(read(Der::Pkcs8, &section.der)),
        "RSA PRIVATE KEY" => Some(read(Der::Pkcs1, &section.der)),
        "EC PRIVATE KEY" => Some(read(Der::Sec1, &section.der)),
        "ENCRYPTED PRIVATE KEY" => Some(decrypt(&section.der, password)),
        "DSA PRIVATE KEY" => Some(Err(wrong_kind("DSA"))),
        "OPENSSH PRIVATE KEY" => {
            let error = CertificateError::new(codes::KEY_KIND, "this private key is written for SSH");
            Some(Err(error.expected("PKCS#8, PKCS#1 or SEC1").help("ssh-keygen -p -m PKCS8 -f FILE writes it anew")))
        }
        _ => None,
    }
}

/// The key of a file that is not PEM; `None` when it is no private key.
pub(super) fn of_der(data: &[u8], password: Option<&str>) -> Option<Result<Key, CertificateError>> {
    match form::form(data) {
        Form::Der(encoding @ (Der::Pkcs8 | Der::Pkcs1 | Der::Sec1)) => Some(read(encoding, data)),
        Form::Der(Der::EncryptedPkcs8) => Some(decrypt(data, password)),
        _ => None,
    }
}

const DECRYPT: &str = "\"openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW\" writes it in a way that is read here";

/// Opens `EncryptedPrivateKeyInfo`.
fn decrypt(der: &[u8], password: Option<&str>) -> Result<Key, CertificateError> {
    let Some(password) = password else {
        let error = CertificateError::new(codes::KEY_PASSWORD_MISSING, "the private key is encrypted");
        return Err(error
            .expected("its password")
            .help("give the password, or decrypt it: openssl pkey -in OLD -out NEW"));
    };
    let mut parts = tlv::first(der).map_err(|_| damaged())?.0.children();
    let scheme = parts.tagged(SEQUENCE).ok_or_else(damaged)?;
    let data = parts.tagged(OCTET_STRING).ok_or_else(damaged)?;
    let wrong = || CertificateError::new(codes::KEY_PASSWORD, "the password does not open the private key");
    let plain = Password::new(password).open(&scheme, data.content).map_err(|closed| match closed {
        Closed::Password => wrong(),
        Closed::Damaged => damaged(),
        Closed::Scheme(name) => {
            let message = format!("the private key is protected by {name}, which is not read here");
            CertificateError::new(codes::KEY_PROTECTION, message).help(DECRYPT)
        }
    })?;
    // One wrong password in 256 yields something that looks whole.
    match form::form(&plain) {
        Form::Der(Der::Pkcs8) => read(Der::Pkcs8, &plain),
        _ => Err(wrong()),
    }
}

/// The content of the bit string in `SubjectPublicKeyInfo`.
fn public_bits(info: &[u8]) -> Option<Vec<u8>> {
    let mut parts = tlv::first(info).ok()?.0.children();
    parts.tagged(SEQUENCE)?;
    let (_unused_bits, bits) = parts.tagged(BIT_STRING)?.content.split_first()?;
    Some(bits.to_vec())
}

fn damaged() -> CertificateError {
    CertificateError::new(codes::KEY_DAMAGED, "the private key cannot be read")
        .help("\"openssl pkey -in FILE -check -noout\" tells more")
}

fn wrong_kind(name: &str) -> CertificateError {
    CertificateError::new(codes::KEY_KIND, format!("a key of this kind cannot be used for TLS: {name}"))
        .found(name)
        .expected("RSA with 2048 to 8192 bits, EC on P-256, P-384 or P-521, or Ed25519")
        .help("have a certificate issued for such a key")
}

/// Why the provider took no such key.
fn refused(encoding: Der, der: &[u8]) -> CertificateError {
    let Ok((whole, _)) = tlv::first(der) else { return damaged() };
    let mut parts = whole.children();
    let _version = parts.tagged(INTEGER);
    match encoding {
        Der::Pkcs1 => rsa_refused(der),
        Der::Sec1 => {
            // The curve stands in [0], and without it the key says nothing of itself.
            let curve = parts.tagged(OCTET_STRING).and_then(|_| parts.tagged(CONTEXT_0));
            match curve.and_then(|curve| curve.children().next()) {
                Some(curve) => kind_refused(&key_kind::curve_name(&curve.id())),
                None => {
                    CertificateError::new(codes::KEY_DAMAGED, "the private key does not name its curve").help(DECRYPT)
                }
            }
        }
        _ => {
            let algorithm = parts.tagged(SEQUENCE);
            let inner = parts.tagged(OCTET_STRING).map(|inner| Zeroizing::new(inner.content.to_vec()));
            let Some(algorithm) = algorithm.as_ref().and_then(|a| Some(AlgorithmIdentifier::from_der(a.whole).ok()?.1))
            else {
                return damaged();
            };
            match (key_kind::name(&algorithm), inner) {
                (name, Some(inner)) if name == "RSA" => rsa_refused(&inner),
                (name, _) => kind_refused(&name),
            }
        }
    }
}

fn kind_refused(name: &str) -> CertificateError {
    if key_kind::is_usable(name) { damaged() } else { wrong_kind(name) }
}

/// `RSAPrivateKey` begins with its version and its modulus.
fn rsa_refused(der: &[u8]) -> CertificateError {
    let modulus = tlv::first(der).ok().and_then(|(whole, _)| {
        let mut parts = whole.children();
        parts.tagged(INTEGER)?;
        Some(key_kind::bits(parts.tagged(INTEGER)?.content))
    });
    match modulus {
        Some(bits) if !RSA_BITS.contains(&bits) => {
            let message = if bits < *RSA_BITS.start() { "the RSA key is too short" } else { "the RSA key is too long" };
            CertificateError::new(codes::KEY_SIZE, message)
                .found(KeyKind::Rsa(bits).to_string())
                .expected("2048 to 8192 bits")
                .help("have a certificate issued for a new key; RSA 2048 and EC P-256 suit every client")
        }
        _ => damaged(),
    }
}
