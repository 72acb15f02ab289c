use std::sync::LazyLock;

use serde_json::Value;

use super::*;
use crate::access_log::{Labels, Names};
use crate::{Stamp, TransactionId};

static LABELS: LazyLock<Labels> = LazyLock::new(|| {
    Labels::new(&Names {
        resource_id: "/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/GW",
        listener: "web",
        rule: "shop",
        pool: "shop-servers",
        settings: "plain",
        instance: "appgw_0",
        path_rule: "",
    })
});
static STAMP: LazyLock<Stamp> = LazyLock::new(|| Stamp::of(1_795_333_995));
static TRANSACTION: LazyLock<TransactionId> =
    LazyLock::new(|| TransactionId::from_bits(0x592d_1649_f75a_8d48_0a3c_4dc6_a975_309d));

/// A rule that matched and added to the score.
pub(in crate::access_log) fn example() -> FirewallRecord<'static> {
    FirewallRecord {
        stamp: &STAMP,
        labels: &LABELS,
        client_ip: "203.0.113.147",
        client_port: "45057",
        request_uri: "/?a=1%20or%201=1",
        rule_set_type: "Microsoft_DefaultRuleSet",
        rule_set_version: "2.1",
        rule_id: "942100",
        rule_group: "SQLI",
        message: "SQL Injection Attack Detected via libinjection",
        action: "Matched",
        detail_message: "Warning. detected SQLi using libinjection at ARGS:a.",
        detail_data: "Matched Data: 1&1 found within ARGS:a: 1 or 1=1",
        detail_file: "rules/REQUEST-942-APPLICATION-ATTACK-SQLI.conf",
        detail_line: "45",
        explanation: "",
        hostname: "shop.example",
        transaction: &TRANSACTION,
        policy_id: "/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/p1",
        policy_scope: "Listener",
        policy_scope_name: "web",
    }
}

fn row(record: &FirewallRecord<'_>) -> String {
    let mut bytes = Box::new([0; MAX_LINE]);
    let len = write(&mut bytes, record);
    String::from_utf8(bytes[..len].to_vec()).unwrap()
}

fn parsed(record: &FirewallRecord<'_>) -> Value {
    serde_json::from_str(&row(record)).unwrap()
}

#[test]
fn a_row_has_the_fields_of_azure_in_its_order() {
    let expected = concat!(
        r#"{"timeStamp":"2026-11-22T07:53:15+00:00","#,
        r#""resourceId":"/SUBSCRIPTIONS/0/RESOURCEGROUPS/RG/PROVIDERS/MICROSOFT.NETWORK/APPLICATIONGATEWAYS/GW","#,
        r#""operationName":"ApplicationGatewayFirewall","category":"ApplicationGatewayFirewallLog","#,
        r#""properties":{"instanceId":"appgw_0","clientIp":"203.0.113.147","clientPort":"45057","#,
        r#""requestUri":"/?a=1%20or%201=1","ruleSetType":"Microsoft_DefaultRuleSet","ruleSetVersion":"2.1","#,
        r#""ruleId":"942100","ruleGroup":"SQLI","message":"SQL Injection Attack Detected via libinjection","#,
        r#""action":"Matched","site":"Global","details":{"#,
        r#""message":"Warning. detected SQLi using libinjection at ARGS:a.","#,
        r#""data":"Matched Data: 1&1 found within ARGS:a: 1 or 1=1","#,
        r#""file":"rules/REQUEST-942-APPLICATION-ATTACK-SQLI.conf","line":"45"},"hostname":"shop.example","#,
        r#""transactionId":"592d1649f75a8d480a3c4dc6a975309d","#,
        r#""policyId":"/subscriptions/0/resourceGroups/rg/providers/Microsoft.Network/p1","#,
        r#""policyScope":"Listener","policyScopeName":"web","engine":"Azwaf"}}"#,
        "\n",
    );
    assert_eq!(row(&example()), expected);
}

