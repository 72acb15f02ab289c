//! One request on its way through a policy.
//!
//! The order: custom rules until the first that needs the body; then sizes and the body; the rest of the custom rules;
//! bots; rule sets; the score. A custom rule that allows by the head alone therefore lets a body pass that is too long.
//!
//! The host calls [`head`](Inspection::head); while a step wants the body it holds the request back and feeds
//! [`body`](Inspection::body) pieces, then calls [`end`](Inspection::end). After [`Step::Forward`] all that rules see
//! has been seen: the request may go on, but each further piece is shown before it is forwarded, as it may still be one
//! too many.
//!
//! Source: `application-gateway-waf-request-size-limits`, `custom-waf-rules-overview`, `ag-overview`, read 2026-11-22.

mod multipart;
mod sizes;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use crate::challenge::{Clearances, Kind};
use crate::custom::{self, Ending, Surroundings};
use crate::events::{Action, Event, Place};
use crate::explain::Explanation;
use crate::geo::Countries;
use crate::managed::bots::{Reputation, Sighting};
use crate::managed::{Findings, Seen};
use crate::policy::{Block, Mode, Policy};
use crate::rate::Counters;
use crate::request::Request;
use sizes::{Excess, Sizes};

/// What inspections ask besides the request.
#[derive(Clone, Copy)]
pub struct Services<'s> {
    /// Rate limits' counters, of the whole process.
    pub counters: &'s Counters,
    /// Who knows countries.
    pub countries: &'s dyn Countries,
    /// Who knows answered challenges.
    pub clearances: &'s Clearances,
    /// Who knows bad addresses.
    pub reputation: &'s dyn Reputation,
    /// Takes bodies apart for custom rules.
    pub arguments: TakeApart<'s>,
    /// The time since 1970.
    pub now: Duration,
}

/// Takes a body apart: its `Content-Type` and its bytes, which may be cut at the end; names and values.
pub type TakeApart<'s> = &'s (dyn Fn(&[u8], &[u8]) -> Vec<(Vec<u8>, Vec<u8>)> + Sync);

/// What is next.
#[derive(Debug)]
pub enum Step {
    /// The request may go on; further pieces of its body are to be shown, then its end.
    Forward,
    /// The request is to be held back; the body is to be shown, then its end.
    WantsBody,
    /// All is decided.
    Done(Outcome),
}

/// What comes of an inspection.
#[derive(Debug)]
pub struct Outcome {
    /// What is to be done.
    pub decision: Decision,
    /// Rows for the firewall log.
    pub events: Vec<Event>,
    /// Why.
    pub explanation: Explanation,
}

/// What is to be done with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It goes on.
    Forward,
    /// It is answered with a status and a body; without a body of the policy's own, with the gateway's page.
    Block(Block),
    /// It is answered with a challenge.
    Challenge(Kind),
}

/// One request on its way through a policy.
pub struct Inspection<'r> {
    policy: Arc<Policy>,
    /// Counts apart for each place where the policy is in force.
    point: String,
    request: Request<'r>,
    services: Services<'r>,
    sizes: Sizes,
    /// Custom rules from here on are still to be asked; none once all were.
    custom: Option<custom::Place>,
    stage: Stage,
    body: Vec<u8>,
    cut: bool,
    /// The size is known to be too large; once told, it is not counted any more.
    excessive: bool,
    /// The body is not looked at.
    ignored: bool,
    events: Vec<Event>,
    explanation: Explanation,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Stage {
    /// The request is held back.
    Holding,
    /// All rules were asked.
    Passing,
    /// All is decided.
    Over(Decision),
}

impl<'r> Inspection<'r> {
    /// Begins with a request's head, under a policy that is in force at a place.
    #[must_use]
    pub fn new(policy: &Arc<Policy>, place: &Place, request: &Request<'r>, services: &Services<'r>) -> Self {
        Self {
            policy: Arc::clone(policy),
            point: format!("{}/{}", place.scope.name(), place.name),
            request: *request,
            services: *services,
            sizes: Sizes::new(&policy.limits, request),
            custom: Some(custom::Place::default()),
            stage: Stage::Holding,
            body: Vec::new(),
            cut: false,
            excessive: false,
            ignored: !policy.limits.inspects_body,
            events: Vec::new(),
            explanation: Explanation::default(),
        }
    }

    /// Asks the rules that need no more than the head.
    pub fn head(&mut self) -> Step {
        if let Some(ending) = self.ask_custom(None) {
            return self.end_by_rule(ending);
        }
        if self.sizes.are_limited()
            && let Some(excess) = self.sizes.declared_excess()
            && let Some(done) = self.too_large(excess)
        {
            return done;
        }
        if self.policy.mode == Mode::Detection
            && let Some(excess) = self.sizes.upload_excess()
        {
            self.ignored = true;
            if !self.excessive {
                self.too_large(excess);
            }
        }
        if !self.ignored {
            return Step::WantsBody;
        }
        self.pass()
    }

    /// Takes a piece of the body.
    pub fn body(&mut self, piece: &[u8]) -> Step {
        if let Stage::Over(decision) = &self.stage {
            let decision = decision.clone();
            return self.done(decision);
        }
        if !self.excessive
            && let Some(excess) = self.sizes.feed(piece)
            && let Some(done) = self.too_large(excess)
        {
            return done;
        }
        if self.stage == Stage::Passing {
            return if self.counts() { Step::Forward } else { self.done(Decision::Forward) };
        }
        let room = self.policy.limits.inspected_body.saturating_sub(self.body.len());
        self.body.extend_from_slice(piece.get(..room).unwrap_or(piece));
        if piece.len() <= room {
            return Step::WantsBody;
        }
        self.cut = true;
        self.pass()
    }

