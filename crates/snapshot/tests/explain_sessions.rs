//! What is told about a session of TCP or TLS: who takes it, what it meets, where it goes, and why it does not.

#[path = "common/fixture.rs"]
mod fixture;

use std::net::IpAddr;

use model::{ReadOptions, Source, read};
use snapshot::explain::{Explanation, Outcome, Question, Session, explain};
use snapshot::{Environment, ProxyVersion, Scheme, Snapshot, compile};

use fixture::{IN_2027, with_fixtures};

const DOCUMENT: &str = r#"
name: gw
type: Microsoft.Network/applicationGateways
properties:
  frontendIPConfigurations: [{name: feip}, {name: inner, privateIPAddress: 10.9.9.9}]
  frontendPorts:
    - {name: p80, port: 80}
    - {name: plain, port: 1433}
    - {name: tls, port: 636}
    - {name: closed, port: 637}
    - {name: passing, port: 443}
    - {name: named, port: 444}
    - {name: empty, port: 9}
  sslCertificates: [{name: cert, data: "{{open.pfx}}"}]
  trustedRootCertificates: [{name: root, data: "{{root.pem}}"}]
  backendAddressPools:
    - {name: one, backendAddresses: [{ipAddress: 10.0.0.4}, {fqdn: db.internal}]}
    - {name: two, backendAddresses: [{ipAddress: 10.0.0.5}]}
    - {name: none}
  probes: [{name: ready, protocol: Tls, port: 8443, interval: 15, timeout: 10, unhealthyThreshold: 2,
            enableProbeProxyProtocolHeader: true}]
  backendHttpSettingsCollection: [{name: http, port: 80, protocol: Http}]
  backendSettingsCollection:
    - {name: tcp, port: 1433, protocol: Tcp, timeout: 300, gatehouse: {drainTimeoutInSec: 7}}
    - name: sealed
      port: 636
      protocol: Tls
      hostName: ldap.internal
      trustedRootCertificates: [root]
      enableL4ClientIpPreservation: true
      probe: ready
      gatehouse: {proxyProtocol: v2, alpn: [ldap], clientCertificate: cert}
    - {name: open, port: 637, protocol: Tls}
  httpListeners: [{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http}]
  listeners:
    - {name: plain, frontendIPConfiguration: feip, frontendPort: plain, protocol: Tcp}
    - {name: inner, frontendIPConfiguration: inner, frontendPort: plain, protocol: Tcp,
       gatehouse: {acceptProxyProtocol: [10.1.0.0/16, "fd00::/8"]}}
    - {name: any, frontendIPConfiguration: feip, frontendPort: tls, protocol: Tls, sslCertificate: cert,
       gatehouse: {alpn: [ldap]}}
    - {name: wide, frontendIPConfiguration: feip, frontendPort: tls, protocol: Tls, sslCertificate: cert,
       hostNames: ["*.example"]}
    - {name: closed, frontendIPConfiguration: feip, frontendPort: closed, protocol: Tls, sslCertificate: cert,
       hostNames: [a.example], gatehouse: {refuseUnknownSni: true}}
    - {name: blue, frontendIPConfiguration: feip, frontendPort: passing, protocol: Tcp, hostNames: [blue.example]}
    - {name: rest, frontendIPConfiguration: feip, frontendPort: passing, protocol: Tcp}
    - {name: green, frontendIPConfiguration: feip, frontendPort: named, protocol: Tcp, hostNames: [green.example]}
    - {name: empty, frontendIPConfiguration: feip, frontendPort: empty, protocol: Tcp}
  requestRoutingRules: [{name: web, priority: 1, httpListener: web, backendAddressPool: one, backendHttpSettings: http}]
  routingRules:
    - {name: r-plain, priority: 10, listener: plain, backendAddressPool: one, backendSettings: tcp}
    - {name: r-inner, priority: 11, listener: inner, backendAddressPool: two, backendSettings: tcp}
    - {name: r-any, priority: 12, listener: any, backendAddressPool: one, backendSettings: sealed}
    - {name: r-wide, priority: 13, listener: wide, backendAddressPool: two, backendSettings: open}
    - {name: r-closed, priority: 14, listener: closed, backendAddressPool: two, backendSettings: tcp}
    - {name: r-blue, priority: 15, listener: blue, backendAddressPool: one, backendSettings: tcp}
    - {name: r-rest, priority: 16, listener: rest, backendAddressPool: two, backendSettings: tcp}
    - {name: r-green, priority: 17, listener: green, backendAddressPool: two, backendSettings: tcp}
    - {name: r-empty, priority: 18, listener: empty, backendAddressPool: none, backendSettings: tcp}
"#;

fn snapshot() -> Snapshot {
    let document = read(&[Source::new("document", with_fixtures(DOCUMENT))], &ReadOptions::default()).document;
    let local_addresses = vec![IpAddr::from([10, 9, 9, 9])];
    let environment = Environment { now: IN_2027, local_addresses, ..Environment::default() };
    let compiled = compile(&document.expect("a document"), None, &environment);
    compiled.snapshot.unwrap_or_else(|| panic!("{:?}", compiled.problems.errors().collect::<Vec<_>>()))
}

fn told(snapshot: &Snapshot, scheme: Scheme, host: &str, port: u16) -> Explanation {
    explain(snapshot, &Question::get(scheme, port, host, "/"))
}

fn session(explanation: &Explanation) -> &Session {
    match &explanation.outcome {
        Outcome::Session(session) => session,
        other => panic!("{other:?}"),
    }
}

