//! Rules of the operator's own: match rules and rate limits, in the order of their priorities.
//!
//! Source: Azure, `custom-waf-rules-overview`, `rate-limiting-overview`, `application-gateway-waf-request-size-limits`:
//! a rule that needs only the head is decided before the body's size counts, so rules are walked until the first one
//! that needs the body. That a request whose head already fails such a rule does not wait for its body follows from it.

mod body;
mod condition;
mod fault;
mod parts;
mod rule;
mod spec;
mod test;

use std::time::Duration;

pub use body::{Arguments, Body};
pub use fault::{Fault, What};
pub use rule::{Outcome, Told};
pub use spec::{Action, ConditionSpec, Operator, RuleKind, RuleSpec, Transform, Variable};

pub(crate) use parts::cookies;

use crate::challenge::{Clearances, Kind};
use crate::geo::Countries;
use crate::policy::Mode;
use crate::rate::Counters;
use crate::request::Request;
use parts::View;
use rule::{Next, Rule};

/// Bytes of a body that rules look at before others get a turn, each condition and transform counted: about a
/// millisecond.
const LOOKED: usize = 512 << 10;

/// The rules of a policy, ready to run.
#[derive(Debug, Default)]
pub struct Rules {
    /// Those that are on, by priority.
    rules: Vec<Rule>,
}

/// What rules ask besides the request.
#[derive(Clone, Copy)]
pub struct Surroundings<'s> {
    /// Rate limits' counters, of the whole process.
    pub counters: &'s Counters,
    /// Who knows countries.
    pub countries: &'s dyn Countries,
    /// Who knows answered challenges.
    pub clearances: &'s Clearances,
    /// Where the policy is in force; rate limits count apart for each.
    pub point: &'s str,
    /// Whether the policy blocks. In detection a challenge is told and the walk goes on; other endings are the same,
    /// and it is the caller who does not act on them.
    pub mode: Mode,
    /// The time since 1970.
    pub now: Duration,
}

/// How far the walk has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place(usize);

/// What comes of a walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// All rules were asked; managed rules are next.
    Through,
    /// The next rule needs the body; the walk goes on from here.
    WantsBody(Place),
    /// Rules have looked at so much of the body that others should have a turn; the walk goes on from here.
    Paused(Place),
    /// A rule ended it.
    Ended(Ending),
}

/// How a rule ends the walk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The request passes, and no other rule is asked.
    Allow,
    /// It is refused.
    Block,
    /// The client is asked to prove something first.
    Challenge(Kind),
}

impl Rules {
    /// Whether a rule challenges clients.
    pub(crate) fn challenge(&self) -> bool {
        self.rules.iter().any(Rule::challenges)
    }

    /// Makes rules ready, or tells everything that is wrong with them. Rules that are off are looked at too.
    pub fn new(specs: &[RuleSpec]) -> Result<Self, Vec<Fault>> {
        let mut faults = Vec::new();
        let mut rules = Vec::new();
        for (place, spec) in specs.iter().enumerate() {
            let before = specs.get(..place).unwrap_or_default();
            let mut own = shared(spec, before);
            match Rule::new(spec) {
                Ok(rule) if spec.enabled => rules.push((spec.priority, rule)),
                Ok(_) => {}
                Err(more) => own.extend(more),
            }
            faults.extend(own.into_iter().map(|fault| Fault { rule: place, ..fault }));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        rules.sort_by_key(|(priority, _)| *priority);
        Ok(Self { rules: rules.into_iter().map(|(_, rule)| rule).collect() })
    }

    /// Whether there is no rule that is on.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// Asks the rules from a place on, and adds what is to be told. Without a body it stops at the first rule that
    /// needs one; with a body it goes to the end, and pauses where rules have looked at much of it. Each rule is asked
    /// once, so that rate limits count a request once.
    pub fn step(
        &self,
        from: Place,
        request: &Request<'_>,
        body: Option<Body<'_>>,
        surroundings: &Surroundings<'_>,
        told: &mut Vec<Told>,
    ) -> Step {
        if self.is_empty() {
            return Step::Through;
        }
        let (view, mut looked) = (View::new(request, body), 0);
        for (place, rule) in self.rules.iter().enumerate().skip(from.0) {
            match rule.ask(&view, surroundings, told) {
                Next::Rule => looked += rule.looks_at(body.map_or(0, |body| body.bytes.len())),
                Next::Body => return Step::WantsBody(Place(place)),
                Next::End(ending) => return Step::Ended(ending),
            }
            if looked >= LOOKED && place + 1 < self.rules.len() {
                return Step::Paused(Place(place + 1));
            }
        }
        Step::Through
    }
}

/// What a rule has that a rule before it has already.
fn shared(spec: &RuleSpec, before: &[RuleSpec]) -> Vec<Fault> {
    let same_name = before.iter().any(|other| other.name == spec.name && !spec.name.is_empty());
    let same_priority = before.iter().any(|other| other.priority == spec.priority);
    let found = [(same_name, What::SameName), (same_priority, What::SamePriority)];
    found.into_iter().filter(|(same, _)| *same).map(|(_, what)| Fault::of_rule(what)).collect()
}

#[cfg(test)]
mod tests;
