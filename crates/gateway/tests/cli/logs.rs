//! Access rows and rows of the firewall: where the site file sends them, and what they have in common.

use e2e::wait::until_true;
use e2e::{Document, Farm, Folder, until};
use rustix::process::Signal;
use serde_json::{Value, json};

use crate::command::{Serving, gatehouse};

/// A gateway whose policy refuses `/refused`, with the site file's `log`.
fn start(log: &str) -> (Folder, Farm, Serving) {
    let (folder, farm) = (Folder::new(), Farm::echo(1));
    let document = Document::new(&farm).section("firewallPolicy", "waf");
    folder.write("gateway.yaml", document.text());
    folder.write("policy.json", policy().to_string());
    // One worker, so that rows come in the order of the requests.
    let more = format!("admin: {{socket: admin.sock}}\nfolders: {{state: state}}\nlog: {log}\nworkers: 1\n");
    folder.write("site.yaml", document.site() + &more);
    let serving = Serving::start(&folder, &["gateway.yaml", "--with", "policy.json", "--site", "site.yaml"]);
    (folder, farm, serving)
}

fn policy() -> Value {
    let condition = json!({
        "matchVariables": [{ "variableName": "RequestUri" }],
        "operator": "BeginsWith",
        "matchValues": ["/refused"],
    });
    let rule = json!({
        "name": "refusals", "priority": 1, "ruleType": "MatchRule", "action": "Block", "matchConditions": [condition],
    });
    json!({
        "name": "waf",
        "type": "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
        "properties": e2e::document::policy("Prevention", json!({}), json!([rule])),
    })
}

/// Whole rows of a log; none where there is no file.
fn rows(folder: &Folder, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.path(file)).unwrap_or_default();
    let (whole, _) = text.rsplit_once('\n').unwrap_or_default();
    whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn wait_rows(folder: &Folder, file: &str, count: usize) -> Vec<Value> {
    until(file, || Some(rows(folder, file)).filter(|rows| rows.len() >= count))
}

fn ask(serving: &Serving, path: &str) -> u16 {
    serving.client().get("a.com", path).status
}

#[test]
fn rows_of_the_firewall_stand_before_the_access_row_where_no_other_place_is_named() {
    let (folder, _farm, serving) = start("{access: both.log}");
    assert_eq!((ask(&serving, "/refused"), ask(&serving, "/")), (403, 200));
    let rows = wait_rows(&folder, "both.log", 3);
    let categories: Vec<_> = rows.iter().map(|row| row["category"].as_str().unwrap()).collect();
    let (finding, access) = ("ApplicationGatewayFirewallLog", "ApplicationGatewayAccessLog");
    assert_eq!(categories, [finding, access, access]);
    let (found, refused, passed) = (&rows[0]["properties"], &rows[1]["properties"], &rows[2]["properties"]);
    assert_eq!((&found["ruleId"], &found["action"]), (&"refusals".into(), &"Blocked".into()));
    assert_eq!(found["transactionId"], refused["transactionId"]);
    assert_eq!(found["policyId"], refused["WAFPolicyID"]);
    assert_eq!((&refused["reason"], &refused["WAFMode"]), (&"waf_blocked".into(), &"Prevention".into()));
    assert!(passed.get("reason").is_none() && passed["WAFMode"] == "Prevention", "{passed}");
}

#[test]
fn the_status_counts_what_policies_found_whether_it_is_written_or_not() {
    let (folder, _farm, serving) = start("{access: 'off'}");
    until_true("the management socket", || folder.path("admin.sock").exists());
    let status = || gatehouse(&folder, &["status", "--socket", "admin.sock"]).out;
    assert!(!status().contains("firewall"));
    assert_eq!((ask(&serving, "/refused"), ask(&serving, "/"), ask(&serving, "/refused")), (403, 200, 403));
    let status = status();
    assert!(status.contains("\nfirewall   3 requests looked at  Blocked 2\n"), "{status}");
    assert!(status.contains("waf_blocked 2"), "{status}");
}

#[test]
fn both_logs_are_opened_again_after_a_rotation() {
    let (folder, _farm, serving) = start("{access: access.log, firewall: firewall.log}");
    ask(&serving, "/refused");
    let logs = ["access.log", "firewall.log"];
    for log in logs {
        wait_rows(&folder, log, 1);
        std::fs::rename(folder.path(log), folder.path(&format!("old-{log}"))).unwrap();
    }
    serving.signal(Signal::HUP);
    until_true("new files", || logs.iter().all(|log| folder.path(log).exists()));
    ask(&serving, "/refused");
    for log in logs {
        assert_eq!(wait_rows(&folder, log, 1).len(), 1, "{log}");
        assert_eq!(rows(&folder, &format!("old-{log}")).len(), 1, "{log}");
    }
}

#[test]
fn the_firewalls_log_may_be_off_where_the_access_log_is_not() {
    let (folder, _farm, serving) = start("{access: access.log, firewall: 'off'}");
    assert_eq!((ask(&serving, "/refused"), ask(&serving, "/")), (403, 200));
    let rows = wait_rows(&folder, "access.log", 2);
    assert!(rows.iter().all(|row| row["category"] == "ApplicationGatewayAccessLog"), "{rows:?}");
}
