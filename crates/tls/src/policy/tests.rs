use super::*;

#[test]
fn predefined_policies_have_the_members_of_azures_table() {
    // Name, members, of them spoken, retired; Azure's table of predefined policies.
    let rows = [
        ("AppGwSslPolicy20150501", 28, 4, true),
        ("AppGwSslPolicy20170401", 16, 4, true),
        ("AppGwSslPolicy20170401S", 16, 4, false),
        ("AppGwSslPolicy20220101", 10, 6, false),
        ("AppGwSslPolicy20220101S", 6, 6, false),
    ];
    assert_eq!(PREDEFINED.len(), rows.len());
    for (name, members, spoken, retired) in rows {
        let policy = predefined(&name.to_lowercase()).unwrap();
        assert_eq!((policy.name, policy.suites.len(), policy.retired), (name, members, retired));
        assert_eq!(policy.policy().suites.len(), spoken, "{name}");
        assert_eq!(policy.unusable().count(), members - spoken, "{name}");
    }
    assert!(predefined("AppGwSslPolicy2030").is_none());
}

#[test]
fn only_the_policies_of_2022_speak_tls_1_3() {
    for policy in PREDEFINED {
        let is_new = policy.family == Family::New;
        let spoken = policy.policy();
        assert_eq!(spoken.max, if is_new { Version::Tls13 } else { Version::Tls12 }, "{}", policy.name);
        assert_eq!(spoken.suites.iter().any(|suite| suite.is_tls13()), is_new, "{}", policy.name);
        assert_eq!(spoken.min, Version::Tls12);
    }
    assert_eq!(&*Policy::default().name, "AppGwSslPolicy20220101");
}

#[test]
fn a_suite_is_found_by_its_name_and_by_its_number() {
    for suite in Suite::ALL {
        assert_eq!(Suite::named(suite.iana()), Some(suite));
        assert_eq!(Suite::of(suite.supported().suite()), Some(suite));
        assert_eq!(suite.supported().tls13().is_some(), suite.is_tls13());
    }
    assert_eq!(Suite::named("TLS_RSA_WITH_AES_128_CBC_SHA"), None);
    assert_eq!(Suite::of(CipherSuite::TLS13_CHACHA20_POLY1305_SHA256), None);
}

#[test]
fn tls_1_2_needs_a_suite_for_the_kind_of_key() {
    let only = |suites: &[Suite], min| Policy { suites: suites.to_vec(), min, ..Policy::default() };
    let ecdsa = [Suite::EcdheEcdsaAes256, Suite::Aes256GcmSha384Tls13];
    let rows = [
        (only(&ecdsa, Version::Tls12), KeyKind::Rsa(2048), false),
        (only(&ecdsa, Version::Tls12), KeyKind::P256, true),
        (only(&ecdsa, Version::Tls12), KeyKind::Ed25519, true),
        (only(&[Suite::EcdheRsaAes128], Version::Tls12), KeyKind::P384, false),
        (only(&Suite::TLS13, Version::Tls13), KeyKind::Rsa(2048), true),
    ];
    for (policy, key, expected) in rows {
        assert_eq!(policy.takes_with_tls12(key), expected, "{key} with {:?}", policy.suites);
    }
}