    /// The body has ended. What a step before has told already is not told again; its decision stands.
    pub fn end(mut self) -> Outcome {
        if let Stage::Over(decision) = &self.stage {
            let decision = decision.clone();
            return self.outcome(decision);
        }
        if !self.excessive
            && let Some(excess) = self.sizes.end()
            && let Some(Step::Done(outcome)) = self.too_large(excess)
        {
            return outcome;
        }
        if self.stage != Stage::Passing
            && let Some(Step::Done(outcome)) = self.evaluate()
        {
            return outcome;
        }
        self.outcome(Decision::Forward)
    }

    /// Evaluates what is there; then the rest of the body only counts.
    fn pass(&mut self) -> Step {
        if let Some(done) = self.evaluate() {
            return done;
        }
        self.stage = Stage::Passing;
        if self.counts() { Step::Forward } else { self.done(Decision::Forward) }
    }

    /// Whether what follows can change anything.
    fn counts(&self) -> bool {
        self.sizes.are_limited() && !self.excessive
    }

    /// All rules that are left; none where none of them ends it.
    fn evaluate(&mut self) -> Option<Step> {
        let body = std::mem::take(&mut self.body);
        let content_type = self.request.header("content-type").next().unwrap_or_default();
        if self.custom.is_some() {
            let arguments = (self.services.arguments)(content_type, &body);
            let body = custom::Body { bytes: &body, arguments: &arguments };
            if let Some(ending) = self.ask_custom(Some(body)) {
                return Some(self.end_by_rule(ending));
            }
        }
        if let Some(done) = self.ask_bots() {
            return Some(done);
        }
        let policy = Arc::clone(&self.policy);
        let core = policy.managed.core.as_ref()?;
        let seen = Seen { bytes: &body, cut: self.cut };
        let Findings { events, explanation, refuses } = core.inspect(&self.request, seen, policy.mode);
        self.events.extend(events);
        self.explanation = explanation;
        (refuses && policy.mode == Mode::Prevention).then(|| self.block())
    }

    /// Asks custom rules as far as they can be asked; how they end it, if they do.
    fn ask_custom(&mut self, body: Option<custom::Body<'_>>) -> Option<Ending> {
        let from = self.custom?;
        let surroundings = Surroundings {
            counters: self.services.counters,
            countries: self.services.countries,
            clearances: self.services.clearances,
            point: &self.point,
            mode: self.policy.mode,
            now: self.services.now,
        };
        let mut told = Vec::new();
        let step = self.policy.custom.step(from, &self.request, body, &surroundings, &mut told);
        self.events.extend(told.iter().map(Event::of_custom));
        let (left, ending) = match step {
            custom::Step::Through => (None, None),
            custom::Step::WantsBody(place) => (Some(place), None),
            custom::Step::Ended(ending) => (None, Some(ending)),
        };
        self.custom = left;
        ending
    }

    fn ask_bots(&mut self) -> Option<Step> {
        use crate::managed::Action as Does;
        let policy = Arc::clone(&self.policy);
        let bots = policy.managed.bots.as_ref()?;
        let Sighting { id, message, data } =
            bots.identify(&self.request, self.services.reputation, &policy.scrubbing)?;
        let rule = bots.choice.rules.get(&id)?;
        let (action, step) = match (rule.action, policy.mode) {
            (Does::Block, Mode::Prevention) => (Action::Blocked, Some(Decision::Block(policy.block.clone()))),
            (Does::Block, Mode::Detection) => (Action::Detected, None),
            (Does::Allow, _) => (Action::Allowed, Some(Decision::Forward)),
            (Does::Log | Does::AnomalyScoring, _) => (Action::Log, None),
        };
        self.events.push(Event::of_bot(action, bots.choice.set, id, rule.group, message, data));
        step.map(|decision| {
            self.explanation.decision = format!("{}: rule {id} on bots", action.name().to_ascii_lowercase());
            self.done(decision)
        })
    }

    fn end_by_rule(&mut self, ending: Ending) -> Step {
        let name = self.events.last().map(|event| event.rule_id.clone()).unwrap_or_default();
        let (verb, decision) = match ending {
            Ending::Allow => ("forwarded", Decision::Forward),
            Ending::Block if self.policy.mode == Mode::Detection => {
                ("forwarded, as the policy only detects", Decision::Forward)
            }
            Ending::Block => ("refused", Decision::Block(self.policy.block.clone())),
            Ending::Challenge(kind) => ("challenged", Decision::Challenge(kind)),
        };
        self.explanation.decision = format!("{verb}: custom rule {name}");
        self.done(decision)
    }

    /// Tells that something is too large; the end of it, if the policy refuses anything.
    fn too_large(&mut self, excess: Excess) -> Option<Step> {
        self.excessive = true;
        let refuses = self.policy.mode == Mode::Prevention;
        let action = if refuses { Action::Blocked } else { Action::Detected };
        self.events.push(Event::mandatory(action, &excess.text()));
        if !refuses {
            return None;
        }
        self.explanation.decision = format!("refused: {}", excess.text());
        Some(self.block())
    }

    fn block(&mut self) -> Step {
        self.done(Decision::Block(self.policy.block.clone()))
    }

    fn done(&mut self, decision: Decision) -> Step {
        self.stage = Stage::Over(decision.clone());
        Step::Done(self.outcome(decision))
    }

    fn outcome(&mut self, decision: Decision) -> Outcome {
        if self.explanation.decision.is_empty() {
            "forwarded: no rule ends it".clone_into(&mut self.explanation.decision);
        }
        let (events, explanation) = (std::mem::take(&mut self.events), std::mem::take(&mut self.explanation));
        Outcome { decision, events, explanation }
    }
}
