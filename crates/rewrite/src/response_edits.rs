//! What rewrites have made of a response so far: fields by name, and how values are formed from it.

use crate::Edits;
use crate::edits::{Lengths, Span};
use crate::form::{self, MOST_TOTAL, MOST_VALUE};
use crate::pattern::{Groups, group};
use crate::set::{Check, Part, Value};
use crate::variable::{Source, means};
use crate::{Condition, Phase, ResponseView, Server};

/// Memory that is kept for the next response; what was larger is given back.
const KEPT: usize = 16 * 1024;

/// The edits of one response: reusable memory.
#[derive(Debug, Default)]
pub struct ResponseEdits {
    /// Every byte the other fields speak of.
    pub(crate) arena: Vec<u8>,
    names: Vec<Edited>,
    lengths: Lengths,
    /// Values of fields, those of one name together.
    pub(crate) values: Vec<Span>,
    /// Captures of the rule that is looked at.
    pub(crate) slots: Vec<Span>,
    pub(crate) groups: Groups,
    pub(crate) overflowed: bool,
}

/// A header that was edited, with the place of its values.
#[derive(Clone, Copy, Debug)]
struct Edited {
    name: Span,
    /// In [`ResponseEdits::values`].
    first: usize,
    count: usize,
}

impl ResponseEdits {
    /// Forgets everything; keeps the memory.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.arena.shrink_to(KEPT);
        self.names.clear();
        self.lengths = Lengths::default();
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
        if !self.lengths.may_have(name) {
            return None;
        }
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
                span.copy(&mut self.arena);
            }
        }
        for (found, value) in (0..view.fields()).map(|at| view.field(at)) {
            if means(name, found) && !self.edited(found) {
                join(&mut self.arena);
                self.arena.extend_from_slice(value);
            }
        }
    }

    /// The value of a header that was not edited and of which there is one field at most; empty without any.
    fn only<'v, V: ResponseView + ?Sized>(&self, name: &[u8], view: &'v V) -> Option<&'v [u8]> {
        if self.lengths.may_have(name) {
            return None;
        }
        let mut all = (0..view.fields()).map(|at| view.field(at)).filter(|(found, _)| means(name, found));
        let value = all.next().map_or(&b""[..], |(_, value)| value);
        all.next().is_none().then_some(value)
    }

    fn append_number(&mut self, number: u64) {
        use std::io::Write as _;
        // Writing into a Vec cannot fail.
        let _ = write!(self.arena, "{number}");
    }

    pub(crate) fn holds<V: ResponseView + ?Sized>(&mut self, check: &Check, view: &V) -> bool {
        let Condition { variable, pattern, negate } = &check.condition;
        if check.wanted.is_empty()
            && let Source::ResponseHeader(name) = &variable.source
            && let Some(value) = self.only(name.as_bytes(), view)
        {
            return pattern.is_match(value) != *negate;
        }
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
    pub(crate) fn formed<V: ResponseView + ?Sized>(
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
                    span.copy(&mut self.arena);
                }
                Part::Matched(number) => {
                    let bounds = group(&self.groups, *number).filter(|_| matched.is_some());
                    if let (Some((from, to)), Some(value)) = (bounds, matched) {
                        Span { start: value.start + from, end: value.start + to }.copy(&mut self.arena);
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
    pub(crate) fn replace(&mut self, name: &[u8], first: usize) {
        let count = self.values.len() - first;
        match self.find(name).and_then(|at| self.names.get_mut(at)) {
            Some(edited) => (edited.first, edited.count) = (first, count),
            None => {
                let start = self.arena.len();
                self.arena.extend_from_slice(name);
                self.lengths.note(name);
                self.names.push(Edited { name: Span { start, end: self.arena.len() }, first, count });
            }
        }
    }

    /// Brings the fields of a name into the values as they are now; returns where they begin.
    pub(crate) fn current<V: ResponseView + ?Sized>(&mut self, name: &[u8], view: &V) -> usize {
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
