//! `gatehouse test`: routing assertions, for CI.
//!
//! ```yaml
//! - name: the shop's API has servers of its own
//!   request: GET http://shop.example/api/cart
//!   expect: { rule: shop, pool: api, path: /v1/cart }
//! ```

use model::problem::{Problem, Problems, nearest};
use model::{Node, Source, Sources};
use snapshot::Snapshot;
use snapshot::explain::{Explanation, Outcome, explain};

use super::explain::Url;
use super::{PROBLEMS, usage};
use crate::cli::Test;
use crate::documents::{Purpose, load, read_file};
use crate::terminal;

/// Finds in an explanation what a case speaks of; empty when there is nothing of the kind.
type Find = fn(&Explanation) -> String;

/// What a case may expect, and where the answer is found.
const EXPECTATIONS: &[(&str, Find)] = &[
    ("listener", |explanation| explanation.listener.clone().unwrap_or_default()),
    ("rule", |explanation| explanation.rule.clone().unwrap_or_default()),
    ("pathRule", |explanation| explanation.path_rule.clone().unwrap_or_default()),
    ("pattern", |explanation| explanation.pattern.clone().unwrap_or_default()),
    ("pool", |explanation| forward(explanation, |forward| forward.pool.clone())),
    ("settings", |explanation| forward(explanation, |forward| forward.settings.clone())),
    ("path", |explanation| forward(explanation, |forward| forward.path.clone())),
    ("host", |explanation| forward(explanation, |forward| forward.host.clone())),
    ("status", |explanation| match &explanation.outcome {
        Outcome::Answer { status, .. } | Outcome::Redirect { status, .. } => status.to_string(),
        Outcome::NoListener | Outcome::Forward(_) => String::new(),
    }),
    ("location", |explanation| match &explanation.outcome {
        Outcome::Redirect { location, .. } => location.clone(),
        _ => String::new(),
    }),
];

fn forward(explanation: &Explanation, field: impl Fn(&snapshot::explain::Forward) -> String) -> String {
    match &explanation.outcome {
        Outcome::Forward(to) => field(to),
        _ => String::new(),
    }
}

pub(super) fn run(args: &Test) -> u8 {
    let (text, loaded) = match (read_file(&args.cases), load(&args.documents, &Purpose::routing())) {
        (Ok(text), Ok(loaded)) => (text, loaded),
        (Err(unreadable), _) | (_, Err(unreadable)) => return usage(&unreadable),
    };
    let Some(snapshot) = &loaded.snapshot else {
        terminal::note(loaded.problems_text(terminal::colour()).trim_end());
        return PROBLEMS;
    };
    let source = Source::new(args.cases.display().to_string(), text);
    let mut problems = Problems::new();
    let roots = model::syntax::parse(&source, 0, &mut problems);
    let cases = match roots.first() {
        Some(root) => root.as_array().or_else(|| root.get("cases")?.as_array()).unwrap_or_default(),
        None => &[],
    };
    let (mut passed, mut failed) = (0, 0);
    for case in cases {
        match check(snapshot, case, &mut problems) {
            Some(failures) if failures.is_empty() => passed += 1,
            Some(failures) => {
                failed += 1;
                terminal::out(&format!("FAILED {}\n{}", name(case), failures));
            }
            None => failed += 1,
        }
    }
    if cases.is_empty() && problems.is_empty() {
        let at = roots.first().map(|root| root.at.clone()).unwrap_or_default();
        problems.push(
            Problem::error("NoCases", &at, "there are no cases").expected("a list of cases, or a list under `cases`"),
        );
    }
    if !problems.is_empty() {
        let sources = Sources::new(vec![source]);
        terminal::note(model::problem::render_text(&problems, &sources, &Default::default()).trim_end());
    }
    terminal::out(&format!("{passed} passed, {failed} failed\n"));
    if failed > 0 || problems.has_errors() { PROBLEMS } else { 0 }
}

fn name(case: &Node) -> &str {
    case.get("name").and_then(Node::as_str).or_else(|| case.get("request")?.as_str()).unwrap_or("a case without a name")
}

/// What does not hold, a line each; `None` when the case itself is wrong.
fn check(snapshot: &Snapshot, case: &Node, problems: &mut Problems) -> Option<String> {
    let Some(request) = case.get("request").and_then(Node::as_str) else {
        problems.push(
            Problem::error("CaseWithoutRequest", &case.at, "the case has no request")
                .expected("`request: GET http://host/path`"),
        );
        return None;
    };
    let url = request.split_once(' ').map_or(request, |(_, url)| url.trim());
    let url = match Url::parse(url) {
        Ok(url) => url,
        Err(why) => {
            problems.push(Problem::error("InvalidUrl", &case.at, why));
            return None;
        }
    };
    let host = case.get("host").and_then(Node::as_str);
    let explanation = explain(snapshot, &url.question(host));
    let Some(expected) = case.get("expect").and_then(Node::as_object) else {
        problems.push(
            Problem::error("CaseWithoutExpectation", &case.at, "the case expects nothing")
                .expected("`expect: {pool: ...}`"),
        );
        return None;
    };
    let mut failures = String::new();
    for entry in &expected.entries {
        let Some((_, find)) = EXPECTATIONS.iter().find(|(name, _)| *name == entry.key) else {
            let names = EXPECTATIONS.iter().map(|(name, _)| *name);
            let problem =
                Problem::error("UnknownExpectation", &entry.node.at, format!("nothing is called {:?} here", entry.key));
            problems.push(
                problem.suggest(nearest(&entry.key, names.clone())).expected(names.collect::<Vec<_>>().join(", ")),
            );
            return None;
        };
        let wanted = match (entry.node.as_str(), entry.node.as_i64()) {
            (Some(text), _) => text.to_owned(),
            (None, Some(number)) => number.to_string(),
            (None, None) => String::new(),
        };
        let found = find(&explanation);
        if found != wanted {
            let shown = if found.is_empty() { "none".to_owned() } else { format!("{found:?}") };
            failures.push_str(&format!("  {}: expected {wanted:?}, found {shown}\n", entry.key));
        }
    }
    Some(failures)
}
