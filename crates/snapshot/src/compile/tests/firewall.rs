//! What firewall policies become: guards on routes, and programs that are shared.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ::firewall::{Limits, Mode as Does};

use super::*;
use crate::{Files, Guard, RuleFolder, RuleSets};

const BASELINE: &str = "managedRules: {managedRuleSets: [{ruleSetType: Gatehouse_Baseline, ruleSetVersion: '1.0'}]}";

/// The parts of the gateway that policies are bound to: two listeners, a path map behind one of them.
const BOUND: &[(&str, &str)] = &[
    (
        "httpListeners",
        "[{name: web, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http{web}},
          {name: alt, frontendIPConfiguration: feip, frontendPort: p8080, protocol: Http{alt}}]",
    ),
    (
        "requestRoutingRules",
        "[{name: by-path, ruleType: PathBasedRouting, priority: 10, httpListener: web, urlPathMap: map},
          {name: basic, priority: 20, httpListener: alt, backendAddressPool: pool, backendHttpSettings: http}]",
    ),
    (
        "urlPathMaps",
        "[{name: map, defaultBackendAddressPool: pool, defaultBackendHttpSettings: http, pathRules: [{name: images,
           paths: [/images/*], backendAddressPool: pool, backendHttpSettings: http{images}}]}]",
    ),
];

/// A gateway with these policies, name and properties, bound to these places.
fn bound(gateway: &str, places: &[(&str, &str)], policies: &[(&str, &str)]) -> model::Document {
    let policy = |place: &str| places.iter().find(|(name, _)| *name == place).map(|(_, policy)| *policy);
    let mut text = "name: gw\ntype: Microsoft.Network/applicationGateways\nproperties:\n".to_owned();
    for (name, base) in BASE.iter().filter(|(name, _)| BOUND.iter().all(|(bound, _)| bound != name)) {
        text.push_str(&format!("  {name}: {base}\n"));
    }
    for (name, section) in BOUND {
        let filled = ["web", "alt", "images"].iter().fold((*section).to_owned(), |text, place| {
            let bound = policy(place).map(|policy| format!(", firewallPolicy: {policy}")).unwrap_or_default();
            text.replace(&format!("{{{place}}}"), &bound)
        });
        text.push_str(&format!("  {name}: {filled}\n"));
    }
    text.push_str(gateway);
    let policy = |(name, properties): &(&str, &str)| {
        let kind = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies";
        Source::new(*name, format!("name: {name}\ntype: {kind}\nproperties:\n  {properties}\n"))
    };
    let sources: Vec<_> = [Source::new("document", text)].into_iter().chain(policies.iter().map(policy)).collect();
    let reading = read(&sources, &ReadOptions::default());
    assert!(!reading.problems.has_errors(), "{:?}", reading.problems);
    reading.document.unwrap()
}

fn run(document: &model::Document, site: Option<&Site>, environment: &Environment) -> Snapshot {
    let compiled = compile(document, site, environment);
    compiled.snapshot.unwrap_or_else(|| panic!("{:?}", compiled.problems.errors().collect::<Vec<_>>()))
}

/// What every route has: rule and path rule, and policy, scope and name.
fn table(snapshot: &Snapshot) -> Vec<(String, String)> {
    let guard = |guard: &Guard| format!("{} {} {}", guard.policy.name, guard.place.scope.name(), guard.place.name);
    let row = |route: &crate::Route| {
        let rule = &snapshot.rules[route.rule].name;
        let path = route.path_rule.as_deref().map(|name| format!("/{name}")).unwrap_or_default();
        (format!("{rule}{path}"), snapshot.firewalls.of(route).map_or_else(|| "none".to_owned(), guard))
    };
    snapshot.routes.iter().map(row).collect()
}

#[test]
fn the_most_specific_policy_alone_is_in_force() {
    let on = BASELINE;
    let off = format!("policySettings: {{state: Disabled}}\n  {BASELINE}");
    let policies = [("a", on), ("b", on), ("off", off.as_str())];
    let global = "  firewallPolicy: a\n";
    let inline = "  webApplicationFirewallConfiguration: {enabled: true, firewallMode: Detection, ruleSetType: \
                  Gatehouse_Baseline, ruleSetVersion: '1.0'}\n";
    /// What the gateway has, what other places have, and what is in force: default, path rule, the other listener.
    type Row<'r> = (&'r str, &'r [(&'r str, &'r str)], [&'r str; 3]);
    let rows: [Row<'_>; 8] = [
        ("", &[], ["none", "none", "none"]),
        (global, &[], ["a Global Global", "a Global Global", "a Global Global"]),
        (global, &[("web", "b")], ["b Listener web", "b Listener web", "a Global Global"]),
        (global, &[("images", "b")], ["a Global Global", "b Location images", "a Global Global"]),
        (global, &[("web", "off")], ["none", "none", "a Global Global"]),
        (global, &[("web", "b"), ("images", "off")], ["b Listener web", "none", "a Global Global"]),
        ("", &[("alt", "b")], ["none", "none", "b Listener alt"]),
        (
            inline,
            &[("alt", "b")],
            [
                "webApplicationFirewallConfiguration Global Global",
                "webApplicationFirewallConfiguration Global Global",
                "b Listener alt",
            ],
        ),
    ];
    for (gateway, places, expected) in rows {
        let snapshot = run(&bound(gateway, places, &policies), None, &Environment::default());
        let expected: Vec<_> = ["by-path", "by-path/images", "basic"]
            .into_iter()
            .zip(expected)
            .map(|(a, b)| (a.into(), b.into()))
            .collect();
        assert_eq!(table(&snapshot), expected, "{gateway} {places:?}");
    }
}

#[test]
fn a_policy_in_several_places_is_compiled_once_and_stands_in_each() {
    let document = bound("", &[("web", "a"), ("alt", "a"), ("images", "a")], &[("a", BASELINE)]);
    let snapshot = run(&document, None, &Environment::default());
    let guards: Vec<_> = snapshot.firewalls.guards.iter().collect();
    assert_eq!(guards.len(), 3);
    assert!(guards.iter().all(|guard| Arc::ptr_eq(&guard.policy, &guards[0].policy)));
}

#[test]
fn a_policy_says_what_is_done_with_requests() {
    let settings = "policySettings: {mode: Prevention, requestBodyCheck: false, requestBodyInspectLimitInKB: 64,
      maxRequestBodySizeInKb: 256, fileUploadEnforcement: false, customBlockResponseStatusCode: 429,
      customBlockResponseBody: 'bm8=', jsChallengeCookieExpirationInMins: 10}";
    let id = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Network/\
              ApplicationGatewayWebApplicationFirewallPolicies/a";
    let text = format!("{settings}\n  {BASELINE}");
    let mut document = bound("  firewallPolicy: a\n", &[], &[("a", &text), ("b", BASELINE)]);
    document.policies[0].id = Some(id.to_owned().into());
    let snapshot = run(&document, None, &Environment::default());
    let policy = &snapshot.firewalls.guards.iter().next().unwrap().policy;
    assert_eq!((&*policy.id, policy.mode), (id, Does::Prevention));
    let limits = Limits { inspects_body: false, inspected_body: 64 << 10, max_body: Some(256 << 10), max_upload: None };
    assert_eq!(policy.limits, limits);
    assert_eq!((policy.block.status, policy.block.body.as_deref()), (429, Some(&b"no"[..])));
    assert_eq!(policy.clearance.script, Duration::from_secs(600));
    let plain = run(&bound("  firewallPolicy: b\n", &[], &[("b", BASELINE)]), None, &Environment::default());
    let policy = &plain.firewalls.guards.iter().next().unwrap().policy;
    assert_eq!((&*policy.id, policy.mode, &policy.limits), ("b", Does::Detection, &Limits::default()));
    assert_eq!((policy.block.status, policy.block.body.is_none()), (403, true));
}

/// A folder of one rule.
fn rules(text: &str, digest: &str) -> RuleSets {
    let text = format!("SecRule ARGS \"@contains {text}\" \"id:942100,phase:2,block,severity:'CRITICAL'\"\n");
    let files = BTreeMap::from([("REQUEST-942.conf".to_owned(), text.into_bytes())]);
    RuleSets::Folder(Arc::new(RuleFolder { path: "/rules".to_owned(), files, digest: digest.to_owned() }))
}

#[test]
fn programs_are_made_once_and_forgotten_when_nothing_uses_them() {
    let owasp = "managedRules: {managedRuleSets: [{ruleSetType: OWASP, ruleSetVersion: '3.2'}]}";
    let blocking = format!("policySettings: {{mode: Prevention}}\n  {owasp}");
    let same = bound("", &[("web", "a"), ("alt", "b")], &[("a", owasp), ("b", owasp)]);
    let different = bound("", &[("web", "a"), ("alt", "b")], &[("a", owasp), ("b", &blocking)]);
    let environment = Environment { rule_sets: rules("evil", "1"), ..Environment::default() };
    let programs = |document, environment: &Environment| {
        run(document, None, environment);
        environment.firewall_cache.len()
    };
    assert_eq!(programs(&same, &environment), 1);
    assert_eq!(programs(&different, &environment), 2);
    let changed = Environment { rule_sets: rules("worse", "2"), ..environment.clone() };
    assert_eq!(programs(&same, &changed), 3, "another folder, other rules");
    assert_eq!(programs(&same, &changed), 3, "it may come back");
    assert_eq!(programs(&same, &changed), 1, "what was not used in three compilations is gone");
    let without = bound("", &[], &[]);
    let left = [(); 3].map(|()| programs(&without, &changed));
    assert_eq!(left, [1, 1, 0]);
}

#[test]
fn lists_and_databases_of_the_machine_are_brought_along() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let mut files = Files::default();
    for name in ["countries.mmdb", "bad_addresses.txt", "affinity.key"] {
        files.insert(name, Ok(std::fs::read(folder.join(name)).unwrap().into()));
    }
    let site =
        site("firewall: {countries: countries.mmdb, badAddresses: bad_addresses.txt, clearanceKey: affinity.key}");
    let document = bound("  firewallPolicy: a\n", &[], &[("a", BASELINE)]);
    let environment = Environment { files, ..Environment::default() };
    let firewalls = run(&document, Some(&site), &environment).firewalls;
    let address = |text: &str| text.parse::<IpAddr>().unwrap();
    assert_eq!(&firewalls.countries.country(address("81.2.3.4")), b"AT");
    assert!(firewalls.reputation.is_malicious(address("198.51.100.9")));
    assert!(firewalls.clearances.is_some());
    let firewalls = run(&document, None, &environment).firewalls;
    assert_eq!(&firewalls.countries.country(address("81.2.3.4")), b"ZZ");
    assert!(!firewalls.reputation.is_malicious(address("198.51.100.9")) && firewalls.clearances.is_none());
}

#[test]
fn a_policy_is_compiled_by_its_name_whether_it_is_in_force_or_not() {
    let wrong = "managedRules: {managedRuleSets: [{ruleSetType: Gatehouse_Baseline, ruleSetVersion: '9'}]}";
    let document = bound("", &[], &[("a", BASELINE), ("b", wrong)]);
    let compiled = |name| {
        let (policy, problems) = firewall_policy(&document, None, &Environment::default(), name);
        (policy.is_some(), problems.has_errors())
    };
    assert_eq!((compiled("A"), compiled("b"), compiled("c")), ((true, false), (false, true), (false, false)));
}
