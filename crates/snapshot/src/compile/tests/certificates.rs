//! What documents become for TLS: certificates of listeners, fallbacks, client authentication, TLS to servers.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tls::acceptor::Application;
use tls::certificate::Facts;
use tls::client_auth::{Mode, Revocation};
use tls::connector::{ServerTls, Sni, Trust};

use super::*;
use crate::explain::{Question, explain};
use crate::{Changes, difference};

/// 2027-01-15, within the time of every fixture.
pub(super) const NOW: i64 = 1_800_000_000;

pub(super) fn fixture(name: &str) -> Vec<u8> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tls/tests/fixtures");
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// The base64 of a fixture.
pub(super) fn base64(name: &str) -> String {
    STANDARD.encode(fixture(name))
}

fn now() -> Environment {
    Environment { now: NOW, ..Environment::default() }
}

/// An EC and an RSA certificate.
fn certificates() -> String {
    let (ec, rsa) = (base64("kind_p_384.pem"), base64("kind_rsa_2048.pem"));
    format!("[{{name: ec, data: {ec}}}, {{name: rsa, data: {rsa}}}]")
}

/// HTTPS listeners on one port: name, certificate and further properties, with rules in their order.
fn https(listeners: &[(&str, &str, &str)], more: &[(&str, &str)]) -> Snapshot {
    let listener = |(name, certificate, more): &(&str, &str, &str)| {
        format!(
            "{{name: {name}, frontendIPConfiguration: feip, frontendPort: p80, protocol: Https, \
             sslCertificate: {certificate}{more}}}"
        )
    };
    let rule = |(index, (name, ..)): (usize, &(&str, &str, &str))| {
        let priority = index + 1;
        format!(
            "{{name: {name}, priority: {priority}, httpListener: {name}, backendAddressPool: pool, \
             backendHttpSettings: http}}"
        )
    };
    let all = format!("[{}]", listeners.iter().map(listener).collect::<Vec<_>>().join(", "));
    let rules = format!("[{}]", listeners.iter().enumerate().map(rule).collect::<Vec<_>>().join(", "));
    let certificates = certificates();
    let sections =
        [("sslCertificates", certificates.as_str()), ("httpListeners", &all), ("requestRoutingRules", &rules)];
    compiled(&[&sections, more].concat(), None, &now())
}

fn fallback(snapshot: &Snapshot) -> String {
    let binding = snapshot.bindings.iter().next().unwrap();
    snapshot.listeners[binding.fallback.unwrap()].name.to_string()
}

#[test]
fn a_listener_shows_its_own_certificate() {
    let snapshot = https(&[("a", "ec", ", hostName: a.com"), ("b", "rsa", ", hostName: b.com")], &[]);
    let shown: Vec<_> = snapshot
        .listeners
        .iter()
        .map(|listener| listener.tls.as_ref().unwrap().identity.facts().subject.clone())
        .collect();
    assert_eq!(shown, ["CN=p_384.example", "CN=rsa_2048.example"]);
    let plain = super::snapshot(&[]);
    assert!(plain.listeners.iter().all(|listener| listener.tls.is_none()));
    assert!(plain.bindings.iter().all(|binding| binding.fallback.is_none()));
}

#[test]
fn a_client_that_names_nobody_sees_the_basic_listener_or_the_best_one() {
    let (a, b) = (("a", "ec", ", hostName: a.com"), ("b", "rsa", ", hostName: b.com"));
    assert_eq!(fallback(&https(&[a, b], &[])), "a");
    assert_eq!(fallback(&https(&[b, a], &[])), "b");
    assert_eq!(fallback(&https(&[a, b, ("basic", "ec", "")], &[])), "basic");
}

#[test]
fn unknown_names_are_refused_where_it_is_asked() {
    let rows = [
        ("", "{}", false),
        (", gatehouse: {refuseUnknownSni: true}", "{}", true),
        ("", "{refuseUnknownSni: true}", true),
        (", gatehouse: {refuseUnknownSni: false}", "{refuseUnknownSni: true}", false),
    ];
    for (listener, gateway, expected) in rows {
        let snapshot = https(&[("a", "ec", listener)], &[("gatehouse", gateway)]);
        assert_eq!(snapshot.bindings.iter().next().unwrap().refuse_unknown_sni, expected, "{listener} {gateway}");
    }
}

#[test]
fn http2_is_offered_where_the_gateway_says_so() {
    for (switch, expected) in [("true", true), ("false", false)] {
        let snapshot = https(&[("a", "ec", "")], &[("enableHttp2", switch)]);
        assert_eq!(
            snapshot.listeners.iter().next().unwrap().tls.as_ref().unwrap().application,
            Application::Http { http2: expected }
        );
    }
}

