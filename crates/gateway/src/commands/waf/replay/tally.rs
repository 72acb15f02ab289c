//! What one rule did in many requests, in bounded room.

use std::collections::BTreeMap;

use firewall::explain::Exclusions;
use snapshot::explain::Screening;

use super::record::Then;
use crate::commands::explain::named;

/// Values of one rule that are told apart. Clients choose the names of values.
const VARIABLES: usize = 20;

/// A rule in one request: what it found.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    /// As the report calls it.
    pub(super) rule: String,
    pub(super) message: String,
    /// Values it found something in: the name, the value, what would leave it out.
    pub(super) values: Vec<(String, String, Option<Exclusions>)>,
}

/// A rule in many requests.
#[derive(Debug, Default)]
pub(super) struct Rule {
    pub(super) message: String,
    /// In how many requests it matched.
    pub(super) requests: u64,
    /// The values it matched, by name.
    pub(super) variables: BTreeMap<String, Variable>,
    /// Requests in which it matched values that are not told apart.
    pub(super) others: u64,
    pub(super) examples: Vec<Example>,
}

/// A value that a rule matched in many requests.
#[derive(Debug, Default)]
pub(super) struct Variable {
    pub(super) requests: u64,
    pub(super) exclusions: Option<Exclusions>,
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
    pub(super) values: Vec<(String, String)>,
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
            let findings = id.into_iter().flat_map(|id| screening.reasons.found_by(id));
            let mut values: Vec<(String, String, Option<Exclusions>)> = Vec::new();
            for finding in findings {
                if !values.iter().any(|(name, ..)| *name == finding.variable) {
                    values.push((finding.variable.clone(), finding.value.clone(), finding.exclusions()));
                }
            }
            causes.push(Self { rule, message: event.message.clone(), values });
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
                causes.push(Self { rule, message, values: Vec::new() });
            }
        }
        causes
    }
}

impl Rule {
    /// Adds a request.
    pub(super) fn add(&mut self, cause: &Cause, most: usize, example: impl FnOnce() -> Example) {
        if self.requests == 0 {
            self.message.clone_from(&cause.message);
        }
        self.requests += 1;
        let mut has_others = false;
        for (name, _, exclusions) in &cause.values {
            if let Some(variable) = self.variables.get_mut(name) {
                variable.requests += 1;
            } else if self.variables.len() < VARIABLES {
                let variable = Variable { requests: 1, exclusions: exclusions.clone() };
                self.variables.insert(name.clone(), variable);
            } else {
                has_others = true;
            }
        }
        self.others += u64::from(has_others);
        if self.examples.len() < most {
            self.examples.push(example());
        }
    }
}
