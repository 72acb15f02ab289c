//! `gatehouse test`: routing assertions, for CI.
//!
//! ```yaml
//! - name: the shop's API has servers of its own
//!   request: GET http://shop.example/api/cart
//!   headers: { Cookie: beta=1 }
//!   from: 203.0.113.7
//!   expect: { rule: shop, pool: api, path: /v1/cart, rewrites: [strip], headers: { X-Beta: "1" }, firewall: passed }
//! ```

use model::node::Entry;
use model::problem::{Problem, Problems, nearest};
use model::{Node, Source, Sources};
use snapshot::Snapshot;
use snapshot::explain::{Explanation, Outcome, Question, Screening, explain};

use super::explain::{Sent, Url, firewall_end, note_stand_ins};
use super::{PROBLEMS, usage};
use crate::cli::{Test, check_header};
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
    ("token", |explanation| explanation.token.as_ref().map(|token| token.name.clone()).unwrap_or_default()),
    ("rewrites", |explanation| explanation.rewrites.fired().collect::<Vec<_>>().join(", ")),
    ("reroutedTo", rerouted),
    ("pool", |explanation| match &explanation.outcome {
        Outcome::Session(to) => to.pool.clone(),
        _ => forward(explanation, |forward| forward.pool()),
    }),
    ("distribution", |explanation| {
        forward(explanation, |forward| forward.distribution.as_ref().map(|it| it.name.clone()).unwrap_or_default())
    }),
    ("affinity", |explanation| forward(explanation, |forward| forward.affinity.join(", "))),
    ("settings", |explanation| match &explanation.outcome {
        Outcome::Session(to) => to.settings.clone(),
        _ => forward(explanation, |forward| forward.settings.clone()),
    }),
    ("serverName", |explanation| match &explanation.outcome {
        Outcome::Session(to) => to.server.as_ref().and_then(|tls| tls.name.clone()).unwrap_or_default(),
        _ => String::new(),
    }),
    ("endReason", |explanation| match &explanation.outcome {
        Outcome::Refused { end_reason, .. } => (*end_reason).to_owned(),
        _ => String::new(),
    }),
    ("path", |explanation| forward(explanation, |forward| forward.path.clone())),
    ("host", |explanation| forward(explanation, |forward| forward.host.clone())),
    ("status", status),
    ("location", |explanation| match &explanation.outcome {
        Outcome::Redirect { location, .. } => location.clone(),
        _ => String::new(),
    }),
    ("firewall", |explanation| screened(explanation, |screening| screening.verdict.name().to_owned())),
    ("firewallPolicy", |explanation| screened(explanation, |screening| screening.policy.clone())),
    ("firewallRules", |explanation| screened(explanation, rules)),
];

/// What is expected of single headers, and the word for it.
const HEADERS: [&str; 2] = ["headers", "responseHeaders"];

/// The path rule that a rewrite leads to; the last one, if there are several.
fn rerouted(explanation: &Explanation) -> String {
    let rerouted = explanation.rewrites.passes.iter().rev().find_map(|pass| pass.rerouted.as_ref());
    rerouted.and_then(|rerouted| rerouted.path_rule.clone()).unwrap_or_default()
}

/// Of an answer that no server gives.
fn status(explanation: &Explanation) -> String {
    let stopped = explanation.firewall.screening().and_then(firewall_end);
    match (&explanation.outcome, stopped) {
        (_, Some((_, status))) => status.to_string(),
        (Outcome::Answer { status, .. } | Outcome::Redirect { status, .. }, None) => status.to_string(),
        _ => String::new(),
    }
}

fn screened(explanation: &Explanation, field: impl Fn(&Screening) -> String) -> String {
    explanation.firewall.screening().map(field).unwrap_or_default()
}

