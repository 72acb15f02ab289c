//! TLS policies, tried out with a client of another make: each policy with each version and each suite.
//!
//! Source: Azure, "TLS policy overview for Application Gateway"; the suites that no policy can have here are those that
//! this gateway's TLS library leaves out on purpose (CBC, RSA key exchange, finite-field Diffie-Hellman).

use e2e::openssl::{is_there, s_client};
use e2e::{Ca, Document, Farm, Gateway, Issued, Tls, Wish};

/// Suites of TLS 1.2 in OpenSSL's words; whether they need an RSA certificate, and whether policies can have them here.
const SUITES: &[(&str, bool, bool)] = &[
    ("ECDHE-ECDSA-AES256-GCM-SHA384", false, true),
    ("ECDHE-ECDSA-AES128-GCM-SHA256", false, true),
    ("ECDHE-RSA-AES256-GCM-SHA384", true, true),
    ("ECDHE-RSA-AES128-GCM-SHA256", true, true),
    ("ECDHE-ECDSA-CHACHA20-POLY1305", false, false),
    ("ECDHE-RSA-CHACHA20-POLY1305", true, false),
    ("ECDHE-ECDSA-AES256-SHA384", false, false),
    ("ECDHE-ECDSA-AES128-SHA", false, false),
    ("ECDHE-RSA-AES256-SHA384", true, false),
    ("ECDHE-RSA-AES128-SHA256", true, false),
    ("ECDHE-RSA-AES128-SHA", true, false),
    ("DHE-RSA-AES256-GCM-SHA384", true, false),
    ("AES256-GCM-SHA384", true, false),
    ("AES128-SHA", true, false),
];

/// Suites of TLS 1.3.
const NEW_SUITES: &[(&str, bool)] = &[
    ("TLS_AES_256_GCM_SHA384", true),
    ("TLS_AES_128_GCM_SHA256", true),
    ("TLS_CHACHA20_POLY1305_SHA256", false),
    ("TLS_AES_128_CCM_SHA256", false),
];

struct Policy {
    yaml: &'static str,
    tls13: bool,
    tls12: bool,
    /// Suites of TLS 1.2, in order of preference. Empty: all that can be had.
    suites: &'static [&'static str],
}

const fn predefined(yaml: &'static str, tls13: bool) -> Policy {
    Policy { yaml, tls13, tls12: true, suites: &[] }
}

const POLICIES: &[Policy] = &[
    predefined("", true),
    predefined("{policyType: Predefined, policyName: AppGwSslPolicy20220101}", true),
    predefined("{policyType: Predefined, policyName: AppGwSslPolicy20220101S}", true),
    predefined("{policyType: Predefined, policyName: AppGwSslPolicy20170401S}", false),
    Policy {
        yaml: "{policyType: Custom, minProtocolVersion: TLSv1_2, cipherSuites: [TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, \
               TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, \
               TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]}",
        tls13: false,
        tls12: true,
        suites: &["ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384"],
    },
    Policy {
        yaml: "{policyType: CustomV2, minProtocolVersion: TLSv1_2, cipherSuites: \
               [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256]}",
        tls13: true,
        tls12: true,
        suites: &["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"],
    },
    Policy {
        yaml: "{policyType: CustomV2, minProtocolVersion: TLSv1_3, cipherSuites: []}",
        tls13: true,
        tls12: false,
        suites: &[],
    },
];

impl Policy {
    fn has(&self, suite: &str) -> bool {
        self.suites.is_empty() || self.suites.contains(&suite)
    }

    fn document(&self, farm: &Farm, certificate: &Issued) -> Document {
        let document = Document::https(farm, certificate);
        if self.yaml.is_empty() { document } else { document.section("sslPolicy", self.yaml) }
    }
}

/// Alerts that say that there is nothing in common.
const PROTOCOL_VERSION: u8 = 70;
const HANDSHAKE_FAILURE: u8 = 40;

