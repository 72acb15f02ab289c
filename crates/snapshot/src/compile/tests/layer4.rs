//! What documents become for TCP and TLS: bindings, settings, probes, and what of them is a change.

use tls::acceptor::Application;
use tls::connector::{Sni, Trust};

use super::certificates::{NOW, base64, fixture};
use super::*;
use crate::{Changes, HostHeader, ProxyHeader, ProxyVersion, Scheme, Settings, difference};

const NO_HTTP: [(&str, &str); 3] =
    [("httpListeners", "[]"), ("requestRoutingRules", "[]"), ("backendHttpSettingsCollection", "[]")];

/// Listeners on one port, with rules in their order: protocol and further properties. No HTTP is in sight.
fn listeners(listeners: &[(&str, &str)], more: &[(&str, &str)]) -> Snapshot {
    let (mut all, mut rules) = (Vec::new(), Vec::new());
    for (index, (protocol, more)) in listeners.iter().enumerate() {
        let certificate = if *protocol == "Tls" { ", sslCertificate: cert" } else { "" };
        all.push(format!(
            "{{name: l{index}, frontendIPConfiguration: feip, frontendPort: p80, protocol: {protocol}{certificate}{more}}}"
        ));
        rules.push(format!(
            "{{name: r{index}, priority: {}, listener: l{index}, backendAddressPool: pool, backendSettings: tcp}}",
            index + 1
        ));
    }
    let (all, rules) = (format!("[{}]", all.join(", ")), format!("[{}]", rules.join(", ")));
    let certificates = format!("[{{name: cert, data: {}}}]", base64("kind_p_384.pem"));
    let mut sections = vec![
        ("sslCertificates", certificates.as_str()),
        ("listeners", &all),
        ("routingRules", &rules),
        ("backendSettingsCollection", "[{name: tcp, port: 1433, protocol: Tcp}]"),
    ];
    sections.retain(|(name, _)| more.iter().all(|(other, _)| other != name));
    compiled(&[&NO_HTTP, &sections[..], more].concat(), None, &Environment { now: NOW, ..Environment::default() })
}

/// The only settings of a gateway, and the probe that comes with them.
fn spoken(settings: &str, probes: &str) -> (Settings, Probe) {
    let settings = format!("[{{name: tcp, port: 1433, {settings}}}]");
    let snapshot = listeners(&[("Tcp", "")], &[("backendSettingsCollection", settings.as_str()), ("probes", probes)]);
    let target = snapshot.targets.iter().next().unwrap();
    (snapshot.settings[target.settings].clone(), target.probe.clone())
}

#[test]
fn a_gateway_of_tcp_alone_runs() {
    let snapshot = listeners(&[("Tcp", "")], &[]);
    let binding = snapshot.bindings.iter().next().unwrap();
    assert_eq!((binding.scheme, binding.address.to_string().as_str()), (Scheme::Tcp, "0.0.0.0:80"));
    let rule = snapshot.rules.iter().next().unwrap();
    let Router::Basic(route) = rule.router else { panic!("{:?}", rule.router) };
    let Action::Forward(target) = snapshot.routes[route].action else { panic!("no target") };
    assert_eq!(&*snapshot.pools[snapshot.targets[target].pool].name, "pool");
}

#[test]
fn settings_of_tcp_have_their_defaults() {
    let (settings, _) = spoken("protocol: Tcp", "[]");
    assert_eq!((settings.port, settings.scheme, settings.host), (1433, Scheme::Tcp, HostHeader::Client));
    assert_eq!((settings.request_timeout, settings.drain_timeout), (Duration::from_secs(20), Duration::from_secs(30)));
    assert!(settings.drains_unhealthy && settings.dedicated);
    assert_eq!((settings.proxy_header, settings.affinity, settings.tls), (None, None, None));
    let (settings, _) = spoken("protocol: Tcp, timeout: 300, gatehouse: {drainTimeoutInSec: 5}", "[]");
    assert_eq!((settings.request_timeout, settings.drain_timeout), (Duration::from_secs(300), Duration::from_secs(5)));
}

