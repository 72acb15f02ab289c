//! Documents of keys, and which key a token was signed with.

use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED_SIGNING;
use serde_json::json;

use super::*;
use crate::Verdict;
use crate::fixtures::{NOW, RSA, Signer, TENANT, USER, claims, document, header, keys, modulus, policy, text};

const OTHER: &str = "11111111-2222-3333-4444-555555555555";

#[test]
fn keys_that_cannot_be_used_are_left_out() {
    let p256 = Signer::ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let good = || RSA.jwk("a");
    let with = |mut key: Value, name: &str, value: Value| {
        key[name] = value;
        key
    };
    let weak = [vec![0], vec![0x7f; 256]].concat();
    let rows = [
        ("RSA", good(), true),
        ("P-256", p256.jwk("a"), true),
        ("zeros before the modulus", with(good(), "n", json!(text([vec![0, 0], modulus(&RSA)].concat()))), true),
        ("another kind", json!({"kty": "OKP", "crv": "Ed25519", "x": "aa"}), false),
        ("a secret", Signer::Secret(vec![7; 32]).jwk("a"), false),
        ("no kind", json!({"kid": "a"}), false),
        ("not an object", json!("a"), false),
        ("for encryption", with(good(), "use", json!("enc")), false),
        ("to verify", with(good(), "key_ops", json!(["verify"])), true),
        ("to wrap", with(good(), "key_ops", json!(["wrapKey"])), false),
        ("for an algorithm of it", with(good(), "alg", json!("PS384")), true),
        ("for an algorithm of others", with(good(), "alg", json!("ES256")), false),
        ("for HMAC", with(good(), "alg", json!("HS256")), false),
        ("2047 bits", with(good(), "n", json!(text(weak))), false),
        ("too many bits", with(good(), "n", json!(text([0xff; 1025]))), false),
        ("no exponent", with(good(), "e", json!("AA")), false),
        ("not base64", with(good(), "n", json!("+/+/")), false),
        ("a coordinate cut", with(p256.jwk("a"), "x", json!(text([1; 31]))), false),
        ("another curve", with(p256.jwk("a"), "crv", json!("P-384")), false),
        ("P-521", with(p256.jwk("a"), "crv", json!("P-521")), false),
    ];
    for (name, key, expected) in rows {
        let found = Keys::parse(&document(&[key]));
        assert_eq!(
            found.map(|keys| keys.len()),
            if expected { Ok(1) } else { Err(KeysError::NoneUsable(1)) },
            "{name}"
        );
    }
}

#[test]
fn a_key_of_1024_bits_is_refused() {
    // The library makes none: the first half of a good modulus stands for one.
    let mut key = RSA.jwk("a");
    key["n"] = json!(text(&modulus(&RSA)[..128]));
    assert_eq!(Keys::parse(&document(&[key.clone()])), Err(KeysError::NoneUsable(1)));
    let both = keys(&[key, RSA.jwk("b")]);
    assert_eq!((both.len(), both.left_out()), (1, 1));
}

#[test]
fn a_document_is_one_and_bounded() {
    let many = |count| document(&vec![RSA.jwk("a"); count]);
    let padded = |bytes: usize| {
        let mut document = document(&[RSA.jwk("a")]);
        document.resize(bytes, b' ');
        document
    };
    let rows = [
        ("most keys", many(100), Ok(100)),
        ("too many", many(101), Err(KeysError::TooMany(101))),
        ("largest", padded(LARGEST), Ok(1)),
        ("too large", padded(LARGEST + 1), Err(KeysError::TooLarge)),
        ("no keys", document(&[]), Err(KeysError::NoneUsable(0))),
        ("a page", b"<html>".to_vec(), Err(KeysError::NotKeys)),
        ("no list", b"{\"keys\": {}}".to_vec(), Err(KeysError::NotKeys)),
        ("nothing", Vec::new(), Err(KeysError::NotKeys)),
        ("deep", vec![b'['; LARGEST], Err(KeysError::NotKeys)),
    ];
    for (name, document, expected) in rows {
        assert_eq!(Keys::parse(&document).map(|keys| keys.len()), expected, "{name}");
    }
}

fn judged(keys: &Keys, header: &Value) -> Verdict {
    policy(TENANT).check(Some(&RSA.bearer(header, &claims(json!({})))), keys, NOW)
}

fn good() -> Verdict {
    Verdict::Identity(format!("{TENANT}:{USER}"))
}

fn refused(reason: &'static str) -> Verdict {
    Verdict::Refused { status: 401, reason }
}

#[test]
fn a_token_says_which_key_unless_there_is_no_choice() {
    let other = Signer::rsa(KeySize::Rsa2048);
    let p256 = Signer::ec(&ECDSA_P256_SHA256_FIXED_SIGNING);
    let nameless = |signer: &Signer| {
        let mut key = signer.jwk("");
        key.as_object_mut().unwrap().remove("kid");
        key
    };
    let unnamed = json!({"alg": "RS256"});
    let rows = [
        ("named", keys(&[other.jwk("a"), RSA.jwk("b")]), header("RS256", "b"), good()),
        ("named wrongly", keys(&[other.jwk("a"), RSA.jwk("b")]), header("RS256", "a"), refused("token_signature")),
        ("unknown", keys(&[RSA.jwk("a")]), header("RS256", "b"), Verdict::UnknownKey),
        ("the same name twice", keys(&[other.jwk("a"), RSA.jwk("a")]), header("RS256", "a"), good()),
        ("only one suits", keys(&[p256.jwk("a"), RSA.jwk("b")]), unnamed.clone(), good()),
        ("a key without a name", keys(&[nameless(&RSA)]), unnamed.clone(), good()),
        ("a name for a key without one", keys(&[nameless(&RSA)]), header("RS256", "a"), Verdict::UnknownKey),
        ("two suit", keys(&[other.jwk("a"), RSA.jwk("b")]), unnamed, refused("token_key_not_named")),
    ];
    for (name, keys, header, expected) in rows {
        assert_eq!(judged(&keys, &header), expected, "{name}");
    }
}

#[test]
fn a_key_for_one_algorithm_is_not_used_with_another() {
    let mut key = RSA.jwk("a");
    key["alg"] = json!("PS256");
    let keys = keys(&[key]);
    assert_eq!(judged(&keys, &header("PS256", "a")), good());
    assert_eq!(judged(&keys, &header("RS256", "a")), refused("token_algorithm"));
}

#[test]
fn a_key_of_one_tenant_does_not_sign_for_another() {
    let rows = [
        ("https://login.microsoftonline.com/{tenantid}/v2.0".to_owned(), good()),
        (format!("https://login.microsoftonline.com/{TENANT}/v2.0"), good()),
        (format!("https://login.microsoftonline.com/{OTHER}/v2.0"), refused("token_signature")),
        ("https://id.example/{tenantid}/v2.0".to_owned(), refused("token_signature")),
    ];
    for (issuer, expected) in rows {
        let mut key = RSA.jwk("a");
        key["issuer"] = json!(issuer);
        assert_eq!(judged(&keys(&[key]), &header("RS256", "a")), expected, "{issuer}");
    }
}

#[test]
fn documents_with_the_same_keys_are_the_same() {
    let (a, b) = (keys(&[RSA.jwk("a")]), keys(&[RSA.jwk("b")]));
    assert_eq!(a, keys(&[RSA.jwk("a")]));
    assert_ne!(a, b);
    assert_ne!(a, keys(&[Signer::rsa(KeySize::Rsa2048).jwk("a")]));
    assert_eq!(format!("{a:?}"), "Keys { keys: [Rsa a], left_out: 0 }");
}
