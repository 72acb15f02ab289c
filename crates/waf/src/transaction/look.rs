//! Looks at values: which of them match a link of a rule.

use super::Transaction;
use super::contents::{ContentId, Contents};
use super::kept::{Place, Store};
use crate::operators::{Captures, Work};
use crate::program::{Link, LinkTarget, Program, Rule, Test};
use crate::variables::{Omission, Selector, Target, TargetKind, Variable};
use crate::verdict::Bound;

/// What it costs to pass over a value, and to ask an operator about one, however short it is; against a byte that a
/// linear-time pattern looks at.
const GLANCE: u64 = 8;
const LOOK: u64 = 48;

/// A value that matched.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matched {
    pub(super) variable: Variable,
    pub(super) key: Key,
    pub(super) value: ContentId,
}

/// What the value is called within its variable.
#[derive(Clone, Copy, Debug)]
pub(super) enum Key {
    Nothing,
    /// It is the number of values.
    Count,
    Content(ContentId),
    Kept(Place),
}

impl Matched {
    /// The key's bytes.
    pub(super) fn key<'c>(&self, contents: &'c Contents, store: &'c Store) -> &'c [u8] {
        match self.key {
            Key::Nothing | Key::Count => b"",
            Key::Content(id) => contents.bytes(id),
            Key::Kept(place) => store.name(place, contents),
        }
    }

    /// Its full name, such as `ARGS:id`.
    pub(super) fn name(&self, contents: &Contents, store: &Store) -> Vec<u8> {
        let key = self.key(contents, store);
        let count: &[u8] = if matches!(self.key, Key::Count) { b"&" } else { b"" };
        let colon: &[u8] = if key.is_empty() { b"" } else { b":" };
        [count, self.variable.name().as_bytes(), colon, key].concat()
    }
}

/// What a link is run with.
pub(super) struct Running<'p> {
    pub(super) program: &'p Program,
    pub(super) rule: &'p Rule,
    pub(super) link: &'p Link,
    pub(super) test: &'p Test,
    pub(super) argument: &'p [u8],
}

impl Transaction {
    /// Looks at all values of a target.
    pub(super) fn look(&mut self, running: &Running<'_>, entry: &LinkTarget) {
        let target = &entry.target;
        match (target.kind, entry.view) {
            (TargetKind::Count, _) => self.look_at_count(running, entry),
            (TargetKind::Values, Some(view)) => self.look_at_view(running, target, view),
            (TargetKind::Values, None) => self.look_at_loose(running, entry),
        }
    }

    fn look_at_count(&mut self, running: &Running<'_>, entry: &LinkTarget) {
        let target = &entry.target;
        let count = if target.variable.is_steady() {
            self.shelve(target.variable);
            let values = self.shelves.values(target.variable).iter();
            let keys = values.map(|entry| self.contents.bytes(entry.key));
            keys.filter(|key| target.selector.selects(key) && !self.left_out(running, target.variable, key)).count()
        } else {
            let loose = self.loose(entry);
            let count = loose.len();
            self.give_back(loose);
            count
        };
        self.contents.spend(count as u64);
        let value = self.contents.add_number(i64::try_from(count).unwrap_or(i64::MAX));
        self.test(running, Matched { variable: target.variable, key: Key::Count, value });
    }

    fn look_at_view(&mut self, running: &Running<'_>, target: &Target, view: u32) {
        let Some(seen) = self.shelve_view(running.program, view) else { return };
        let (link, test) = (running.link, running.test);
        let filter = if test.negated || link.multi_match { None } else { Some(&link.filter) };
        if filter.is_some_and(|filter| !self.any_may_match(seen, filter)) {
            return;
        }
        let response = !running.rule.info.phase.is_request();
        let mut at = 0;
        while let Some((index, value)) = self.shelves.seen(seen, at) {
            at += 1;
            self.contents.spend(GLANCE);
            if filter.is_some_and(|filter| !self.contents.may_match(value, filter, response)) {
                continue;
            }
            let Some(entry) = self.shelves.values(target.variable).get(index as usize).copied() else { continue };
            let key = self.contents.bytes(entry.key);
            if !target.selector.selects(key) || self.is_unseen(running, target.variable, key) {
                continue;
            }
            let key = if target.variable.is_collection() { Key::Content(entry.key) } else { Key::Nothing };
            let matched = Matched { variable: target.variable, key, value };
            match filter {
                Some(_) => self.try_passed(running, matched),
                None => self.try_value(running, matched),
            }
        }
    }

    /// Values that change while rules run are not transformed ahead.
    fn look_at_loose(&mut self, running: &Running<'_>, entry: &LinkTarget) {
        let loose = self.loose(entry);
        for matched in &loose {
            let key = matched.key(&self.contents, &self.store);
            if !self.is_unseen(running, entry.target.variable, key) {
                self.test(running, *matched);
            }
        }
        self.give_back(loose);
    }