#[test]
fn a_header_for_servers_has_the_form_that_is_asked_for() {
    let header = |version, to_server| Some(ProxyHeader { version, to_server });
    let rows = [
        ("", None),
        ("enableL4ClientIpPreservation: false", None),
        ("enableL4ClientIpPreservation: true", header(ProxyVersion::V1, false)),
        ("enableL4ClientIpPreservation: true, gatehouse: {proxyProtocol: v2}", header(ProxyVersion::V2, false)),
        ("enableL4ClientIpPreservation: true, gatehouse: {proxyDestination: server}", header(ProxyVersion::V1, true)),
        ("gatehouse: {proxyProtocol: v2}", None),
    ];
    for (text, expected) in rows {
        assert_eq!(spoken(&format!("protocol: Tcp, {text}"), "[]").0.proxy_header, expected, "{text}");
    }
}

#[test]
fn a_probe_begins_as_sessions_do_unless_it_is_a_custom_one() {
    let (on, v2) = ("enableL4ClientIpPreservation: true", "gatehouse: {proxyProtocol: v2}");
    let custom = "[{name: p, protocol: Tcp}]";
    let asking = "[{name: p, protocol: Tcp, enableProbeProxyProtocolHeader: true}]";
    let rows = [
        (String::new(), "[]", None),
        (on.to_owned(), "[]", Some(ProxyVersion::V1)),
        (format!("{on}, {v2}"), "[]", Some(ProxyVersion::V2)),
        (format!("probe: p, {on}"), custom, None),
        (format!("probe: p, {on}"), asking, Some(ProxyVersion::V1)),
        (format!("probe: p, {on}, {v2}"), asking, Some(ProxyVersion::V2)),
        ("probe: p".to_owned(), asking, Some(ProxyVersion::V1)),
    ];
    for (settings, probes, expected) in rows {
        let (_, probe) = spoken(&format!("protocol: Tcp, {settings}"), probes);
        assert_eq!(probe.proxy_header, expected, "{settings} {probes}");
    }
}

#[test]
fn which_name_a_probe_sends_in_tls() {
    let (named, bare) = ("[{name: p, protocol: Tls, host: p.com}]", "[{name: p, protocol: Tls}]");
    let picks = "[{name: p, protocol: Tls, pickHostNameFromBackendSettings: true}]";
    let both = "[{name: p, protocol: Tls, host: p.com, pickHostNameFromBackendSettings: true}]";
    let rows = [
        ("", "[]", None),
        ("hostName: h.com", "[]", Some("h.com")),
        ("hostName: h.com.", "[]", Some("h.com")),
        ("hostName: 10.0.0.4", "[]", None),
        ("probe: p, hostName: h.com", "[{name: p, protocol: Tls, host: 127.0.0.1}]", Some("h.com")),
        ("pickHostNameFromBackendAddress: true", "[]", None),
        ("probe: p", bare, None),
        ("probe: p", named, Some("p.com")),
        ("probe: p, hostName: h.com", named, Some("p.com")),
        ("probe: p, hostName: h.com", bare, Some("h.com")),
        ("probe: p, hostName: h.com", picks, Some("h.com")),
        ("probe: p, hostName: h.com", both, Some("p.com")),
        ("probe: p", picks, None),
    ];
    for (settings, probes, expected) in rows {
        let (_, probe) = spoken(&format!("protocol: Tls, {settings}"), probes);
        assert_eq!(probe.host.as_deref(), expected, "{settings} {probes}");
    }
}

#[test]
fn probes_of_tcp_have_their_defaults() {
    let numbers = |probe: &Probe| (probe.interval.as_secs(), probe.timeout.as_secs(), probe.unhealthy_threshold);
    let (_, probe) = spoken("protocol: Tcp", "[]");
    assert_eq!((probe.name.as_deref(), numbers(&probe), probe.port), (None, (30, 30, 3), None));
    let own = "[{name: p, interval: 5, timeout: 4, unhealthyThreshold: 2, port: 81, minServers: 1, path: /x}]";
    let (_, probe) = spoken("protocol: Tcp, probe: p", own);
    assert_eq!((probe.name.as_deref(), numbers(&probe), probe.port), (Some("p"), (5, 4, 2), Some(81)));
    assert_eq!((probe.min_servers, &*probe.path), (1, "/"));
}

