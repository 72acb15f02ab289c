//! What a match does to the rest of the request: captures, kept values, changes to the engine.

use super::Transaction;
use super::kept::{self, Place};
use super::look::Matched;
use crate::actions::{Change, Ctl, Redaction, SetVar};
use crate::operators::Captures;
use crate::program::{CompiledCtl, Link, Program, Rule};
use crate::variables::{Omission, Selector, Variable};
use crate::verdict::ScoreStep;

/// Values told of one rule.
const TOLD_VALUES: usize = 16;
/// Steps of scores told of one request.
const TOLD_STEPS: usize = 512;
/// Names that rules of one request may forbid to tell the values of.
const REDACTED_NAMES: usize = 256;
/// Values one link may hand on to the next.
const HANDED_ON: usize = 4096;

impl Transaction {
    /// Notes a match and does what goes with every single one.
    pub(super) fn matched(
        &mut self,
        program: &Program,
        rule: &Rule,
        link: &Link,
        matched: Matched,
        captures: Option<Captures>,
    ) {
        self.last = Some(matched);
        if self.now.len() < HANDED_ON {
            self.now.push(matched);
        }
        if rule.log && link.test.is_some() && self.to_tell.len() < TOLD_VALUES {
            self.to_tell.push(matched);
        }
        if let Some(captures) = captures {
            self.captured_secret = self.is_secret(program, &matched);
            self.keep_captures(&captures);
        }
        for change in &link.changes {
            self.change(rule, change);
        }
        for ctl in &link.ctls {
            self.control(ctl);
        }
        for redaction in &link.redactions {
            self.redact(redaction, &matched);
        }
    }

    /// From here on a value is not told; what was told is seen to at the end.
    fn redact(&mut self, redaction: &Redaction, matched: &Matched) {
        let (variable, key) = match redaction {
            Redaction::Named(variable, key) => (*variable, key.clone()),
            Redaction::Matched => (matched.variable, matched.key(&self.contents, &self.store).into()),
        };
        // What stands among the arguments stands there under other names, too.
        let of_arguments = [Variable::Args, Variable::ArgsGet, Variable::ArgsPost];
        let variables =
            if of_arguments.contains(&variable) { &of_arguments[..] } else { std::slice::from_ref(&variable) };
        if self.redacted.len() + variables.len() > REDACTED_NAMES {
            self.verdict.omitted += 1;
            return;
        }
        let selector = if key.is_empty() { Selector::All } else { Selector::Key(key) };
        let omission = |variable: &Variable| Omission { variable: *variable, selector: selector.clone() };
        self.redacted.extend(variables.iter().map(omission));
    }

    /// Groups 0 to 9 become `TX:0` to `TX:9`; those that took no part hold nothing.
    fn keep_captures(&mut self, captures: &Captures) {
        for group in 0..10_u32 {
            match captures.get(group as usize) {
                Some(text) => {
                    let content = self.contents.add(text);
                    self.store.set(Place::Slot(group), content);
                }
                None => self.store.unset(Place::Slot(group)),
            }
        }
    }

    fn change(&mut self, rule: &Rule, change: &SetVar) {
        let place = match change.slot {
            Some(slot) => Some(Place::Slot(slot)),
            None => self.filled_in(&change.key, rule, |of, key| of.store.place(change.variable, key, &mut of.contents)),
        };
        let Some(place) = place else {
            self.verdict.omitted += 1;
            return;
        };
        match &change.change {
            Change::Unset => self.store.unset(place),
            Change::Set(template) => {
                let content = self.filled_in(template, rule, |of, text| of.contents.add(text));
                self.store.set(place, content);
            }
            Change::Add(template) => {
                let amount = self.filled_in(template, rule, |_, text| kept::number(text));
                self.add(rule, place, amount);
            }
            Change::Subtract(template) => {
                let amount = self.filled_in(template, rule, |_, text| kept::number(text));
                self.add(rule, place, amount.saturating_neg());
            }
        }
    }

    fn add(&mut self, rule: &Rule, place: Place, change: i64) {
        let total = self.store.number(place, &self.contents).saturating_add(change);
        self.store.set_number(place, total);
        let name = self.store.name(place, &self.contents);
        if change == 0 || !name.windows(5).any(|part| part.eq_ignore_ascii_case(b"score")) {
            return;
        }
        if self.verdict.scores.len() >= TOLD_STEPS {
            self.verdict.omitted += 1;
            return;
        }
        let score = String::from_utf8_lossy(name).to_ascii_lowercase();
        self.verdict.scores.push(ScoreStep { rule: rule.info.id, score, change, total });
    }

    fn control(&mut self, compiled: &CompiledCtl) {
        match (&compiled.ctl, &compiled.rules) {
            (Ctl::Engine(mode), _) => self.mode = *mode,
            (Ctl::RemoveRules(_), Some(rules)) => self.removed.add_all(rules),
            (Ctl::RemoveTarget(_, omission), Some(rules)) => {
                // The same action, done for a second value, says nothing new.
                if !self.removed_targets.iter().any(|(known, _)| std::sync::Arc::ptr_eq(known, rules)) {
                    self.removed_targets.push((std::sync::Arc::clone(rules), omission.clone()));
                }
            }
            // A body is taken apart between the first two phases: what comes later comes too late.
            (Ctl::Processor(processor), _) => self.facts.processor = Some(*processor),
            (Ctl::ForceRequestBody(on), _) => self.facts.force_body = *on,
            (Ctl::RequestBodyAccess(on), _) => self.facts.body_access = Some(*on),
            (Ctl::RequestBodyLimit(bytes), _) => self.facts.body_limit = Some(*bytes),
            (Ctl::ResponseBodyAccess(on), _) => self.facts.response_access = Some(*on),
            (Ctl::ResponseBodyLimit(bytes), _) => self.facts.response_limit = Some(*bytes),
            (Ctl::AuditLog | Ctl::RemoveRules(_) | Ctl::RemoveTarget(..), _) => {}
        }
    }
}