#[test]
fn a_profile_asks_clients_for_certificates() {
    let chain = format!("[{{name: ca, data: {}}}]", base64("root.pem"));
    let auth = |profile: &str| {
        let profiles = format!("[{{name: p, {profile}}}]");
        let more = [("trustedClientCertificates", chain.as_str()), ("sslProfiles", &profiles)];
        let snapshot = https(&[("a", "ec", ", sslProfile: p")], &more);
        snapshot.listeners.iter().next().unwrap().tls.as_ref().unwrap().client_auth.clone()
    };
    assert_eq!(auth("sslPolicy: {}"), None);
    assert_eq!(auth("clientAuthConfiguration: {verifyClientCertIssuerDN: false}"), None);

    let strict = auth("trustedClientCertificates: [ca]").unwrap();
    assert_eq!((strict.mode, strict.chains.len(), strict.max_depth), (Mode::Strict, 1, 6));
    assert_eq!((strict.verify_issuer, strict.revocation, strict.crls.len()), (false, Revocation::None, 0));

    let full = auth(
        "trustedClientCertificates: [ca], clientAuthConfiguration: {verifyClientAuthMode: Strict, \
         verifyClientCertIssuerDN: true, verifyClientRevocation: OCSP}, \
         gatehouse: {verifyDepth: 2, revocationSoftFail: true}",
    )
    .unwrap();
    assert_eq!((full.verify_issuer, full.max_depth), (true, 2));
    assert_eq!(full.revocation, Revocation::Ocsp { soft_fail: true });

    let through = auth(
        "trustedClientCertificates: [ca], clientAuthConfiguration: {verifyClientAuthMode: Passthrough, \
         verifyClientCertIssuerDN: true, verifyClientRevocation: OCSP}",
    )
    .unwrap();
    assert_eq!((through.mode, through.chains.len(), through.verify_issuer), (Mode::Passthrough, 0, false));
    assert_eq!(through.revocation, Revocation::None);
}

#[test]
fn lists_of_revoked_certificates_come_from_the_site_file() {
    let site = site("revocationLists: {ca: [root.crl]}");
    let mut files = Files::default();
    files.insert("root.crl", Ok(fixture("root.crl").into()));
    let (certificates, chain) = (certificates(), format!("[{{name: ca, data: {}}}]", base64("root.pem")));
    let sections = [
        ("sslCertificates", certificates.as_str()),
        ("trustedClientCertificates", &chain),
        ("sslProfiles", "[{name: p, trustedClientCertificates: [ca]}]"),
        (
            "httpListeners",
            "[{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Https, sslCertificate: ec,
               sslProfile: p}]",
        ),
    ];
    let snapshot = compiled(&sections, Some(&site), &Environment { files, ..now() });
    let tls = snapshot.listeners.iter().next().unwrap().tls.clone().unwrap();
    let lists = &tls.client_auth.unwrap().crls;
    assert_eq!(lists.len(), 1);
    assert_eq!(lists[0].first(), Some(&0x30), "DER");
}

fn server_tls(properties: &str, more: &[(&str, &str)]) -> Option<Arc<ServerTls>> {
    let settings = format!("[{{name: http, port: 443, {properties}}}]");
    let sections = [&[("backendHttpSettingsCollection", settings.as_str())], more].concat();
    let snapshot = compiled(&sections, None, &now());
    snapshot.settings.iter().next().unwrap().tls.clone()
}

#[test]
fn checks_of_servers_are_on_unless_they_are_switched_off() {
    let rows = [
        ("protocol: Https", (true, true)),
        ("protocol: Https, validateCertChainAndExpiry: false", (false, true)),
        ("protocol: Https, validateSNI: false", (true, false)),
        ("protocol: Https, validateCertChainAndExpiry: true, validateSNI: true, sniName: ''", (true, true)),
    ];
    for (properties, expected) in rows {
        let tls = server_tls(properties, &[]).unwrap();
        assert_eq!((tls.check_chain, tls.check_name), expected, "{properties}");
        assert_eq!(tls.trust, Trust::WellKnown);
        assert_eq!(tls.identity, None);
    }
    assert_eq!(server_tls("protocol: Http, validateSNI: false", &[]), None);
}

#[test]
fn the_name_sent_to_servers_follows_azures_table() {
    let fixed = |name: &str| Sni::Fixed(Arc::from(name));
    let rows = [
        ("", Sni::Client),
        (", pickHostNameFromBackendAddress: true", Sni::Server),
        (", hostName: app.example.com", fixed("app.example.com")),
        (", hostName: 'app.example.com:8443'", fixed("app.example.com")),
        (", hostName: app.example.com, sniName: tls.example.com", fixed("tls.example.com")),
        (", sniName: tls.example.com, validateSNI: false", fixed("tls.example.com")),
        (", pickHostNameFromBackendAddress: true, sniName: tls.example.com.", fixed("tls.example.com")),
    ];
    for (properties, expected) in rows {
        let tls = server_tls(&format!("protocol: Https{properties}"), &[]).unwrap();
        assert_eq!(tls.sni, expected, "{properties}");
    }
}