#[test]
fn each_policy_agrees_to_its_versions_and_suites_and_to_no_other() {
    if !is_there() {
        return;
    }
    let farm = Farm::echo(1);
    let root = Ca::root("root");
    let certificates = [(false, root.server(&["a.com"])), (true, root.issue(&Wish::server(&["a.com"]).rsa()))];
    let (mut tried, mut failures) = (0, Vec::new());
    for policy in POLICIES {
        for (rsa, certificate) in &certificates {
            let gateway = Gateway::start(&policy.document(&farm, certificate));
            let address = gateway.address("web");
            let mut expect = |arguments: &[&str], agreed: Option<(&str, &str)>, alert: u8| {
                tried += 1;
                let outcome = s_client(address, arguments, "");
                let seen = outcome.agreed.as_ref().map(|(version, suite)| (version.as_str(), suite.as_str()));
                if seen != agreed || (agreed.is_none() && outcome.alert != Some(alert)) {
                    let alert = outcome.alert;
                    failures
                        .push(format!("{} rsa {rsa} {arguments:?}: {seen:?} {alert:?}, not {agreed:?}", policy.yaml));
                }
            };
            for version in ["-tls1", "-tls1_1"] {
                expect(&[version, "-cipher", "ALL:@SECLEVEL=0"], None, PROTOCOL_VERSION);
            }
            for (suite, for_rsa, possible) in SUITES {
                let agreed = policy.tls12 && *possible && for_rsa == rsa && policy.has(suite);
                let alert = if policy.tls12 { HANDSHAKE_FAILURE } else { PROTOCOL_VERSION };
                let arguments = ["-tls1_2", "-cipher", &format!("{suite}:@SECLEVEL=0")];
                expect(&arguments, agreed.then_some(("TLSv1.2", suite)), alert);
            }
            for (suite, possible) in NEW_SUITES {
                let alert = if policy.tls13 { HANDSHAKE_FAILURE } else { PROTOCOL_VERSION };
                let agreed = (policy.tls13 && *possible).then_some(("TLSv1.3", *suite));
                expect(&["-tls1_3", "-ciphersuites", suite], agreed, alert);
            }
        }
    }
    eprintln!("{tried} handshakes, {} not as expected", failures.len());
    assert_eq!(tried, POLICIES.len() * 2 * (2 + SUITES.len() + NEW_SUITES.len()));
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_order_of_the_policy_decides_and_not_the_clients() {
    if !is_there() {
        return;
    }
    let farm = Farm::echo(1);
    let certificate = Ca::root("root").server(&["a.com"]);
    let offers = [
        "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-ECDSA-AES128-GCM-SHA256",
    ];
    let rows = [
        (&POLICIES[0], "ECDHE-ECDSA-AES256-GCM-SHA384"),
        (&POLICIES[3], "ECDHE-ECDSA-AES256-GCM-SHA384"),
        (&POLICIES[4], "ECDHE-ECDSA-AES128-GCM-SHA256"),
    ];
    for (policy, first) in rows {
        let gateway = Gateway::start(&policy.document(&farm, &certificate));
        for offer in offers {
            let outcome = s_client(gateway.address("web"), &["-tls1_2", "-cipher", offer], "");
            assert_eq!(outcome.agreed.map(|(_, suite)| suite).as_deref(), Some(first), "{} {offer}", policy.yaml);
        }
    }
    let gateway = Gateway::start(&POLICIES[0].document(&farm, &certificate));
    for offer in ["TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384", "TLS_AES_256_GCM_SHA384:TLS_AES_128_GCM_SHA256"] {
        let outcome = s_client(gateway.address("web"), &["-tls1_3", "-ciphersuites", offer], "");
        assert_eq!(outcome.agreed.map(|(_, suite)| suite).as_deref(), Some("TLS_AES_256_GCM_SHA384"), "{offer}");
    }
}

/// Listeners that share a port are told apart by name before anything is agreed on.
#[test]
fn listeners_on_one_port_may_have_policies_of_their_own() {
    if !is_there() {
        return;
    }
    let farm = Farm::echo(1);
    let document = Document::new(&farm)
        .certificate("cert", &Ca::root("root").server(&["old.com", "new.com"]))
        .profile("new", "sslPolicy: {policyType: CustomV2, minProtocolVersion: TLSv1_3, cipherSuites: []}")
        .secure(&[
            ("old", "hostName: old.com, sslCertificate: cert"),
            ("new", "hostName: new.com, sslCertificate: cert, sslProfile: new"),
        ])
        .rules_for(&["old", "new"]);
    let gateway = Gateway::start(&document);
    let rows = [("old.com", "-tls1_2", true), ("old.com", "-tls1_3", true), ("new.com", "-tls1_3", true)];
    for (name, version, agreed) in rows.into_iter().chain([("new.com", "-tls1_2", false)]) {
        let outcome = s_client(gateway.address("old"), &[version, "-servername", name], "");
        assert_eq!(outcome.agreed.is_some(), agreed, "{name} {version}: {}", outcome.text);
        assert!(agreed || outcome.alert == Some(PROTOCOL_VERSION), "{name} {version}: {:?}", outcome.alert);
    }
}

/// What Azure has retired is served without what was retired about it, and said so.
#[test]
fn retired_policies_are_served_as_tls_1_2_with_a_warning() {
    let farm = Farm::echo(1);
    let certificate = Ca::root("root").server(&["a.com"]);
    for name in ["AppGwSslPolicy20150501", "AppGwSslPolicy20170401"] {
        let policy = format!("{{policyType: Predefined, policyName: {name}}}");
        let document = Document::https(&farm, &certificate).section("sslPolicy", policy);
        let problems = document.load().problems_text(false);
        assert!(problems.contains("ApplicationGatewayDeprecatedTlsVersionUsedInSslPolicy"), "{problems}");
        let gateway = Gateway::start(&document);
        assert_eq!(gateway.secure(&Tls::new()).version, rustls::ProtocolVersion::TLSv1_2);
        assert!(Tls::new().tls13().try_connect(gateway.address("web")).is_err(), "{name}");
    }
}

#[test]
fn policies_that_nobody_could_use_are_refused() {
    let farm = Farm::echo(1);
    let certificate = Ca::root("root").server(&["a.com"]);
    let rows = [
        "{policyType: Custom, minProtocolVersion: TLSv1_0, cipherSuites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]}",
        "{policyType: Custom, minProtocolVersion: TLSv1_1, cipherSuites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]}",
        "{policyType: Custom, minProtocolVersion: TLSv1_2, cipherSuites: [TLS_RSA_WITH_AES_128_CBC_SHA]}",
        "{policyType: Custom, minProtocolVersion: TLSv1_2, cipherSuites: []}",
        "{policyType: CustomV2, minProtocolVersion: TLSv1_1, cipherSuites: [TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384]}",
        "{policyType: Predefined, policyName: AppGwSslPolicy20991231}",
    ];
    for policy in rows {
        let loaded = Document::https(&farm, &certificate).section("sslPolicy", policy).load();
        assert!(loaded.snapshot.is_none(), "{policy} was taken: {}", loaded.problems_text(false));
    }
}
