use std::sync::Arc;

use proptest::prelude::*;

use super::*;

fn key(pool: &str, settings: &str) -> TargetKey {
    TargetKey { pool: Arc::from(pool), settings: Arc::from(settings) }
}

fn token(secret: &[u8], settings: &str, address: &str, name: Option<&str>) -> Token {
    let key = key("pool", settings);
    Marker::new(&key, &AffinityKey(Arc::from(secret))).token(address.parse().unwrap(), name)
}

/// The expected values are those of another implementation of HMAC (Python's), so that gateways agree for ever.
#[test]
fn a_token_is_the_first_half_of_an_hmac_in_lower_case() {
    for (secret, settings, address, name, text, expected) in [
        ("secret", "plain", "10.0.0.4:80", None, "plain|10.0.0.4|80", EXPECTED_V4),
        ("secret", "plain", "[2001:db8::1]:443", None, "plain|2001:db8::1|443", EXPECTED_V6),
        ("secret", "plain", "10.0.0.4:80", Some("a.example"), "plain|10.0.0.4|80|a.example", EXPECTED_NAMED),
        ("", "plain", "10.0.0.4:80", None, "plain|10.0.0.4|80", EXPECTED_UNKEYED),
    ] {
        let token = token(secret.as_bytes(), settings, address, name);
        assert_eq!(std::str::from_utf8(&token).unwrap(), expected, "{text} under {secret:?}");
    }
}

const EXPECTED_V4: &str = "dab2285070ee82df68000032e5e9f467";
const EXPECTED_V6: &str = "545b4420f2fa941c81130db65d3c9cd9";
const EXPECTED_NAMED: &str = "215906be3064cb3128c4ac85ff05b17d";
const EXPECTED_UNKEYED: &str = "ef02e63f894f3a9f89b9ef640dbd6ca9";

#[test]
fn a_token_is_of_one_server_under_one_secret_and_settings() {
    let of = token(b"secret", "plain", "10.0.0.4:80", None);
    for (rule, other) in [
        ("another secret", token(b"secret2", "plain", "10.0.0.4:80", None)),
        ("other settings", token(b"secret", "other", "10.0.0.4:80", None)),
        ("another address", token(b"secret", "plain", "10.0.0.5:80", None)),
        ("another port", token(b"secret", "plain", "10.0.0.4:81", None)),
        ("a name", token(b"secret", "plain", "10.0.0.4:80", Some("a.example"))),
    ] {
        assert_ne!(of, other, "{rule}");
    }
    assert_eq!(of, token(b"secret", "plain", "10.0.0.4:80", None));
}

#[test]
fn the_pool_is_not_part_of_a_token_but_of_the_number() {
    let secret = AffinityKey(Arc::from(*b"secret"));
    let (one, two) = (key("one", "plain"), key("two", "plain"));
    let (one, two) = (Marker::new(&one, &secret), Marker::new(&two, &secret));
    let address = "10.0.0.4:80".parse().unwrap();
    assert_eq!(one.token(address, None), two.token(address, None));
    assert_ne!(one.seed(address, None), two.seed(address, None));
}

/// A restart, or another gateway, has to send clients to the same servers.
#[test]
fn the_number_of_a_server_does_not_depend_on_the_secret() {
    let key = key("pool", "plain");
    let seed =
        |secret: &[u8]| Marker::new(&key, &AffinityKey(Arc::from(secret))).seed("10.0.0.4:80".parse().unwrap(), None);
    assert_eq!(seed(b"one"), seed(b"two"));
    assert_eq!(seed(b"one"), 0xdbed_3965_67d4_de56);
}

#[test]
fn only_the_whole_token_matches() {
    let token = token(b"secret", "plain", "10.0.0.4:80", None);
    let text = std::str::from_utf8(&token).unwrap();
    assert!(is_token(&token, &token));
    for (rule, value) in [
        ("nothing", String::new()),
        ("shorter", text[..31].to_owned()),
        ("longer", format!("{text}0")),
        ("upper case", text.to_uppercase()),
        ("quoted", format!("\"{text}\"")),
        ("with a space", format!(" {text}")),
        ("other digits", "0".repeat(32)),
    ] {
        assert!(!is_token(&token, value.as_bytes()), "{rule}");
    }
}

proptest! {
    /// A value with any one bit changed, and any value that is not the token, is refused.
    #[test]
    fn forged_values_never_match(bit in 0_usize..256, value in prop::collection::vec(any::<u8>(), 0..48)) {
        let token = token(b"secret", "plain", "10.0.0.4:80", None);
        let mut forged = token;
        forged[bit / 8] ^= 1 << (bit % 8);
        prop_assert!(!is_token(&token, &forged));
        prop_assert_eq!(is_token(&token, &value), value == token);
    }

    /// Tokens of another gateway's secret are foreign here.
    #[test]
    fn foreign_tokens_never_match(secret in prop::collection::vec(any::<u8>(), 1..40), last in 0_u8..=255) {
        prop_assume!(secret != b"secret");
        let address = format!("10.0.0.{last}:80");
        let ours = token(b"secret", "plain", &address, None);
        prop_assert!(!is_token(&ours, &token(&secret, "plain", &address, None)));
    }
}
