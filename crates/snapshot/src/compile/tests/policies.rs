//! What TLS policies become.

use tls::policy::{Policy, Suite, Version};

use super::certificates::{NOW, base64};
use super::*;

const EC: [Suite; 2] = [Suite::EcdheEcdsaAes256, Suite::EcdheEcdsaAes128];
const RSA: [Suite; 2] = [Suite::EcdheRsaAes256, Suite::EcdheRsaAes128];

/// The policy of an HTTPS listener, with this for the gateway's and this for its profile's.
fn policy(gateway: &str, profile: &str) -> Policy {
    let certificates = format!("[{{name: cert, data: {}}}]", base64("kind_rsa_2048.pem"));
    let profiles = format!("[{{name: p, {profile}}}]");
    let sections = [
        ("sslCertificates", certificates.as_str()),
        ("sslPolicy", gateway),
        ("sslProfiles", &profiles),
        (
            "httpListeners",
            "[{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Https, sslCertificate: cert,
               sslProfile: p}]",
        ),
    ];
    let snapshot = compiled(&sections, None, &Environment { now: NOW, ..Environment::default() });
    let tls = snapshot.listeners.iter().next().unwrap().tls.clone().unwrap();
    (*tls.policy).clone()
}

#[test]
fn a_policy_becomes_versions_and_suites_in_its_order() {
    use Version::{Tls12, Tls13};
    let all = [Suite::TLS13, EC, RSA].concat();
    let older = [EC, RSA].concat();
    let rows = [
        ("{}", "AppGwSslPolicy20220101", Tls12, Tls13, all.clone()),
        ("{policyName: AppGwSslPolicy20220101S}", "AppGwSslPolicy20220101S", Tls12, Tls13, all.clone()),
        ("{policyType: Predefined, policyName: AppGwSslPolicy20170401S}", "AppGwSslPolicy20170401S", Tls12, Tls12, older.clone()),
        ("{policyType: Predefined, policyName: AppGwSslPolicy20150501}", "AppGwSslPolicy20150501", Tls12, Tls12, older),
        (
            "{policyType: Custom, minProtocolVersion: TLSv1_2, cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
              TLS_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]}",
            "Custom",
            Tls12,
            Tls12,
            vec![Suite::EcdheRsaAes128, Suite::EcdheRsaAes256],
        ),
        (
            "{policyType: CustomV2, minProtocolVersion: TLSv1_2, cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
              TLS_AES_128_GCM_SHA256]}",
            "CustomV2",
            Tls12,
            Tls13,
            [&Suite::TLS13[..], &[Suite::EcdheRsaAes128]].concat(),
        ),
        (
            "{policyType: CustomV2, minProtocolVersion: TLSv1_3, cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]}",
            "CustomV2",
            Tls13,
            Tls13,
            Suite::TLS13.to_vec(),
        ),
        (
            "{policyType: CustomV2, minProtocolVersion: TLSv1_2, cipherSuites: []}",
            "CustomV2",
            Tls13,
            Tls13,
            Suite::TLS13.to_vec(),
        ),
        ("{disabledSslProtocols: [TLSv1_0, TLSv1_1]}", "AppGwSslPolicy20220101", Tls12, Tls13, all),
        ("{disabledSslProtocols: [TLSv1_3]}", "AppGwSslPolicy20220101", Tls12, Tls12, [EC, RSA].concat()),
        (
            "{disabledSslProtocols: [TLSv1_0, TLSv1_1, TLSv1_2]}",
            "AppGwSslPolicy20220101",
            Tls13,
            Tls13,
            Suite::TLS13.to_vec(),
        ),
    ];
    for (asked, name, min, max, suites) in rows {
        let found = policy(asked, "trustedClientCertificates: []");
        assert_eq!((&*found.name, found.min, found.max, found.suites), (name, min, max, suites), "{asked}");
    }
}

#[test]
fn a_profiles_policy_comes_before_the_gateways() {
    let gateway = "{policyType: Predefined, policyName: AppGwSslPolicy20220101S}";
    assert_eq!(&*policy(gateway, "sslPolicy: {policyType: CustomV2, minProtocolVersion: TLSv1_3}").name, "CustomV2");
    assert_eq!(&*policy(gateway, "trustedClientCertificates: []").name, "AppGwSslPolicy20220101S");
}