#[test]
fn who_takes_a_client_is_told_and_why_nobody_does() {
    let snapshot = snapshot();
    // What the client speaks, the name it asks for, the port; the rule, or the reason.
    let rows = [
        (Scheme::Tcp, "x.example", 1433, Ok("r-plain")),
        (Scheme::Tls, "x.example", 1433, Ok("r-plain")),
        (Scheme::Tcp, "10.9.9.9", 1433, Ok("r-inner")),
        (Scheme::Tls, "a.example", 636, Ok("r-wide")),
        (Scheme::Tls, "A.Example.", 636, Ok("r-wide")),
        (Scheme::Tls, "other.test", 636, Ok("r-any")),
        (Scheme::Tls, "10.0.0.1", 636, Ok("r-any")),
        (Scheme::Tls, "a.example", 637, Ok("r-closed")),
        (Scheme::Tls, "b.example", 637, Err("unknown_server_name")),
        (Scheme::Tls, "127.0.0.1", 637, Err("unknown_server_name")),
        (Scheme::Tcp, "a.example", 637, Err("not_tls")),
        (Scheme::Tls, "blue.example", 443, Ok("r-blue")),
        (Scheme::Tls, "red.example", 443, Ok("r-rest")),
        (Scheme::Tcp, "blue.example", 443, Ok("r-rest")),
        (Scheme::Tls, "green.example", 444, Ok("r-green")),
        (Scheme::Tls, "red.example", 444, Err("unknown_server_name")),
        (Scheme::Tls, "[::1]", 444, Err("unknown_server_name")),
        (Scheme::Tcp, "green.example", 444, Err("not_tls")),
        (Scheme::Tcp, "x.example", 9, Err("no_live_server")),
        (Scheme::Tcp, "x.example", 80, Err("nobody")),
        (Scheme::Tls, "x.example", 1, Err("nobody")),
    ];
    for (scheme, host, port, expected) in rows {
        let told = told(&snapshot, scheme, host, port);
        let found = match &told.outcome {
            Outcome::Session(_) => Ok(told.rule.as_deref().unwrap()),
            Outcome::Refused { end_reason, .. } => Err(*end_reason),
            Outcome::NoListener => Err("nobody"),
            other => panic!("{other:?}"),
        };
        assert_eq!(found, expected, "{scheme:?} {host} {port}");
    }
}

#[test]
fn names_are_considered_before_who_takes_any_client() {
    let considered = |port| {
        let told = told(&snapshot(), Scheme::Tls, "other.test", port);
        let rules: Vec<_> = told.considered.iter().map(|one| format!("{} {}", one.rule, one.takes)).collect();
        rules.join(", ")
    };
    assert_eq!(considered(636), "r-wide false, r-any true", "whatever the priorities");
    assert_eq!(considered(444), "r-green false");
}

#[test]
fn what_a_client_meets_is_told() {
    let snapshot = snapshot();
    let shown = |scheme, host, port| told(&snapshot, scheme, host, port).tls.unwrap_or_default();
    let own = shown(Scheme::Tls, "other.test", 636);
    assert!(own.contains("AppGwSslPolicy20220101") && own.ends_with(", agrees to ldap"), "{own}");
    assert!(!shown(Scheme::Tls, "a.example", 636).contains("agrees"));
    assert_eq!(shown(Scheme::Tls, "blue.example", 443), "the server's certificate: TLS passes through");
    assert_eq!(shown(Scheme::Tcp, "blue.example", 443), "");
    for (client, expected) in
        [("10.1.2.3", true), ("10.2.0.1", false), ("::ffff:10.1.0.1", true), ("fd12::1", true), ("fe80::1", false)]
    {
        let question =
            Question { client: client.parse().unwrap(), ..Question::get(Scheme::Tcp, 1433, "10.9.9.9", "/") };
        assert_eq!(explain(&snapshot, &question).proxy_header, expected, "{client}");
    }
}

#[test]
fn how_servers_are_spoken_to_is_told() {
    let snapshot = snapshot();
    let found = told(&snapshot, Scheme::Tcp, "x", 1433);
    let plain = session(&found);
    assert_eq!((plain.pool.as_str(), plain.settings.as_str(), &plain.server), ("one", "tcp", &None));
    assert_eq!(plain.members, ["10.0.0.4:1433", "db.internal:1433"]);
    let waits = [plain.connect_timeout, plain.idle_timeout, plain.drain_timeout].map(|wait| wait.as_secs());
    assert_eq!(waits, [5, 300, 7]);
    let probe = &plain.probe;
    assert_eq!((&probe.name, probe.shakes_hands, probe.port, probe.proxy_header), (&None, false, 1433, None));

    let found = told(&snapshot, Scheme::Tls, "other.test", 636);
    let sealed = session(&found);
    let server = sealed.server.as_ref().unwrap();
    assert_eq!(
        (server.name.as_deref(), server.roots, server.shows_certificate),
        (Some("ldap.internal"), Some(1), true)
    );
    assert_eq!(server.alpn, ["ldap"]);
    assert_eq!(sealed.proxy_header.map(|header| (header.version, header.to_server)), Some((ProxyVersion::V2, false)));
    let probe = &sealed.probe;
    assert_eq!(
        (probe.name.as_deref(), probe.host.as_deref(), probe.port),
        (Some("ready"), Some("ldap.internal"), 8443)
    );
    assert_eq!((probe.shakes_hands, probe.proxy_header), (true, Some(ProxyVersion::V2)));
    assert_eq!((probe.interval.as_secs(), probe.timeout.as_secs(), probe.unhealthy_threshold), (15, 10, 2));

    let found = told(&snapshot, Scheme::Tls, "a.example", 636);
    let open = session(&found).server.clone().unwrap();
    assert_eq!((open.name, open.members_have_names, open.roots), (None, false, None));
}
