//! Verdicts on tokens that were signed here.

use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING};
use serde_json::json;

use super::*;
use crate::fixtures::{CLIENT, NOW, RSA, Signer, TENANT, USER, claims, header, keys, modulus, policy, text};

/// The tenant of personal accounts, and some other.
const PERSONAL: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
const OTHER: &str = "11111111-2222-3333-4444-555555555555";

fn refused(status: u16, reason: &'static str) -> Verdict {
    Verdict::Refused { status, reason }
}

fn identity(tenant: &str) -> Verdict {
    Verdict::Identity(format!("{tenant}:{USER}"))
}

fn judged(policy: &Policy, changes: serde_json::Value) -> Verdict {
    policy.check(Some(&RSA.bearer(&header("RS256", "a"), &claims(changes))), &keys(&[RSA.jwk("a")]), NOW)
}

#[test]
fn claims_decide_as_the_policy_says() {
    let rows = [
        ("good", json!({}), identity(TENANT)),
        ("version 1", json!({"iss": format!("https://sts.windows.net/{TENANT}/")}), identity(TENANT)),
        ("another issuer", json!({"iss": "https://id.example"}), refused(401, "token_issuer")),
        ("issuer missing", json!({"iss": null}), refused(401, "token_issuer")),
        (
            "issuer of another tenant",
            json!({"iss": format!("https://login.microsoftonline.com/{OTHER}/v2.0")}),
            refused(401, "token_issuer"),
        ),
        (
            "another tenant",
            json!({"iss": format!("https://login.microsoftonline.com/{OTHER}/v2.0"), "tid": OTHER}),
            refused(401, "token_tenant"),
        ),
        ("tenant missing", json!({"tid": null}), refused(401, "token_tenant")),
        ("tenant no GUID", json!({"tid": "a\r\nb: c"}), refused(401, "token_tenant")),
        ("further audience", json!({"aud": "api://shop"}), identity(TENANT)),
        ("one of several audiences", json!({"aud": ["x", CLIENT]}), identity(TENANT)),
        ("another audience", json!({"aud": "api://other"}), refused(401, "token_audience")),
        ("audience missing", json!({"aud": null}), refused(401, "token_audience")),
        ("audience of another form", json!({"aud": {"a": CLIENT}}), refused(401, "token_malformed")),
        ("just not expired", json!({"exp": NOW - 59}), identity(TENANT)),
        ("expired", json!({"exp": NOW - 60}), refused(401, "token_expired")),
        ("no end", json!({"exp": null}), refused(401, "token_expired")),
        ("end of another form", json!({"exp": "tomorrow"}), refused(401, "token_malformed")),
        ("just early", json!({"nbf": NOW + 60}), identity(TENANT)),
        ("too early", json!({"nbf": NOW + 61}), refused(401, "token_too_early")),
        ("no beginning", json!({"nbf": null}), identity(TENANT)),
        ("no user", json!({"oid": null}), refused(403, "token_without_identity")),
        ("user no GUID", json!({"oid": "a\r\nx: y"}), refused(403, "token_without_identity")),
        ("user of another form", json!({"oid": 7}), refused(401, "token_malformed")),
    ];
    for (name, changes, expected) in rows {
        assert_eq!(judged(&policy(TENANT), changes), expected, "{name}");
    }
}

#[test]
fn a_group_of_tenants_takes_the_tokens_of_its_tenants() {
    let rows = [
        ("common", OTHER, true),
        ("common", PERSONAL, true),
        ("organizations", OTHER, true),
        ("organizations", PERSONAL, false),
        ("consumers", OTHER, false),
        ("consumers", PERSONAL, true),
        (OTHER, OTHER, true),
        (OTHER, TENANT, false),
    ];
    for (group, tenant, takes) in rows {
        let issuer = format!("https://login.microsoftonline.com/{tenant}/v2.0");
        let found = judged(&policy(group), json!({"iss": issuer, "tid": tenant}));
        let expected = if takes { identity(tenant) } else { refused(401, "token_tenant") };
        assert_eq!(found, expected, "{group} {tenant}");
    }
}

