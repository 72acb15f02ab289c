//! One request on its way through a policy.
//!
//! The order: custom rules until the first that needs the body; then sizes and the body; the rest of the custom rules;
//! bots; rule sets; the score. A custom rule that allows by the head alone therefore lets a body pass that is too long.
//!
//! The host calls [`head`](Inspection::head); while a step wants the body it holds the request back and feeds
//! [`body`](Inspection::body) pieces, then calls [`end`](Inspection::end). Rules that have much to look at work in
//! slices: after [`Step::Working`] the host serves others and calls [`go_on`](Inspection::go_on). After
//! [`Step::Forward`] all that rules see has been seen: the request may go on, but each further piece is shown before it
//! is forwarded, as it may still be one too many.
//!
//! A request without a body is shown its end at once with [`finish`](Inspection::finish), which slices nothing.
//!
//! Source: `application-gateway-waf-request-size-limits`, `custom-waf-rules-overview`, `ag-overview`, read 2026-11-22.

mod answer;
mod asking;
mod multipart;
mod outcome;
mod sizes;

#[cfg(test)]
mod tests;

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use waf::transaction::Transaction;

use crate::challenge::Clearances;
use crate::custom;
use crate::events::{Action, Event, Place};
use crate::explain::Explanation;
use crate::geo::Countries;
use crate::managed::bots::Reputation;
use crate::policy::{Mode, Policy};
use crate::rate::Counters;
use crate::request::Request;
use sizes::{Excess, Sizes};

pub use answer::Answer;
pub use outcome::{Decision, Outcome};

/// Work done before others get a turn, in the units of [`waf::program::Options::budget`]: a unit takes one to two
/// nanoseconds, so this is half a millisecond to one. Over forms of 128 KiB, ordinary and hostile, with both
/// generations of the core rule set a slice took 0.7 ms in the middle and 1.5 ms at most. It ends with the rule that
/// spends it; custom rules have slices of their own, the rules on the head are one, and so is taking the body apart,
/// which takes longer for bodies that are longer: four units a byte.
const SLICE: u64 = 512 << 10;

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
    /// The time since 1970.
    pub now: Duration,
}

/// What is next.
#[derive(Debug)]
pub enum Step {
    /// The request is to be held back; the body is to be shown, then its end.
    WantsBody,
    /// The request is to be held back; rules are at work and go on with [`Inspection::go_on`].
    Working,
    /// The request may go on; further pieces of its body are to be shown, then its end.
    Forward,
    /// All is decided.
    Done(Outcome),
}

/// One request on its way through a policy.
///
/// It holds the body as far as it is inspected (`requestBodyInspectLimitInKB`), and for a moment, while rule sets take
/// it over, twice. Custom rules that ask for fields hold these besides: at most 16,384, and names of JSON of 16 times
/// the body's length. What rule sets make of the body is bounded by the engine: 16 MiB and 48 bytes for each inspected
/// byte. Of a multipart body it holds at most 8 KiB of a part to tell files from fields, and it tells at most 256 rows,
/// each text of which is at most 2 KiB long.
pub struct Inspection<'r> {
    policy: Arc<Policy>,
    /// Counts apart for each place where the policy is in force.
    point: String,
    request: Request<'r>,
    services: Services<'r>,
    server: Option<(IpAddr, u16)>,
    /// The target as the request line has it.
    line_target: &'r [u8],
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
    answer: Option<Box<Answer>>,
}

