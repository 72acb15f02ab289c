//! What documents become: bindings, routes, targets, probes, and how fast.

mod certificates;
mod firewall;
mod layer4;
mod layer7;
mod limits;
mod policies;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use model::site::read_site;
use model::{Problems, ReadOptions, Source, read};
use routing::{RedirectTarget, RequestTarget};

use super::*;
use crate::ids::Table;
use crate::{Action, Member, Probe, Router, TargetId};

/// A whole gateway; tests swap sections by name.
const BASE: &[(&str, &str)] = &[
    ("frontendIPConfigurations", "[{name: feip}]"),
    ("frontendPorts", "[{name: p80, port: 80}, {name: p8080, port: 8080}]"),
    ("backendAddressPools", "[{name: pool, backendAddresses: [{ipAddress: 10.0.0.4}]}]"),
    ("backendHttpSettingsCollection", "[{name: http, port: 80, protocol: Http}]"),
    ("probes", "[]"),
    ("redirectConfigurations", "[]"),
    ("urlPathMaps", "[]"),
    ("httpListeners", "[{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http}]"),
    (
        "requestRoutingRules",
        "[{name: rule, priority: 10, httpListener: web, backendAddressPool: pool, backendHttpSettings: http}]",
    ),
    ("gatehouse", "{}"),
];

fn document(sections: &[(&str, &str)]) -> model::Document {
    let mut text = "name: gw\ntype: Microsoft.Network/applicationGateways\nproperties:\n".to_owned();
    for (name, base) in BASE {
        let own = sections.iter().find(|(other, _)| other == name).map_or(*base, |(_, own)| *own);
        text.push_str(&format!("  {name}: {own}\n"));
    }
    for (name, own) in sections.iter().filter(|(name, _)| BASE.iter().all(|(base, _)| base != name)) {
        text.push_str(&format!("  {name}: {own}\n"));
    }
    let reading = read(&[Source::new("document", text)], &ReadOptions::default());
    assert!(!reading.problems.has_errors(), "{:?}", reading.problems);
    reading.document.unwrap()
}

fn site(text: &str) -> Site {
    let mut problems = Problems::new();
    let site = read_site(Source::new("site", text), &mut model::Sources::default(), &mut problems);
    assert!(problems.is_empty(), "{problems:?}");
    site.unwrap()
}

fn compiled(sections: &[(&str, &str)], site: Option<&Site>, environment: &Environment) -> Snapshot {
    let compiled = compile(&document(sections), site, environment);
    compiled.snapshot.unwrap_or_else(|| panic!("{:?}", compiled.problems.errors().collect::<Vec<_>>()))
}

fn snapshot(sections: &[(&str, &str)]) -> Snapshot {
    compiled(sections, None, &Environment::default())
}

fn addresses(snapshot: &Snapshot) -> Vec<(String, u16)> {
    snapshot.bindings.iter().map(|binding| (binding.address.to_string(), binding.public_port)).collect()
}

#[test]
fn a_frontend_becomes_local_addresses() {
    let own = Environment { local_addresses: vec!["10.9.9.9".parse().unwrap()], ..Environment::default() };
    let dev = Environment { mode: Mode::Dev, ..Environment::default() };
    let v6 = "[{name: feip, privateIPAddress: 'fd00::4'}]";
    type Row<'a> = (&'a str, &'a Environment, &'a str, &'a [(&'a str, u16)]);
    let rows: [Row<'_>; 9] = [
        ("[{name: feip}]", &own, "", &[("0.0.0.0:80", 80)]),
        ("[{name: feip}]", &dev, "", &[("127.0.0.1:80", 80)]),
        ("[{name: feip, privateIPAddress: 10.9.9.9}]", &own, "", &[("10.9.9.9:80", 80)]),
        ("[{name: feip, privateIPAddress: 10.9.9.8}]", &own, "", &[("0.0.0.0:80", 80)]),
        (v6, &own, "", &[("[::]:80", 80)]),
        (v6, &dev, "", &[("[::1]:80", 80)]),
        ("[{name: feip}]", &own, "addresses: {FEIP: [127.0.0.1, '::1']}", &[("127.0.0.1:80", 80), ("[::1]:80", 80)]),
        ("[{name: feip}]", &own, "ports: {80: 8080}", &[("0.0.0.0:8080", 8080)]),
        ("[{name: feip}]", &own, "ports: {80: {bind: 8080, public: 80}}", &[("0.0.0.0:8080", 80)]),
    ];
    for (frontends, environment, text, expected) in rows {
        let site = site(text);
        let snapshot = compiled(&[("frontendIPConfigurations", frontends)], Some(&site), environment);
        let found = addresses(&snapshot);
        let expected: Vec<_> = expected.iter().map(|(address, port)| ((*address).to_owned(), *port)).collect();
        assert_eq!(found, expected, "{frontends} {text}");
    }
}