#[test]
fn every_good_algorithm_is_taken_and_no_other() {
    let (p256, p384) = (Signer::ec(&ECDSA_P256_SHA256_FIXED_SIGNING), Signer::ec(&ECDSA_P384_SHA384_FIXED_SIGNING));
    let keys = keys(&[RSA.jwk("rsa"), p256.jwk("p256"), p384.jwk("p384")]);
    let good = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"].map(|name| (name, &*RSA, "rsa"));
    let good = good.into_iter().chain([("ES256", &p256, "p256"), ("ES384", &p384, "p384")]);
    for (algorithm, signer, key) in good {
        let bearer = signer.bearer(&header(algorithm, key), &claims(json!({})));
        assert_eq!(policy(TENANT).check(Some(&bearer), &keys, NOW), identity(TENANT), "{algorithm}");
    }
    let confused = Signer::Secret(modulus(&RSA));
    let rows = [
        ("none", &*RSA, "rsa"),
        ("None", &*RSA, "rsa"),
        ("", &*RSA, "rsa"),
        ("HS256", &confused, "rsa"),
        ("ES512", &p384, "p384"),
        ("EdDSA", &p256, "p256"),
        // The algorithm is not the key's.
        ("RS256", &p256, "p256"),
        ("ES256", &p384, "p384"),
        ("ES256", &*RSA, "rsa"),
    ];
    for (algorithm, signer, key) in rows {
        let bearer = signer.bearer(&header(algorithm, key), &claims(json!({})));
        let found = policy(TENANT).check(Some(&bearer), &keys, NOW);
        assert_eq!(found, refused(401, "token_algorithm"), "{algorithm} {key}");
    }
}

#[test]
fn a_signature_of_another_key_is_not_taken() {
    let (p256, other) = (Signer::ec(&ECDSA_P256_SHA256_FIXED_SIGNING), Signer::ec(&ECDSA_P256_SHA256_FIXED_SIGNING));
    let keys = keys(&[RSA.jwk("rsa"), p256.jwk("p256")]);
    let good = String::from_utf8(RSA.bearer(&header("RS256", "rsa"), &claims(json!({})))).unwrap();
    let (message, signature) = good.rsplit_once('.').unwrap();
    let (head, _) = message.split_once('.').unwrap();
    let forged = text(claims(json!({"oid": OTHER})).to_string());
    let rows = [
        ("another key", other.bearer(&header("ES256", "p256"), &claims(json!({})))),
        ("other claims", format!("{head}.{forged}.{signature}").into_bytes()),
        ("none", format!("{message}.").into_bytes()),
        (
            "another scheme of RSA",
            good.replace(head, &format!("Bearer {}", text(header("PS256", "rsa").to_string()))).into(),
        ),
        ("garbage", format!("{message}.!!").into_bytes()),
    ];
    for (name, bearer) in rows {
        assert_eq!(policy(TENANT).check(Some(&bearer), &keys, NOW), refused(401, "token_signature"), "{name}");
    }
}

#[test]
fn a_good_token_with_any_character_changed_or_missing_is_not_good() {
    let keys = keys(&[RSA.jwk("a")]);
    let good = RSA.bearer(&header("RS256", "a"), &claims(json!({})));
    let check = |field: &[u8]| policy(TENANT).check(Some(field), &keys, NOW);
    assert_eq!(check(&good), identity(TENANT));
    for at in b"Bearer ".len()..good.len() {
        for other in [b'A', b'_', b'.', b'=', 0, 0xff] {
            let mut changed = good.clone();
            changed[at] = other;
            let is_same = changed == good;
            assert_eq!(matches!(check(&changed), Verdict::Identity(_)), is_same, "{at} {other}");
        }
        let shorter = [&good[..at], &good[at + 1..]].concat();
        assert!(!matches!(check(&shorter), Verdict::Identity(_)), "{at}");
        assert!(!matches!(check(&good[..at]), Verdict::Identity(_)), "{at}");
    }
}

