//! Values of variables, made when a rule first asks, and the views of them after transformation.

use super::Transaction;
use super::contents::{Bits, ContentId};
use super::facts::Entry;
use crate::byte_set::ByteSet;
use crate::program::{Filter, Gate, Program, View};
use crate::variables::Variable;

/// What rules see of a view.
#[derive(Clone, Copy, Debug)]
struct Seen {
    start: usize,
    end: usize,
    /// The bytes that any of them holds.
    bytes: ByteSet,
    /// The bits of the operators that can match any of them, once somebody asked.
    bits: Option<Bits>,
    response: bool,
}

/// Which [`Seen`]: views share one where the transformations change nothing, which is the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct SeenId(u32);

impl SeenId {
    /// Not made yet.
    const NONE: Self = Self(u32::MAX);
}

/// What some values hold together.
#[derive(Clone, Copy, Debug)]
struct Held {
    bytes: ByteSet,
    bits: Option<Bits>,
}

/// Values and views that have been made. Lists alone, since it is handed from request to request.
#[derive(Debug, Default)]
pub(super) struct Shelves {
    /// Of all variables, one after the other.
    entries: Vec<Entry>,
    /// For each variable, where its values stand.
    places: Vec<Option<(u32, u32)>>,
    /// The variables that have a place.
    placed: Vec<Variable>,
    /// For each view, what rules see of it: a number, since there are hundreds of views and few are unlike the others.
    views: Vec<SeenId>,
    made: Vec<Seen>,
    groups: Vec<Option<Held>>,
    /// Of all views: index of a value among those of its variable, and what it is after transformation.
    seen: Vec<(u32, ContentId)>,
}

impl Shelves {
    /// Empty ones for a program.
    pub(super) fn for_program(mut self, program: &Program) -> Self {
        self.places.resize(Variable::COUNT, None);
        self.views.resize(program.views.len(), SeenId::NONE);
        self.groups.resize(program.views.group_count(), None);
        self
    }

    /// Bytes that there is room for.
    pub(super) fn room(&self) -> usize {
        let views = self.views.capacity() * size_of::<SeenId>();
        views
            + self.made.capacity() * size_of::<Seen>()
            + self.groups.capacity() * size_of::<Option<Held>>()
            + self.entries.capacity() * size_of::<Entry>()
            + self.seen.capacity() * size_of::<(u32, ContentId)>()
    }

    pub(super) fn clear(&mut self) {
        let Self { entries, places, placed, views, made, groups, seen } = self;
        entries.clear();
        places.clear();
        placed.clear();
        views.clear();
        made.clear();
        groups.clear();
        seen.clear();
    }

    pub(super) fn values(&self, variable: Variable) -> &[Entry] {
        self.entries.get(self.place(variable)).unwrap_or_default()
    }

    /// Where the values of a variable stand among all of them.
    pub(super) fn place(&self, variable: Variable) -> std::ops::Range<usize> {
        let place = self.places.get(variable as usize).copied().flatten();
        place.map_or(0..0, |(start, end)| start as usize..end as usize)
    }

    fn made(&self, id: SeenId) -> Option<&Seen> {
        self.made.get(id.0 as usize)
    }

    /// What rules see of a view, if it has been made.
    fn view(&self, number: u32) -> Option<SeenId> {
        self.views.get(number as usize).copied().filter(|id| *id != SeenId::NONE)
    }

    /// The value at a place of a view: its index among those of the variable, and what it is after transformation.
    pub(super) fn seen(&self, view: SeenId, at: usize) -> Option<(u32, ContentId)> {
        let view = self.made(view)?;
        self.seen.get(view.start..view.end)?.get(at).copied()
    }

    /// Forgets what may be different in a new phase.
    pub(super) fn new_phase(&mut self, program: &Program) {
        let Self { places, placed, .. } = self;
        placed.retain(|variable| {
            if !variable.is_of_head()
                && let Some(place) = places.get_mut(*variable as usize)
            {
                *place = None;
            }
            variable.is_of_head()
        });
        self.groups.fill(None);
        for number in program.views.changing() {
            if let Some(seen) = self.views.get_mut(*number as usize) {
                *seen = SeenId::NONE;
            }
        }
    }

    /// Bytes that it takes, roughly.
    pub(super) fn memory(&self) -> usize {
        self.entries.len() * size_of::<Entry>() + self.seen.len() * size_of::<(u32, ContentId)>()
    }
}

/// What a value costs that is put on a shelf.
const SHELVED: u64 = 16;

impl Transaction {
    /// Makes the values of a variable unless they are there.
    pub(super) fn shelve(&mut self, variable: Variable) {
        if self.shelves.places.get(variable as usize).copied().flatten().is_some() {
            return;
        }
        // What one variable takes from others stands before it: its own values follow without a gap.
        self.ahead(variable);
        let mut entries = std::mem::take(&mut self.shelves.entries);
        let start = entries.len();
        self.values_of(variable, &mut entries);
        let end = entries.len();
        self.contents.spend((end - start) as u64 * SHELVED);
        self.shelves.entries = entries;
        let place = u32::try_from(start).ok().zip(u32::try_from(end).ok());
        if let Some(known) = self.shelves.places.get_mut(variable as usize) {
            *known = place.or(Some((0, 0)));
            self.shelves.placed.push(variable);
        }
    }

