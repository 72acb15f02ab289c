//! What the firewall tells: rows and counters.
//!
//! Source: Azure, `web-application-firewall-logs`, read 2026-11-22.

use e2e::gateway::rows;
use e2e::wait::until;
use e2e::{Document, Farm, Gateway, Start};
use serde_json::{Value, json};

use super::{ATTACK, actions, get, refusing, told};

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// The names of a row's properties in alphabetical order, `explanation` aside.
const PROPERTIES: [&str; 19] = [
    "action",
    "clientIp",
    "clientPort",
    "details",
    "engine",
    "hostname",
    "instanceId",
    "message",
    "policyId",
    "policyScope",
    "policyScopeName",
    "requestUri",
    "ruleGroup",
    "ruleId",
    "ruleSetType",
    "ruleSetVersion",
    "site",
    "transactionId",
    // In the row that decides.
    "explanation",
];

#[test]
fn every_row_has_every_field_and_the_transaction_of_its_request() {
    let farm = Farm::echo(1);
    let rule = refusing("own", 1, ("QueryString", "own"), "Equal", "1");
    let gateway = Gateway::start(&Document::new(&farm).guarded("Detection", json!({}), json!([rule])));
    let mut client = gateway.client();
    for (number, target) in [ATTACK, "/?own=1"].into_iter().enumerate() {
        assert_eq!(get(&mut client, target).status, 200);
        let (rows, access) = told(&gateway, number + 1);
        assert!(!rows.is_empty());
        let transaction = access["properties"]["transactionId"].as_str().unwrap();
        assert_eq!(farm.last().field("x-appgw-trace-id"), Some(transaction));
        for row in &rows {
            assert_eq!(
                keys(row).into_iter().filter(|name| *name != "properties").collect::<Vec<_>>(),
                ["category", "operationName", "resourceId", "timeStamp"]
            );
            let properties = &row["properties"];
            let mut expected: Vec<_> = PROPERTIES[..18].to_vec();
            if properties["ruleId"] == "949110" {
                expected.insert(5, PROPERTIES[18]);
            }
            assert_eq!(keys(properties), expected, "{row}");
            assert_eq!(keys(&properties["details"]), ["data", "file", "line", "message"]);
            assert_eq!(properties["clientIp"], "127.0.0.1");
            assert_eq!(properties["clientPort"], client.address().port().to_string());
            assert_eq!(properties["requestUri"], target);
            assert_eq!(properties["transactionId"], transaction);
        }
    }
    let (rows, _) = told(&gateway, 2);
    let row = &rows[0]["properties"];
    assert_eq!((&row["ruleSetType"], &row["ruleId"]), (&json!("Custom"), &json!("own")));
}

#[test]
fn each_request_has_one_access_row_and_counts_once() {
    let farm = Farm::echo(1);
    let own = refusing("own", 1, ("QueryString", "own"), "Equal", "1");
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", json!({}), json!([own])));
    let mut client = gateway.client();
    for target in ["/", ATTACK, "/?own=1", ATTACK, "/a"] {
        get(&mut client, target);
    }
    let access = gateway.wait_rows(5);
    assert_eq!(access.len(), 5);
    let counters = gateway.status().counters;
    assert_eq!((counters.requests, counters.firewall_requests), (5, 5));
    let found = actions(&gateway.firewall_rows());
    let blocked = found.iter().filter(|(action, _)| action == "Blocked").count() as u64;
    let matched = found.iter().filter(|(action, _)| action == "Matched").count() as u64;
    assert_eq!((blocked, matched > 0), (3, true));
    let counts: Vec<_> = counters.firewall_rows.iter().map(|row| (row.action.as_str(), row.count)).collect();
    assert_eq!(counts, [("Blocked", blocked), ("Matched", matched)]);
    let refused: Vec<_> = counters.refused.iter().map(|row| (row.reason.as_str(), row.count)).collect();
    assert_eq!(refused, [("waf_blocked", 3)]);
}

#[test]
fn rows_may_have_a_log_of_their_own() {
    let farm = Farm::echo(1);
    let folder = e2e::Folder::new();
    let path = folder.path("firewall.log");
    let gateway =
        Start::workers(2).firewall_log(&path).run(&Document::new(&farm).guarded("Prevention", json!({}), json!([])));
    assert_eq!(get(&mut gateway.client(), ATTACK).status, 403);
    let access = gateway.wait_rows(1);
    assert!(gateway.firewall_rows().is_empty(), "nothing of it is in the access log");
    let found = until("rows of the firewall", || {
        Some(rows(&std::fs::read_to_string(&path).unwrap())).filter(|rows| rows.len() > 1)
    });
    assert_eq!(actions(&found).last().unwrap().0, "Blocked");
    assert_eq!(found[0]["properties"]["transactionId"], access[0]["properties"]["transactionId"]);
}
