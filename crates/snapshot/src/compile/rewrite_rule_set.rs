//! Rewrite sets: what can be told wrong before any of them runs.
//!
//! Source: Azure, "Rewrite HTTP headers and URL with Application Gateway" (rewrite-http-headers-url).
//! Parity: a rule whose condition looks at the response cannot change the request, which has left by
//! then; that is refused instead of silently doing nothing.

use std::collections::HashMap;

use model::Problem;
use model::rewrite_rule_set::{HeaderConfiguration, RewriteRule, RewriteRuleSet};
use model::schema::{Field, List, Named};

use super::codes;
use super::context::{Context, is_on, text};
use super::rewrite_language::{self as language, Phase, UnknownVariable};

/// Headers that hold the connection together.
const NOT_REWRITABLE: [&str; 2] = ["Connection", "Upgrade"];
/// Header and URL changes, and conditions, in one set.
const MOST: usize = 40;

/// What other parts of the document have to know about a set.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Facts {
    /// Some rule re-evaluates the path map.
    pub(super) reroutes: bool,
    /// Some rule does so without a condition.
    pub(super) always_reroutes: bool,
    /// Some rule sets the Host header.
    pub(super) sets_host: bool,
}

/// All rewrite sets, in the document's order.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Facts> {
    let gateway = context.gateway;
    gateway.rewrite_rule_sets.iter().map(|set| one(context, set)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<RewriteRuleSet>) -> Facts {
    let mut facts = Facts::default();
    let mut sequences: HashMap<i64, String> = HashMap::new();
    let (mut conditions, mut changes) = (0, 0);
    for rule in &asked.rewrite_rules {
        let name = text(&rule.name).map_or_else(String::new, |name| name.value.clone());
        context.number("ruleSequence", &rule.rule_sequence, (0, i64::from(i32::MAX)));
        if let Some(sequence) = &rule.rule_sequence
            && let Some(other) = sequences.insert(sequence.value, name.clone())
        {
            let message = format!("the rules {other:?} and {name:?} have the same sequence: which goes first is open");
            let problem = Problem::warning(codes::DUPLICATE_SEQUENCE, &sequence.at, message);
            context
                .problems
                .push(problem.found(sequence.value.to_string()).help("here the one listed first goes first"));
        }
        conditions += rule.conditions.len();
        changes += rule_changes(context, rule, &name, &mut facts);
    }
    for (count, what) in [(changes, "changes"), (conditions, "conditions")] {
        if count > MOST {
            let message = format!("the rewrite set {:?} has {count} {what}; Azure allows {MOST}", asked.name.value);
            context.azure_refuses(Problem::warning(codes::LIMIT_REACHED, &asked.name.at, message));
        }
    }
    facts
}

/// Checks one rule; returns how many changes it makes.
fn rule_changes(context: &mut Context<'_>, rule: &Field<RewriteRule>, name: &str, facts: &mut Facts) -> usize {
    let mut needs_response = false;
    for condition in &rule.conditions {
        if let Some(field) = &condition.variable {
            let phase = checked(context, field, language::variable(&field.value));
            needs_response |= phase == Some(Phase::Response);
        } else {
            context.missing(&condition.at, "variable", "this condition");
        }
        if let Some(field) = &condition.pattern {
            check_pattern(context, field);
        }
    }
    let Some(actions) = &rule.action_set else { return 0 };
    let requests = &actions.request_header_configurations;
    let responses = &actions.response_header_configurations;
    headers(context, requests, Phase::Request, facts);
    headers(context, responses, Phase::Response, facts);
    if let Some(url) = &actions.url_configuration {
        for field in [&url.modified_path, &url.modified_query_string].into_iter().flatten() {
            in_request(context, field);
        }
        facts.reroutes |= is_on(&url.reroute);
        facts.always_reroutes |= is_on(&url.reroute) && rule.conditions.is_empty();
    }
    let changes_request = !requests.is_empty() || actions.url_configuration.is_some();
    if needs_response && changes_request {
        let message =
            format!("the rule {name:?} looks at the response but changes the request, which has left by then");
        let problem = Problem::error(codes::RESPONSE_VARIABLE, &actions.at, message);
        context.problems.push(problem.help("split the rule: one for the request, one for the response"));
    }
    requests.len() + responses.len() + usize::from(actions.url_configuration.is_some())
}

fn headers(context: &mut Context<'_>, list: &List<HeaderConfiguration>, phase: Phase, facts: &mut Facts) {
    for header in list {
        let Some(name) = text(&header.header_name) else {
            context.missing(&header.at, "headerName", "this header");
            continue;
        };
        let is_named = |other: &str| name.value.eq_ignore_ascii_case(other);
        if !language::header_name(&name.value) {
            let problem = Problem::error(codes::INVALID_HEADER_NAME, &name.at, "this is not a header name");
            context.problems.push(problem.found(format!("{:?}", name.value)));
        }
        if NOT_REWRITABLE.iter().any(|other| is_named(other)) {
            let message = format!("the header {:?} cannot be rewritten", name.value);
            context.error(codes::HEADER_NOT_REWRITABLE, &name.at, message);
        }
        let value = header.header_value.as_ref().filter(|value| !value.value.is_empty());
        if phase == Phase::Request && is_named("Host") {
            facts.sets_host |= value.is_some();
            if value.is_none() {
                let message = "the Host header cannot be deleted";
                let problem = Problem::error(codes::HEADER_NOT_REWRITABLE, &name.at, message);
                context.problems.push(problem.expected("a headerValue"));
            }
        }
        match (value, phase) {
            (Some(value), Phase::Request) => in_request(context, value),
            (Some(value), Phase::Response) => {
                checked(context, value, language::value(&value.value));
            }
            (None, _) => {}
        }
        if let Some(matcher) = &header.header_value_matcher {
            if phase == Phase::Request || !is_named("Set-Cookie") {
                let message = "headerValueMatcher is for the response header Set-Cookie only";
                context.error(codes::MATCHER_NOT_ALLOWED, &matcher.at, message);
            }
            if let Some(pattern) = &matcher.pattern {
                check_pattern(context, pattern);
            }
        }
    }
}

/// A value that goes into the request: response variables are unknown there.
fn in_request(context: &mut Context<'_>, value: &Field<String>) {
    if checked(context, value, language::value(&value.value)) == Some(Phase::Response) {
        let message = "the request leaves before this variable is known";
        let problem = Problem::error(codes::RESPONSE_VARIABLE, &value.at, message);
        context.problems.push(problem.found(format!("{:?}", value.value)));
    }
}

fn checked(context: &mut Context<'_>, field: &Field<String>, result: Result<Phase, UnknownVariable>) -> Option<Phase> {
    result
        .map_err(|unknown| {
            let problem = Problem::error(codes::UNKNOWN_VARIABLE, &field.at, "there is no such variable");
            let expected = "http_req_<header>, http_resp_<header> or var_<server variable>";
            let problem = problem.found(format!("{:?}", unknown.name)).expected(expected);
            context.problems.push(problem.suggest(unknown.suggestion));
        })
        .ok()
}

/// A regular expression of the RE2 kind.
pub(super) fn check_pattern(context: &mut Context<'_>, field: &Field<String>) {
    if let Err(reason) = language::pattern(&field.value) {
        let message = format!("this is not a pattern: {reason}");
        let problem = Problem::error(codes::INVALID_PATTERN, &field.at, message);
        let help = "patterns are of the RE2 kind: no look-around, no back-references";
        context.problems.push(problem.found(format!("{:?}", field.value)).help(help));
    }
}