    /// Makes a view unless it is there.
    pub(super) fn shelve_view(&mut self, program: &Program, number: u32) -> Option<SeenId> {
        if let Some(seen) = self.shelves.view(number) {
            return Some(seen);
        }
        let view = program.views.get(number)?;
        let seen = if view.plain == number {
            self.plain(view)
        } else {
            let id = self.shelve_view(program, view.plain)?;
            let plain = *self.shelves.made(id)?;
            if view.transformations.touches(&plain.bytes) { self.transformed(view, id, plain) } else { id }
        };
        if let Some(place) = self.shelves.views.get_mut(number as usize) {
            *place = seen;
        }
        Some(seen)
    }

    /// The values of a variable, or of one key of it, as they are.
    fn plain(&mut self, view: &View) -> SeenId {
        self.shelve(view.variable);
        let mut seen = std::mem::take(&mut self.shelves.seen);
        let start = seen.len();
        for (index, entry) in (0u32..).zip(self.shelves.values(view.variable)) {
            let of_key = |key: &[u8]| self.contents.bytes(entry.key).eq_ignore_ascii_case(key);
            if view.key.as_deref().is_none_or(of_key) {
                seen.push((index, entry.value));
            }
        }
        self.made(seen, start, view.response)
    }

    fn transformed(&mut self, view: &View, id: SeenId, plain: Seen) -> SeenId {
        let mut seen = std::mem::take(&mut self.shelves.seen);
        let start = seen.len();
        seen.extend_from_within(plain.start..plain.end);
        for (_, value) in seen.iter_mut().skip(start) {
            *value = self.contents.transformed(*value, &view.transformations);
        }
        self.contents.spend((seen.len() - start) as u64 * SHELVED);
        // Bytes that a transformation might have changed, and did not: looked at and looked through once with the rest.
        if seen.get(start..) == seen.get(plain.start..plain.end) {
            seen.truncate(start);
            self.shelves.seen = seen;
            return id;
        }
        self.made(seen, start, view.response)
    }

    fn made(&mut self, seen: Vec<(u32, ContentId)>, start: usize, response: bool) -> SeenId {
        let values = seen.get(start..).unwrap_or_default().iter();
        let bytes = values.fold(ByteSet::EMPTY, |union, (_, id)| union.union(self.contents.byte_set(*id)));
        let end = seen.len();
        self.shelves.seen = seen;
        let id = u32::try_from(self.shelves.made.len()).map_or(SeenId::NONE, SeenId);
        self.shelves.made.push(Seen { start, end, bytes, bits: None, response });
        id
    }

    /// Whether a filter lets any value of a view pass.
    pub(super) fn any_may_match(&mut self, seen: SeenId, filter: &Filter) -> bool {
        let holds = |seen: &Seen| filter.bytes.iter().all(|set| set.meets(&seen.bytes));
        self.shelves.made(seen).is_some_and(holds)
            && filter.bit.is_none_or(|bit| {
                let bits = self.bits_of(seen);
                bits.is_some_and(|bits| self.contents.has(bits, bit))
            })
    }

    /// The bits that any value of a view has.
    fn bits_of(&mut self, id: SeenId) -> Option<Bits> {
        let seen = self.shelves.made.get_mut(id.0 as usize)?;
        if seen.bits.is_none() {
            let values = self.shelves.seen.get(seen.start..seen.end).unwrap_or_default();
            seen.bits = Some(self.contents.union(values, seen.response));
        }
        seen.bits
    }

    /// Whether any value that a gate is about can be matched by the rule behind it.
    pub(super) fn opens(&mut self, program: &Program, gate: &Gate) -> bool {
        let number = gate.group;
        let held = match self.shelves.groups.get(number as usize) {
            Some(Some(held)) => held,
            _ => &self.hold(program, number),
        };
        if gate.bytes.is_some_and(|bytes| !bytes.meets(&held.bytes)) {
            return false;
        }
        let Some(bit) = gate.bit else { return true };
        let bits = match held.bits {
            Some(bits) => bits,
            None => {
                let bits = self.bits_of_all(program.views.of_group(number));
                if let Some(Some(held)) = self.shelves.groups.get_mut(number as usize) {
                    held.bits = Some(bits);
                }
                bits
            }
        };
        self.contents.has(bits, bit)
    }

    /// Makes the views of a group.
    fn hold(&mut self, program: &Program, number: u32) -> Held {
        let mut held = Held { bytes: ByteSet::EMPTY, bits: None };
        for view in program.views.of_group(number) {
            let seen = self.shelve_view(program, *view);
            let seen = seen.and_then(|seen| self.shelves.made(seen));
            held.bytes = seen.map_or(held.bytes, |seen| held.bytes.union(seen.bytes));
        }
        if let Some(place) = self.shelves.groups.get_mut(number as usize) {
            *place = Some(held);
        }
        held
    }

    /// The bits that any value of some views has; a list for themselves only where the views are unlike.
    fn bits_of_all(&mut self, views: &[u32]) -> Bits {
        let mut only = None;
        let mut alike = true;
        for view in views {
            let bits = self.shelves.view(*view).and_then(|seen| self.bits_of(seen));
            alike &= only.is_none() || bits.is_none() || only == bits;
            only = only.or(bits);
        }
        if let Some(only) = only.filter(|_| alike) {
            return only;
        }
        let sum = self.contents.empty_bits();
        for view in views {
            let seen = self.shelves.view(*view).and_then(|seen| self.shelves.made(seen));
            if let Some(bits) = seen.and_then(|seen| seen.bits) {
                self.contents.add_bits(sum, bits);
            }
        }
        sum
    }
}
