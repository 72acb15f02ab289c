//! A pass over a request: which rules fire, and what they change.

use crate::edits::{Edits, Pending, Span, Subject};
use crate::form::{self, MOST_VALUE};
use crate::pattern::group;
use crate::set::{Action, Check, Part, Rule, Value};
use crate::variable::Source;
use crate::{Condition, Phase, RequestView, RewriteSet};

/// What became of a rule.
#[derive(Clone, Copy, Debug)]
pub enum Verdict<'a> {
    /// All its conditions hold.
    Fired,
    /// Those on the request hold; the response decides.
    Waits,
    /// A condition does not hold.
    Failed {
        /// The first one.
        condition: &'a Condition,
        /// What it looked at.
        value: &'a [u8],
    },
}

/// Hears of every rule: its name, and what became of it.
type Trace<'t> = Option<&'t mut dyn FnMut(&str, Verdict<'_>)>;

impl RewriteSet {
    /// Runs the rules over a request. Runs again, with the set of the new path rule, when [`Edits::take_reroute`] asks
    /// for it: headers add up, captures begin anew.
    pub fn request<V: RequestView + ?Sized>(&self, view: &V, edits: &mut Edits) {
        self.run(view, edits, None);
    }

    /// The same, and tells about every rule.
    pub fn request_traced<V: RequestView + ?Sized>(
        &self,
        view: &V,
        edits: &mut Edits,
        mut trace: impl FnMut(&str, Verdict<'_>),
    ) {
        self.run(view, edits, Some(&mut trace));
    }

    fn run<V: RequestView + ?Sized>(&self, view: &V, edits: &mut Edits, mut trace: Trace<'_>) {
        let mut set = None;
        for (at, rule) in self.inner.rules.iter().enumerate() {
            edits.slots.clear();
            edits.slots.resize(rule.slots, Span::default());
            let start = edits.arena.len();
            let failed = rule.before.iter().find(|check| !holds(check, view, edits));
            if let Some(trace) = &mut trace {
                tell(rule, failed, view, edits, *trace);
            }
            if failed.is_some() {
                // Its captures are no one else's.
                edits.arena.truncate(start);
                continue;
            }
            change(rule, view, edits);
            if !rule.response_headers.is_empty() {
                let set = *set.get_or_insert_with(|| {
                    edits.sets.push(self.clone());
                    edits.sets.len() - 1
                });
                let kept = edits.kept.len();
                edits.pending.push(Pending { set, rule: at, kept });
                keep(rule, view, edits);
            }
            if !edits.has_room() {
                return;
            }
        }
    }
}

fn tell<V: RequestView + ?Sized>(
    rule: &Rule,
    failed: Option<&Check>,
    view: &V,
    edits: &mut Edits,
    trace: &mut dyn FnMut(&str, Verdict<'_>),
) {
    match failed {
        Some(check) => {
            let subject = edits.subject(&check.condition.variable.source, view);
            let value = subject.bytes(&edits.arena);
            trace(&rule.name, Verdict::Failed { condition: &check.condition, value });
        }
        None if rule.after.is_empty() => trace(&rule.name, Verdict::Fired),
        None => trace(&rule.name, Verdict::Waits),
    }
}

/// Decides a condition, and keeps the captures that are wanted of it.
fn holds<V: RequestView + ?Sized>(check: &Check, view: &V, edits: &mut Edits) -> bool {
    let Condition { variable, pattern, negate } = &check.condition;
    let start = edits.arena.len();
    let subject = edits.subject(&variable.source, view);
    if check.wanted.is_empty() {
        let found = pattern.is_match(subject.bytes(&edits.arena));
        edits.arena.truncate(start);
        return found != *negate;
    }
    let mut groups = std::mem::take(&mut edits.groups);
    let found = pattern.captures(subject.bytes(&edits.arena), check.last, &mut groups);
    if found {
        for (number, slot) in &check.wanted {
            let bounds = group(&groups, *number).unwrap_or_default();
            let span = captured(&subject, bounds, edits);
            if let Some(slot) = edits.slots.get_mut(*slot) {
                *slot = span;
            }
        }
    }
    edits.groups = groups;
    found != *negate
}

fn captured(subject: &Subject<'_>, (start, end): (usize, usize), edits: &mut Edits) -> Span {
    match subject {
        Subject::Absent => Span::default(),
        Subject::Here(span) => Span { start: span.start + start, end: span.start + end },
        Subject::There(value) => {
            let at = edits.arena.len();
            edits.arena.extend_from_slice(value.get(start..end).unwrap_or_default());
            Span { start: at, end: edits.arena.len() }
        }
    }
}

/// What a rule that fired does to the request.
fn change<V: RequestView + ?Sized>(rule: &Rule, view: &V, edits: &mut Edits) {
    for action in &rule.request_headers {
        set_header(action, view, edits);
    }
    if let Some(path) = formed(rule.path.as_ref(), view, edits, form::path) {
        edits.path = Some(path);
        edits.reroute |= rule.reroute;
    }
    if let Some(query) = formed(rule.query.as_ref(), view, edits, form::query) {
        edits.query = Some(query);
    }
}

fn set_header<V: RequestView + ?Sized>(action: &Action, view: &V, edits: &mut Edits) {
    let value = match &action.value {
        None => None,
        Some(value) => {
            let Some(span) = formed(Some(value), view, edits, |arena, start| form::header(arena, start)) else {
                return;
            };
            (!span.is_empty()).then_some(span)
        }
    };
    if value.is_some() || !action.is_host {
        edits.edit(&action.name, value);
    }
}

/// Forms a value at the end of the arena; `None` if there is none or if it is too long.
fn formed<V: RequestView + ?Sized>(
    value: Option<&Value>,
    view: &V,
    edits: &mut Edits,
    finish: impl FnOnce(&mut Vec<u8>, usize) -> Span,
) -> Option<Span> {
    let start = edits.arena.len();
    for part in &value?.parts {
        append(part, view, edits);
        if edits.arena.len() - start > MOST_VALUE {
            break;
        }
    }
    let fits = edits.arena.len() - start <= MOST_VALUE && edits.has_room();
    let span = fits.then(|| finish(&mut edits.arena, start)).filter(|_| edits.arena.len() - start <= MOST_VALUE);
    if span.is_none() {
        edits.arena.truncate(start);
        edits.overflowed = true;
    }
    span
}

fn append<V: RequestView + ?Sized>(part: &Part, view: &V, edits: &mut Edits) {
    match part {
        Part::Text(text) => edits.arena.extend_from_slice(text),
        Part::Slot(slot, Phase::Request) => {
            let span = edits.slots.get(*slot).copied().unwrap_or_default();
            span.copy(&mut edits.arena);
        }
        Part::Variable(source, Phase::Request) => match (edits.subject(source, view), source) {
            // It was appended by being asked for.
            (Subject::Here(_), Source::Server(_)) | (Subject::Absent, _) => {}
            (Subject::Here(span), _) => span.copy(&mut edits.arena),
            (Subject::There(value), _) => edits.arena.extend_from_slice(&value),
        },
        // Of the response.
        Part::Slot(..) | Part::Variable(..) | Part::Matched(_) => {}
    }
}

/// Keeps what the values of response headers need of the request, which is gone when they are formed.
fn keep<V: RequestView + ?Sized>(rule: &Rule, view: &V, edits: &mut Edits) {
    let values = rule.response_headers.iter().filter_map(|action| action.value.as_ref());
    for part in values.flat_map(|value| &value.parts).filter(|part| part.is_kept()) {
        let start = edits.arena.len();
        append(part, view, edits);
        edits.kept.push(Span { start, end: edits.arena.len() });
    }
}
