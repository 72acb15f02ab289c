//! The firewall's part of an explanation, in words and as JSON.

use firewall::Mode;
use firewall::events::{Event, Scope};
use firewall::explain::{Exclusions, Finding, Remedy, SCORE_RULE, Verdict, Way};
use firewall::inspection::Decision;
use proxy::failure::Failure;
use serde_json::{Value, json};
use snapshot::explain::{Explanation, Firewall, Screening, place};

use super::text::Lines;
use crate::terminal::count;

/// Values and matches of one rule that are printed; JSON has all that are kept.
const PRINTED: usize = 5;

/// What the firewall does with a request that goes this way.
pub(super) fn of_way(explanation: &Explanation, lines: &mut Lines) {
    match &explanation.firewall {
        Firewall::Absent => {}
        Firewall::NotHere => lines.add("firewall", "none: neither path rule, listener nor gateway has a policy here"),
        Firewall::NotAsked { reason } => lines.add("firewall", format!("not asked: {reason}")),
        Firewall::Screened(screening) => {
            lines.add("firewall", in_force(screening, explanation));
            text(screening, lines);
        }
    }
}

/// Which policy, and why this one.
fn in_force(screening: &Screening, explanation: &Explanation) -> String {
    let listener = explanation.listener.as_deref().unwrap_or_default();
    let path_rule = explanation.rewrites.passes.iter().rev().find_map(|pass| pass.rerouted.as_ref());
    let path_rule = path_rule.map_or(explanation.path_rule.as_ref(), |rerouted| rerouted.path_rule.as_ref());
    let without = match (screening.place.scope, path_rule) {
        (Scope::Location, _) | (Scope::Listener, None) => String::new(),
        (Scope::Listener, Some(rule)) => format!("; the path rule {rule} has none of its own"),
        (Scope::Global, None) => format!("; the listener {listener} has none of its own"),
        (Scope::Global, Some(rule)) => {
            format!("; neither the listener {listener} nor the path rule {rule} has one of its own")
        }
    };
    format!("policy {} of {}{without}", screening.policy, place(&screening.place))
}

/// What it found and decided.
pub(in crate::commands) fn text(screening: &Screening, lines: &mut Lines) {
    lines.add(
        "mode",
        match screening.mode {
            Mode::Prevention => "Prevention: what is found to be an attack is refused",
            Mode::Detection => "Detection: what is found is told, and nothing is refused",
        },
    );
    if screening.rewritten {
        lines.add("looks at", format!("{}, Host: {}, as rewrites leave it", screening.target, screening.host));
    }
    screening.rules().for_each(|event| found(screening, event, lines));
    let reasons = &screening.reasons;
    if reasons.omitted > 0 {
        lines.add("", format!("{} more are left out", count(reasons.omitted, "finding")));
    }
    if reasons.body_cut {
        lines.add("", "the content is longer than what is inspected; its end was not looked at");
    }
    lines.add("decides", decision(screening));
}

/// A rule that matched, what it found where, and what it adds.
fn found(screening: &Screening, event: &Event, lines: &mut Lines) {
    lines.add("finds", format!("{}: {}", named(event), event.message));
    let reasons = &screening.reasons;
    let rule = event.rule_id.parse().ok().filter(|_| event.rule_set_type != "Custom");
    let findings: Vec<&Finding> = rule.into_iter().flat_map(|rule| reasons.found_by(rule)).collect();
    for finding in findings.iter().take(PRINTED) {
        lines.add("", format!("  {} is {:?}", finding.variable, finding.value));
    }
    if findings.len() > PRINTED {
        lines.add("", format!("  and {} more", count(findings.len() - PRINTED, "value")));
    }
    let rung = rule.and_then(|rule| reasons.rung(rule));
    match (rung, event.action.name()) {
        (Some(rung), _) if rung.times > 1 => {
            let points = format!("{} for {} values: {} in all", points(rung.points), rung.times, rung.total);
            lines.add("", format!("  {points}"));
        }
        (Some(rung), _) => lines.add("", format!("  {}: {} in all", points(rung.points), rung.total)),
        (None, "Matched") => {}
        (None, action) => lines.add("", format!("  {}", does(action))),
    }
}

fn points(number: u32) -> String {
    format!("{number} point{}", if number == 1 { "" } else { "s" })
}

/// A rule as operators know it.
pub(in crate::commands) fn named(event: &Event) -> String {
    match (event.rule_set_type, event.rule_id.as_str()) {
        ("Custom", name) => format!("custom rule {name}"),
        (_, "0") => "limits".to_owned(),
        (_, id) if event.rule_group.is_empty() => id.to_owned(),
        (_, id) => format!("{id} ({})", event.rule_group),
    }
}

/// What a rule does that adds no points.
fn does(action: &str) -> &'static str {
    match action {
        "Blocked" => "refuses at once",
        "Detected" => "would refuse at once in Prevention",
        "Allowed" => "lets it pass; no other rule is asked",
        "Log" => "is told, and changes nothing",
        "JSChallengeIssued" | "CAPTCHAIssued" => "asks the client to prove something first",
        "JSChallengeValid" | "CAPTCHAValid" => "the client has proven it",
        "JSChallengeBlock" | "CAPTCHABlock" => "refuses: the content is too large to be sent again after a challenge",
        _ => "matches",
    }
}

fn decision(screening: &Screening) -> String {
    let why = screening.reasons.decision.split_once(": ").map_or("", |(_, why)| why);
    let what = match screening.verdict {
        Verdict::Passed => "it passes",
        Verdict::Detected => "it passes, as the policy only detects; Prevention would refuse it",
        Verdict::Challenged => "it is challenged",
        Verdict::Blocked => "it is refused",
    };
    let over = screening.reasons.threshold.is_some_and(|threshold| screening.reasons.score() >= threshold);
    let by = if over { format!(" (rule {SCORE_RULE})") } else { String::new() };
    if why.is_empty() { what.to_owned() } else { format!("{what}: {why}{by}") }
}

