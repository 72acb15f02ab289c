//! What rewrites want changed in a response.

use crate::edits::{Edits, Pending, Span};
use crate::form::{self, MOST_TOTAL, MOST_VALUE};
use crate::pattern::{Groups, group};
use crate::set::{Action, Check, Part, Rule, Value};
use crate::variable::{Source, means};
use crate::{Condition, Phase, ResponseView, Server};

/// Memory that is kept for the next response; what was larger is given back.
const KEPT: usize = 16 * 1024;

/// The edits of one response: reusable memory.
#[derive(Debug, Default)]
pub struct ResponseEdits {
    arena: Vec<u8>,
    names: Vec<Edited>,
    values: Vec<Span>,
    slots: Vec<Span>,
    groups: Groups,
    overflowed: bool,
}

/// A header that was edited, with the place of its values.
#[derive(Clone, Copy, Debug)]
struct Edited {
    name: Span,
    /// In [`ResponseEdits::values`].
    first: usize,
    count: usize,
}

/// What a rule will do to the response, as far as that is known with the request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise<'a> {
    /// The rule.
    pub rule: &'a str,
    /// The header.
    pub name: String,
    /// Its value as configured; `None` deletes the header.
    pub template: Option<&'a str>,
    /// Its value, where the request alone decides it.
    pub value: Option<Vec<u8>>,
    /// The response may still decide against the rule, or against the field.
    pub depends: bool,
}

