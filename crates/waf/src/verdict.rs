//! What was found and why: rules that matched, on what, what they added to which score, and who stopped the request.

use std::fmt;
use std::sync::Arc;

use crate::actions::{Phase, Severity};
use crate::program::RuleInfo;

/// What stands for a value that is not told.
pub const REDACTED: &str = "******";

/// All that is known about a request when the rules have run.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    /// Rules that matched and say so, in the order in which they did.
    pub matches: Vec<RuleMatch>,
    /// The first rule that stopped the request, or would have; without one, the first that let it pass unseen.
    pub intervention: Option<Intervention>,
    /// Every step of every score.
    pub scores: Vec<ScoreStep>,
    /// The work allowed for one request was done before all rules had run; the rest of them looked at nothing but what
    /// had been found by then.
    pub exhausted: Option<Exhaustion>,
    /// Work done, in the units of [`Options::budget`](crate::program::Options::budget); known at the end.
    pub work: u64,
    /// The body was longer than what is looked at.
    pub body_cut: bool,
    /// Matches or steps that were left out because there were too many.
    pub omitted: usize,
}

impl Verdict {
    /// Whether the request has to be stopped.
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.intervention.as_ref().is_some_and(|intervention| intervention.enforced && intervention.decision.stops())
    }

    /// What a score, by the name rules give it within `TX`, came to; none where nothing was added.
    #[must_use]
    pub fn score(&self, name: &str) -> Option<i64> {
        let of_name = |step: &&ScoreStep| step.score.eq_ignore_ascii_case(name);
        self.scores.iter().rev().find(of_name).map(|step| step.total)
    }

    /// The first match of a rule.
    #[must_use]
    pub fn of_rule(&self, id: u32) -> Option<&RuleMatch> {
        self.matches.iter().find(|found| found.rule.id == id)
    }
}

/// Where the work allowed for one request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exhaustion {
    /// The phase.
    pub phase: Phase,
    /// The first rule that did not get to look at all its values.
    pub rule: u32,
    /// What ran out.
    pub bound: Bound,
    /// Work done by then.
    pub work: u64,
}

/// What is bounded for one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bound {
    /// Bytes looked at, values, transformations.
    Work,
    /// Memory for what is made of values.
    Memory,
}

/// A rule that matched.
#[derive(Clone, Debug)]
pub struct RuleMatch {
    /// Which one.
    pub rule: Arc<RuleInfo>,
    /// Its message with everything filled in.
    pub message: String,
    /// Its data with everything filled in, secrets redacted.
    pub data: String,
    /// What it matched; of many, the first ones.
    pub values: Vec<MatchedValue>,
}

impl RuleMatch {
    /// How bad it is.
    #[must_use]
    pub fn severity(&self) -> Option<Severity> {
        self.rule.severity
    }
}

/// A value that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchedValue {
    /// Its name, such as `ARGS:id`.
    pub name: String,
    /// Its text after transformation, cut at 8 KiB; [`REDACTED`] where it is a secret.
    pub value: String,
}

/// A rule changed a score.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreStep {
    /// The rule.
    pub rule: u32,
    /// The score, as rules name it.
    pub score: String,
    /// By how much.
    pub change: i64,
    /// What it came to.
    pub total: i64,
}

/// A rule stopped a request, or would have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Intervention {
    /// The rule.
    pub rule: u32,
    /// When it did.
    pub phase: Phase,
    /// What is to be done.
    pub decision: Decision,
    /// Whether it is to be done, or only told.
    pub enforced: bool,
}

/// What a rule decided about a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Refuse it with this status.
    Deny {
        /// The status.
        status: u16,
    },
    /// End the connection without an answer.
    Drop,
    /// Send the client elsewhere.
    Redirect {
        /// The status, of class 3xx.
        status: u16,
        /// Where to.
        location: String,
    },
    /// Let it pass without further looks.
    Allow,
}

impl Decision {
    /// Whether the request does not go on.
    #[must_use]
    pub fn stops(&self) -> bool {
        *self != Self::Allow
    }
}

impl fmt::Display for ScoreStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {:+} = {}", self.rule, self.score, self.change, self.total)
    }
}
