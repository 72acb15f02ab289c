//! Issuers for tests: keys that sign, and the documents that tell of them.

use std::sync::{Arc, LazyLock};

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    self, EcdsaKeyPair, EcdsaSigningAlgorithm, KeyPair as _, RsaEncoding, RsaKeyPair, RsaPublicKeyComponents,
};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use crate::{Action, Issuer, KeySource, Keys, Policy, Tenant};

pub(crate) const TENANT: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
pub(crate) const USER: &str = "690222be-ff1a-4d56-abd1-7e4f7d38e474";
pub(crate) const CLIENT: &str = "6731de76-14a6-49ae-97bc-6eba6914391e";
pub(crate) const NOW: i64 = 1_764_000_000;

/// A key that signs.
pub(crate) enum Signer {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
    /// The secret of an HMAC.
    Secret(Vec<u8>),
}

/// Made once: an RSA key takes a while.
pub(crate) static RSA: LazyLock<Signer> = LazyLock::new(|| Signer::rsa(KeySize::Rsa2048));

impl Signer {
    pub(crate) fn rsa(size: KeySize) -> Self {
        Self::Rsa(RsaKeyPair::generate(size).unwrap())
    }

    pub(crate) fn ec(algorithm: &'static EcdsaSigningAlgorithm) -> Self {
        Self::Ec(EcdsaKeyPair::generate(algorithm).unwrap())
    }

    /// The public half as a JWKS document has it.
    pub(crate) fn jwk(&self, id: &str) -> Value {
        match self {
            Self::Rsa(pair) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
                json!({"kty": "RSA", "use": "sig", "kid": id, "n": text(&public.n), "e": text(&public.e)})
            }
            Self::Ec(pair) => {
                let point = pair.public_key().as_ref();
                let (x, y) = point[1..].split_at(point.len() / 2);
                let curve = if x.len() == 32 { "P-256" } else { "P-384" };
                json!({"kty": "EC", "crv": curve, "kid": id, "x": text(x), "y": text(y)})
            }
            Self::Secret(secret) => json!({"kty": "oct", "kid": id, "k": text(secret)}),
        }
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(pair) => {
                let encoding: &'static dyn RsaEncoding = match algorithm {
                    "RS384" => &signature::RSA_PKCS1_SHA384,
                    "RS512" => &signature::RSA_PKCS1_SHA512,
                    "PS256" => &signature::RSA_PSS_SHA256,
                    "PS384" => &signature::RSA_PSS_SHA384,
                    "PS512" => &signature::RSA_PSS_SHA512,
                    _ => &signature::RSA_PKCS1_SHA256,
                };
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(encoding, &random, message, &mut signature).unwrap();
                signature
            }
            Self::Ec(pair) => pair.sign(&random, message).unwrap().as_ref().to_vec(),
            Self::Secret(secret) => hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, secret), message).as_ref().to_vec(),
        }
    }

    /// An `Authorization` field with a token of these parts.
    pub(crate) fn bearer(&self, header: &Value, claims: &Value) -> Vec<u8> {
        let message = format!("{}.{}", text(header.to_string()), text(claims.to_string()));
        let signature = self.sign(header["alg"].as_str().unwrap_or_default(), message.as_bytes());
        format!("Bearer {message}.{}", text(signature)).into_bytes()
    }
}

/// The public half as the only text of it that is the same everywhere: what a confused checker would take for a secret.
pub(crate) fn modulus(signer: &Signer) -> Vec<u8> {
    match signer {
        Signer::Rsa(pair) => pair.public_key().modulus().big_endian_without_leading_zero().to_vec(),
        _ => Vec::new(),
    }
}

pub(crate) fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A document with these keys.
pub(crate) fn document(keys: &[Value]) -> Vec<u8> {
    json!({ "keys": keys }).to_string().into_bytes()
}

pub(crate) fn keys(keys: &[Value]) -> Keys {
    Keys::parse(&document(keys)).unwrap()
}

/// A policy for one tenant of Entra.
pub(crate) fn policy(tenant: &str) -> Policy {
    let tenant = Tenant::parse(tenant).unwrap();
    Policy {
        name: Arc::from("shop"),
        issuer: Issuer::Entra(tenant),
        audiences: vec![Arc::from(CLIENT), Arc::from("api://shop")],
        keys: KeySource::Url(tenant.keys_url()),
        action: Action::Deny,
    }
}

pub(crate) fn header(algorithm: &str, key: &str) -> Value {
    json!({"typ": "JWT", "alg": algorithm, "kid": key})
}

/// The claims of a good token, with these changed; null takes one out.
pub(crate) fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": format!("https://login.microsoftonline.com/{TENANT}/v2.0"),
        "aud": CLIENT, "tid": TENANT, "oid": USER, "sub": "s",
        "exp": NOW + 3600, "nbf": NOW - 10, "iat": NOW - 10,
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
