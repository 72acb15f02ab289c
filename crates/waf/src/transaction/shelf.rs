//! Values of variables, made when a rule first asks, and the views of them after transformation.

use super::Transaction;
use super::contents::{Bits, ContentId};
use super::facts::Entry;
use crate::byte_set::ByteSet;
use crate::program::{Filter, Gate, Program, View};
use crate::variables::Variable;

/// What rules see of a view.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    start: usize,
    end: usize,
    /// The bytes that any of them holds.
    pub(super) bytes: ByteSet,
    /// The view that keeps the bits: another one where the transformations change nothing.
    owner: u32,
    /// The bits of the operators that can match any of them, once somebody asked the owner.
    bits: Option<Bits>,
    response: bool,
}

/// What some values hold together.
#[derive(Clone, Copy, Debug)]
struct Held {
    bytes: ByteSet,
    bits: Option<Bits>,
}

/// Values and views that have been made.
#[derive(Debug)]
pub(super) struct Shelves {
    /// Of all variables, one after the other.
    entries: Vec<Entry>,
    /// For each variable, where its values stand.
    places: [Option<(u32, u32)>; Variable::COUNT],
    views: Vec<Option<Seen>>,
    groups: Vec<Option<Held>>,
    /// Of all views: index of a value among those of its variable, and what it is after transformation.
    seen: Vec<(u32, ContentId)>,
}

impl Default for Shelves {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            places: [None; Variable::COUNT],
            views: Vec::new(),
            groups: Vec::new(),
            seen: Vec::new(),
        }
    }
}

impl Shelves {
    /// Empty ones for a program.
    pub(super) fn for_program(mut self, program: &Program) -> Self {
        self.views.resize(program.views.len(), None);
        self.groups.resize(program.views.group_count(), None);
        self
    }

    /// Bytes that there is room for.
    pub(super) fn room(&self) -> usize {
        let views = self.views.capacity() * size_of::<Option<Seen>>();
        views
            + self.groups.capacity() * size_of::<Option<Held>>()
            + self.entries.capacity() * size_of::<Entry>()
            + self.seen.capacity() * size_of::<(u32, ContentId)>()
    }

    pub(super) fn clear(&mut self) {
        let Self { entries, places, views, groups, seen } = self;
        entries.clear();
        places.fill(None);
        views.clear();
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

    pub(super) fn view(&self, number: u32) -> Option<Seen> {
        self.views.get(number as usize).copied().flatten()
    }

    /// The value at a place of a view: its index among those of the variable, and what it is after transformation.
    pub(super) fn seen(&self, view: Seen, at: usize) -> Option<(u32, ContentId)> {
        self.seen.get(view.start..view.end)?.get(at).copied()
    }

    /// Forgets what may be different in a new phase.
    pub(super) fn new_phase(&mut self, program: &Program) {
        for (variable, place) in Variable::all().zip(&mut self.places) {
            if !variable.is_of_head() {
                *place = None;
            }
        }
        self.groups.fill(None);
        for (seen, view) in self.views.iter_mut().zip(program.views.iter()) {
            if !view.of_head {
                *seen = None;
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
        }
    }

    /// Makes a view unless it is there.
    pub(super) fn shelve_view(&mut self, program: &Program, number: u32) -> Option<Seen> {
        if let Some(seen) = self.shelves.view(number) {
            return Some(seen);
        }
        let view = program.views.get(number)?;
        let seen = if view.plain == number {
            self.plain(number, view)
        } else {
            let plain = self.shelve_view(program, view.plain)?;
            if view.transformations.touches(&plain.bytes) { self.transformed(number, view, plain) } else { plain }
        };
        if let Some(place) = self.shelves.views.get_mut(number as usize) {
            *place = Some(seen);
        }
        Some(seen)
    }

    /// The values of a variable, or of one key of it, as they are.
    fn plain(&mut self, number: u32, view: &View) -> Seen {
        self.shelve(view.variable);
        let mut seen = std::mem::take(&mut self.shelves.seen);
        let start = seen.len();
        for (index, entry) in (0u32..).zip(self.shelves.values(view.variable)) {
            let of_key = |key: &[u8]| self.contents.bytes(entry.key).eq_ignore_ascii_case(key);
            if view.key.as_deref().is_none_or(of_key) {
                seen.push((index, entry.value));
            }
        }
        self.made(number, seen, start, view.response)
    }

    fn transformed(&mut self, number: u32, view: &View, plain: Seen) -> Seen {
        let mut seen = std::mem::take(&mut self.shelves.seen);
        let start = seen.len();
        seen.extend_from_within(plain.start..plain.end);
        for (_, value) in seen.iter_mut().skip(start) {
            *value = self.contents.transformed(*value, &view.transformations);
        }
        self.contents.spend((seen.len() - start) as u64 * SHELVED);
        self.made(number, seen, start, view.response)
    }

    fn made(&mut self, owner: u32, seen: Vec<(u32, ContentId)>, start: usize, response: bool) -> Seen {
        let values = seen.get(start..).unwrap_or_default().iter();
        let bytes = values.fold(ByteSet::EMPTY, |union, (_, id)| union.union(self.contents.byte_set(*id)));
        let end = seen.len();
        self.shelves.seen = seen;
        Seen { start, end, bytes, owner, bits: None, response }
    }

    /// Whether a filter lets any value of a view pass.
    pub(super) fn any_may_match(&mut self, seen: Seen, filter: &Filter) -> bool {
        filter.bytes.iter().all(|set| set.meets(&seen.bytes))
            && filter.bit.is_none_or(|bit| {
                let bits = self.bits_of(seen);
                self.contents.has(bits, bit)
            })
    }

    /// The bits that any value of a view has.
    fn bits_of(&mut self, seen: Seen) -> Bits {
        if let Some(bits) = self.shelves.view(seen.owner).and_then(|owner| owner.bits) {
            return bits;
        }
        let values = self.shelves.seen.get(seen.start..seen.end).unwrap_or_default();
        let bits = self.contents.union(values, seen.response);
        if let Some(Some(owner)) = self.shelves.views.get_mut(seen.owner as usize) {
            owner.bits = Some(bits);
        }
        bits
    }

    /// Whether any value that a gate is about can be matched by the rule behind it.
    pub(super) fn opens(&mut self, program: &Program, gate: &Gate) -> bool {
        let number = gate.group;
        let held = match self.shelves.groups.get(number as usize) {
            Some(Some(held)) => *held,
            _ => self.hold(program, number),
        };
        if gate.bytes.is_some_and(|bytes| !bytes.meets(&held.bytes)) {
            return false;
        }
        let Some(bit) = gate.bit else { return true };
        let bits = match held.bits {
            Some(bits) => bits,
            None => {
                let bits = self.bits_of_all(program.views.of_group(number));
                if let Some(place) = self.shelves.groups.get_mut(number as usize) {
                    *place = Some(Held { bits: Some(bits), ..held });
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
            held.bytes = seen.map_or(held.bytes, |seen| held.bytes.union(seen.bytes));
        }
        if let Some(place) = self.shelves.groups.get_mut(number as usize) {
            *place = Some(held);
        }
        held
    }

    fn bits_of_all(&mut self, views: &[u32]) -> Bits {
        let bits: Vec<Bits> = views
            .iter()
            .filter_map(|view| {
                let seen = self.shelves.view(*view)?;
                Some(self.bits_of(seen))
            })
            .collect();
        self.contents.sum(&bits)
    }
}
