//! A rule, made ready, and what it does with a request.

use std::sync::Arc;

use super::condition::{Condition, Holds};
use super::fault::{Fault, What};
use super::parts::View;
use super::spec::{Action, RuleKind, RuleSpec};
use super::{Ending, Surroundings};
use crate::challenge::{Decision, Kind};
use crate::geo::Country;
use crate::policy::Mode;
use crate::rate::{GroupBy, Limit, Verdict};

/// A rule that can be asked.
#[derive(Debug)]
pub(super) struct Rule {
    name: Arc<str>,
    action: Action,
    limit: Option<(Limit, GroupBy)>,
    conditions: Vec<Condition>,
}

/// What a rule has to tell of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The rule's name.
    pub rule: Arc<str>,
    /// What it was told to do.
    pub action: Action,
    /// What it did.
    pub outcome: Outcome,
    /// Whether a limit was exceeded.
    pub is_rate_limit: bool,
    /// The client's country, where the rule asked for it.
    pub country: Option<Country>,
    /// Each of its conditions, such as `RequestHeaders:user-agent Contains`.
    pub conditions: Vec<String>,
}

/// What a rule did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It let the request pass.
    Allowed,
    /// It refused the request.
    Blocked,
    /// It would have refused or challenged the request, if the policy did not only detect.
    Detected,
    /// It told of it.
    Logged,
    /// It asked the client to prove something.
    ChallengeIssued(Kind),
    /// The client had proven it.
    ChallengeValid(Kind),
    /// The request's body is too large to be sent again after the proof.
    ChallengeBlocked(Kind),
}

impl Outcome {
    /// The word in the firewall log. Those of the captcha follow those of the script; no document has them.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "Allowed",
            Self::Blocked => "Blocked",
            Self::Detected => "Detected",
            Self::Logged => "Log",
            Self::ChallengeIssued(Kind::Script) => "JSChallengeIssued",
            Self::ChallengeValid(Kind::Script) => "JSChallengeValid",
            Self::ChallengeBlocked(Kind::Script) => "JSChallengeBlock",
            Self::ChallengeIssued(Kind::Captcha) => "CAPTCHAIssued",
            Self::ChallengeValid(Kind::Captcha) => "CAPTCHAValid",
            Self::ChallengeBlocked(Kind::Captcha) => "CAPTCHABlock",
        }
    }
}

/// Where the walk goes after a rule.
pub(super) enum Next {
    Rule,
    Body,
    End(Ending),
}

impl Rule {
    /// Whether it challenges clients.
    pub(super) fn challenges(&self) -> bool {
        matches!(self.action, Action::JsChallenge | Action::Captcha)
    }

