//! Bearer tokens, and the keys that they are signed with.
//!
//! Source: RFC 7515 to 7519.

use std::time::{SystemTime, UNIX_EPOCH};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

/// The tenant of good tokens.
pub const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
/// Who is asking with good tokens.
pub const USER: &str = "690222be-ff1a-4d56-abd1-7e4f7d38e474";
/// Whom good tokens are for.
pub const CLIENT: &str = "6731de76-14a6-49ae-97bc-6eba6914391e";

/// A key that signs tokens.
pub struct Signer {
    id: String,
    key: Key,
}

enum Key {
    Ec(EcdsaKeyPair),
    Rsa(RsaKeyPair),
}

impl Signer {
    /// On the curve P-256, for `ES256`.
    pub fn ec(id: &str) -> Self {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        Self { id: id.to_owned(), key: Key::Ec(pair) }
    }

    /// With 2048 bits, for `RS256`.
    pub fn rsa(id: &str) -> Self {
        Self { id: id.to_owned(), key: Key::Rsa(RsaKeyPair::generate(KeySize::Rsa2048).unwrap()) }
    }

    /// The public half, as issuers publish it.
    pub fn public(&self) -> Value {
        match &self.key {
            Key::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point[1..].split_at(32);
                json!({"kty": "EC", "crv": "P-256", "kid": self.id, "x": text(x), "y": text(y)})
            }
            Key::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "use": "sig", "kid": self.id, "n": text(&public.n), "e": text(&public.e)})
            }
        }
    }

    fn algorithm(&self) -> &'static str {
        match self.key {
            Key::Ec(_) => "ES256",
            Key::Rsa(_) => "RS256",
        }
    }

    /// A good token with other claims; null takes one out.
    pub fn token(&self, changes: Value) -> String {
        self.token_with(&json!({"typ": "JWT", "alg": self.algorithm(), "kid": self.id}), changes)
    }

    /// The same with another header. A token that says it needs no signature has none; one that says its secret is
    /// shared is signed with the public key, which is no secret.
    pub fn token_with(&self, header: &Value, changes: Value) -> String {
        let message = format!("{}.{}", text(header.to_string()), text(claims(changes).to_string()));
        let signature = match header["alg"].as_str().unwrap_or_default() {
            "none" => Vec::new(),
            "HS256" => {
                let secret = self.public()["n"].as_str().unwrap_or_default().to_owned();
                hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()), message.as_bytes()).as_ref().to_vec()
            }
            _ => self.sign(message.as_bytes()),
        };
        format!("{message}.{}", text(signature))
    }

    fn sign(&self, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match &self.key {
            Key::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Key::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &random, message, &mut signature).unwrap();
                signature
            }
        }
    }
}

/// The document that an issuer publishes its keys in.
pub fn published(keys: &[&Signer]) -> String {
    json!({"keys": keys.iter().map(|key| key.public()).collect::<Vec<_>>()}).to_string()
}

/// Seconds since 1970.
pub fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()
}

fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "aud": CLIENT, "tid": TENANT, "oid": USER, "sub": "s",
        "exp": now() + 3600, "nbf": now() - 10, "iat": now() - 10,
    });
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