#[test]
fn what_a_client_gets_that_names_nobody_and_one_that_names_somebody_else() {
    let named = ", hostNames: [a.com]";
    let refusing = ", hostNames: [a.com], gatehouse: {refuseUnknownSni: true}";
    type Row<'a> = (&'a [(&'a str, &'a str)], bool, Option<&'a str>, bool);
    // Listeners; whether names are read; who serves a client that names nobody; whether unknown names are refused.
    let rows: [Row<'_>; 7] = [
        (&[("Tcp", "")], false, Some("l0"), false),
        (&[("Tcp", named)], true, None, true),
        (&[("Tcp", named), ("Tcp", "")], true, Some("l1"), false),
        (&[("Tls", "")], false, Some("l0"), false),
        (&[("Tls", named)], false, Some("l0"), true),
        (&[("Tls", named), ("Tls", "")], false, Some("l1"), false),
        (&[("Tls", refusing)], false, None, true),
    ];
    for (asked, reads, any, refuses) in rows {
        let snapshot = listeners(asked, &[]);
        let binding = snapshot.bindings.iter().next().unwrap();
        let fallback = binding.fallback.map(|id| &*snapshot.listeners[id].name);
        let found = (binding.reads_server_name, fallback, binding.refuse_unknown_sni);
        assert_eq!(found, (reads, any, refuses), "{asked:?}");
    }
}

#[test]
fn peers_that_begin_with_a_header_are_known_at_the_socket() {
    let from = ", gatehouse: {acceptProxyProtocol: [10.0.0.0/8, '::1']}";
    let proxies = |snapshot: Snapshot| snapshot.bindings.iter().next().unwrap().proxies.to_vec();
    let expected = [("10.0.0.0".parse().unwrap(), 8), ("::1".parse().unwrap(), 128)];
    assert_eq!(proxies(listeners(&[("Tcp", from)], &[])), expected);
    assert_eq!(proxies(listeners(&[("Tcp", "")], &[])), []);
    let both = |name: &str| format!(", hostNames: [{name}]{from}");
    assert_eq!(proxies(listeners(&[("Tls", &both("a.com")), ("Tls", &both("b.com"))], &[])), expected, "each once");
}

#[test]
fn tls_is_spoken_with_the_protocols_that_are_named() {
    let snapshot = listeners(&[("Tls", ", gatehouse: {alpn: [postgresql, tds/8.0]}")], &[]);
    let tls = snapshot.listeners.iter().next().unwrap().tls.clone().unwrap();
    let names = |names: &[&str]| names.iter().map(|name| name.as_bytes().into()).collect::<Vec<Box<[u8]>>>();
    assert_eq!(tls.application, Application::Bytes { alpn: names(&["postgresql", "tds/8.0"]) });
    let root = format!("[{{name: root, data: {}}}]", base64("root.pem"));
    let settings = "[{name: tcp, port: 1, protocol: Tls, hostName: Db.example., trustedRootCertificates: [root],
        gatehouse: {alpn: [postgresql], clientCertificate: cert}}]";
    let more = [("backendSettingsCollection", settings), ("trustedRootCertificates", root.as_str())];
    let found = listeners(&[("Tls", "")], &more).settings.iter().next().unwrap().tls.clone().unwrap();
    assert_eq!((&found.sni, &found.alpn), (&Sni::Fixed("Db.example".into()), &names(&["postgresql"])));
    assert!(found.check_chain && found.check_name && found.identity.is_some());
    assert!(matches!(&found.trust, Trust::Roots(roots) if roots.len() == 1));
    let bare = "[{name: tcp, port: 1, protocol: Tls}]";
    let found = listeners(&[("Tcp", "")], &[("backendSettingsCollection", bare)]);
    let found = found.settings.iter().next().unwrap().tls.clone().unwrap();
    assert_eq!((&found.sni, &found.trust), (&Sni::Server, &Trust::WellKnown));
}

