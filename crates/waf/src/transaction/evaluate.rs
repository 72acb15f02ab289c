//! Runs the rules of a phase in their order.

use super::Transaction;
use super::contents::ContentId;
use super::look::{Key, Matched, Running};
use crate::actions::{AllowScope, Disruption, Phase};
use crate::program::{Flow, Link, Program, Rule};
use crate::seclang::EngineMode;
use crate::variables::Variable;
use crate::verdict::{Decision, Intervention};

impl Transaction {
    /// Runs the rules of a phase, unless what has been decided rules that out.
    pub(super) fn run_phase(&mut self, phase: Phase) {
        self.phase = phase;
        if !self.runs(phase) {
            return;
        }
        let program = std::sync::Arc::clone(&self.program);
        self.shelves.new_phase(&program);
        let rules = program.phase(phase);
        let mut at = 0;
        while let Some(rule) = rules.get(at) {
            at += 1;
            if self.removed.contains(rule.index) {
                continue;
            }
            let matched = self.run_rule(&program, rule);
            if self.contents.exhausted() {
                self.verdict.exhausted = true;
                return;
            }
            if !matched {
                continue;
            }
            if self.mode == EngineMode::Off || self.decide(rule) {
                return;
            }
            if let Flow::To(place) = rule.flow {
                at += rules.get(at..).unwrap_or_default().partition_point(|rule| rule.order < place);
            }
        }
    }

    fn runs(&self, phase: Phase) -> bool {
        let allowed = match self.allowed {
            None | Some(AllowScope::Phase) => false,
            Some(AllowScope::Request) => phase.is_request(),
            Some(AllowScope::All) => phase != Phase::Logging,
        };
        let stopped = self.stopped().is_some() && phase != Phase::Logging;
        self.mode != EngineMode::Off && !allowed && !stopped && !self.verdict.exhausted
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
        let expanded = test.argument.as_ref().map(|template| self.expand(template, rule));
        let argument = expanded.as_deref().unwrap_or(test.operator.argument().as_bytes());
        let running = Running { program, rule, link, test, argument };
        for entry in &link.targets {
            self.look(&running, &entry.target, entry.view);
        }
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