/// What a request that is stopped ends with: the kind of it, and the status.
pub(in crate::commands) fn end(screening: &Screening) -> Option<(&'static str, u16)> {
    match &screening.decision {
        Decision::Forward => None,
        Decision::Block(block) => Some(("blocked", block.status)),
        Decision::Challenge(_) => Some(("challenged", Failure::FirewallChallenge.status())),
    }
}

/// The end of a request that does not go on.
pub(super) fn ends(screening: &Screening, page: Option<&str>, lines: &mut Lines) {
    let Some((kind, status)) = end(screening) else { return };
    let page = page.map(|page| format!(", with the page {page}")).unwrap_or_default();
    let what = if kind == "blocked" { "refused by the firewall" } else { "a challenge of the firewall" };
    lines.add("ends", format!("{status}: {what}{page}"));
}

/// What would let such requests pass, of one that is refused or would be.
pub(in crate::commands) fn remedies(screening: &Screening, lines: &mut Lines) {
    if asks_for_missing(screening) {
        lines.add("note", "a rule misses headers that browsers send: give them with -H 'User-Agent: ...' and the like");
    }
    let remedies = screening.reasons.remedies(&screening.target);
    if screening.verdict == Verdict::Passed || remedies.is_empty() {
        return;
    }
    let each = if remedies.len() > 1 { ", one of each" } else { "" };
    lines.add(
        "to allow",
        format!("where such requests are good, these entries of {} let them pass{each}", screening.policy),
    );
    remedies.iter().for_each(|remedy| self::remedy(remedy, lines));
}

fn remedy(remedy: &Remedy, lines: &mut Lines) {
    let rules: Vec<_> = remedy.rules.iter().map(u32::to_string).collect();
    let word = if rules.len() == 1 { "rule" } else { "rules" };
    let (variables, rules) = (remedy.variables.join(", "), format!("{word} {}", rules.join(", ")));
    match &remedy.way {
        Way::Exclude(exclusions) => {
            lines.add("", format!("{variables}, in managedRules.exclusions, from narrow to wide:"));
            for (width, entry) in exclusions.widths() {
                let wide = match width {
                    "rule" => rules.as_str(),
                    "group" => "the whole group",
                    _ => "all managed rules",
                };
                lines.add("", format!("  for {wide}:"));
                lines.add("", format!("    {}", paste(entry)));
            }
        }
        Way::Except(entry) => {
            lines.add("", format!("{variables}, which no exclusion reaches, in managedRules.exceptions:"));
            lines.add("", format!("  for {rules} and requests of this path:"));
            lines.add("", format!("    {}", paste(entry)));
        }
    }
}

fn asks_for_missing(screening: &Screening) -> bool {
    screening.reasons.findings.iter().any(|finding| finding.variable.starts_with("&REQUEST_HEADERS"))
}

/// An entry of a policy on one line, in the order in which documents have it. JSON, and so YAML.
fn paste(entry: &Value) -> String {
    const ORDER: [&str; 7] = [
        "matchVariable",
        "selectorMatchOperator",
        "selector",
        "valueMatchOperator",
        "values",
        "exclusionManagedRuleSets",
        "exceptionManagedRuleSets",
    ];
    let fields = ORDER.iter().filter_map(|name| Some(format!("\"{name}\": {}", spaced(entry.get(name)?))));
    format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
}

/// JSON on one line, with spaces to read it by; what is inside of texts stays as it is.
fn spaced(value: &Value) -> String {
    match value {
        Value::Object(map) => {
            let order = ["ruleSetType", "ruleSetVersion", "ruleGroupName", "ruleId", "ruleGroups", "rules"];
            let fields = order.iter().filter_map(|name| Some(format!("\"{name}\": {}", spaced(map.get(*name)?))));
            format!("{{{}}}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(all) => format!("[{}]", all.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        other => other.to_string(),
    }
}

/// The firewall's part of the road.
pub(super) fn of_road(firewall: &Firewall) -> Value {
    match firewall {
        Firewall::Absent => Value::Null,
        Firewall::NotHere => json!({ "asked": false, "reason": "no policy is in force here" }),
        Firewall::NotAsked { reason } => json!({ "asked": false, "reason": reason }),
        Firewall::Screened(screening) => json(screening),
    }
}

/// What a policy did.
pub(in crate::commands) fn json(screening: &Screening) -> Value {
    let matches = screening.rules().map(|event| {
        json!({
            "ruleSetType": event.rule_set_type, "ruleSetVersion": event.rule_set_version, "ruleId": event.rule_id,
            "ruleGroup": event.rule_group, "message": event.message, "action": event.action.name(),
        })
    });
    let remedies = screening.reasons.remedies(&screening.target);
    json!({
        "asked": true,
        "policy": screening.policy,
        "policyId": screening.policy_id,
        "scope": screening.place.scope.name(),
        "scopeName": &*screening.place.name,
        "mode": match screening.mode { Mode::Prevention => "Prevention", Mode::Detection => "Detection" },
        "verdict": screening.verdict.name(),
        "target": screening.target,
        "host": screening.host,
        "rewritten": screening.rewritten,
        "matches": matches.collect::<Vec<_>>(),
        "reasons": screening.reasons.to_json(),
        "remedies": remedies.iter().map(Remedy::to_json).collect::<Vec<_>>(),
    })
}

/// The narrowest exclusion there is.
pub(in crate::commands) fn narrowest(exclusions: &Exclusions) -> String {
    exclusions.widths().next().map(|(_, entry)| paste(entry)).unwrap_or_default()
}
