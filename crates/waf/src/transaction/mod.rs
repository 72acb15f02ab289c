//! One request on its way through the rules.
//!
//! The host feeds what it has, when it has it, and runs the phase that belongs to it:
//! [`Transaction::new`] and [`request_head`](Transaction::request_head), then
//! [`feed_body`](Transaction::feed_body) and [`request_body`](Transaction::request_body), then, if responses are looked
//! at, the same for the response, and [`finish`](Transaction::finish) at the end. After each phase
//! [`stopped`](Transaction::stopped) says whether the request may go on.

mod clock;
mod contents;
mod effects;
mod evaluate;
mod expand;
mod facts;
mod head;
mod kept;
mod look;
mod scratch;
mod shelf;
mod tell;
mod values;

use std::net::IpAddr;
use std::sync::Arc;

pub use evaluate::Progress;
pub use head::Head;
pub(crate) use kept::number;
pub(crate) use scratch::Scratches;

use crate::actions::{AllowScope, Phase, Severity};
use crate::body::{self, Bounds, Processor};
use crate::program::{Program, RuleSet};
use crate::seclang::EngineMode;
use crate::variables::Omission;
use crate::verdict::{Intervention, Verdict};
use contents::Contents;
use evaluate::Stage;
use facts::Facts;
use kept::{Place, Store};
use look::Matched;
use scratch::Scratch;
use shelf::Shelves;

/// A request that is being looked at.
#[derive(Debug)]
pub struct Transaction {
    program: Arc<Program>,
    contents: Contents,
    facts: Facts,
    shelves: Shelves,
    store: Store,
    stage: Stage,
    /// The body has been taken apart, and its rules have begun.
    body_begun: bool,
    mode: EngineMode,
    /// What an `allow` has opened.
    allowed: Option<AllowScope>,
    removed: RuleSet,
    removed_targets: Vec<(Arc<RuleSet>, Omission)>,
    last: Option<Matched>,
    /// What the link before matched.
    before: Vec<Matched>,
    /// What this link has matched so far.
    now: Vec<Matched>,
    /// The values to tell of the rule that runs.
    to_tell: Vec<Matched>,
    /// Values that rules forbid to tell.
    redacted: Vec<Omission>,
    /// The worst severity of all matches.
    highest: Option<Severity>,
    /// Captures come from a value that is not told.
    captured_secret: bool,
    /// Lists and texts that rules use one after the other.
    spare: Vec<Matched>,
    places: Vec<Place>,
    text: Vec<u8>,
    written: Vec<u8>,
    verdict: Verdict,
}

