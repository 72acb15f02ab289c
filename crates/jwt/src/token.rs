//! A token taken apart (RFC 7515, compact form); nothing in it is trusted yet.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::Algorithm;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::check::Failure;

/// The largest token that is looked at, in bytes. Entra's have at most some 8 KiB.
const LARGEST: usize = 16 * 1024;

/// The parts of a token, as text and as what they say.
pub(crate) struct Token<'a> {
    /// What was signed.
    pub(crate) message: &'a [u8],
    /// The signature as it is written.
    pub(crate) signature: &'a str,
    /// How it was signed.
    pub(crate) algorithm: Algorithm,
    /// Which key signed it.
    pub(crate) key: Option<String>,
    /// The claims, JSON.
    pub(crate) claims: Vec<u8>,
}

/// The part of the header that decides.
#[derive(Deserialize)]
struct Header {
    alg: String,
    #[serde(default)]
    kid: Option<String>,
    /// Extensions that must be understood; there are none that we do.
    #[serde(default)]
    crit: Option<IgnoredAny>,
}

impl<'a> Token<'a> {
    /// The token of an `Authorization` field.
    pub(crate) fn of_field(authorization: &'a [u8]) -> Result<Self, Failure> {
        let text = authorization.trim_ascii();
        let end = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
        let (scheme, rest) = text.split_at(end);
        let token = rest.trim_ascii_start();
        if !scheme.eq_ignore_ascii_case(b"bearer") || token.is_empty() {
            return Err(Failure::Missing);
        }
        if token.len() > LARGEST {
            return Err(Failure::TooLarge);
        }
        Self::parse(std::str::from_utf8(token).map_err(|_| Failure::Malformed)?)
    }

    fn parse(token: &'a str) -> Result<Self, Failure> {
        let (message, signature) = token.rsplit_once('.').ok_or(Failure::Malformed)?;
        let (header, claims) = message.split_once('.').ok_or(Failure::Malformed)?;
        let decode = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| Failure::Malformed);
        let header: Header = serde_json::from_slice(&decode(header)?).map_err(|_| Failure::Malformed)?;
        if header.crit.is_some() {
            return Err(Failure::Malformed);
        }
        let algorithm = algorithm(&header.alg).ok_or(Failure::Algorithm)?;
        Ok(Self { message: message.as_bytes(), signature, algorithm, key: header.kid, claims: decode(claims)? })
    }
}

/// Signatures with a public key; neither `none` nor HMAC, whose secret would be the public key.
pub(crate) fn algorithm(name: &str) -> Option<Algorithm> {
    const NAMES: [(&str, Algorithm); 8] = [
        ("RS256", Algorithm::RS256),
        ("RS384", Algorithm::RS384),
        ("RS512", Algorithm::RS512),
        ("PS256", Algorithm::PS256),
        ("PS384", Algorithm::PS384),
        ("PS512", Algorithm::PS512),
        ("ES256", Algorithm::ES256),
        ("ES384", Algorithm::ES384),
    ];
    NAMES.iter().find(|(its, _)| *its == name).map(|(_, algorithm)| *algorithm)
}
