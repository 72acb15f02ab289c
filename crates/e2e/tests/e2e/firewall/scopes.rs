//! Which policy is in force: the most specific one, alone.

use e2e::document::policy;
use e2e::{Client, Document, Farm, Gateway};
use serde_json::{Value, json};

use super::{get, told};

/// Refuses requests whose query has an argument of this name.
fn refusing(argument: &str) -> Value {
    let rule = json!({
        "name": format!("no{argument}"), "priority": 1, "ruleType": "MatchRule", "action": "Block",
        "matchConditions": [{
            "matchVariables": [{ "variableName": "QueryString", "selector": argument }],
            "operator": "Any", "matchValues": [],
        }],
    });
    policy("Prevention", json!({}), json!([rule]))
}

fn off() -> Value {
    policy("Prevention", json!({"state": "Disabled"}), json!([]))
}

/// A gateway with a policy of its own, two listeners of which one has one, and path rules of which one has one.
fn document(farm: &Farm) -> Document {
    let rule = |name: &str, more: &str| {
        format!("{{name: {name}, backendAddressPool: pool, backendHttpSettings: http, {more}}}")
    };
    Document::new(farm)
        .policy("gateway", &refusing("g"))
        .policy("site", &refusing("s"))
        .policy("path", &refusing("p"))
        .policy("off", &off())
        .section("firewallPolicy", "gateway")
        .listeners(&[("plain", "hostName: plain.com"), ("site", "hostName: site.com, firewallPolicy: site")])
        .section(
            "urlPathMaps",
            format!(
                "[{{name: map, defaultBackendAddressPool: pool, defaultBackendHttpSettings: http, \
                 pathRules: [{}, {}, {}]}}]",
                rule("own", "paths: [/own/*], firewallPolicy: path"),
                rule("off", "paths: [/off/*], firewallPolicy: 'off'"),
                rule("none", "paths: [/none/*]"),
            ),
        )
        .rules(&[
            "{name: plain, ruleType: PathBasedRouting, priority: 1, httpListener: plain, urlPathMap: map}",
            "{name: site, ruleType: PathBasedRouting, priority: 2, httpListener: site, urlPathMap: map}",
        ])
}

#[test]
fn the_most_specific_policy_is_in_force_alone() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&document(&farm));
    let mut client = Client::connect(gateway.address("plain"));
    // Host and path, the arguments that are refused there, scope and its name.
    let rows = [
        ("plain.com", "/", "g", "Global", "Global"),
        ("plain.com", "/none/x", "g", "Global", "Global"),
        ("plain.com", "/own/x", "p", "Location", "own"),
        ("plain.com", "/off/x", "", "", ""),
        ("site.com", "/", "s", "Listener", "site"),
        ("site.com", "/none/x", "s", "Listener", "site"),
        ("site.com", "/own/x", "p", "Location", "own"),
        ("site.com", "/off/x", "", "", ""),
    ];
    let mut count = 0;
    for (host, path, refused, scope, name) in rows {
        for argument in ["g", "s", "p"] {
            let answer = client.ask(&format!("GET {path}?{argument}=1 HTTP/1.1\r\nHost: {host}\r\n\r\n"));
            count += 1;
            let expected = if argument == refused { 403 } else { 200 };
            assert_eq!(answer.status, expected, "{host}{path}?{argument}");
            if argument == refused {
                let (rows, _) = told(&gateway, count);
                let properties = &rows[0]["properties"];
                let at = (properties["policyScope"].as_str(), properties["policyScopeName"].as_str());
                assert_eq!(at, (Some(scope), Some(name)), "{host}{path}");
                assert_eq!(properties["ruleSetType"], "Custom");
            }
        }
    }
}

#[test]
fn redirects_are_answered_without_the_firewall() {
    let farm = Farm::echo(1);
    let document = Document::new(&farm)
        .policy("waf", &refusing("g"))
        .section("firewallPolicy", "waf")
        .section("redirectConfigurations", "[{name: away, redirectType: Permanent, targetUrl: 'https://b.com/'}]")
        .rules(&["{name: rule, priority: 1, httpListener: web, redirectConfiguration: away}"]);
    let gateway = Gateway::start(&document);
    assert_eq!(get(&mut gateway.client(), "/?g=1").status, 301);
    let (rows, access) = told(&gateway, 1);
    assert!(rows.is_empty() && access["properties"].get("WAFMode").is_none(), "{access}");
}
