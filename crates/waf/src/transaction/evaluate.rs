//! Runs the rules of a phase in their order.

use super::Transaction;
use super::contents::ContentId;
use super::look::{Key, Matched, Running};
use crate::actions::{AllowScope, Disruption, Phase};
use crate::program::{Flow, Link, Program, Rule};
use crate::seclang::EngineMode;
use crate::variables::Variable;
use crate::verdict::{Bound, Decision, Exhaustion, Intervention};

/// Whether a phase is through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Progress {
    /// There is more to do.
    More,
    /// All its rules have run, or something was decided that ends it.
    Done,
}

/// A phase on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stage {
    pub(super) phase: Phase,
    /// The next rule.
    at: usize,
    running: bool,
}

impl Stage {
    /// Nothing has begun.
    pub(super) const NONE: Self = Self { phase: Phase::RequestHead, at: 0, running: false };
}

/// What it costs to come to a rule, against a byte that a linear-time pattern looks at.
const RULE: u64 = 8;

/// How much more may be done, once the budget is spent, by rules that look only at what has been found so far.
const RESERVE: u64 = 1 << 20;

impl Transaction {
    /// Runs the rules of a phase, unless what has been decided rules that out.
    pub(super) fn run_phase(&mut self, phase: Phase) {
        self.begin(phase);
        let progress = self.advance(u64::MAX);
        debug_assert_eq!(progress, Progress::Done, "nothing bounds this run");
    }

    /// Gets ready for the rules of a phase.
    pub(super) fn begin(&mut self, phase: Phase) {
        self.stage = Stage { phase, at: 0, running: self.runs(phase) };
        self.contents.bound(self.limit());
        if self.stage.running {
            let program = std::sync::Arc::clone(&self.program);
            self.shelves.new_phase(&program);
        }
    }

    /// Runs rules of the phase that has begun until so much work has been done; one rule at least.
    pub(super) fn advance(&mut self, work: u64) -> Progress {
        let program = std::sync::Arc::clone(&self.program);
        let until = self.contents.work().saturating_add(work);
        let (rules, gates) = (program.phase(self.stage.phase), program.gates(self.stage.phase));
        while let Some(rule) = rules.get(self.stage.at).filter(|_| self.stage.running) {
            self.contents.spend(RULE);
            let gate = gates.get(self.stage.at).and_then(Option::as_ref);
            self.stage.at += 1;
            // What is left once the budget is spent is not spent on gates.
            let over = self.verdict.exhausted.is_some() && !rule.only_kept;
            let closed = over || gate.is_some_and(|gate| !self.opens(&program, gate));
            if !closed && !self.removed.contains(rule.index) && !self.is_spent(rule) && self.run_rule(&program, rule) {
                if self.mode == EngineMode::Off || self.decide(rule) {
                    break;
                }
                if let Flow::To(place) = rule.flow {
                    let later = rules.get(self.stage.at..).unwrap_or_default();
                    self.stage.at += later.partition_point(|rule| rule.order < place);
                }
            }
            if let Some(bound) = self.contents.left_out() {
                self.exhaust(rule, bound);
            }
            if self.contents.work() >= until {
                return Progress::More;
            }
        }
        self.stage.running = false;
        Progress::Done
    }

    /// Whether there is no room left for a rule to do anything. What looks only at what was found so far may go on for
    /// a while: scores that have been reached still count.
    pub(super) fn is_spent(&mut self, rule: &Rule) -> bool {
        let work = self.contents.work();
        if self.verdict.exhausted.is_none() {
            let memory = self.contents.is_full(self.shelves.memory());
            if work <= self.limit() && !memory {
                return false;
            }
            self.exhaust(rule, if memory { Bound::Memory } else { Bound::Work });
        }
        !rule.only_kept || work > self.limit()
    }

    /// Work that may be done altogether: the budget, and once that is spent, a little more for rules that look only at
    /// what has been found so far.
    fn limit(&self) -> u64 {
        let settings = &self.program.settings;
        let response = if self.stage.phase.is_request() { 0 } else { settings.response_budget };
        let reserve = |found: Exhaustion| found.work.saturating_add(RESERVE);
        self.verdict.exhausted.map_or(settings.budget.saturating_add(response), reserve)
    }

    /// Notes where the work ended.
    pub(super) fn exhaust(&mut self, rule: &Rule, bound: Bound) {
        let found = Exhaustion { phase: self.stage.phase, rule: rule.info.id, bound, work: self.contents.work() };
        self.verdict.exhausted.get_or_insert(found);
        self.contents.bound(self.limit());
    }

    /// How much more may be done.
    pub(super) fn room(&self) -> u64 {
        self.limit().saturating_sub(self.contents.work())
    }

    fn runs(&self, phase: Phase) -> bool {
        let allowed = match self.allowed {
            None | Some(AllowScope::Phase) => false,
            Some(AllowScope::Request) => phase.is_request(),
            Some(AllowScope::All) => phase != Phase::Logging,
        };
        let stopped = self.stopped().is_some() && phase != Phase::Logging;
        self.mode != EngineMode::Off && !allowed && !stopped
    }

    /// Whether all links of a rule match.
    fn run_rule(&mut self, program: &Program, rule: &Rule) -> bool {
        self.to_tell.clear();
        self.before.clear();
        for link in &rule.links {
            self.now.clear();
            self.run_link(program, rule, link);
            if self.now.is_empty() {
                return false;
            }
            std::mem::swap(&mut self.before, &mut self.now);
        }
        if let Some(severity) = rule.info.severity {
            self.highest = Some(self.highest.map_or(severity, |highest| highest.min(severity)));
        }
        if rule.log {
            self.tell(program, rule);
        }
        true
    }

    fn run_link(&mut self, program: &Program, rule: &Rule, link: &Link) {
        let Some(test) = &link.test else {
            let matched =
                self.last.unwrap_or(Matched { variable: Variable::Rule, key: Key::Nothing, value: ContentId::EMPTY });
            return self.matched(program, rule, link, matched, None);
        };
        let mut text = std::mem::take(&mut self.text);
        let argument = match &test.argument {
            Some(template) => {
                self.expand_into(template, rule, &mut text);
                text.as_slice()
            }
            None => test.operator.argument().as_bytes(),
        };
        self.contents.spend(test.operator.expansion_cost(argument));
        let running = Running { program, rule, link, test, argument };
        link.targets.iter().for_each(|entry| self.look(&running, entry));
        self.text = text;
    }

    /// Does what a rule that matched decides about the request; whether the phase ends.
    fn decide(&mut self, rule: &Rule) -> bool {
        let enforced = self.mode == EngineMode::On;
        let decision = match &rule.disruption {
            Disruption::Pass | Disruption::Block => return false,
            Disruption::Deny => Decision::Deny { status: rule.status },
            Disruption::Drop => Decision::Drop,
            Disruption::Redirect(target) => {
                let location = String::from_utf8_lossy(&self.expand(target, rule)).into_owned();
                let status = if (300..400).contains(&rule.status) { rule.status } else { 302 };
                Decision::Redirect { status, location }
            }
            Disruption::Allow(_) => Decision::Allow,
        };
        if enforced {
            self.allowed = rule.allows().or(self.allowed);
        }
        let stronger = self
            .verdict
            .intervention
            .as_ref()
            .is_none_or(|known| (decision.stops() && !known.decision.stops()) || (enforced && !known.enforced));
        if stronger {
            let (rule, phase) = (rule.info.id, rule.info.phase);
            self.verdict.intervention = Some(Intervention { rule, phase, decision, enforced });
        }
        enforced
    }
}