impl ResponseEdits {
    /// Forgets everything; keeps the memory.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.arena.shrink_to(KEPT);
        self.names.clear();
        self.values.clear();
        self.slots.clear();
        self.overflowed = false;
    }

    /// Whether nothing changes.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether the fields of this name are replaced by what [`ResponseEdits::each`] gives.
    pub fn edited(&self, name: &[u8]) -> bool {
        self.find(name).is_some()
    }

    /// Every field of the edited names that remains, in order.
    pub fn each<'a>(&'a self, mut field: impl FnMut(&'a [u8], &'a [u8])) {
        for edited in &self.names {
            for value in self.values_of(*edited) {
                field(edited.name.of(&self.arena), value.of(&self.arena));
            }
        }
    }

    /// As for [`Edits::overflowed`].
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    fn find(&self, name: &[u8]) -> Option<usize> {
        self.names.iter().position(|edited| edited.name.of(&self.arena).eq_ignore_ascii_case(name))
    }

    fn values_of(&self, edited: Edited) -> &[Span] {
        self.values.get(edited.first..edited.first + edited.count).unwrap_or_default()
    }

    /// Appends a variable of the response: fields of one name joined, edited ones as they were left.
    fn append<V: ResponseView + ?Sized>(&mut self, source: &Source, view: &V) {
        match source {
            Source::ResponseHeader(name) => self.append_header(name.as_bytes(), view),
            Source::Server(Server::HttpStatus) => self.append_number(u64::from(view.status())),
            Source::Server(Server::SentBytes) => self.append_number(view.sent_bytes()),
            Source::Server(_) | Source::RequestHeader(_) | Source::Cookie(_) => {}
        }
    }

    fn append_header<V: ResponseView + ?Sized>(&mut self, name: &[u8], view: &V) {
        let mut is_first = true;
        let mut join = |arena: &mut Vec<u8>| {
            if !std::mem::take(&mut is_first) {
                arena.extend_from_slice(b", ");
            }
        };
        for edited in &self.names {
            if !means(name, edited.name.of(&self.arena)) {
                continue;
            }
            for span in self.values.get(edited.first..edited.first + edited.count).unwrap_or_default() {
                join(&mut self.arena);
                self.arena.extend_from_within(span.start..span.end);
            }
        }
        for (found, value) in (0..view.fields()).map(|at| view.field(at)) {
            if means(name, found) && !self.edited(found) {
                join(&mut self.arena);
                self.arena.extend_from_slice(value);
            }
        }
    }

    fn append_number(&mut self, number: u64) {
        use std::io::Write as _;
        // Writing into a Vec cannot fail.
        let _ = write!(self.arena, "{number}");
    }

    fn holds<V: ResponseView + ?Sized>(&mut self, check: &Check, view: &V) -> bool {
        let Condition { variable, pattern, negate } = &check.condition;
        let start = self.arena.len();
        self.append(&variable.source, view);
        let value = self.arena.get(start..).unwrap_or_default();
        if check.wanted.is_empty() {
            let found = pattern.is_match(value);
            self.arena.truncate(start);
            return found != *negate;
        }
        let found = pattern.captures(value, check.last, &mut self.groups);
        for (number, slot) in check.wanted.iter().filter(|_| found) {
            if let (Some((from, to)), Some(slot)) = (group(&self.groups, *number), self.slots.get_mut(*slot)) {
                *slot = Span { start: start + from, end: start + to };
            }
        }
        found != *negate
    }

    /// Forms a value at the end of the arena; `None` if it is too long.
    fn formed<V: ResponseView + ?Sized>(
        &mut self,
        value: &Value,
        mut kept: impl Iterator<Item = Span>,
        edits: &Edits,
        matched: Option<Span>,
        view: &V,
    ) -> Option<Span> {
        let start = self.arena.len();
        for part in &value.parts {
            match part {
                Part::Text(text) => self.arena.extend_from_slice(text),
                Part::Variable(source, Phase::Response) => self.append(source, view),
                Part::Slot(slot, Phase::Response) => {
                    let span = self.slots.get(*slot).copied().unwrap_or_default();
                    self.arena.extend_from_within(span.start..span.end);
                }
                Part::Matched(number) => {
                    let bounds = group(&self.groups, *number).filter(|_| matched.is_some());
                    if let (Some((from, to)), Some(value)) = (bounds, matched) {
                        self.arena.extend_from_within(value.start + from..value.start + to);
                    }
                }
                Part::Variable(..) | Part::Slot(..) => {
                    let span = kept.next().unwrap_or_default();
                    self.arena.extend_from_slice(edits.bytes(span));
                }
            }
            if self.arena.len() - start > MOST_VALUE {
                break;
            }
        }
        if self.arena.len() - start > MOST_VALUE || self.arena.len() > MOST_TOTAL {
            self.arena.truncate(start);
            self.overflowed = true;
            return None;
        }
        Some(form::header(&mut self.arena, start))
    }

    /// Makes `first..` of the values the fields of a name.
    fn replace(&mut self, name: &[u8], first: usize) {
        let count = self.values.len() - first;
        match self.find(name).and_then(|at| self.names.get_mut(at)) {
            Some(edited) => (edited.first, edited.count) = (first, count),
            None => {
                let start = self.arena.len();
                self.arena.extend_from_slice(name);
                self.names.push(Edited { name: Span { start, end: self.arena.len() }, first, count });
            }
        }
    }

    /// Brings the fields of a name into the values as they are now; returns where they begin.
    fn current<V: ResponseView + ?Sized>(&mut self, name: &[u8], view: &V) -> usize {
        let first = self.values.len();
        if let Some(edited) = self.find(name).and_then(|at| self.names.get(at)).copied() {
            self.values.extend_from_within(edited.first..edited.first + edited.count);
            return first;
        }
        for (_, value) in
            (0..view.fields()).map(|at| view.field(at)).filter(|(found, _)| found.eq_ignore_ascii_case(name))
        {
            let start = self.arena.len();
            self.arena.extend_from_slice(value);
            self.values.push(Span { start, end: self.arena.len() });
        }
        first
    }
}