    /// The values of a target, in a list to be given back.
    fn loose(&mut self, entry: &LinkTarget) -> Vec<Matched> {
        let mut list = std::mem::take(&mut self.spare);
        list.clear();
        match entry.target.variable {
            Variable::MatchedVar => list.extend(self.last),
            Variable::MatchedVars => list.extend_from_slice(&self.before),
            Variable::MatchedVarName => list.extend(self.last.map(|matched| self.named(matched))),
            Variable::MatchedVarsNames => {
                let before = std::mem::take(&mut self.before);
                list.extend(before.iter().map(|matched| self.named(*matched)));
                self.before = before;
            }
            variable if variable.is_store() => self.kept(entry, &mut list),
            variable => {
                let value = self.scalar(variable);
                list.extend(value.map(|value| Matched { variable, key: Key::Nothing, value }));
            }
        }
        list
    }

    fn give_back(&mut self, list: Vec<Matched>) {
        self.spare = list;
    }

    /// Values that rules keep.
    fn kept(&mut self, entry: &LinkTarget, list: &mut Vec<Matched>) {
        let variable = entry.target.variable;
        let mut places = std::mem::take(&mut self.places);
        places.clear();
        if let Selector::Key(_) = entry.target.selector {
            let slots = entry.slots.iter().map(|slot| Place::Slot(*slot));
            places.extend(slots.filter(|place| self.store.exists(*place)));
        } else {
            self.contents.spend((self.store.dynamic() + entry.slots.len()) as u64 * GLANCE);
            self.store.places(variable, &entry.target.selector, &entry.slots, &self.contents, &mut places);
        }
        for place in &places {
            let value = self.store.get(*place, &mut self.contents);
            list.extend(value.map(|value| Matched { variable, key: Key::Kept(*place), value }));
        }
        self.places = places;
    }

    fn named(&mut self, matched: Matched) -> Matched {
        let name = matched.name(&self.contents, &self.store);
        Matched { value: self.contents.add(&name), ..matched }
    }

    /// Whether a rule does not look at a value: it leaves it out, or the policy excludes it. What is excluded counts
    /// all the same, since rules take a header that they cannot count for a missing one.
    fn is_unseen(&self, running: &Running<'_>, variable: Variable, key: &[u8]) -> bool {
        let hits = |omission: &Omission| omission.variable == variable && omission.selector.selects(key);
        running.link.exclusions.iter().any(hits) || self.left_out(running, variable, key)
    }

    /// Whether a rule leaves a value out: by what it says itself, or by what another rule made it do.
    fn left_out(&self, running: &Running<'_>, variable: Variable, key: &[u8]) -> bool {
        let hits = |omission: &Omission| omission.variable == variable && omission.selector.selects(key);
        let removed = |(rules, omission): &(_, Omission)| {
            let rules: &std::sync::Arc<crate::program::RuleSet> = rules;
            rules.contains(running.rule.index) && hits(omission)
        };
        running.link.omissions.iter().any(hits) || self.removed_targets.iter().any(removed)
    }

    /// Transforms a value and tests it.
    fn test(&mut self, running: &Running<'_>, mut matched: Matched) {
        if !running.link.multi_match {
            matched.value = self.contents.transformed(matched.value, &running.link.list);
        }
        self.try_value(running, matched);
    }

    /// Tests a value; with `multiMatch`, before the transformations and after each that changes it.
    fn try_value(&mut self, running: &Running<'_>, mut matched: Matched) {
        self.try_one(running, matched);
        if !running.link.multi_match {
            return;
        }
        for transformation in &running.link.transformations {
            let next = self.contents.step(matched.value, *transformation);
            if next != matched.value {
                matched.value = next;
                self.try_one(running, matched);
            }
        }
    }

    fn try_one(&mut self, running: &Running<'_>, matched: Matched) {
        let Running { program, rule, link, test, .. } = running;
        let response = !rule.info.phase.is_request();
        if self.contents.may_match(matched.value, &link.filter, response) {
            self.try_passed(running, matched);
        } else if test.negated && !self.is_spent(rule) {
            self.matched(program, rule, link, matched, None);
        }
    }

    /// Tests a value that the filter lets pass.
    fn try_passed(&mut self, running: &Running<'_>, matched: Matched) {
        let Running { program, rule, link, test, argument } = running;
        if self.is_spent(rule) {
            return;
        }
        let mut work = Work::within(self.room());
        work.add(LOOK);
        let value = self.contents.bytes(matched.value);
        let found = test.operator.look(value, argument, None, &mut work);
        // Groups cost more than a look without them, and most values match nothing.
        let mut captures = None;
        if found && link.capture && !test.negated {
            let groups = captures.insert(Captures::default());
            test.operator.look(value, argument, Some(groups), &mut work);
        }
        self.contents.spend(work.units());
        if work.refused() {
            return self.exhaust(rule, Bound::Work);
        }
        if found != test.negated {
            self.matched(program, rule, link, matched, captures);
        }
    }
}