#[test]
fn what_is_no_token_is_refused_as_what_it_is() {
    let keys = keys(&[RSA.jwk("a")]);
    let signed = |header: serde_json::Value| RSA.bearer(&header, &claims(json!({})));
    let good = signed(header("RS256", "a"));
    let token = String::from_utf8(good.clone()).unwrap().split_off(7);
    let (good_head, rest) = token.split_once('.').unwrap();
    let missing = refused(401, "token_missing");
    let malformed = refused(401, "token_malformed");
    let rows: [(&str, Option<Vec<u8>>, &Verdict); 16] = [
        ("no field", None, &missing),
        ("empty", Some(b"".to_vec()), &missing),
        ("another scheme", Some(b"Basic YTpi".to_vec()), &missing),
        ("scheme alone", Some(b"Bearer ".to_vec()), &missing),
        ("no blank", Some(format!("Bearer{token}").into_bytes()), &missing),
        ("not three parts", Some(b"Bearer a.b".to_vec()), &malformed),
        ("no parts", Some(b"Bearer a".to_vec()), &malformed),
        ("encrypted", Some(b"Bearer a.b.c.d.e".to_vec()), &malformed),
        ("not base64", Some(format!("Bearer {good_head}=.{rest}").into_bytes()), &malformed),
        ("not JSON", Some(format!("Bearer {}.{rest}", text("{")).into_bytes()), &malformed),
        ("not UTF-8", Some(b"Bearer \xff.a.b".to_vec()), &malformed),
        ("two fields", Some([&good[..], b", ", &good].concat()), &malformed),
        ("claims no object", Some(RSA.bearer(&json!({"alg": "RS256"}), &json!("x"))), &malformed),
        ("extension", Some(signed(json!({"alg": "RS256", "kid": "a", "crit": ["b64"], "b64": false}))), &malformed),
        ("16 KiB", Some([b"Bearer ".to_vec(), vec![b'a'; 16 * 1024]].concat()), &malformed),
        ("larger", Some([b"Bearer ".to_vec(), vec![b'a'; 16 * 1024 + 1]].concat()), &refused(401, "token_too_large")),
    ];
    for (name, field, expected) in rows {
        assert_eq!(&policy(TENANT).check(field.as_deref(), &keys, NOW), expected, "{name}");
    }
    for scheme in ["bearer ", "BEARER   "] {
        let field = format!("{scheme}{token} ").into_bytes();
        assert_eq!(policy(TENANT).check(Some(&field), &keys, NOW), identity(TENANT), "{scheme}");
    }
}

#[test]
fn a_claim_that_is_there_twice_is_not_chosen_from() {
    let claims = claims(json!({})).to_string().replacen('{', &format!("{{\"oid\":\"{OTHER}\","), 1);
    let twice = format!("Bearer {}.{}.", text(header("RS256", "a").to_string()), text(claims));
    let found = policy(TENANT).check(Some(twice.as_bytes()), &keys(&[RSA.jwk("a")]), NOW);
    assert_eq!(found, refused(401, "token_malformed"));
}

#[test]
fn where_tokens_are_not_asked_for_a_bad_one_makes_nobody() {
    let lenient = Policy { action: Action::Allow, ..policy(TENANT) };
    assert_eq!(judged(&lenient, json!({})), identity(TENANT));
    for changes in [json!({"exp": 0}), json!({"oid": null}), json!({"aud": "x"})] {
        assert_eq!(judged(&lenient, changes), Verdict::Anonymous);
    }
    assert_eq!(lenient.check(None, &Keys::default(), NOW), Verdict::Anonymous);
    let unknown = RSA.bearer(&header("RS256", "b"), &claims(json!({})));
    assert_eq!(lenient.check(Some(&unknown), &keys(&[RSA.jwk("a")]), NOW), Verdict::UnknownKey);
}

#[test]
fn only_a_token_that_is_for_us_asks_for_keys() {
    let rows = [
        (json!({}), Verdict::UnknownKey),
        (json!({"exp": 0}), refused(401, "token_expired")),
        (json!({"aud": "x"}), refused(401, "token_audience")),
        (json!({"iss": "x"}), refused(401, "token_issuer")),
    ];
    for (changes, expected) in rows {
        let bearer = RSA.bearer(&header("RS256", "b"), &claims(changes));
        for keys in [keys(&[RSA.jwk("a")]), Keys::default()] {
            assert_eq!(policy(TENANT).check(Some(&bearer), &keys, NOW), expected);
        }
    }
}

#[test]
fn another_issuers_identities_begin_with_its_name() {
    let issuer = "https://id.example/realms/a";
    let other = Policy { issuer: Issuer::Other(Arc::from(issuer)), ..policy(TENANT) };
    let rows = [
        (json!({"iss": issuer, "sub": "user-7"}), Verdict::Identity(format!("{issuer}:user-7"))),
        // What a token of another issuer says of tenants is nothing.
        (json!({"iss": issuer, "sub": "u", "tid": TENANT}), Verdict::Identity(format!("{issuer}:u"))),
        (json!({"iss": format!("{issuer}/"), "sub": "u"}), refused(401, "token_issuer")),
        (json!({"sub": "u"}), refused(401, "token_issuer")),
        (json!({"iss": issuer, "sub": null}), refused(403, "token_without_identity")),
        (json!({"iss": issuer, "sub": ""}), refused(403, "token_without_identity")),
        (json!({"iss": issuer, "sub": "a\r\nb: c"}), refused(403, "token_without_identity")),
        (json!({"iss": issuer, "sub": "ü"}), refused(403, "token_without_identity")),
        (json!({"iss": issuer, "sub": "a".repeat(256)}), refused(403, "token_without_identity")),
    ];
    for (changes, expected) in rows {
        assert_eq!(judged(&other, changes.clone()), expected, "{changes}");
    }
}
