//! Kinds of public keys.

use std::fmt;

use x509_parser::oid_registry::Oid;
use x509_parser::public_key::PublicKey;
use x509_parser::x509::{AlgorithmIdentifier, SubjectPublicKeyInfo};

/// The kind of a public key, as far as it matters for handshakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyKind {
    /// RSA with so many bits.
    Rsa(u32),
    /// EC on P-256.
    P256,
    /// EC on P-384.
    P384,
    /// EC on P-521.
    P521,
    /// Ed25519.
    Ed25519,
    /// A key that no handshake here can be signed with.
    Other,
}

impl fmt::Display for KeyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rsa(bits) => write!(f, "RSA {bits}"),
            Self::P256 => f.write_str("EC P-256"),
            Self::P384 => f.write_str("EC P-384"),
            Self::P521 => f.write_str("EC P-521"),
            Self::Ed25519 => f.write_str("Ed25519"),
            Self::Other => f.write_str("other"),
        }
    }
}

/// Object identifiers of keys and curves with the names people know; those above the line can be used.
const NAMES: &[(&str, &str, KeyKind)] = &[
    ("1.2.840.10045.3.1.7", "EC P-256", KeyKind::P256),
    ("1.3.132.0.34", "EC P-384", KeyKind::P384),
    ("1.3.132.0.35", "EC P-521", KeyKind::P521),
    ("1.3.101.112", "Ed25519", KeyKind::Ed25519),
    ("1.3.101.113", "Ed448", KeyKind::Other),
    ("1.3.101.110", "X25519", KeyKind::Other),
    ("1.3.101.111", "X448", KeyKind::Other),
    ("1.2.840.10040.4.1", "DSA", KeyKind::Other),
    ("1.2.840.113549.1.1.10", "RSA-PSS", KeyKind::Other),
    ("1.3.132.0.10", "EC secp256k1", KeyKind::Other),
    ("1.3.132.0.33", "EC P-224", KeyKind::Other),
    ("1.2.840.10045.3.1.1", "EC P-192", KeyKind::Other),
    ("1.3.36.3.3.2.8.1.1.7", "EC brainpoolP256r1", KeyKind::Other),
    ("1.3.36.3.3.2.8.1.1.11", "EC brainpoolP384r1", KeyKind::Other),
    ("1.3.36.3.3.2.8.1.1.13", "EC brainpoolP512r1", KeyKind::Other),
    ("1.2.156.10197.1.301", "SM2", KeyKind::Other),
];

/// `rsaEncryption`.
const RSA: &str = "1.2.840.113549.1.1.1";
/// `ecPublicKey`; the curve stands in its parameters.
const EC: &str = "1.2.840.10045.2.1";

impl KeyKind {
    /// The kind of a certificate's key.
    pub(crate) fn of(key: &SubjectPublicKeyInfo<'_>) -> Self {
        if let Ok(PublicKey::RSA(rsa)) = key.parsed() {
            return Self::Rsa(bits(rsa.modulus));
        }
        let oid = deciding_oid(&key.algorithm);
        NAMES.iter().find(|(known, ..)| oid.as_deref() == Some(known)).map_or(Self::Other, |(.., kind)| *kind)
    }
}

/// The bits of a number that may begin with zeros.
pub(crate) fn bits(number: &[u8]) -> u32 {
    let Some(first) = number.iter().position(|byte| *byte != 0) else { return 0 };
    let leading = number.get(first).map_or(0, |byte| byte.leading_zeros());
    u32::try_from((number.len() - first) * 8).unwrap_or(u32::MAX).saturating_sub(leading)
}

/// What people call a key of this algorithm, without its size.
pub(crate) fn name(algorithm: &AlgorithmIdentifier<'_>) -> String {
    if algorithm.algorithm.to_id_string() == RSA {
        return "RSA".into();
    }
    deciding_oid(algorithm).map_or_else(|| "EC with a curve of its own".into(), |oid| curve_name(&oid))
}

/// What people call this curve or algorithm; its number when it has no name here.
pub(crate) fn curve_name(oid: &str) -> String {
    NAMES.iter().find(|(known, ..)| oid == *known).map_or(oid, |(_, name, _)| name).to_owned()
}

/// Whether a key of this name can be used.
pub(crate) fn is_usable(name: &str) -> bool {
    NAMES.iter().any(|(_, known, kind)| *known == name && *kind != KeyKind::Other)
}

/// The algorithm, or the curve where the algorithm leaves it open.
fn deciding_oid(algorithm: &AlgorithmIdentifier<'_>) -> Option<String> {
    let oid = algorithm.algorithm.to_id_string();
    if oid != EC {
        return Some(oid);
    }
    let curve = Oid::try_from(algorithm.parameters.as_ref()?).ok()?;
    Some(curve.to_id_string())
}
