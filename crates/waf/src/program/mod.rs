//! The rules as they run: operators parsed, removals and updates applied, what is constant already decided.
//!
//! A program is made once per policy and shared by all requests. [`Library`] lets several programs share what is
//! expensive: parsed operators with their regular expressions and phrase lists.

mod collect;
mod compile;
mod constant;
mod knowledge;
mod library;
mod options;
mod prefilter;
mod rule;
mod rule_set;
mod slots;
mod update;
mod views;

use std::sync::Arc;

pub use library::Library;
pub use options::{Exclusion, Options, Override, Rules};
pub use rule::RuleInfo;

pub(crate) use library::parse_operator;
pub(crate) use prefilter::{Filter, Prefilter};
pub(crate) use rule::{CompiledCtl, Flow, Gate, Link, LinkTarget, Rule, Test};
pub(crate) use rule_set::RuleSet;
pub(crate) use slots::Slots;
pub(crate) use views::{List, View, Views};

use crate::actions::Phase;
use crate::seclang::{Document, EngineMode, Fault, Reader};
use crate::transaction::Scratches;
use crate::variables::Omission;

/// Rules of the engine itself: which processor reads a body of XML or JSON. They go before a rule set.
pub const BODY_RULES: &str = include_str!("body.conf");

/// Rules 200002 to 200004: a body that does not parse, or a multipart body that is not strict. They score five points
/// as critical findings of paranoia level 1, in the variables of both generations of the core rule set.
pub const STRICTNESS_RULES: &str = include_str!("strictness.conf");

/// A compiled set of rules.
#[derive(Debug)]
pub struct Program {
    phases: [Vec<Rule>; Phase::COUNT],
    /// Before each rule of each phase.
    gates: [Vec<Option<Gate>>; Phase::COUNT],
    pub(crate) slots: Slots,
    /// What is kept under each slot when a request comes in.
    pub(crate) initial: Vec<Option<Arc<[u8]>>>,
    pub(crate) views: Views,
    pub(crate) request_filter: Prefilter,
    pub(crate) response_filter: Prefilter,
    pub(crate) settings: Settings,
    pub(crate) secrets: Vec<Omission>,
    pub(crate) scratches: Scratches,
    rule_count: usize,
    written: usize,
    signatures: Vec<String>,
    unavailable: Vec<Fault>,
    without_effect: Vec<Fault>,
}

/// How the engine works.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) mode: EngineMode,
    pub(crate) request_body: bool,
    pub(crate) response_body: bool,
    pub(crate) request_body_limit: usize,
    pub(crate) response_body_limit: usize,
    pub(crate) response_types: Vec<String>,
    /// Rules named them.
    pub(crate) response_types_named: bool,
    pub(crate) separator: u8,
    pub(crate) arguments: usize,
    pub(crate) json_depth: usize,
    /// Work for a request, and more for its response.
    pub(crate) budget: u64,
    pub(crate) response_budget: u64,
    /// Bytes that all that is made of one request may take.
    pub(crate) memory: usize,
}

impl Program {
    /// Compiles rules.
    ///
    /// # Errors
    /// Everything in them that the engine does not know or that does not fit together.
    pub fn compile(
        document: &Document,
        options: &Options,
        reader: &dyn Reader,
        library: &mut Library,
    ) -> Result<Self, Vec<Fault>> {
        compile::compile(document, options, reader, library)
    }

    /// Rules, each chain as one, that can run under this program.
    #[must_use]
    pub fn rule_count(&self) -> usize {
        self.rule_count
    }

    /// Rules, each chain as one, that were written.
    #[must_use]
    pub fn written_count(&self) -> usize {
        self.written
    }

    /// What the rule sets in it call themselves, such as `OWASP_CRS/4.28.0`.
    #[must_use]
    pub fn signatures(&self) -> &[String] {
        &self.signatures
    }

    /// Operators in it that never match, because what they need is not there; no reason to refuse the rules.
    #[must_use]
    pub fn unavailable(&self) -> &[Fault] {
        &self.unavailable
    }

    /// Directives in it that mean nothing to this engine, each with the reason; no reason to refuse the rules.
    #[must_use]
    pub fn without_effect(&self) -> &[Fault] {
        &self.without_effect
    }

    /// What is known of each rule that can run.
    pub fn rules(&self) -> impl Iterator<Item = &RuleInfo> {
        self.phases.iter().flatten().map(|rule| &*rule.info)
    }

    /// How many bytes of a request's body it looks at.
    #[must_use]
    pub fn request_body_limit(&self) -> usize {
        if self.settings.request_body { self.settings.request_body_limit } else { 0 }
    }

    pub(crate) fn gates(&self, phase: Phase) -> &[Option<Gate>] {
        self.gates.get(phase as usize).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn phase(&self, phase: Phase) -> &[Rule] {
        self.phases.get(phase as usize).map_or(&[], Vec::as_slice)
    }
}
