//! Problems for programs: a JSON array.

use serde_json::{Value, json};

use crate::source::Sources;

use super::Problems;
use super::place::Places;

/// All problems as a JSON array of objects; what is not known is `null`.
pub fn render_json(problems: &Problems, sources: &Sources) -> String {
    let places = Places::new(problems, sources);
    let list: Vec<Value> = problems
        .iter()
        .map(|problem| {
            let place = problem.span.map(|span| (places.name(span), places.line_column(span.source, span.start)));
            json!({
                "code": problem.code,
                "severity": problem.severity.as_str(),
                "path": problem.path,
                "source": place.map(|(name, _)| name),
                "line": place.map(|(_, (line, _))| line),
                "column": place.map(|(_, (_, column))| column),
                "message": problem.message,
                "found": problem.found,
                "expected": problem.expected,
                "suggestion": problem.suggestion,
                "help": problem.help,
            })
        })
        .collect();
    format!("{:#}", Value::Array(list))
}
