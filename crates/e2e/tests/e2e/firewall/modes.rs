//! Prevention, detection, and off.

use e2e::{Document, Farm, Gateway};
use serde_json::json;

use super::{ATTACK, actions, get, told};

#[test]
fn prevention_blocks_and_tells_why() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", json!({}), json!([])));
    let mut client = gateway.client();
    let answer = get(&mut client, ATTACK);
    assert_eq!((answer.status, answer.text().contains("403 Forbidden")), (403, true));
    let (rows, access) = told(&gateway, 1);
    let found = actions(&rows);
    assert_eq!(found.last().map(|(action, rule)| (action.as_str(), rule.as_str())), Some(("Blocked", "949110")));
    assert!(found.len() > 1 && found[..found.len() - 1].iter().all(|(action, _)| action == "Matched"), "{found:?}");
    let properties = &rows[0]["properties"];
    assert_eq!(properties["ruleSetType"], "Gatehouse_Baseline");
    assert_eq!((&properties["policyScope"], &properties["policyScopeName"]), (&json!("Global"), &json!("Global")));
    assert_eq!(properties["hostname"], "a.com");
    assert!(properties["policyId"].as_str().is_some_and(|id| id.ends_with("waf")), "{properties}");
    let why = &rows.last().unwrap()["properties"]["explanation"];
    assert_eq!((&why["threshold"], why["score"].as_u64() >= Some(5)), (&json!(5), true), "{why}");
    assert_eq!(why["findings"][0]["variable"], "ARGS:q");
    let exclusion = json!({"matchVariable": "RequestArgValues", "selectorMatchOperator": "Equals", "selector": "q"});
    assert_eq!(why["findings"][0]["exclusions"]["all"], exclusion);
    assert!(rows[0]["properties"].get("explanation").is_none(), "only the row that decides explains");
    let access = &access["properties"];
    assert_eq!(access["reason"], "waf_blocked");
    assert_eq!((&access["WAFMode"], &access["serverRouted"]), (&json!("Prevention"), &json!("")));
    assert_eq!(access["WAFPolicyID"], properties["policyId"]);
    assert!(farm.requests().is_empty(), "nothing of it reached a server");
    // The connection goes on, and what is no attack passes without a row.
    assert_eq!(get(&mut client, "/?q=hello").status, 200);
    let (rows, access) = told(&gateway, 2);
    assert_eq!((rows.len(), &access["properties"]["WAFMode"]), (0, &json!("Prevention")));
}

#[test]
fn detection_tells_and_forwards() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).guarded("Detection", json!({}), json!([])));
    assert_eq!(get(&mut gateway.client(), ATTACK).status, 200);
    let (rows, access) = told(&gateway, 1);
    assert_eq!(actions(&rows).last().map(|(action, _)| action.as_str()), Some("Detected"));
    assert_eq!(access["properties"]["WAFMode"], "Detection");
    assert_eq!(farm.wait_requests(1).len(), 1);
}

#[test]
fn a_policy_that_is_off_sees_nothing() {
    let farm = Farm::echo(1);
    let off = Document::new(&farm).guarded("Prevention", json!({"state": "Disabled"}), json!([]));
    let gateway = Gateway::start(&off);
    assert_eq!(get(&mut gateway.client(), ATTACK).status, 200);
    let (rows, access) = told(&gateway, 1);
    assert!(rows.is_empty() && access["properties"].get("WAFMode").is_none(), "{access}");
}

#[test]
fn a_block_has_the_status_and_body_of_the_policy() {
    let farm = Farm::echo(1);
    for status in [200, 403, 405, 406, 429, 990, 999] {
        // "sorry" in base64.
        let settings = json!({"customBlockResponseStatusCode": status, "customBlockResponseBody": "c29ycnk="});
        let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", settings, json!([])));
        let answer = get(&mut gateway.client(), ATTACK);
        assert_eq!((answer.status, answer.text().as_str()), (status, "sorry"));
    }
}