    /// Makes a rule ready; faults do not know the place of the rule yet.
    pub(super) fn new(spec: &RuleSpec) -> Result<Self, Vec<Fault>> {
        let mut faults = of_rule(spec);
        let mut conditions = Vec::new();
        for (place, condition) in spec.conditions.iter().enumerate() {
            match Condition::new(condition) {
                Ok(condition) => conditions.push(condition),
                Err(found) => faults.extend(found.into_iter().map(|(value, what)| Fault {
                    condition: Some(place),
                    value,
                    ..Fault::of_rule(what)
                })),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let limit = match spec.kind {
            RuleKind::Match => None,
            RuleKind::RateLimit { window, threshold, group } => Some((Limit { window, threshold }, group)),
        };
        Ok(Self { name: spec.name.as_str().into(), action: spec.action, limit, conditions })
    }

    /// Asks the rule; a request is counted where it matches.
    pub(super) fn ask(&self, view: &View<'_>, surroundings: &Surroundings<'_>, told: &mut Vec<Told>) -> Next {
        match self.holds(view, surroundings) {
            Holds::No => return Next::Rule,
            Holds::NeedsBody => return Next::Body,
            Holds::Yes => {}
        }
        if self.is_under(view, surroundings) {
            return Next::Rule;
        }
        let (outcome, next) = self.act(view, surroundings);
        told.push(self.tell(outcome, view, surroundings));
        next
    }

    /// How many bytes of a body of this length it looks at, at most.
    pub(super) fn looks_at(&self, body: usize) -> usize {
        let looks: usize = self.conditions.iter().map(Condition::looks_at_body).sum();
        looks.saturating_mul(body)
    }

    /// A condition that the head fails decides; only if there is none, the body is needed.
    fn holds(&self, view: &View<'_>, surroundings: &Surroundings<'_>) -> Holds {
        let mut all = Holds::Yes;
        for condition in &self.conditions {
            match condition.holds(view, surroundings.countries) {
                Holds::No => return Holds::No,
                Holds::NeedsBody => all = Holds::NeedsBody,
                Holds::Yes => {}
            }
        }
        all
    }

    fn is_under(&self, view: &View<'_>, surroundings: &Surroundings<'_>) -> bool {
        let Some((limit, by)) = &self.limit else { return false };
        let scope = surroundings.counters.scope(surroundings.point, &self.name, limit.window);
        let group = by.group(view.request, surroundings.countries);
        surroundings.counters.count(scope, group, limit, surroundings.now) == Verdict::Under
    }

    fn act(&self, view: &View<'_>, surroundings: &Surroundings<'_>) -> (Outcome, Next) {
        let detects = surroundings.mode == Mode::Detection;
        match self.action {
            Action::Allow => (Outcome::Allowed, Next::End(Ending::Allow)),
            Action::Block if detects => (Outcome::Detected, Next::End(Ending::Block)),
            Action::Block => (Outcome::Blocked, Next::End(Ending::Block)),
            Action::Log => (Outcome::Logged, Next::Rule),
            Action::JsChallenge => challenge(Kind::Script, view, surroundings),
            Action::Captcha => challenge(Kind::Captcha, view, surroundings),
        }
    }

    fn tell(&self, outcome: Outcome, view: &View<'_>, surroundings: &Surroundings<'_>) -> Told {
        let is_geo = self.conditions.iter().any(Condition::is_geo);
        Told {
            rule: Arc::clone(&self.name),
            action: self.action,
            outcome,
            is_rate_limit: self.limit.is_some(),
            country: is_geo.then(|| surroundings.countries.country(view.client)),
            conditions: self.conditions.iter().map(Condition::describe).collect(),
        }
    }
}

/// A client that has proven itself goes on to the next rule.
fn challenge(kind: Kind, view: &View<'_>, surroundings: &Surroundings<'_>) -> (Outcome, Next) {
    let length = view.body.as_ref().map(|body| body.bytes.len());
    let detects = surroundings.mode == Mode::Detection;
    match surroundings.clearances.decide(kind, view.request, length, surroundings.now) {
        Decision::Valid => (Outcome::ChallengeValid(kind), Next::Rule),
        _ if detects => (Outcome::Detected, Next::Rule),
        Decision::Issue => (Outcome::ChallengeIssued(kind), Next::End(Ending::Challenge(kind))),
        Decision::Refuse => (Outcome::ChallengeBlocked(kind), Next::End(Ending::Block)),
    }
}

/// What is wrong with a rule besides its conditions.
fn of_rule(spec: &RuleSpec) -> Vec<Fault> {
    let (no_limit, odd_action) = match spec.kind {
        RuleKind::Match => (false, false),
        RuleKind::RateLimit { window, threshold, .. } => {
            (threshold == 0 || window.is_zero(), !matches!(spec.action, Action::Block | Action::Log))
        }
    };
    let found = [
        (spec.name.is_empty(), What::Nameless),
        (spec.conditions.is_empty(), What::Unconditional),
        (no_limit, What::NoLimit),
        (odd_action, What::ActionOfRateLimit),
    ];
    found.into_iter().filter(|(wrong, _)| *wrong).map(|(_, what)| Fault::of_rule(what)).collect()
}
