//! The firewall: what is blocked, told and let through.
//!
//! Source: Azure, `ag-overview`, `custom-waf-rules-overview`, `application-gateway-waf-request-size-limits`,
//! `per-site-policies`, read 2026-11-22.

mod bodies;
mod challenge;
mod custom;
mod limits;
mod modes;
mod scopes;

use e2e::{Client, Gateway, Response};
use serde_json::Value;

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