#[test]
fn rules_for_http_without_priorities_leave_those_of_tcp_alone() {
    let snapshot = snapshot(&[
        ("requestRoutingRules", "[{name: r, httpListener: web, backendAddressPool: pool, backendHttpSettings: http}]"),
        ("listeners", "[{name: db, frontendIPConfiguration: feip, frontendPort: p8080, protocol: Tcp}]"),
        ("backendSettingsCollection", "[{name: tcp, port: 1, protocol: Tcp}]"),
        ("routingRules", "[{name: db, priority: 10, listener: db, backendAddressPool: pool, backendSettings: tcp}]"),
    ]);
    let found: Vec<_> = snapshot.rules.iter().map(|rule| (&*rule.name, rule.priority)).collect();
    assert_eq!(found, [("db", 10), ("r", 20)]);
}

/// Issues one certificate, for whatever names.
#[derive(Debug)]
struct Authority;

impl Issuer for Authority {
    fn issue(&self, names: &[String]) -> Result<Certificate, CertificateError> {
        assert_eq!(names, ["db.example"]);
        let (leaf, key) = (fixture("leaf.pem"), fixture("leaf.key"));
        tls::certificate::read_pem(&leaf, Some(&key), None, NOW).map(|read| read.identity)
    }
}

#[test]
fn a_certificate_that_is_elsewhere_is_issued_for_the_names_of_its_listener() {
    let environment = Environment { now: NOW, issuer: Some(Arc::new(Authority)), ..Environment::default() };
    let listener = "[{name: db, frontendIPConfiguration: feip, frontendPort: p8080, protocol: Tls, sslCertificate: c,
        hostNames: [db.example]}]";
    let sections = [
        ("sslCertificates", "[{name: c, keyVaultSecretId: 'https://v.vault.azure.net/secrets/c'}]"),
        ("listeners", listener),
        ("backendSettingsCollection", "[{name: tcp, port: 1, protocol: Tcp}]"),
        ("routingRules", "[{name: db, priority: 20, listener: db, backendAddressPool: pool, backendSettings: tcp}]"),
    ];
    let snapshot = compiled(&sections, None, &environment);
    let shown = snapshot.listeners.iter().filter(|listener| listener.tls.is_some());
    assert_eq!(shown.map(|listener| &*listener.name).collect::<Vec<_>>(), ["db"]);
}

#[test]
fn what_a_client_meets_first_is_a_change_of_the_binding() {
    let changes =
        |old: (&str, &str), new: (&str, &str)| difference(&listeners(&[old], &[]), &listeners(&[new], &[])).bindings;
    let kept = |found: &Changes<SocketAddr>| found.is_empty() && found.kept.len() == 1;
    assert!(kept(&changes(("Tcp", ""), ("Tcp", ""))));
    for (old, new) in [
        (("Tcp", ""), ("Tls", "")),
        (("Tcp", ""), ("Tcp", ", hostNames: [a.com]")),
        (("Tcp", ""), ("Tcp", ", gatehouse: {acceptProxyProtocol: ['::1']}")),
        (("Tls", ""), ("Tls", ", gatehouse: {alpn: [mqtt]}")),
        (("Tls", ", hostNames: [a.com]"), ("Tls", ", hostNames: [a.com], gatehouse: {refuseUnknownSni: true}")),
    ] {
        let found = changes(old, new);
        assert_eq!(found.changed.len(), 1, "{old:?} {new:?}: {found}");
    }
    let of = |settings: &str| {
        let settings = format!("[{{name: tcp, port: 1433, protocol: Tcp{settings}}}]");
        listeners(&[("Tcp", "")], &[("backendSettingsCollection", &settings)])
    };
    let of_targets = |new: &str| difference(&of(""), &of(new)).targets;
    assert_eq!(of_targets("").kept.len(), 1);
    for new in [", timeout: 21", ", enableL4ClientIpPreservation: true"] {
        assert_eq!(of_targets(new).changed.len(), 1, "{new}");
    }
}
