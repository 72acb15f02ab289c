//! Problems for code-scanning tools: SARIF 2.1.0.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0".

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::source::Sources;

use super::place::Places;
use super::{Problem, Problems, codes};

/// All problems as one SARIF run of the tool `gatehouse`.
pub fn render_sarif(problems: &Problems, sources: &Sources) -> String {
    let places = Places::new(problems, sources);
    let used: BTreeSet<&str> = problems.iter().map(|problem| problem.code).collect();
    let rules: Vec<Value> = used.iter().map(|code| rule(code)).collect();
    let results: Vec<Value> = problems.iter().map(|problem| result(problem, &places)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "gatehouse", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    format!("{log:#}")
}

fn rule(code: &str) -> Value {
    match codes::ALL.iter().find(|(known, _)| *known == code) {
        Some((_, meaning)) => json!({"id": code, "shortDescription": {"text": meaning}}),
        None => json!({"id": code}),
    }
}

fn result(problem: &Problem, places: &Places<'_>) -> Value {
    let mut location = json!({});
    if let Some(span) = problem.span {
        let (line, column) = places.line_column(span.source, span.start);
        let (end_line, end_column) = places.line_column(span.source, span.end);
        location["physicalLocation"] = json!({
            "artifactLocation": {"uri": uri(places.name(span))},
            "region": {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column},
        });
    }
    if !problem.path.is_empty() {
        location["logicalLocations"] = json!([{"fullyQualifiedName": problem.path}]);
    }
    let mut text = problem.message.clone();
    for (word, part) in
        [("found", &problem.found), ("expected", &problem.expected), ("did you mean", &problem.suggestion)]
    {
        if let Some(part) = part {
            text.push_str(&format!("; {word} {part}"));
        }
    }
    json!({
        "ruleId": problem.code,
        "level": problem.severity.as_str(),
        "message": {"text": text},
        "locations": [location],
    })
}

/// A file name as a relative URI reference.
fn uri(name: &str) -> String {
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'\\' => out.push('/'),
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