#[test]
fn every_field_is_a_string_and_stands_there_when_it_is_empty() {
    let record = FirewallRecord {
        client_ip: "",
        client_port: "",
        request_uri: "",
        rule_set_type: "",
        rule_set_version: "",
        rule_id: "",
        rule_group: "",
        message: "",
        action: "",
        detail_message: "",
        detail_data: "",
        detail_file: "",
        detail_line: "",
        hostname: "",
        policy_id: "",
        policy_scope: "",
        policy_scope_name: "",
        labels: &Labels::default(),
        ..example()
    };
    let (full, empty) = (parsed(&example()), parsed(&record));
    for (name, value) in full["properties"].as_object().unwrap() {
        let other = &empty["properties"][name];
        assert!(name == "details" || (value.is_string() && other.is_string()), "{name}: {value} {other}");
    }
    for name in ["message", "data", "file", "line"] {
        let value = |row: &Value| row["properties"]["details"][name].as_str().map(str::to_owned);
        assert!(value(&full).is_some_and(|value| !value.is_empty()), "{name}");
        assert_eq!(value(&empty).as_deref(), Some(""), "{name}");
    }
}

#[test]
fn the_longest_record_is_one_valid_line_in_which_every_field_has_its_share() {
    for field in ["a".repeat(40_000), "\u{1b}".repeat(40_000), "é".repeat(20_000), "\"\\".repeat(20_000)] {
        let field = field.as_str();
        let labels = Labels::new(&Names { resource_id: field, instance: field, ..Names::default() });
        let row = row(&FirewallRecord {
            labels: &labels,
            client_ip: field,
            client_port: field,
            request_uri: field,
            rule_set_type: field,
            rule_set_version: field,
            rule_id: field,
            rule_group: field,
            message: field,
            action: field,
            detail_message: field,
            detail_data: field,
            detail_file: field,
            detail_line: field,
            hostname: field,
            policy_id: field,
            policy_scope: field,
            policy_scope_name: field,
            ..example()
        });
        assert!(row.len() <= MAX_LINE && row.ends_with("\"Azwaf\"}}\n") && row.matches('\n').count() == 1);
        let value: Value = serde_json::from_str(&row).unwrap();
        let properties = &value["properties"];
        let begins = |text: &Value, most: usize| {
            let text = text.as_str().unwrap();
            let kept = text.strip_suffix("...").expect("it says that it was cut");
            // A character takes up to six bytes escaped.
            assert!(field.starts_with(kept) && kept.chars().count() >= (most - 8) / 6, "{most}: {text}");
        };
        begins(&properties["requestUri"], MAX_FIELD);
        begins(&properties["message"], MAX_MESSAGE);
        begins(&properties["details"]["message"], MAX_DETAIL);
        begins(&properties["details"]["data"], MAX_DETAIL);
        for name in "clientIp clientPort ruleSetType ruleSetVersion ruleId ruleGroup action hostname policyId \
                     policyScope policyScopeName"
            .split_whitespace()
        {
            begins(&properties[name], MAX_NAME);
        }
        begins(&properties["details"]["file"], MAX_NAME);
        begins(&properties["details"]["line"], MAX_NAME);
    }
}

#[test]
fn an_explanation_is_an_object_where_there_is_room_for_it() {
    assert!(parsed(&example())["properties"].get("explanation").is_none());
    let record = FirewallRecord { explanation: r#"{"score":5}"#, ..example() };
    assert_eq!(parsed(&record)["properties"]["explanation"]["score"], 5);
    let long = format!("\"{}\"", "x".repeat(MAX_LINE));
    let record = FirewallRecord { explanation: &long, ..example() };
    assert!(parsed(&record)["properties"].get("explanation").is_none(), "left out whole");
}

proptest::proptest! {
    #[test]
    fn whatever_a_peer_sends_stays_one_line_of_json(uri in "\\PC{0,200}", data in proptest::prelude::any::<String>()) {
        let record = FirewallRecord { request_uri: &uri, detail_data: &data, hostname: &data, ..example() };
        let row = row(&record);
        let value: Value = serde_json::from_str(&row).unwrap();
        assert_eq!(row.bytes().filter(|byte| *byte < 0x20 || *byte == 0x7f).collect::<Vec<_>>(), b"\n");
        let properties = &value["properties"];
        assert_eq!(properties["requestUri"], uri);
        assert_eq!(properties["details"]["data"], data);
    }
}