impl Edits {
    /// Decides and does what was left for the response. Call it once, with clear `out`, when the head of the response
    /// is there; a response of the gateway's own making is not rewritten.
    pub fn respond<V: ResponseView + ?Sized>(&self, view: &V, out: &mut ResponseEdits) {
        for pending in &self.pending {
            let Some(rule) = self.rule(*pending) else { continue };
            out.slots.clear();
            out.slots.resize(rule.slots, Span::default());
            if rule.after.iter().all(|check| out.holds(check, view)) {
                let mut kept = pending.kept;
                for action in &rule.response_headers {
                    self.act(action, kept, view, out);
                    kept += action.value.as_ref().map_or(0, |value| value.kept);
                }
            }
            out.overflowed |= out.arena.len() > MOST_TOTAL;
            if out.overflowed {
                return;
            }
        }
    }

    /// What the pending rules will do to the response, as far as it is known; for whoever explains a request.
    pub fn promises(&self) -> Vec<Promise<'_>> {
        let mut promises = Vec::new();
        for pending in &self.pending {
            let Some(rule) = self.rule(*pending) else { continue };
            let mut kept = pending.kept;
            for action in &rule.response_headers {
                promises.push(self.promise(rule, action, kept));
                kept += action.value.as_ref().map_or(0, |value| value.kept);
            }
        }
        promises
    }

    fn promise<'a>(&'a self, rule: &'a Rule, action: &'a Action, kept: usize) -> Promise<'a> {
        let is_known = |value: &&Value| value.parts.iter().all(|part| part.is_kept() || matches!(part, Part::Text(_)));
        let value = action.value.as_ref().filter(is_known).and_then(|value| {
            let mut scratch = ResponseEdits::default();
            let span = scratch.formed(value, self.kept(kept), self, None, &Nothing)?;
            Some(span.of(&scratch.arena).to_vec())
        });
        Promise {
            rule: &rule.name,
            name: String::from_utf8_lossy(&action.name).into_owned(),
            template: action.value.as_ref().map(|value| &*value.text),
            value,
            depends: !rule.after.is_empty() || action.matcher.is_some(),
        }
    }

    fn rule(&self, pending: Pending) -> Option<&Rule> {
        self.sets.get(pending.set)?.inner.rules.get(pending.rule)
    }

    fn kept(&self, from: usize) -> impl Iterator<Item = Span> + '_ {
        self.kept.iter().skip(from).copied()
    }

    fn act<V: ResponseView + ?Sized>(&self, action: &Action, kept: usize, view: &V, out: &mut ResponseEdits) {
        if action.matcher.is_some() {
            return self.act_on_some(action, kept, view, out);
        }
        let first = out.values.len();
        if let Some(value) = &action.value {
            let Some(span) = out.formed(value, self.kept(kept), self, None, view) else { return };
            out.values.extend(Some(span).filter(|span| !span.is_empty()));
        }
        out.replace(&action.name, first);
    }

    /// Replaces or deletes those fields of a name whose values the matcher means; none of them: nothing.
    fn act_on_some<V: ResponseView + ?Sized>(&self, action: &Action, kept: usize, view: &V, out: &mut ResponseEdits) {
        let Some(matcher) = &action.matcher else { return };
        let old = out.current(&action.name, view);
        let first = out.values.len();
        let mut hit = false;
        for at in old..first {
            let span = out.values.get(at).copied().unwrap_or_default();
            let found = matcher.pattern.captures(span.of(&out.arena), matcher.pattern.groups(), &mut out.groups);
            if found == matcher.negate {
                out.values.push(span);
                continue;
            }
            hit = true;
            if let Some(value) = &action.value {
                let matched = found.then_some(span);
                let Some(span) = out.formed(value, self.kept(kept), self, matched, view) else { return };
                out.values.extend(Some(span).filter(|span| !span.is_empty()));
            }
        }
        if hit {
            out.replace(&action.name, first);
        }
    }
}

/// A response that is not there yet.
struct Nothing;

impl ResponseView for Nothing {
    fn status(&self) -> u16 {
        0
    }

    fn sent_bytes(&self) -> u64 {
        0
    }

    fn fields(&self) -> usize {
        0
    }

    fn field(&self, _: usize) -> (&[u8], &[u8]) {
        (b"", b"")
    }
}
