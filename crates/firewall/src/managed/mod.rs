//! Managed rule sets: what Azure calls them, which rules are on and what they do, and the program that runs them.
//!
//! Besides Azure's there are two sets of our own: `Gatehouse_Baseline`, which needs no folder of rules, and
//! `Gatehouse_RuleFolder`, which is the folder run whole, as it is written.
//!
//! Azure's table says which rules there are; the rules themselves come from a folder of the core rule set, and only
//! those that the table has are run. Microsoft's own rules are not public: [`Builder::missing`] lists what is missing.

pub mod bots;
pub mod catalogue;

mod assemble;
mod choice;
mod documents;
mod findings;
mod inventory;
mod own;
mod points;

use std::sync::Arc;

use waf::program::Program;

pub use assemble::{Builder, Built, Missing, Reason};
pub use catalogue::RuleSet;

pub(crate) use choice::{Choice, Remarks};
pub(crate) use findings::{Findings, Surrounded};
pub(crate) use inventory::Inventory;

use crate::{exceptions, exclusions};

/// The managed rules of a policy, as they are written.
#[derive(Clone, Debug, Default)]
pub struct Spec {
    /// The rule sets; at most one for attacks, one for bots, one for excessive requests.
    pub sets: Vec<SetSpec>,
    /// Parts of requests that rules leave out.
    pub exclusions: Vec<exclusions::Spec>,
    /// Requests for which rules are not run.
    pub exceptions: Vec<exceptions::Spec>,
}

/// A rule set and what is changed about it.
#[derive(Clone, Debug, Default)]
pub struct SetSpec {
    /// `ruleSetType`.
    pub kind: String,
    /// `ruleSetVersion`.
    pub version: String,
    /// `ruleGroupOverrides`.
    pub overrides: Vec<GroupOverride>,
}

/// What is changed about a group.
#[derive(Clone, Debug, Default)]
pub struct GroupOverride {
    /// `ruleGroupName`.
    pub group: String,
    /// Its rules; **none switches all of the group off**.
    pub rules: Vec<RuleOverride>,
}

/// What is changed about a rule.
#[derive(Clone, Debug)]
pub struct RuleOverride {
    /// `ruleId`; see [`rule_id`].
    pub id: u32,
    /// Whether it is on. **An override that says nothing of the state switches its rule off.**
    pub enabled: bool,
    /// What a match does; `None`: what it does by default.
    pub action: Option<Action>,
}

/// What a match does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// It adds to the anomaly score.
    AnomalyScoring,
    /// It ends evaluation; the request is forwarded.
    Allow,
    /// It blocks at once.
    Block,
    /// It is told.
    Log,
    /// The client has to prove that it runs scripts; rules on bots alone.
    JsChallenge,
    /// The client has to prove that it is a person; nothing here can serve that, so it is a fault.
    Captcha,
}

impl Action {
    /// As the API spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AnomalyScoring => "AnomalyScoring",
            Self::Allow => "Allow",
            Self::Block => "Block",
            Self::Log => "Log",
            Self::JsChallenge => "JSChallenge",
            Self::Captcha => "CAPTCHA",
        }
    }
}

/// What is wrong with a policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Where, as the path within `managedRules`, such as `managedRuleSets[0].ruleGroupOverrides[1]`.
    pub at: String,
    /// What.
    pub what: String,
}

impl Fault {
    pub(crate) fn new(at: impl Into<String>, what: impl Into<String>) -> Self {
        Self { at: at.into(), what: what.into() }
    }
}

/// Reads a rule's number; bots' rules are `100100` in the API and `Bot100100` in the documents.
#[must_use]
pub fn rule_id(text: &str) -> Option<u32> {
    let bare = text.split_at_checked(3).filter(|(start, _)| start.eq_ignore_ascii_case("bot"));
    bare.map_or(text, |(_, rest)| rest).parse().ok()
}

/// The managed rules of a policy, ready to be run. Clones share the program.
#[derive(Clone, Debug)]
pub struct Managed {
    pub(crate) core: Option<Core>,
    pub(crate) bots: Option<bots::Bots>,
}

/// Rules against attacks.
#[derive(Clone, Debug)]
pub(crate) struct Core {
    pub(crate) program: Arc<Program>,
    pub(crate) decides: Decides,
}

/// Who decides what comes of what rules find.
#[derive(Clone, Debug)]
pub(crate) enum Decides {
    /// Azure's points, over the rules that are on.
    Points(Choice),
    /// The rules themselves; whether there are some on answers.
    Rules { of_answers: bool },
}

#[cfg(test)]
pub(crate) mod tests;