#[test]
fn roots_replace_the_public_ones() {
    let bundle = STANDARD.encode([fixture("root.pem"), fixture("mid.pem")].concat());
    let roots = format!("[{{name: one, data: {}}}, {{name: two, data: {bundle}}}]", base64("root.pem"));
    let more = [("trustedRootCertificates", roots.as_str())];
    let tls = server_tls("protocol: Https, trustedRootCertificates: [one, two]", &more).unwrap();
    let Trust::Roots(roots) = &tls.trust else { panic!("{:?}", tls.trust) };
    let subjects: Vec<_> = roots.iter().map(|root| Facts::read(root).unwrap().subject).collect();
    let (root, mid) = ("CN=Fixture Root,O=Fixture", "CN=Fixture Intermediate,O=Fixture");
    assert_eq!(subjects, [root, root, mid]);
}

#[test]
fn the_gateway_may_show_a_certificate_to_servers() {
    let certificates = certificates();
    let more = [("sslCertificates", certificates.as_str())];
    let tls = server_tls("protocol: Https, gatehouse: {clientCertificate: rsa}", &more).unwrap();
    assert_eq!(tls.identity.as_ref().unwrap().facts().subject, "CN=rsa_2048.example");
}

/// Issues one certificate, for these names and no others.
#[derive(Debug)]
struct Authority(&'static [&'static str]);

impl Issuer for Authority {
    fn issue(&self, names: &[String]) -> Result<Certificate, CertificateError> {
        assert_eq!(names, self.0);
        tls::certificate::read_any(&fixture("kind_p_384.pem"), None, NOW).map(|read| read.identity)
    }
}

#[test]
fn an_issuer_is_asked_for_the_hosts_of_a_listener() {
    let sections = [
        ("sslCertificates", "[{name: vault, keyVaultSecretId: 'https://v.vault.azure.net/secrets/s'}]"),
        (
            "httpListeners",
            "[{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Https, sslCertificate: vault,
               hostNames: [a.com, '*.b.com']}]",
        ),
    ];
    let environment = Environment { issuer: Some(Arc::new(Authority(&["a.com", "*.b.com"]))), ..now() };
    let snapshot = compiled(&sections, None, &environment);
    assert!(snapshot.listeners.iter().next().unwrap().tls.is_some());
    let refused = compile(&document(&sections), None, &now());
    let problem = refused.problems.errors().next().unwrap();
    assert_eq!(problem.code, codes::CERTIFICATE_NOT_BOUND);
    let lines = "certificates:\n  vault: { pfx: FILE, passwordFile: FILE }";
    assert!(problem.help.as_ref().unwrap().contains(lines), "{problem:?}");
}

#[test]
fn an_explanation_says_which_certificate_is_shown() {
    let listeners = [("a", "ec", ", hostName: a.com"), ("b", "rsa", ", hostName: b.com, sslProfile: p")];
    let profile = "[{name: p, clientAuthConfiguration: {verifyClientAuthMode: Passthrough},
                     sslPolicy: {policyType: CustomV2, minProtocolVersion: TLSv1_3}}]";
    let shown = |host: &str, gateway: &str| {
        let snapshot = https(&listeners, &[("sslProfiles", profile), ("gatehouse", gateway)]);
        let question = Question::get(crate::Scheme::Https, 80, host, "/");
        explain(&snapshot, &question).tls.unwrap_or_default()
    };
    let a = "p_384.example (EC P-384, until 2046-";
    assert!(shown("a.com", "{}").starts_with(a), "{}", shown("a.com", "{}"));
    assert!(shown("a.com", "{}").ends_with("AppGwSslPolicy20220101 (TLSv1.2, TLSv1.3)"));
    assert!(shown("b.com", "{}").ends_with("CustomV2 (TLSv1.3), client certificates passed through"));
    assert!(shown("c.com", "{}").starts_with(a), "the fallback");
    assert_eq!(shown("c.com", "{refuseUnknownSni: true}"), "");
}

#[test]
fn another_certificate_or_policy_is_a_change() {
    let one = [("a", "ec", ", hostName: a.com"), ("b", "ec", ", hostName: b.com")];
    let old = https(&one, &[]);
    let bindings = |new: &Snapshot| difference(&old, new).bindings;
    let address: SocketAddr = "0.0.0.0:80".parse().unwrap();
    let (kept, changed) = (
        Changes { kept: vec![address], ..Changes::default() },
        Changes { changed: vec![address], ..Changes::default() },
    );
    assert_eq!(bindings(&https(&one, &[])), kept);
    assert_eq!(bindings(&https(&[one[0], ("b", "rsa", one[1].2)], &[])), changed);
    assert_eq!(bindings(&https(&one, &[("enableHttp2", "true")])), changed);
    assert_eq!(bindings(&https(&[one[1], one[0]], &[])), changed, "another one answers to unknown names");

    let targets = |properties: &str| {
        let settings = format!("[{{name: http, port: 443, protocol: Https{properties}}}]");
        compiled(&[("backendHttpSettingsCollection", settings.as_str())], None, &now())
    };
    let of_targets = |other: &str| difference(&targets(""), &targets(other)).targets;
    assert_eq!((of_targets("").kept.len(), of_targets(", validateSNI: false").changed.len()), (1, 1));
}