enum Stage {
    /// Nothing was asked yet.
    New,
    /// The request is held back.
    Holding,
    /// Custom rules are asked about the body.
    Asking { body: Vec<u8>, arguments: Vec<(Vec<u8>, Vec<u8>)>, ended: bool },
    /// Rule sets are at work; whether the body has ended.
    Running { transaction: Box<Transaction>, ended: bool },
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
            server: None,
            line_target: request.target,
            sizes: Sizes::new(&policy.limits, request),
            custom: Some(custom::Place::default()),
            stage: Stage::New,
            body: Vec::new(),
            cut: false,
            excessive: false,
            ignored: !policy.limits.inspects_body,
            events: Vec::new(),
            explanation: Explanation::default(),
            answer: None,
        }
    }

    /// Tells what the few rules that ask are told beside the request: the address and port that the client came to,
    /// and the target of the request line where it is more than path and query. Before the head.
    pub fn set_arrival(&mut self, server: Option<(IpAddr, u16)>, target: &'r [u8]) {
        (self.server, self.line_target) = (server, target);
    }

    /// Asks the rules that need no more than the head: then the body is wanted, or the request goes on, or it is done.
    pub fn head(&mut self) -> Step {
        self.stage = Stage::Holding;
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
        // Rules have only a head to look at, which is short.
        if self.ignored { self.evaluate(false, u64::MAX) } else { Step::WantsBody }
    }

    /// Takes a piece of the body.
    pub fn body(&mut self, piece: &[u8]) -> Step {
        if let Some(done) = self.catch_up() {
            return done;
        }
        if !self.excessive
            && let Some(excess) = self.sizes.feed(piece)
            && let Some(done) = self.too_large(excess)
        {
            return done;
        }
        if matches!(self.stage, Stage::Passing) {
            return self.through(false);
        }
        let room = self.policy.limits.inspected_body.saturating_sub(self.body.len());
        self.body.extend_from_slice(piece.get(..room).unwrap_or(piece));
        if piece.len() <= room {
            return Step::WantsBody;
        }
        self.cut = true;
        self.evaluate(false, SLICE)
    }

    /// The body has ended: rules are at work or all is decided. What a step before has told already is not told again;
    /// its decision stands.
    pub fn end(&mut self) -> Step {
        self.close(SLICE)
    }

    /// A slice of work, about a millisecond; after [`Step::Working`].
    pub fn go_on(&mut self) -> Step {
        match &self.stage {
            Stage::Asking { .. } | Stage::Running { .. } => self.run(SLICE),
            Stage::Over(decision) => self.done(decision.clone()),
            Stage::Passing => self.through(false),
            Stage::New | Stage::Holding => Step::WantsBody,
        }
    }

    /// The body ends here, and all that is left is done at once: for requests without a body, and where nobody else is
    /// to be served.
    #[must_use]
    pub fn finish(mut self) -> Outcome {
        match self.close(u64::MAX) {
            Step::Done(outcome) => outcome,
            Step::WantsBody | Step::Working | Step::Forward => self.outcome(Decision::Forward),
        }
    }

    fn close(&mut self, work: u64) -> Step {
        if let Some(done) = self.catch_up() {
            return done;
        }
        if !self.excessive
            && let Some(excess) = self.sizes.end()
            && let Some(done) = self.too_large(excess)
        {
            return done;
        }
        if matches!(self.stage, Stage::Passing) { self.through(true) } else { self.evaluate(true, work) }
    }

    /// Does what should have been done before; how it ended, if it did.
    fn catch_up(&mut self) -> Option<Step> {
        let step = match &self.stage {
            Stage::New => self.head(),
            Stage::Asking { .. } | Stage::Running { .. } => self.run(u64::MAX),
            Stage::Over(decision) => self.done(decision.clone()),
            Stage::Holding | Stage::Passing => return None,
        };
        matches!(step, Step::Done(_)).then_some(step)
    }

    /// All rules were asked and let it pass; the rest of the body only counts.
    fn through(&mut self, ended: bool) -> Step {
        if ended || !self.counts() {
            return self.done(Decision::Forward);
        }
        self.stage = Stage::Passing;
        Step::Forward
    }

    /// Whether what follows can change anything.
    fn counts(&self) -> bool {
        self.sizes.are_limited() && !self.excessive
    }

    /// Tells that something is too large; the end of it, if the policy refuses anything.
    fn too_large(&mut self, excess: Excess) -> Option<Step> {
        self.excessive = true;
        self.events.push(excess.event(self.policy.mode));
        if self.policy.mode == Mode::Detection {
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
        let (events, explanation) = (std::mem::take(&mut self.events), std::mem::take(&mut self.explanation));
        let answer = self.answer.take().filter(|_| decision == Decision::Forward);
        Outcome { answer, ..Outcome::new(decision, events, explanation) }
    }
}

impl Excess {
    /// The row that tells of it.
    fn event(self, mode: Mode) -> Event {
        let action = if mode == Mode::Prevention { Action::Blocked } else { Action::Detected };
        Event::mandatory(action, &self.text())
    }
}
