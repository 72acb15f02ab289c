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
use super::rule::{Flow, Link, Rule};
use super::rule_set::RuleSet;
use super::slots::Slots;
use crate::actions::{Change, Ctl, Disruption, Part, Phase, Template};
use crate::variables::{Omission, Selector, Variable};

/// Removes the rules that are decided and gives what is kept when a request comes in.
pub(super) fn fold(phases: &mut [Vec<Rule>; Phase::COUNT], slots: &Slots) -> Vec<Option<Arc<[u8]>>> {
    let mut folding = Folding {
        known: Knowledge::new(slots),
        initial: vec![None; slots.len()],
        touched: vec![false; slots.len()],
        removable: Vec::new(),
        jumps: Vec::new(),
        may_have_ended: false,
        dead_until: 0,
        omissions: Vec::new(),
    };
    for rules in phases {
        folding.jumps.clear();
        folding.dead_until = 0;
        let mut all = std::mem::take(rules);
        for at in 0..all.len() {
            if folding.stays(at, &all)
                && let Some(rule) = all.get_mut(at)
            {
                folding.leave_out(rule);
                rules.push(rule.clone());
            }
        }
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
    /// Where rules of this phase that stay may go on; the end of the phase is the last number.
    jumps: Vec<u32>,
    /// A rule that stays may have ended this phase or the one before it.
    may_have_ended: bool,
    /// Rules before this place never run.
    dead_until: u32,
    /// What later rules leave out, for every request.
    omissions: Vec<(Arc<RuleSet>, Omission)>,
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
        let Some(rule) = rules.get(at).filter(|rule| rule.order >= self.dead_until) else { return false };
        match self.outcome(rule) {
            Outcome::Never => return false,
            Outcome::Always(writes, flow) if self.flow_is_settled(at, rules, flow) && self.settle(rule, &writes) => {
                self.dead_until = flow.unwrap_or(self.dead_until);
                return false;
            }
            Outcome::Always(..) | Outcome::Open => self.keep(rule),
        }
        true
    }

    fn outcome(&self, rule: &Rule) -> Outcome {
        let mut scratch = self.known.clone();
        let mut writes = Vec::new();
        let (mut open, mut left_behind) = (false, false);
        for link in &rule.links {
            let count = scratch.matches(link);
            // A link that never matches settles the rule, unless one before it has left something behind.
            if count == Some(0) && !left_behind {
                return Outcome::Never;
            }
            open |= count.is_none();
            left_behind |= !link.changes.is_empty() || !link.ctls.is_empty() || link.capture;
            let Some(count) = count.filter(|_| !open) else {
                if left_behind {
                    return Outcome::Open;
                }
                continue;
            };
            for change in link.changes.iter().cycle().take(count * link.changes.len()) {
                let Some((slot, known)) = scratch.outcome(change) else { return Outcome::Open };
                scratch.set(slot, known.clone());
                writes.push((slot, known));
            }
            if count == 0 {
                let controls = rule.links.iter().any(|link| !link.ctls.is_empty());
                return if controls { Outcome::Open } else { Outcome::Always(writes, None) };
            }
        }
        let flow = match rule.flow {
            Flow::To(place) => Some(place),
            _ => None,
        };
        let ctls = rule.links.iter().flat_map(|link| &link.ctls);
        let quiet = rule.links.iter().all(|link| link.redactions.is_empty());
        let plain = quiet && !rule.log && !rule.is_disruptive() && ctls.count() == removals(rule).count();
        if plain && !open { Outcome::Always(writes, flow) } else { Outcome::Open }
    }

    /// Whether a jump can be taken here: what may keep it from happening has to skip the same rules.
    fn flow_is_settled(&self, at: usize, rules: &[Rule], flow: Option<u32>) -> bool {
        let (Some(target), Some(rule)) = (flow, rules.get(at)) else { return true };
        let skipped = rules.iter().skip(at + 1).take_while(|other| other.order < target);
        let mut removers = self.removable.iter().filter(|set| set.contains(rule.index));
        let removed_alike = removers.all(|set| skipped.clone().all(|other| set.contains(other.index)));
        let mut jumps = self.jumps.iter().filter(|place| **place > rule.order);
        removed_alike && jumps.all(|place| *place >= target)
    }

    /// Whether what the rule does can be there from the start, or is there already; if so, it is from here on.
    fn settle(&mut self, rule: &Rule, writes: &[(u32, Known)]) -> bool {
        let unchanged = |(slot, known): &(u32, Known)| *known != Known::Open && self.known.get(*slot) == known;
        let removes = removals(rule).next().is_some();
        if writes.iter().all(unchanged) && !removes {
            return true;
        }
        let certain = !self.may_have_ended
            && self.jumps.iter().all(|place| *place <= rule.order)
            && !self.removable.iter().any(|set| set.contains(rule.index));
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
        self.omissions.extend(removals(rule).map(|(rules, omission)| (Arc::clone(rules), omission.clone())));
        true
    }

    /// Makes what an earlier rule did for every request a part of a later one.
    fn leave_out(&self, rule: &mut Rule) {
        for (_, omission) in self.omissions.iter().filter(|(rules, _)| rules.contains(rule.index)) {
            for link in &mut rule.links {
                // Where nothing of the variable is left, nothing needs to be looked at.
                if matches!(omission.selector, Selector::All) {
                    link.targets.retain(|entry| entry.target.variable != omission.variable);
                } else {
                    link.omissions.push(omission.clone());
                }
            }
        }
    }

    /// Notes what a rule that stays reads, writes, skips and removes.
    fn keep(&mut self, rule: &Rule) {
        self.read(&rule.info.message);
        self.read(&rule.info.data);
        if let Disruption::Redirect(target) = &rule.disruption {
            self.read(target);
        }
        rule.links.iter().for_each(|link| self.keep_link(link));
        for (touched, known) in self.touched.iter_mut().zip(&self.known.values) {
            *touched |= *known == Known::Open;
        }
        if let Flow::To(place) = rule.flow {
            self.jumps.push(place);
        }
        if rule.is_disruptive() {
            self.ends();
        }
    }

    fn keep_link(&mut self, link: &Link) {
        for entry in link.targets.iter().filter(|entry| entry.target.variable.is_store()) {
            self.touch_selected(entry.target.variable, &entry.target.selector);
        }
        if let Some(argument) = link.test.as_ref().and_then(|test| test.argument.as_ref()) {
            self.read(argument);
        }
        for change in &link.changes {
            self.read(&change.key);
            if let Change::Set(text) | Change::Add(text) | Change::Subtract(text) = &change.change {
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
            self.ends();
        }
    }

    fn ends(&mut self) {
        self.jumps.push(u32::MAX);
        self.may_have_ended = true;
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

    fn touch_selected(&mut self, variable: Variable, selector: &Selector) {
        for (slot, touched) in (0u32..).zip(&mut self.touched) {
            let (kept_in, name) = self.known.slots.name(slot);
            *touched |= kept_in == variable && selector.selects(name);
        }
    }
}

/// The values that a rule makes others leave out.
fn removals(rule: &Rule) -> impl Iterator<Item = (&Arc<RuleSet>, &Omission)> {
    rule.links.iter().flat_map(|link| &link.ctls).filter_map(|ctl| match (&ctl.ctl, &ctl.rules) {
        (Ctl::RemoveTarget(_, omission), Some(rules)) => Some((rules, omission)),
        _ => None,
    })
}
