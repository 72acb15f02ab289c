//! Rewrite sets for documents, put together from small pieces.

use serde_json::{Value, json};

/// A rule: its place, its conditions, what it does. Nothing stands for no condition.
pub fn rule(sequence: u32, conditions: &[Value], actions: Value) -> Value {
    json!({"name": format!("r{sequence}"), "ruleSequence": sequence, "conditions": conditions, "actionSet": actions})
}

/// A condition: a variable and a pattern that its value has to match.
pub fn when(variable: &str, pattern: &str) -> Value {
    json!({"variable": variable, "pattern": pattern})
}

/// A condition that holds when the pattern does not match.
pub fn unless(variable: &str, pattern: &str) -> Value {
    json!({"variable": variable, "pattern": pattern, "negate": true})
}

/// Sets headers of the request; an empty value deletes.
pub fn request(headers: &[(&str, &str)]) -> Value {
    json!({ "requestHeaderConfigurations": list(headers) })
}

/// Sets headers of the response; an empty value deletes.
pub fn response(headers: &[(&str, &str)]) -> Value {
    json!({ "responseHeaderConfigurations": list(headers) })
}

/// Changes path and query.
pub fn url(path: Option<&str>, query: Option<&str>) -> Value {
    json!({"urlConfiguration": url_actions(path, query, false)})
}

/// Changes path and query, and looks the path map up again.
pub fn reroute(path: &str, query: Option<&str>) -> Value {
    json!({"urlConfiguration": url_actions(Some(path), query, true)})
}

/// Several actions as one.
pub fn both(one: Value, other: Value) -> Value {
    let (Value::Object(mut all), Value::Object(more)) = (one, other) else { panic!("these are no actions") };
    all.extend(more);
    Value::Object(all)
}

/// Rules as the one set of a document, under this name.
pub fn set(name: &str, rules: &[Value]) -> Value {
    json!({"name": name, "rewriteRules": rules})
}

fn list(headers: &[(&str, &str)]) -> Value {
    headers.iter().map(|(name, value)| json!({"headerName": name, "headerValue": value})).collect()
}

fn url_actions(path: Option<&str>, query: Option<&str>, reroute: bool) -> Value {
    let mut actions = json!({ "reroute": reroute });
    for (name, value) in [("modifiedPath", path), ("modifiedQueryString", query)] {
        if let Some(value) = value {
            actions[name] = value.into();
        }
    }
    actions
}