#[test]
fn every_port_that_is_left_to_the_system_is_a_binding_of_its_own() {
    let site = site("ports: {80: 0, 8080: 0}");
    let two = "[{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http},
                {name: alt, frontendIPConfiguration: feip, frontendPort: p8080, protocol: Http}]";
    let rules = "[{name: a, priority: 1, httpListener: web, backendAddressPool: pool, backendHttpSettings: http},
                  {name: b, priority: 2, httpListener: alt, backendAddressPool: pool, backendHttpSettings: http}]";
    let sections = [("httpListeners", two), ("requestRoutingRules", rules)];
    let snapshot = compiled(&sections, Some(&site), &Environment::default());
    let found: Vec<_> =
        snapshot.bindings.iter().map(|binding| (binding.address.port(), binding.document_port)).collect();
    assert_eq!(found, [(0, 80), (0, 8080)]);
}

const THREE_LISTENERS: &str = "[{name: any, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http},
    {name: wild, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http, hostNames: ['*.a.com']},
    {name: www, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http, hostName: www.a.com}]";

fn rule_of(snapshot: &Snapshot, host: &str) -> String {
    let binding = snapshot.bindings.iter().next().unwrap();
    binding.hosts.lookup(host.as_bytes()).map_or_else(String::new, |rule| snapshot.rules[rule].name.to_string())
}

#[test]
fn rules_without_priorities_go_from_exact_to_wildcard_to_basic() {
    let rules = "[{name: any, httpListener: any, backendAddressPool: pool, backendHttpSettings: http},
                  {name: wild, httpListener: wild, backendAddressPool: pool, backendHttpSettings: http},
                  {name: www, httpListener: www, backendAddressPool: pool, backendHttpSettings: http}]";
    let snapshot = snapshot(&[("httpListeners", THREE_LISTENERS), ("requestRoutingRules", rules)]);
    let found: Vec<_> = snapshot.rules.iter().map(|rule| (rule.name.to_string(), rule.priority)).collect();
    assert_eq!(found, [("www".to_owned(), 10), ("wild".to_owned(), 20), ("any".to_owned(), 30)]);
    for (host, expected) in [("www.a.com", "www"), ("x.a.com:80", "wild"), ("b.com", "any")] {
        assert_eq!(rule_of(&snapshot, host), expected, "{host}");
    }
}

#[test]
fn the_smaller_priority_wins_whatever_the_listener() {
    let rules = "[{name: www, priority: 20, httpListener: www, backendAddressPool: pool, backendHttpSettings: http},
                  {name: any, priority: 10, httpListener: any, backendAddressPool: pool, backendHttpSettings: http}]";
    let snapshot = snapshot(&[("httpListeners", THREE_LISTENERS), ("requestRoutingRules", rules)]);
    assert_eq!(rule_of(&snapshot, "www.a.com"), "any");
}

