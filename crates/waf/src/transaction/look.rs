//! Looks at values: which of them match a link of a rule.

use super::Transaction;
use super::contents::{ContentId, Contents};
use super::kept::{Place, Store};
use crate::operators::Captures;
use crate::program::{Link, Program, Rule, Test};
use crate::variables::{Omission, Target, TargetKind, Variable};

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
    pub(super) fn look(&mut self, running: &Running<'_>, target: &Target, view: Option<u32>) {
        match (target.kind, view) {
            (TargetKind::Count, _) => self.look_at_count(running, target),
            (TargetKind::Values, Some(view)) => self.look_at_view(running, target, view),
            (TargetKind::Values, None) => self.look_at_loose(running, target),
        }
    }

    fn look_at_count(&mut self, running: &Running<'_>, target: &Target) {
        let count = if target.variable.is_store() {
            self.kept_places(target).len()
        } else if target.variable.is_steady() {
            self.shelve(target.variable);
            let values = self.shelves.values(target.variable).iter();
            let keys = values.map(|entry| self.contents.bytes(entry.key));
            keys.filter(|key| target.selector.selects(key) && !self.left_out(running, target.variable, key)).count()
        } else {
            self.loose(target).len()
        };
        let value = self.contents.add_number(count as u64);
        self.test(running, Matched { variable: target.variable, key: Key::Count, value });
    }

    fn look_at_view(&mut self, running: &Running<'_>, target: &Target, view: u32) {
        self.shelve_view(running.program, view);
        let (link, test) = (running.link, running.test);
        let Some(seen) = self.shelves.view(view) else { return };
        if let Some(bit) = link.filter
            && !test.negated
            && !link.multi_match
            && !self.contents.has(seen.bits, bit)
        {
            return;
        }
        let mut at = 0;
        while let Some((index, content)) = self.shelves.seen(seen, at) {
            at += 1;
            let Some(entry) = self.shelves.values(target.variable).get(index as usize).copied() else { continue };
            let key = self.contents.bytes(entry.key);
            if !target.selector.selects(key) || self.left_out(running, target.variable, key) {
                continue;
            }
            let key = if target.variable.is_collection() { Key::Content(entry.key) } else { Key::Nothing };
            let value = if link.multi_match { entry.value } else { content };
            self.try_value(running, Matched { variable: target.variable, key, value }, link.multi_match);
        }
    }

    /// Values that change while rules run are not transformed ahead.
    fn look_at_loose(&mut self, running: &Running<'_>, target: &Target) {
        for matched in self.loose(target) {
            let key = matched.key(&self.contents, &self.store);
            if !self.left_out(running, target.variable, key) {
                self.test(running, matched);
            }
        }
    }

    fn loose(&mut self, target: &Target) -> Vec<Matched> {
        match target.variable {
            Variable::MatchedVar => self.last.into_iter().collect(),
            Variable::MatchedVars => self.before.clone(),
            Variable::MatchedVarName => self.last.into_iter().map(|matched| self.named(matched)).collect(),
            Variable::MatchedVarsNames => self.before.clone().into_iter().map(|matched| self.named(matched)).collect(),
            variable if variable.is_store() => {
                let places = self.kept_places(target);
                let values = places.into_iter().filter_map(|place| {
                    let value = self.store.get(place, &mut self.contents)?;
                    Some(Matched { variable, key: Key::Kept(place), value })
                });
                values.collect()
            }
            variable => {
                let value = self.scalar(variable);
                value.map(|value| Matched { variable, key: Key::Nothing, value }).into_iter().collect()
            }
        }
    }

    fn named(&mut self, matched: Matched) -> Matched {
        let name = matched.name(&self.contents, &self.store);
        Matched { value: self.contents.add(&name), ..matched }
    }

    fn kept_places(&self, target: &Target) -> Vec<Place> {
        if let crate::variables::Selector::Key(key) = &target.selector {
            let place = self.store.find(target.variable, key);
            return place.filter(|place| self.store.exists(*place)).into_iter().collect();
        }
        let mut places = self.store.places(target.variable);
        places.retain(|place| target.selector.selects(self.store.name(*place, &self.contents)));
        places
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
            matched.value = self.contents.transformed(matched.value, &running.link.transformations);
        }
        self.try_value(running, matched, running.link.multi_match);
    }

    /// Tests a value; with `multiMatch`, before the transformations and after each that changes it.
    fn try_value(&mut self, running: &Running<'_>, mut matched: Matched, multi_match: bool) {
        self.try_one(running, matched);
        if !multi_match {
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
        if self.contents.exhausted() {
            return;
        }
        let Running { rule, link, test, argument, .. } = running;
        let response = !rule.info.phase.is_request();
        let can = link.filter.is_none_or(|bit| self.contents.may_match(matched.value, bit, response));
        let value = self.contents.bytes(matched.value);
        let length = value.len();
        let found = can && test.operator.matches(value, argument, None);
        // Groups cost more than a look without them, and most values match nothing.
        let mut captures = (found && link.capture && !test.negated).then(Captures::default);
        if let Some(captures) = &mut captures {
            test.operator.matches(value, argument, Some(captures));
        }
        if can {
            self.contents.spend(length);
        }
        if found == test.negated {
            return;
        }
        self.matched(running.program, rule, link, matched, captures);
    }
}