impl Transaction {
    /// A request with its head; nothing has run yet.
    pub fn new<'h>(
        program: &Arc<Program>,
        head: &Head<'_>,
        headers: impl IntoIterator<Item = (&'h [u8], &'h [u8])>,
    ) -> Self {
        let scratch = program.scratches.take();
        let mut contents = Contents::new(program, scratch.contents);
        let facts = Facts::new(head, headers, &mut contents);
        Self {
            contents,
            facts,
            shelves: scratch.shelves.for_program(program),
            store: Store::new(program),
            stage: Stage::NONE,
            body_begun: false,
            mode: program.settings.mode,
            allowed: None,
            removed: RuleSet::default(),
            removed_targets: Vec::new(),
            last: None,
            before: Vec::new(),
            now: Vec::new(),
            to_tell: Vec::new(),
            redacted: Vec::new(),
            highest: None,
            captured_secret: false,
            spare: Vec::new(),
            places: Vec::new(),
            text: Vec::new(),
            written: Vec::new(),
            verdict: Verdict::default(),
            program: Arc::clone(program),
        }
    }

    /// Tells the time, for rules that ask: seconds since the beginning of 1970 in UTC, and by how many seconds local
    /// time is ahead of it. Without it the variables of time have no value.
    pub fn set_time(&mut self, unix_seconds: i64, offset_seconds: i32) {
        self.facts.time = Some((unix_seconds, offset_seconds));
    }

    /// Tells the address and port that the client came to, for rules that ask.
    pub fn set_server(&mut self, address: IpAddr, port: u16) {
        self.facts.server = Some((address, port));
    }

    /// Runs the rules that look at the request's head.
    pub fn request_head(&mut self) {
        self.run_phase(Phase::RequestHead);
    }

    /// Whether the rest of the rules has any use for the request's body.
    #[must_use]
    pub fn wants_body(&self) -> bool {
        let inspects = self.facts.body_access.unwrap_or(self.program.settings.request_body);
        let allowed = matches!(self.allowed, Some(AllowScope::Request | AllowScope::All));
        let open = self.stopped().is_none() && self.verdict.exhausted.is_none();
        inspects && self.mode != EngineMode::Off && open && !allowed
    }

    /// Takes a piece of the request's body; `false` says that no more of it will be looked at.
    pub fn feed_body(&mut self, piece: &[u8]) -> bool {
        if !self.wants_body() {
            return false;
        }
        let limit = self.facts.body_limit.map_or(self.program.settings.request_body_limit, |limit| limit.min(MOST));
        let cut = append(&mut self.facts.body, piece, limit);
        self.verdict.body_cut |= cut;
        !cut
    }

    /// Tells that the request's body is longer than what was fed: that it ends early is then no error.
    pub fn cut_body(&mut self) {
        self.verdict.body_cut |= self.wants_body();
    }

    /// Takes the request's body apart, as far as it was fed, and runs the rules that look at it.
    pub fn request_body(&mut self) {
        while self.request_body_step(u64::MAX) == Progress::More {}
    }

    /// As [`request_body`](Self::request_body), a piece at a time, so that the host can serve others between pieces:
    /// to be called until it is done. A piece ends with the first rule after which `work` has been done, in the units
    /// of [`Options::budget`](crate::program::Options::budget); taking the body apart is a piece of its own. What is
    /// found does not depend on the size of the pieces.
    pub fn request_body_step(&mut self, work: u64) -> Progress {
        if self.body_begun {
            return if self.stage.phase == Phase::RequestBody { self.advance(work) } else { Progress::Done };
        }
        self.body_begun = true;
        let before = self.contents.work();
        if self.wants_body() {
            self.read_body();
        }
        self.begin(Phase::RequestBody);
        let done = self.contents.work() - before;
        if done < work { self.advance(work - done) } else { Progress::More }
    }

    /// Runs the rules that look at the response's head.
    pub fn response_head<'h>(
        &mut self,
        status: u16,
        protocol: &str,
        headers: impl IntoIterator<Item = (&'h [u8], &'h [u8])>,
    ) {
        self.facts.response(status, protocol, headers, &mut self.contents);
        self.run_phase(Phase::ResponseHead);
    }

    /// Whether the rest of the rules has any use for the response's body.
    #[must_use]
    pub fn wants_response_body(&self) -> bool {
        let settings = &self.program.settings;
        let of_type = || {
            let content_type = self.facts.response_type(&self.contents);
            let end = content_type.iter().position(|byte| b"; \t".contains(byte)).unwrap_or(content_type.len());
            settings.response_types.iter().any(|known| known.as_bytes().eq_ignore_ascii_case(&content_type[..end]))
        };
        let access = self.facts.response_access.unwrap_or(settings.response_body);
        access && self.mode != EngineMode::Off && self.stopped().is_none() && of_type()
    }

    /// Takes a piece of the response's body; `false` says that no more of it will be looked at.
    pub fn feed_response_body(&mut self, piece: &[u8]) -> bool {
        if !self.wants_response_body() {
            return false;
        }
        let limit =
            self.facts.response_limit.map_or(self.program.settings.response_body_limit, |limit| limit.min(MOST));
        let cut = append(&mut self.facts.response_body, piece, limit);
        self.facts.response_cut |= cut;
        !cut
    }

    /// Runs the rules that look at the response's body.
    pub fn response_body(&mut self) {
        self.run_phase(Phase::ResponseBody);
    }

    /// Runs the rules that only tell, and gives all that was found. `elapsed_ms` is how long the request took so far.
    #[must_use]
    pub fn finish(mut self, elapsed_ms: u64) -> Verdict {
        self.facts.elapsed_ms = elapsed_ms;
        self.run_phase(Phase::Logging);
        self.verdict.work = self.contents.work();
        self.redact_told();
        std::mem::take(&mut self.verdict)
    }

    /// The decision that ends the request, if one has been made.
    #[must_use]
    pub fn stopped(&self) -> Option<&Intervention> {
        self.verdict.intervention.as_ref().filter(|found| found.enforced && found.decision.stops())
    }

    /// Work done so far, in the units of [`Options::budget`](crate::program::Options::budget).
    #[must_use]
    pub fn work(&self) -> u64 {
        self.contents.work()
    }

    /// What has been found so far, fit to be told: without values that rules forbade to tell. For a host that tells of
    /// the request before the response comes.
    #[must_use]
    pub fn told(&mut self) -> Verdict {
        let redacted = self.redacted.clone();
        self.redact_told();
        self.redacted = redacted;
        self.verdict.work = self.contents.work();
        self.verdict.clone()
    }

    /// What has been found so far.
    #[must_use]
    pub fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    fn read_body(&mut self) {
        let processor = self.facts.processor.or(self.facts.force_body.then_some(Processor::Urlencoded));
        let Some(processor) = processor.filter(|_| !self.facts.body.is_empty()) else { return };
        self.facts.processor = Some(processor);
        let settings = &self.program.settings;
        let bounds = Bounds {
            arguments: settings.arguments,
            depth: settings.json_depth,
            separator: settings.separator,
            cut: self.verdict.body_cut,
        };
        let content_type = self.facts.header(b"content-type", &self.contents).to_vec();
        self.contents.spend(self.facts.body.len() as u64 * TAKEN_APART);
        let read = body::read(processor, &self.facts.body, &content_type, bounds);
        self.facts.body_read(read, &mut self.contents);
    }
}

impl Drop for Transaction {
    fn drop(&mut self) {
        let shelves = std::mem::take(&mut self.shelves);
        self.program.scratches.give(Scratch { contents: self.contents.take_lists(), shelves });
    }
}

/// The most that a rule may raise the limit of a body to. Bytes.
const MOST: usize = 2 << 20;

/// What it costs to take a byte of a body apart, against one that a linear-time pattern looks at.
const TAKEN_APART: u64 = 4;

/// Appends up to the limit; whether something was left out.
fn append(body: &mut Vec<u8>, piece: &[u8], limit: usize) -> bool {
    let room = limit.saturating_sub(body.len());
    body.extend_from_slice(piece.get(..room).unwrap_or(piece));
    piece.len() > room
}