#[test]
fn a_path_map_becomes_a_table_of_routes_for_each_rule() {
    let maps = "[{name: map, defaultBackendAddressPool: pool, defaultBackendHttpSettings: http, pathRules: [
        {name: images, paths: [/images/*, /img/*], backendAddressPool: pool, backendHttpSettings: http},
        {name: old, paths: [/old], redirectConfiguration: away}]}]";
    let snapshot = snapshot(&[
        ("urlPathMaps", maps),
        ("redirectConfigurations", "[{name: away, redirectType: Permanent, targetUrl: 'https://b.com/'}]"),
        (
            "requestRoutingRules",
            "[{name: r, ruleType: PathBasedRouting, priority: 1, httpListener: web, urlPathMap: map}]",
        ),
    ]);
    let rule = snapshot.rules.iter().next().unwrap();
    let Router::Paths(table) = &rule.router else { panic!("{:?}", rule.router) };
    let rows = [
        ("/IMAGES/a", Some("images"), false),
        ("/img/", Some("images"), false),
        ("/old", Some("old"), true),
        ("/", None, false),
    ];
    for (path, path_rule, is_redirect) in rows {
        let route = &snapshot.routes[table.lookup(path.as_bytes()).target];
        assert_eq!(route.path_rule.as_deref(), path_rule, "{path}");
        assert_eq!(route.path_map.as_deref(), Some("map"), "{path}");
        assert_eq!(matches!(route.action, Action::Redirect(_)), is_redirect, "{path}");
    }
    assert_eq!(snapshot.targets.len(), 1, "one pool with one settings is one target, however many routes");
}

#[test]
fn the_order_of_paths_can_be_chosen_for_one_map_or_all() {
    let map = |own: &str| {
        format!(
            "[{{name: map, {own} defaultBackendAddressPool: pool, defaultBackendHttpSettings: http, pathRules: [
            {{name: wide, paths: [/a*], backendAddressPool: pool, backendHttpSettings: http}},
            {{name: narrow, paths: [/a/b*], backendAddressPool: pool, backendHttpSettings: http}}]}}]"
        )
    };
    let rule = "[{name: r, ruleType: PathBasedRouting, priority: 1, httpListener: web, urlPathMap: map}]";
    let rows = [
        ("", "{}", "wide"),
        ("gatehouse: {pathMatching: longestPrefix},", "{}", "narrow"),
        ("", "{pathMatching: longestPrefix}", "narrow"),
        ("gatehouse: {pathMatching: listOrder},", "{pathMatching: longestPrefix}", "wide"),
    ];
    for (own, all, expected) in rows {
        let snapshot = snapshot(&[("urlPathMaps", &map(own)), ("gatehouse", all), ("requestRoutingRules", rule)]);
        let Router::Paths(table) = &snapshot.rules.iter().next().unwrap().router else { panic!("no table") };
        let route = &snapshot.routes[table.lookup(b"/a/b").target];
        assert_eq!(route.path_rule.as_deref(), Some(expected), "{own} {all}");
    }
}

#[test]
fn a_redirect_to_a_listener_names_the_port_clients_see() {
    let sections = [
        (
            "redirectConfigurations",
            "[{name: r, redirectType: Permanent, targetListener: alt, includePath: true, includeQueryString: true}]",
        ),
        (
            "httpListeners",
            "[{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http},
              {name: alt, frontendIPConfiguration: feip, frontendPort: p8080, protocol: Http}]",
        ),
        (
            "requestRoutingRules",
            "[{name: a, priority: 1, httpListener: web, redirectConfiguration: r},
              {name: b, priority: 2, httpListener: alt, backendAddressPool: pool, backendHttpSettings: http}]",
        ),
    ];
    let rows = [
        ("", "http://a.com:8080/x?q"),
        ("ports: {8080: 9090}", "http://a.com:9090/x?q"),
        ("ports: {8080: {bind: 9090, public: 8080}}", "http://a.com:8080/x?q"),
        ("ports: {8080: {bind: 9090, public: 80}}", "http://a.com/x?q"),
    ];
    for (text, expected) in rows {
        let snapshot = compiled(&sections, Some(&site(text)), &Environment::default());
        let Action::Redirect(redirect) = &snapshot.routes.iter().next().unwrap().action else { panic!("no redirect") };
        let mut location = Vec::new();
        redirect.location(&RequestTarget { host: b"a.com", path: b"/x", query: Some(b"q") }, &mut location);
        assert_eq!(String::from_utf8(location).unwrap(), expected, "{text}");
    }
}

#[test]
fn what_a_redirect_leaves_unsaid_is_kept_for_listeners_and_dropped_for_urls() {
    let two = "[{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http},
                {name: alt, frontendIPConfiguration: feip, frontendPort: p8080, protocol: Http}]";
    let rules = "[{name: a, priority: 1, httpListener: web, redirectConfiguration: r},
                  {name: b, priority: 2, httpListener: alt, backendAddressPool: pool, backendHttpSettings: http}]";
    for (target, expected) in [("targetListener: alt", true), ("targetUrl: 'https://b.com'", false)] {
        let redirect = format!("[{{name: r, redirectType: Found, {target}}}]");
        let sections =
            [("redirectConfigurations", redirect.as_str()), ("httpListeners", two), ("requestRoutingRules", rules)];
        let snapshot = snapshot(&sections);
        let Action::Redirect(redirect) = &snapshot.routes.iter().next().unwrap().action else { panic!("no redirect") };
        assert_eq!((redirect.include_path, redirect.include_query), (expected, expected), "{target}");
        assert_eq!(matches!(redirect.target, RedirectTarget::Listener(_)), expected);
    }
}

fn probe(settings: &str, probes: &str) -> Probe {
    let settings = format!("[{{name: http, port: 8080, protocol: Http, {settings}}}]");
    let snapshot = snapshot(&[("backendHttpSettingsCollection", &settings), ("probes", probes)]);
    snapshot.targets.iter().next().unwrap().probe.clone()
}

#[test]
fn which_host_a_probe_sends() {
    let custom = "[{name: p, protocol: Http, host: p.com, path: /}]";
    let picks = "[{name: p, protocol: Http, path: /, pickHostNameFromBackendHttpSettings: true}]";
    let both = "[{name: p, protocol: Http, host: p.com, path: /, pickHostNameFromBackendHttpSettings: true}]";
    let rows = [
        ("", "[]", Some("127.0.0.1")),
        ("hostName: h.com", "[]", Some("h.com")),
        ("pickHostNameFromBackendAddress: true", "[]", None),
        ("probe: p", custom, Some("p.com")),
        ("probe: p, hostName: h.com", custom, Some("p.com")),
        ("probe: p, hostName: h.com", picks, Some("h.com")),
        ("probe: p, pickHostNameFromBackendAddress: true", picks, None),
        ("probe: p, hostName: h.com", both, Some("h.com")),
    ];
    for (settings, probes, expected) in rows {
        assert_eq!(probe(settings, probes).host.as_deref(), expected, "{settings} {probes}");
    }
}

#[test]
fn probes_have_their_defaults() {
    let found = probe("", "[]");
    assert_eq!((found.name, &*found.path, found.port), (None, "/", None));
    assert_eq!((found.interval.as_secs(), found.timeout.as_secs()), (30, 30));
    assert_eq!((found.unhealthy_threshold, found.min_servers), (3, 0));
    assert_eq!(found.accept.statuses, [(200, 399)]);

    let found = probe("probe: p", "[{name: p, protocol: Http, host: a.com, path: /h?x=1}]");
    assert_eq!((found.name.as_deref(), &*found.path), (Some("p"), "/h?x=1"));
    assert_eq!((found.interval.as_secs(), found.timeout.as_secs(), found.unhealthy_threshold), (30, 30, 3));

    let full = "[{name: p, protocol: Http, host: a.com, path: /h, port: 81, interval: 5, timeout: 4,
        unhealthyThreshold: 2,
        minServers: 1, match: {statusCodes: ['200-204', '401'], body: ok}, gatehouse: {hostPort: false,
            userAgent: probe/1}}]";
    let found = probe("probe: p", full);
    assert_eq!((found.port, found.interval.as_secs(), found.timeout.as_secs()), (Some(81), 5, 4));
    assert_eq!((found.unhealthy_threshold, found.min_servers, found.host_port), (2, 1, false));
    assert_eq!((found.accept.statuses, &*found.accept.body), (vec![(200, 204), (401, 401)], "ok"));
    assert_eq!(&*found.user_agent, "probe/1");
}

#[test]
fn settings_have_their_defaults() {
    let found = snapshot(&[]);
    let settings = found.settings.iter().next().unwrap();
    assert_eq!(settings.request_timeout, Duration::from_secs(20));
    assert_eq!(settings.drain_timeout, Duration::from_secs(30));
    assert_eq!(settings.path, None);
    let full = "[{name: http, port: 80, protocol: Http, requestTimeout: 5, path: '',
        connectionDraining: {enabled: true, drainTimeoutInSec: 9}}]";
    let found = snapshot(&[("backendHttpSettingsCollection", full)]);
    let settings = found.settings.iter().next().unwrap();
    assert_eq!((settings.request_timeout, settings.drain_timeout), (Duration::from_secs(5), Duration::from_secs(9)));
    assert_eq!(settings.path, None, "an empty path changes nothing");
}

#[test]
fn members_keep_their_order_and_the_site_file_gives_what_only_azure_knows() {
    let scale_set = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachineScaleSets/v";
    let pools = format!(
        "[{{name: pool, backendAddresses: [{{fqdn: B.example.com}}, {{ipAddress: 10.0.0.4}}], backendIPConfigurations: [
        {{id: {scale_set}/virtualMachines/0/networkInterfaces/n/ipConfigurations/i}}]}}]"
    );
    let scale_set = format!("members: {{'{}': [127.0.0.3]}}", scale_set.replace("/s/", "/S/"));
    let rows = [
        (scale_set.as_str(), vec!["b.example.com", "10.0.0.4", "127.0.0.3"]),
        ("members: {pool: [127.0.0.9]}", vec!["127.0.0.9"]),
    ];
    for (text, expected) in rows {
        let snapshot = compiled(&[("backendAddressPools", &pools)], Some(&site(text)), &Environment::default());
        let members = snapshot.pools.iter().next().unwrap().members.iter().map(|member| match member {
            Member::Address(address) => address.to_string(),
            Member::Name(name) => name.to_string(),
        });
        assert_eq!(members.collect::<Vec<_>>(), expected, "{text}");
    }
}

#[test]
fn only_what_a_rule_leads_to_gets_in() {
    let snapshot = snapshot(&[
        ("backendAddressPools", "[{name: spare}, {name: pool, backendAddresses: [{ipAddress: 10.0.0.4}]}]"),
        (
            "backendHttpSettingsCollection",
            "[{name: spare, port: 1, protocol: Http}, {name: http, port: 80, protocol: Http}]",
        ),
    ]);
    let names: Vec<_> = snapshot.pools.iter().map(|pool| pool.name.to_string()).collect();
    assert_eq!(names, ["pool"]);
    assert_eq!((snapshot.settings.len(), snapshot.targets.len()), (1, 1));
    let targets: &Table<TargetId, _> = &snapshot.targets;
    let target = targets.iter().next().unwrap();
    assert_eq!((snapshot.pools[target.pool].name.as_ref(), snapshot.settings[target.settings].port), ("pool", 80));
}

#[test]
fn the_gateway_has_its_name_its_id_and_its_own_bounds() {
    let extension = "{serverHeader: '', forwardedForPort: false, trustedProxies: [10.0.0.0/8],
        limits: {keepAliveTimeoutInSec: 10, maxBodyBytes: 5}}";
    let snapshot = snapshot(&[("gatehouse", extension)]);
    assert_eq!(&*snapshot.identity.name, "gw");
    assert_eq!(snapshot.options.server, None);
    assert!(!snapshot.options.forwarded_for_port);
    assert_eq!(snapshot.options.trusted_proxies, [("10.0.0.0".parse().unwrap(), 8)]);
    assert_eq!(snapshot.limits.keep_alive_timeout, Duration::from_secs(10));
    assert_eq!(snapshot.limits.max_body_bytes, 5);
}

#[test]
fn a_snapshot_differs_by_names_and_addresses_and_not_by_order() {
    let old = snapshot(&[]);
    assert!(crate::difference(&old, &old.clone()).bindings.is_empty());
    let other = "[{name: web, frontendIPConfiguration: feip, frontendPort: p8080, protocol: Http}]";
    let new = snapshot(&[
        ("httpListeners", other),
        ("backendAddressPools", "[{name: pool, backendAddresses: [{ipAddress: 10.0.0.5}]}]"),
    ]);
    let difference = crate::difference(&old, &new);
    let address = |text: &str| -> Vec<SocketAddr> { vec![text.parse().unwrap()] };
    assert_eq!(difference.bindings.added, address("0.0.0.0:8080"));
    assert_eq!(difference.bindings.removed, address("0.0.0.0:80"));
    assert_eq!(difference.targets.changed, [(Arc::from("pool"), Arc::from("http"))]);
    assert_eq!(difference.to_string(), "bindings: 1 added, 1 removed; targets: 1 changed");
}

/// 1,000 hosts with 100 path rules each in a release build (0.45 s when this was written); a debug
/// build does a tenth of it.
#[test]
fn a_thousand_hosts_with_a_hundred_path_rules_compile_in_time() {
    let hosts = if cfg!(debug_assertions) { 100 } else { 1000 };
    let join = |items: Vec<String>| format!("[{}]", items.join(", "));
    let listeners = (0..hosts).map(|n| {
        let place = "frontendIPConfiguration: feip, frontendPort: p80, protocol: Http";
        format!("{{name: l{n}, {place}, hostName: h{n}.example.com}}")
    });
    let path_rules = |n: usize| {
        let rule = |p: usize| {
            format!("{{name: r{p}, paths: [/n{n}/p{p}/*], backendAddressPool: pool, backendHttpSettings: http}}")
        };
        join((0..100).map(rule).collect())
    };
    let maps = (0..hosts).map(|n| {
        let rules = path_rules(n);
        format!("{{name: m{n}, defaultBackendAddressPool: pool, defaultBackendHttpSettings: http, pathRules: {rules}}}")
    });
    let rules = (0..hosts).map(|n| {
        format!("{{name: r{n}, ruleType: PathBasedRouting, priority: {}, httpListener: l{n}, urlPathMap: m{n}}}", n + 1)
    });
    let document = document(&[
        ("httpListeners", &join(listeners.collect())),
        ("urlPathMaps", &join(maps.collect())),
        ("requestRoutingRules", &join(rules.collect())),
    ]);
    let start = Instant::now();
    let compiled = compile(&document, None, &Environment::default());
    let took = start.elapsed();
    let snapshot = compiled.snapshot.unwrap();
    assert_eq!((snapshot.rules.len(), snapshot.routes.len()), (hosts, hosts * 101));
    assert_eq!(rule_of(&snapshot, "h77.example.com"), "r77");
    assert!(took < Duration::from_secs(2), "compiled in {took:?}");
}