/// The rules that matched, each once: numbers of managed ones, names of custom ones.
fn rules(screening: &Screening) -> String {
    let mut rules: Vec<&str> = Vec::new();
    for event in screening.rules().filter(|event| event.rule_id != "0") {
        if !rules.contains(&event.rule_id.as_str()) {
            rules.push(&event.rule_id);
        }
    }
    rules.join(", ")
}

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
    note_stand_ins(&loaded);
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
                .expected("`request: GET http://host/path`, or `request: tls://name:port`"),
        );
        return None;
    };
    let (method, url) = request.split_once(' ').unwrap_or(("GET", request));
    let asked = Url::parse(url.trim()).and_then(|url| Ok((url, sent(method, case)?)));
    let (url, sent) = match asked {
        Ok(asked) => asked,
        Err(why) => {
            problems.push(Problem::error("InvalidRequest", &case.at, why));
            return None;
        }
    };
    let question = url.question(&sent);
    let explanation = explain(snapshot, &question);
    let Some(expected) = case.get("expect").and_then(Node::as_object) else {
        problems.push(
            Problem::error("CaseWithoutExpectation", &case.at, "the case expects nothing")
                .expected("`expect: {pool: ...}`"),
        );
        return None;
    };
    let mut failures = String::new();
    for entry in &expected.entries {
        if HEADERS.contains(&entry.key.as_str()) {
            failures.push_str(&wrong_headers(entry, &question, &explanation));
            continue;
        }
        let Some((_, find)) = EXPECTATIONS.iter().find(|(name, _)| *name == entry.key) else {
            let names = EXPECTATIONS.iter().map(|(name, _)| *name).chain(HEADERS);
            let problem =
                Problem::error("UnknownExpectation", &entry.node.at, format!("nothing is called {:?} here", entry.key));
            problems.push(
                problem.suggest(nearest(&entry.key, names.clone())).expected(names.collect::<Vec<_>>().join(", ")),
            );
            return None;
        };
        compare(&entry.key, &written(&entry.node), &find(&explanation), &mut failures);
    }
    Some(failures)
}

/// What the case's client sends.
fn sent(method: &str, case: &Node) -> Result<Sent, String> {
    let mut headers = Vec::new();
    for entry in case.get("headers").and_then(Node::as_object).into_iter().flat_map(|object| &object.entries) {
        headers.push(check_header(&entry.key, &written(&entry.node))?);
    }
    if let Some(host) = case.get("host").and_then(Node::as_str) {
        headers.push(check_header("Host", host)?);
    }
    let from = case
        .get("from")
        .and_then(Node::as_str)
        .map(|from| from.parse().map_err(|_| format!("{from:?} is not an address")));
    let body = case.get("body").map(|body| written(body).into_bytes());
    Ok(Sent::new(method, headers, from.transpose()?).with_body(body))
}

/// A value as text; a list with commas.
fn written(node: &Node) -> String {
    match (node.as_str(), node.as_i64(), node.as_array()) {
        (Some(text), _, _) => text.to_owned(),
        (None, Some(number), _) => number.to_string(),
        (None, None, Some(all)) => all.iter().map(written).collect::<Vec<_>>().join(", "),
        (None, None, None) => String::new(),
    }
}

fn compare(name: &str, wanted: &str, found: &str, failures: &mut String) {
    if found != wanted {
        let shown = if found.is_empty() { "none".to_owned() } else { format!("{found:?}") };
        failures.push_str(&format!("  {name}: expected {wanted:?}, found {shown}\n"));
    }
}

/// Headers as the server gets them from the client or from rewrites, and those that rewrites give the response.
fn wrong_headers(expected: &Entry, question: &Question<'_>, explanation: &Explanation) -> String {
    let mut failures = String::new();
    for entry in expected.node.as_object().into_iter().flat_map(|object| &object.entries) {
        let found = match expected.key.as_str() {
            "headers" => sent_header(&entry.key, question, explanation),
            _ => answered_header(&entry.key, explanation),
        };
        compare(&format!("{}.{}", expected.key, entry.key), &written(&entry.node), &found, &mut failures);
    }
    failures
}

fn sent_header(name: &str, question: &Question<'_>, explanation: &Explanation) -> String {
    if name.eq_ignore_ascii_case("host") {
        return forward(explanation, |forward| forward.host.clone());
    }
    let changes = explanation.rewrites.headers.iter();
    if let Some(change) = changes.rev().find(|change| change.name.eq_ignore_ascii_case(name)) {
        return change.after.clone().unwrap_or_default();
    }
    let own = question.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    own.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(", ")
}

/// What the last rule makes of it: the value, or as it is configured where only the response knows.
fn answered_header(name: &str, explanation: &Explanation) -> String {
    let changes = explanation.rewrites.answer.iter();
    let last = changes.rev().find(|change| change.name.eq_ignore_ascii_case(name));
    last.and_then(|change| change.value.clone().or_else(|| change.template.clone())).unwrap_or_default()
}
