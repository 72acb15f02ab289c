//! The firewall: what is blocked, told and let through.
//!
//! Source: Azure, `ag-overview`, `custom-waf-rules-overview`, `application-gateway-waf-request-size-limits`,
//! `per-site-policies`, read 2026-11-22.

mod answers;
mod bodies;
mod challenge;
mod change;
mod connections;
mod custom;
mod exclusions;
mod failures;
mod folder;
mod legacy;
mod limits;
mod log;
mod managed;
mod modes;
mod order;
mod protocols;
mod rates;
mod scopes;
mod secrets;

use e2e::{Client, Gateway, Response};
use serde_json::{Value, json};

/// An attack by its form alone, in a query.
const ATTACK: &str = "/?q=%3Cscript%3Ealert(1)%3C/script%3E";

/// The firewall's rows and the access row of the last request that this gateway has answered. `count`: how many that
/// were.
#[track_caller]
fn told(gateway: &Gateway, count: usize) -> (Vec<Value>, Value) {
    let access = gateway.wait_rows(count).remove(count - 1);
    let id = access["properties"]["transactionId"].clone();
    let mut rows = gateway.firewall_rows();
    rows.retain(|row| row["properties"]["transactionId"] == id);
    (rows, access)
}

/// The actions of rows with the rules they are of.
fn actions(rows: &[Value]) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    rows.iter().map(|row| (text(&row["properties"]["action"]), text(&row["properties"]["ruleId"]))).collect()
}

fn get(client: &mut Client, target: &str) -> Response {
    client.ask(&format!("GET {target} HTTP/1.1\r\nHost: a.com\r\nUser-Agent: test\r\nAccept: */*\r\n\r\n"))
}

/// A custom rule that blocks what one condition holds for: on a variable, with a selector or none.
fn refusing(name: &str, priority: u32, (variable, selector): (&str, &str), operator: &str, value: &str) -> Value {
    let mut variable = json!({ "variableName": variable });
    if !selector.is_empty() {
        variable["selector"] = json!(selector);
    }
    json!({
        "name": name, "priority": priority, "ruleType": "MatchRule", "action": "Block",
        "matchConditions": [{ "matchVariables": [variable], "operator": operator, "matchValues": [value] }],
    })
}
