//! The firewall as older documents have it: a part of the gateway instead of a policy.
//!
//! Source: REST 2025-05-01, `ApplicationGatewayWebApplicationFirewallConfiguration`.

use e2e::{Document, Farm, Gateway};
use serde_json::{Value, json};

use super::managed::{SQL, folder};
use super::{actions, get, told};

const SQLI: &str = "REQUEST-942-APPLICATION-ATTACK-SQLI";

fn start(farm: &Farm, mode: &str, more: Value) -> Gateway {
    let mut section = json!({
        "enabled": true, "firewallMode": mode, "ruleSetType": "OWASP", "ruleSetVersion": "3.2",
        "requestBodyCheck": true,
    });
    for (name, value) in more.as_object().unwrap() {
        section[name] = value.clone();
    }
    let document = folder(Document::new(farm));
    Gateway::start(&document.section("webApplicationFirewallConfiguration", section.to_string()))
}

#[test]
fn it_detects_or_prevents() {
    let farm = Farm::echo(1);
    for (mode, status, action) in [("Prevention", 403, "Blocked"), ("Detection", 200, "Detected")] {
        let gateway = start(&farm, mode, json!({}));
        let mut client = gateway.client();
        assert_eq!(get(&mut client, SQL).status, status);
        let (rows, access) = told(&gateway, 1);
        let expected = [("Matched", "942100"), (action, "949110")].map(|(its, id)| (its.to_owned(), id.to_owned()));
        assert_eq!(actions(&rows), expected);
        let row = &rows[0]["properties"];
        assert_eq!((&row["policyScope"], &row["policyScopeName"]), (&json!("Global"), &json!("Global")));
        assert_eq!((&row["ruleSetType"], &row["ruleSetVersion"]), (&json!("OWASP"), &json!("3.2")));
        assert_eq!(access["properties"]["WAFMode"], mode);
        assert_eq!(get(&mut client, "/").status, 200);
    }
    let gateway = start(&farm, "Prevention", json!({ "enabled": false }));
    assert_eq!(get(&mut gateway.client(), SQL).status, 200);
    assert!(told(&gateway, 1).1["properties"].get("WAFMode").is_none());
}

#[test]
fn groups_and_rules_may_be_off() {
    let farm = Farm::echo(1);
    let targets = [SQL, "/?q=sqlite_master", "/?q=%3Cscript%3E"];
    let group = |rules: Value| {
        let mut group = json!({ "ruleGroupName": SQLI });
        if !rules.is_null() {
            group["rules"] = rules;
        }
        json!({ "disabledRuleGroups": [group] })
    };
    for (more, expected) in [
        (json!({}), [403, 403, 403]),
        (group(Value::Null), [200, 200, 403]),
        (group(json!([942_100])), [200, 403, 403]),
        (group(json!([942_140])), [403, 200, 403]),
    ] {
        let shown = more.to_string();
        let gateway = start(&farm, "Prevention", more);
        let mut client = gateway.client();
        assert_eq!(targets.map(|target| get(&mut client, target).status), expected, "{shown}");
    }
}

#[test]
fn exclusions_leave_values_out() {
    let farm = Farm::echo(1);
    let exclusions =
        json!([{ "matchVariable": "RequestArgNames", "selectorMatchOperator": "StartsWith", "selector": "i" }]);
    let gateway = start(&farm, "Prevention", json!({ "exclusions": exclusions }));
    let mut client = gateway.client();
    assert_eq!(get(&mut client, SQL).status, 200);
    assert_eq!(get(&mut client, &SQL.replace("id=", "other=")).status, 403);
}

#[test]
fn bodies_have_a_limit_while_they_are_looked_at() {
    let farm = Farm::echo(1);
    let post = |length: usize| {
        let body = "x".repeat(length);
        format!("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: text/plain\r\nContent-Length: {length}\r\n\r\n{body}")
    };
    for (name, check, over) in [
        ("maxRequestBodySizeInKb", true, 403),
        ("maxRequestBodySize", true, 403),
        ("maxRequestBodySizeInKb", false, 200),
    ] {
        let gateway = start(&farm, "Prevention", json!({ name: 8, "requestBodyCheck": check }));
        for (length, status) in [(8 << 10, 200), ((8 << 10) + 1, over)] {
            assert_eq!(gateway.client().ask(&post(length)).status, status, "{name} {check} {length}");
        }
    }
}
