//! What rewrites want changed in one request, and what they have to remember for its response.

use std::borrow::Cow;

use crate::form::MOST_TOTAL;
use crate::pattern::Groups;
use crate::variable::Source;
use crate::{RequestView, RewriteSet};

/// Memory that is kept for the next request; what was larger is given back.
const KEPT: usize = 16 * 1024;

/// The edits of one request: reusable memory. [`Edits::clear`] before each request; sets run one after the other into
/// the same edits.
#[derive(Debug, Default)]
pub struct Edits {
    /// Every byte the other fields speak of.
    pub(crate) arena: Vec<u8>,
    headers: Vec<Edit>,
    lengths: Lengths,
    pub(crate) path: Option<Span>,
    pub(crate) query: Option<Span>,
    pub(crate) reroute: bool,
    pub(crate) overflowed: bool,
    /// Captures of the rule that is looked at.
    pub(crate) slots: Vec<Span>,
    pub(crate) groups: Groups,
    /// The sets that rules below belong to.
    pub(crate) sets: Vec<RewriteSet>,
    /// Rules whose response actions are still to be done.
    pub(crate) pending: Vec<Pending>,
    /// What tokens of their values were in the request, in the order of the tokens.
    pub(crate) kept: Vec<Span>,
}

/// The lengths of the names in a list: most names are not in it, and that is told without a look at it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Lengths(u64);

impl Lengths {
    pub(crate) fn note(&mut self, name: &[u8]) {
        self.0 |= 1 << (name.len() % 64);
    }

    /// False: no name of this length was noted.
    #[inline]
    pub(crate) fn may_have(self, name: &[u8]) -> bool {
        self.0 & 1 << (name.len() % 64) != 0
    }
}

/// A place in the arena.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// A header of the request, set or deleted.
#[derive(Clone, Copy, Debug)]
struct Edit {
    name: Span,
    value: Option<Span>,
}

/// A rule with work for the response.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pending {
    /// In [`Edits::sets`].
    pub(crate) set: usize,
    pub(crate) rule: usize,
    /// In [`Edits::kept`].
    pub(crate) kept: usize,
}

/// The value of a variable, where it is.
pub(crate) enum Subject<'v> {
    Absent,
    /// In the arena.
    Here(Span),
    /// In the view.
    There(Cow<'v, [u8]>),
}

impl Edits {
    /// Forgets everything; keeps the memory.
    pub fn clear(&mut self) {
        self.arena.clear();
        self.arena.shrink_to(KEPT);
        self.headers.clear();
        self.lengths = Lengths::default();
        (self.path, self.query) = (None, None);
        (self.reroute, self.overflowed) = (false, false);
        self.slots.clear();
        self.sets.clear();
        self.pending.clear();
        self.kept.clear();
    }

    /// Headers to set (`Some`) or to delete (`None`), each name once.
    pub fn headers(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.headers.iter().map(|edit| (self.bytes(edit.name), edit.value.map(|value| self.bytes(value))))
    }

    /// What becomes of a header: `None` nothing, `Some(None)` it is deleted, else its new value.
    pub fn header(&self, name: &[u8]) -> Option<Option<&[u8]>> {
        self.find(name).map(|edit| edit.value.map(|value| self.bytes(value)))
    }

    /// The new path.
    pub fn path(&self) -> Option<&[u8]> {
        self.path.map(|path| self.bytes(path))
    }

    /// The new query; an empty one drops it, with its question mark.
    pub fn query(&self) -> Option<&[u8]> {
        self.query.map(|query| self.bytes(query))
    }

    /// Whether a rule that fired since this was last asked wants the path rule looked up again.
    pub fn take_reroute(&mut self) -> bool {
        std::mem::take(&mut self.reroute)
    }

    /// Whether there is something to do when the response comes.
    pub fn has_response_work(&self) -> bool {
        !self.pending.is_empty()
    }

    /// Whether a value would have been longer than [`MOST_VALUE`](crate::MOST_VALUE), or all of them together too
    /// long: it was dropped, and the request must not go on without it.
    pub fn overflowed(&self) -> bool {
        self.overflowed
    }

    pub(crate) fn bytes(&self, span: Span) -> &[u8] {
        span.of(&self.arena)
    }

    /// Whether the arena has room; notes it if not.
    pub(crate) fn has_room(&mut self) -> bool {
        self.overflowed |= self.arena.len() > MOST_TOTAL;
        self.arena.len() <= MOST_TOTAL
    }

    /// Sets or deletes a header.
    pub(crate) fn edit(&mut self, name: &[u8], value: Option<Span>) {
        let found = self.headers.iter().position(|edit| edit.name.of(&self.arena).eq_ignore_ascii_case(name));
        if let Some(edit) = found.and_then(|at| self.headers.get_mut(at)) {
            edit.value = value;
            return;
        }
        let start = self.arena.len();
        self.arena.extend_from_slice(name);
        self.lengths.note(name);
        self.headers.push(Edit { name: Span { start, end: self.arena.len() }, value });
    }

    /// The value of a variable of the request: headers as edits left them, everything else as it came.
    pub(crate) fn subject<'v, V: RequestView + ?Sized>(&mut self, source: &Source, view: &'v V) -> Subject<'v> {
        match source {
            Source::RequestHeader(name) => match self.find(name.as_bytes()) {
                Some(Edit { value, .. }) => value.map_or(Subject::Absent, Subject::Here),
                None => view.header(name).map_or(Subject::Absent, Subject::There),
            },
            Source::Cookie(name) => {
                view.cookie(name).map_or(Subject::Absent, |value| Subject::There(Cow::Borrowed(value)))
            }
            Source::Server(variable) => {
                if let Some(value) = view.standing(*variable) {
                    return Subject::There(Cow::Borrowed(value));
                }
                let start = self.arena.len();
                view.server(*variable, &mut self.arena);
                // Places in the arena stay good even if a view takes something away.
                self.arena.resize(self.arena.len().max(start), b' ');
                Subject::Here(Span { start, end: self.arena.len() })
            }
            // Nobody asks before there is a response.
            Source::ResponseHeader(_) => Subject::Absent,
        }
    }

    fn find(&self, name: &[u8]) -> Option<Edit> {
        if !self.lengths.may_have(name) {
            return None;
        }
        self.headers.iter().find(|edit| self.bytes(edit.name).eq_ignore_ascii_case(name)).copied()
    }
}

impl Span {
    pub(crate) fn of(self, arena: &[u8]) -> &[u8] {
        arena.get(self.start..self.end).unwrap_or_default()
    }

    /// Appends what is there once more.
    pub(crate) fn copy(self, arena: &mut Vec<u8>) {
        if arena.get(self.start..self.end).is_some() {
            arena.extend_from_within(self.start..self.end);
        }
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start >= self.end
    }
}

impl Subject<'_> {
    pub(crate) fn bytes<'s>(&'s self, arena: &'s [u8]) -> &'s [u8] {
        match self {
            Self::Absent => b"",
            Self::Here(span) => span.of(arena),
            Self::There(value) => value,
        }
    }
}
