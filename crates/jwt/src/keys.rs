//! The public keys of an issuer (RFC 7517): read, bounded, and asked for signatures.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::{Algorithm, DecodingKey};
use serde::Deserialize;
use serde_json::Value;

use crate::check::Failure;
use crate::policy::Guid;
use crate::token::{self, Token};

/// The largest document that is read, in bytes. Entra's has some 20 KiB.
pub const LARGEST: usize = 256 * 1024;
/// The most keys in one document.
const MOST: usize = 100;
/// Keys of one name that are tried on one token.
const TRIED: usize = 4;
/// Bits of an RSA modulus.
const RSA_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;

/// Public keys of an issuer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keys {
    keys: Vec<Key>,
    left_out: usize,
}

/// Why a document gives no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// More bytes than [`LARGEST`].
    #[error("the document is larger than {} KiB", LARGEST / 1024)]
    TooLarge,
    /// No object with a list of `keys`.
    #[error("it is not a JWKS document: an object with a list of \"keys\" is expected")]
    NotKeys,
    /// More keys than 100.
    #[error("it has {0} keys, more than {MOST}")]
    TooMany(usize),
    /// None of the keys can be used.
    #[error(
        "none of its {0} keys can be used: RSA of 2048 to 8192 bits, P-256 and P-384 are, if they are for signatures"
    )]
    NoneUsable(usize),
}

/// One of them.
#[derive(Clone)]
struct Key {
    id: Option<String>,
    kind: Kind,
    /// The only algorithm it is for, if it says so.
    algorithm: Option<Algorithm>,
    /// The issuer it is of, where a document has keys of several: an extension of Entra.
    issuer: Option<String>,
    key: DecodingKey,
    /// What the key is made of.
    parameters: [Vec<u8>; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.kind, self.id.as_deref().unwrap_or("without an id"))
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        let facts = |key: &Self| (key.id.clone(), key.kind, key.algorithm, key.issuer.clone());
        self.parameters == other.parameters && facts(self) == facts(other)
    }
}

impl Eq for Key {}

/// A key as it is written. What a key has beside these is not looked at.
#[derive(Deserialize)]
struct Written {
    kty: String,
    #[serde(default)]
    kid: Option<String>,
    #[serde(default)]
    alg: Option<String>,
    #[serde(default, rename = "use")]
    purpose: Option<String>,
    #[serde(default)]
    key_ops: Option<Vec<String>>,
    #[serde(default)]
    issuer: Option<String>,
    #[serde(default)]
    n: Option<String>,
    #[serde(default)]
    e: Option<String>,
    #[serde(default)]
    crv: Option<String>,
    #[serde(default)]
    x: Option<String>,
    #[serde(default)]
    y: Option<String>,
}

