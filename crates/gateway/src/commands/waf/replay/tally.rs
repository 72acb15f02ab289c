//! What was found in many requests, in bounded room: by rule, and by value.

use std::collections::BTreeMap;

use firewall::explain::{Exclusions, Explanation, Finding, Way};
use snapshot::explain::Screening;

use super::record::Then;
use crate::commands::explain::named;

/// Rules that are told apart; custom rules of logs have any names.
const RULES: usize = 1000;
/// Values that are told apart; clients choose their names.
const VALUES: usize = 200;

/// A rule in one request.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    /// As the report calls it.
    pub(super) rule: String,
    pub(super) message: String,
    /// What it found, in each value once.
    pub(super) findings: Vec<Finding>,
}

/// Requests of which the same became.
#[derive(Debug, Default)]
pub(super) struct Group {
    pub(super) requests: u64,
    /// The rules that were the cause.
    pub(super) rules: BTreeMap<String, Rule>,
    /// The values they found something in, by name.
    pub(super) values: BTreeMap<String, Found>,
    /// Requests with values that are not told apart.
    pub(super) others: u64,
}

/// A rule in many requests.
#[derive(Debug, Default)]
pub(super) struct Rule {
    pub(super) message: String,
    /// In how many requests it matched.
    pub(super) requests: u64,
    /// Requests in which it matched without a value to be named.
    pub(super) examples: Vec<Example>,
}

/// A value in many requests.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) requests: u64,
    /// What each rule found in it first.
    pub(super) findings: Vec<(String, Finding)>,
    pub(super) examples: Vec<Example>,
}

/// One request of many.
#[derive(Clone, Debug)]
pub(super) struct Example {
    /// File and line.
    pub(super) origin: String,
    /// What logs call it.
    pub(super) id: String,
    /// Method and URL.
    pub(super) request: String,
    /// What was found in it.
    pub(super) value: Option<String>,
}

impl Cause {
    /// The rules that count for what a policy did.
    pub(super) fn of_screening(screening: &Screening) -> Vec<Self> {
        let mut causes: Vec<Self> = Vec::new();
        for event in screening.causes() {
            let rule = named(event);
            if causes.iter().any(|cause| cause.rule == rule) {
                continue;
            }
            let id = event.rule_id.parse().ok().filter(|_| event.rule_set_type != "Custom");
            let mut findings: Vec<Finding> = Vec::new();
            for finding in id.into_iter().flat_map(|id| screening.reasons.found_by(id)) {
                if !findings.iter().any(|other| other.variable == finding.variable) {
                    findings.push(finding.clone());
                }
            }
            causes.push(Self { rule, message: event.message.clone(), findings });
        }
        causes
    }

    /// The rules that the log has.
    pub(super) fn of_log(then: &Then) -> Vec<Self> {
        let mut causes: Vec<Self> = Vec::new();
        let told = then.rules.iter().filter(|rule| rule.action != "Log" && !rule.rule.starts_with("949110"));
        for found in told {
            if !causes.iter().any(|cause| cause.rule == found.rule) {
                let (rule, message) = (found.rule.clone(), found.message.clone());
                causes.push(Self { rule, message, findings: Vec::new() });
            }
        }
        causes
    }
}

impl Group {
    /// Adds what rules found in a request; of each rule and each value at most so many examples are kept.
    pub(super) fn add(&mut self, causes: &[Cause], most: usize, example: &Example) {
        let mut seen: Vec<&str> = Vec::new();
        let mut has_others = false;
        for cause in causes {
            self.add_rule(cause, most, example);
            for finding in &cause.findings {
                let is_new = !seen.contains(&finding.variable.as_str());
                seen.push(&finding.variable);
                has_others |= !self.add_value(&cause.rule, finding, is_new, most, example);
            }
        }
        self.others += u64::from(has_others);
    }

    fn add_rule(&mut self, cause: &Cause, most: usize, example: &Example) {
        if !self.rules.contains_key(&cause.rule) && self.rules.len() >= RULES {
            return;
        }
        let rule = self.rules.entry(cause.rule.clone()).or_default();
        if rule.requests == 0 {
            rule.message.clone_from(&cause.message);
        }
        rule.requests += 1;
        if cause.findings.is_empty() {
            keep(&mut rule.examples, most, example, None);
        }
    }

    /// False where there is no room.
    fn add_value(&mut self, rule: &str, finding: &Finding, is_new: bool, most: usize, example: &Example) -> bool {
        if !self.values.contains_key(&finding.variable) && self.values.len() >= VALUES {
            return false;
        }
        let found = self.values.entry(finding.variable.clone()).or_default();
        if is_new {
            found.requests += 1;
            keep(&mut found.examples, most, example, Some(&finding.value));
        }
        if !found.findings.iter().any(|(other, _)| other == rule) {
            found.findings.push((rule.to_owned(), finding.clone()));
        }
        true
    }
}

/// Keeps an example, unless there are enough or one like it.
fn keep(examples: &mut Vec<Example>, most: usize, example: &Example, value: Option<&str>) {
    let is_like = |other: &Example| other.request == example.request && other.value.as_deref() == value;
    if examples.len() < most && !examples.iter().any(is_like) {
        examples.push(Example { value: value.map(str::to_owned), ..example.clone() });
    }
}

impl Found {
    /// The rules that found something in it.
    pub(super) fn rules(&self) -> impl Iterator<Item = &str> {
        self.findings.iter().map(|(rule, _)| rule.as_str())
    }

    /// What leaves it out of all of them; none where no exclusion does.
    pub(super) fn exclusions(&self) -> Option<Exclusions> {
        let findings = self.findings.iter().map(|(_, finding)| finding.clone()).collect();
        let remedies = Explanation { findings, ..Explanation::default() }.remedies("/");
        remedies.into_iter().find_map(|remedy| match remedy.way {
            Way::Exclude(exclusions) => Some(exclusions),
            Way::Except(_) => None,
        })
    }
}
