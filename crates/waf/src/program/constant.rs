//! Decides before any request what does not depend on one.
//!
//! A rule set sets itself up with hundreds of rules that look only at values rules keep: defaults for what the operator
//! left open, and gates that skip the rules of higher paranoia levels. Their outcome is the same for every request.
//! They are run here once: what they set is there when a request comes in, what they skip is not in the program.
//!
//! The care is in the exceptions. A rule that stays may skip others, or refuse the request, or remove rules: whatever
//! it may keep from running is done at its time and not here, unless it makes no difference.

use std::sync::Arc;

use super::knowledge::{Knowledge, Known};
use super::rule::{Flow, Rule};
use super::rule_set::RuleSet;
use super::slots::Slots;
use crate::actions::{Ctl, Part, Phase, Template};
use crate::variables::Selector;

/// Removes the rules that are decided and gives what is kept when a request comes in.
pub(super) fn fold(phases: &mut [Vec<Rule>; Phase::COUNT], slots: &Slots) -> Vec<Option<Arc<[u8]>>> {
    let mut folding = Folding {
        known: Knowledge::new(slots),
        initial: vec![None; slots.len()],
        touched: vec![false; slots.len()],
        removable: Vec::new(),
        conditional_until: 0,
        dead_until: 0,
    };
    for rules in phases {
        folding.conditional_until = 0;
        folding.dead_until = 0;
        let all = std::mem::take(rules);
        let stays: Vec<bool> = (0..all.len()).map(|at| folding.stays(at, &all)).collect();
        *rules = all.into_iter().zip(stays).filter(|(_, stays)| *stays).map(|(rule, _)| rule).collect();
    }
    folding.initial
}

struct Folding<'s> {
    known: Knowledge<'s>,
    initial: Vec<Option<Arc<[u8]>>>,
    /// Slots that a rule that stays has read or written so far.
    touched: Vec<bool>,
    /// What rules that stay may remove.
    removable: Vec<Arc<RuleSet>>,
    /// Rules before this place may be skipped by one that stays.
    conditional_until: u32,
    /// Rules before this place never run.
    dead_until: u32,
}

/// What is known of a rule.
enum Outcome {
    Never,
    /// It comes to these values, and goes on there if the whole chain matched.
    Always(Vec<(u32, Known)>, Option<u32>),
    Open,
}

impl Folding<'_> {
    fn stays(&mut self, at: usize, rules: &[Rule]) -> bool {
        let Some(rule) = rules.get(at) else { return false };
        if rule.order < self.dead_until {
            return false;
        }
        match self.outcome(rule) {
            Outcome::Never => false,
            Outcome::Always(writes, flow) => {
                let done = self.flow_is_settled(at, rules, flow) && self.writes_are_settled(rule, &writes);
                if done {
                    if let Some(target) = flow {
                        self.dead_until = target;
                    }
                    return false;
                }
                self.keep(rule);
                true
            }
            Outcome::Open => {
                self.keep(rule);
                true
            }
        }
    }

    fn outcome(&self, rule: &Rule) -> Outcome {
        let plain = !rule.log && !rule.is_disruptive() && rule.links.iter().all(|link| link.ctls.is_empty());
        let mut scratch = self.known.clone();
        let mut writes = Vec::new();
        for link in &rule.links {
            let Some(count) = scratch.matches(link) else { return Outcome::Open };
            for change in link.changes.iter().cycle().take(count * link.changes.len()) {
                let Some((slot, known)) = scratch.outcome(change) else { return Outcome::Open };
                scratch.set(slot, known.clone());
                writes.push((slot, known));
            }
            if count == 0 {
                return if writes.is_empty() { Outcome::Never } else { Outcome::Always(writes, None) };
            }
        }
        let flow = match rule.flow {
            Flow::To(place) => Some(place),
            _ => None,
        };
        if plain { Outcome::Always(writes, flow) } else { Outcome::Open }
    }

    /// Whether a jump can be taken here: nothing may keep it from happening that does not skip the same rules.
    fn flow_is_settled(&self, at: usize, rules: &[Rule], flow: Option<u32>) -> bool {
        let (Some(target), Some(rule)) = (flow, rules.get(at)) else { return true };
        let skipped = rules.iter().skip(at + 1).take_while(|other| other.order < target);
        let removers = self.removable.iter().filter(|set| set.contains(rule.index));
        let removed_alike = removers.clone().all(|set| skipped.clone().all(|other| set.contains(other.index)));
        (rule.order >= self.conditional_until || target <= self.conditional_until) && removed_alike
    }

    /// Whether what the rule writes can be there from the start, or is there already.
    fn writes_are_settled(&mut self, rule: &Rule, writes: &[(u32, Known)]) -> bool {
        let unchanged = |(slot, known): &(u32, Known)| *known != Known::Open && self.known.get(*slot) == known;
        if writes.iter().all(unchanged) {
            return true;
        }
        let certain =
            rule.order >= self.conditional_until && !self.removable.iter().any(|set| set.contains(rule.index));
        let fresh = |(slot, known): &(u32, Known)| {
            *known != Known::Open && !self.touched.get(*slot as usize).copied().unwrap_or(true)
        };
        if !certain || !writes.iter().all(fresh) {
            return false;
        }
        for (slot, known) in writes {
            if let (Known::Is(value), Some(initial)) = (known, self.initial.get_mut(*slot as usize)) {
                *initial = value.as_deref().map(Arc::from);
            }
            self.known.set(*slot, known.clone());
        }
        true
    }

    /// Notes what a rule that stays reads, writes, skips and removes.
    fn keep(&mut self, rule: &Rule) {
        self.read(&rule.info.message);
        self.read(&rule.info.data);
        for link in &rule.links {
            for entry in link.targets.iter().filter(|entry| entry.target.variable.is_store()) {
                self.touch_selected(entry.target.variable, &entry.target.selector);
            }
            if let Some(argument) = link.test.as_ref().and_then(|test| test.argument.as_ref()) {
                self.read(argument);
            }
            for change in &link.changes {
                self.read(&change.key);
                if let crate::actions::Change::Set(text)
                | crate::actions::Change::Add(text)
                | crate::actions::Change::Subtract(text) = &change.change
                {
                    self.read(text);
                }
                self.known.forget(change);
            }
            if link.capture {
                (0..10).for_each(|slot| self.known.set(slot, Known::Open));
            }
            let sets = link.ctls.iter().filter(|ctl| matches!(ctl.ctl, Ctl::RemoveRules(_)));
            self.removable.extend(sets.filter_map(|ctl| ctl.rules.clone()));
            if link.ctls.iter().any(|ctl| matches!(ctl.ctl, Ctl::Engine(_))) {
                self.conditional_until = u32::MAX;
            }
        }
        for (touched, known) in self.touched.iter_mut().zip(&self.known.values) {
            *touched |= *known == Known::Open;
        }
        if let Flow::To(place) = rule.flow {
            self.conditional_until = self.conditional_until.max(place);
        }
        if rule.is_disruptive() {
            self.conditional_until = u32::MAX;
        }
    }

    fn read(&mut self, template: &Template) {
        for part in template.parts() {
            if let Part::Kept { slot, .. } = part
                && let Some(touched) = self.touched.get_mut(*slot as usize)
            {
                *touched = true;
            }
        }
    }

    fn touch_selected(&mut self, variable: crate::variables::Variable, selector: &Selector) {
        for (slot, touched) in (0u32..).zip(&mut self.touched) {
            let (kept_in, name) = self.known.slots.name(slot);
            *touched |= kept_in == variable && selector.selects(name);
        }
    }
}