impl Keys {
    /// Reads a JWKS document. Keys of kinds that are not used here, or for other ends than signatures, are left out, as
    /// RFC 7517 (5) asks for.
    ///
    /// # Errors
    /// It is too large, is not one, or has none that can be used.
    pub fn parse(document: &[u8]) -> Result<Self, KeysError> {
        if document.len() > LARGEST {
            return Err(KeysError::TooLarge);
        }
        let document: Value = serde_json::from_slice(document).map_err(|_| KeysError::NotKeys)?;
        let written = document.get("keys").and_then(Value::as_array).ok_or(KeysError::NotKeys)?;
        if written.len() > MOST {
            return Err(KeysError::TooMany(written.len()));
        }
        let keys: Vec<Key> = written.iter().filter_map(Key::read).collect();
        if keys.is_empty() {
            return Err(KeysError::NoneUsable(written.len()));
        }
        Ok(Self { left_out: written.len() - keys.len(), keys })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.keys.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// How many of the document's keys cannot be used.
    pub fn left_out(&self) -> usize {
        self.left_out
    }

    /// Whether a token was signed with one of them. `tenant`: the tenant of Entra that it is of.
    pub(crate) fn verify(&self, token: &Token<'_>, tenant: Option<&Guid>) -> Result<(), Failure> {
        if self.keys.is_empty() {
            return Err(Failure::UnknownKey);
        }
        let mut named = self.keys.iter().filter(|key| token.key.is_none() || key.id == token.key).peekable();
        if named.peek().is_none() {
            return Err(Failure::UnknownKey);
        }
        let suited: Vec<&Key> = named.filter(|key| key.suits(token.algorithm)).take(TRIED).collect();
        match suited.as_slice() {
            [] => Err(Failure::Algorithm),
            // Which of several keys it is, a token has to say.
            [_, _, ..] if token.key.is_none() => Err(Failure::KeyNotNamed),
            keys if keys.iter().any(|key| key.is_of(tenant) && key.verifies(token)) => Ok(()),
            _ => Err(Failure::Signature),
        }
    }
}

impl Key {
    /// `None`: it cannot be used.
    fn read(value: &Value) -> Option<Self> {
        let written = Written::deserialize(value).ok()?;
        let is_for_signatures = written.purpose.as_deref().is_none_or(|purpose| purpose == "sig")
            && written.key_ops.as_ref().is_none_or(|ends| ends.iter().any(|end| end == "verify"));
        if !is_for_signatures {
            return None;
        }
        let (kind, first, second) = match (written.kty.as_str(), written.crv.as_deref()) {
            ("RSA", _) => (Kind::Rsa, written.n?, written.e?),
            ("EC", Some("P-256")) => (Kind::P256, written.x?, written.y?),
            ("EC", Some("P-384")) => (Kind::P384, written.x?, written.y?),
            _ => return None,
        };
        let parameters = [URL_SAFE_NO_PAD.decode(&first).ok()?, URL_SAFE_NO_PAD.decode(&second).ok()?];
        let key = kind.key(&parameters, (&first, &second))?;
        let algorithm = match written.alg {
            Some(name) => Some(token::algorithm(&name).filter(|algorithm| kind.suits(*algorithm))?),
            None => None,
        };
        Some(Self { id: written.kid, kind, algorithm, issuer: written.issuer, key, parameters })
    }

    fn suits(&self, algorithm: Algorithm) -> bool {
        self.kind.suits(algorithm) && self.algorithm.is_none_or(|its| its == algorithm)
    }

    /// Entra's document for several tenants says of each key whose it is. A key of one tenant may not sign for another.
    /// Source: Microsoft identity platform, "Access tokens", validate the signing key issuer, read 2026-11-22.
    fn is_of(&self, tenant: Option<&Guid>) -> bool {
        let (Some(issuer), Some(tenant)) = (&self.issuer, tenant) else { return true };
        tenant.is_issued_by(&issuer.replace("{tenantid}", tenant.as_str()))
    }

    fn verifies(&self, token: &Token<'_>) -> bool {
        matches!(jsonwebtoken::crypto::verify(token.signature, token.message, &self.key, token.algorithm), Ok(true))
    }
}

impl Kind {
    /// The key of these parameters; `None` when they have not the size they should.
    fn key(self, [first, second]: &[Vec<u8>; 2], written: (&str, &str)) -> Option<DecodingKey> {
        let coordinate = match self {
            Self::Rsa => {
                let modulus = trimmed(first);
                let spare = usize::try_from(modulus.first()?.leading_zeros()).ok()?;
                let is_good = RSA_BITS.contains(&(modulus.len() * 8 - spare)) && !trimmed(second).is_empty();
                return is_good.then(|| DecodingKey::from_rsa_raw_components(modulus, trimmed(second)));
            }
            Self::P256 => 32,
            Self::P384 => 48,
        };
        let is_good = first.len() == coordinate && second.len() == coordinate;
        is_good.then(|| DecodingKey::from_ec_components(written.0, written.1).ok())?
    }

    fn suits(self, algorithm: Algorithm) -> bool {
        use Algorithm::{ES256, ES384, PS256, PS384, PS512, RS256, RS384, RS512};
        match self {
            Self::Rsa => matches!(algorithm, RS256 | RS384 | RS512 | PS256 | PS384 | PS512),
            Self::P256 => algorithm == ES256,
            Self::P384 => algorithm == ES384,
        }
    }
}

/// A number without the zeros before it.
fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
