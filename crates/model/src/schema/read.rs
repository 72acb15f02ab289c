//! From tree to struct: keys without regard to case, null as absent, every mistake reported and none fatal.

use crate::node::{At, Entry, Node, Value};
use crate::problem::{Problem, Problems, codes, nearest};
use crate::source::Span;

use super::{Properties, Property, Slot};

/// What reading needs beside the tree.
pub struct Reader<'a> {
    /// Where mistakes go.
    pub problems: &'a mut Problems,
    /// Texts that turned out to be secrets: a parameter of a plain type may be used as a password.
    pub secrets: Vec<Span>,
}

impl<'a> Reader<'a> {
    /// A reader that reports to `problems`.
    pub fn new(problems: &'a mut Problems) -> Self {
        Self { problems, secrets: Vec::new() }
    }
}

impl Reader<'_> {
    /// Reports a value of the wrong kind.
    pub fn mismatch(&mut self, node: &Node, expected: &str) {
        if node.at.failed {
            return;
        }
        let problem = Problem::error(codes::TYPE_MISMATCH, &node.at, format!("this should be {expected}"));
        self.problems.push(problem.found_value(node).expected(expected));
    }

    /// Reports a key no property has.
    pub(super) fn unknown(&mut self, entry: &Entry, of: &str, known: &[&'static str]) {
        let message = format!("this gateway knows no property {:?} of {of}; it is ignored", entry.key);
        let suggestion = if self.problems.is_full() { None } else { nearest(&entry.key, known.iter().copied()) };
        let problem = Problem::warning(codes::UNKNOWN_PROPERTY, &entry.node.at, message)
            .at_span(entry.key_span)
            .suggest(suggestion);
        self.problems.push(problem);
    }

    fn twice(&mut self, entry: &Entry, name: &str) {
        let message = format!("{name:?} is given twice, in two spellings or at two levels; the first one counts");
        let problem = Problem::error(codes::DUPLICATE_KEY, &entry.node.at, message).at_span(entry.key_span);
        self.problems.push(problem.help("keep one of the two"));
    }

    fn missing(&mut self, at: &At, name: &str) {
        let message = format!("{name:?} has to be given here");
        self.problems
            .push(Problem::error(codes::MISSING_PROPERTY, at, message).expected(format!("the property {name:?}")));
    }
}

/// Reads an object all of whose properties stand at one level.
pub(crate) fn read_object<P: Properties>(node: &Node, reader: &mut Reader<'_>) -> Option<P> {
    let Value::Object(object) = &node.value else {
        reader.mismatch(node, "an object");
        return None;
    };
    let mut read = P::default();
    let mut slots = Filling::new(P::table(), read.slots_mut());
    for entry in &object.entries {
        if !slots.take(entry, reader) && !entry.key.eq_ignore_ascii_case("resourceGroup") {
            reader.unknown(entry, "this object", &slots.names());
        }
    }
    slots.finish(&node.at, reader);
    Some(read)
}

/// A struct in the course of being read.
pub(super) struct Filling<'a> {
    table: &'static [Property],
    slots: Vec<&'a mut dyn Slot>,
    seen: Vec<bool>,
}

impl<'a> Filling<'a> {
    pub(super) fn new(table: &'static [Property], slots: Vec<&'a mut dyn Slot>) -> Self {
        let seen = vec![false; table.len()];
        Self { table, slots, seen }
    }

    /// Fills the slot this entry belongs to; `false` when there is none.
    pub(super) fn take(&mut self, entry: &Entry, reader: &mut Reader<'_>) -> bool {
        let key = published_spelling(&entry.key);
        let Some(at) = self.table.iter().position(|property| property.name.eq_ignore_ascii_case(key)) else {
            return false;
        };
        if entry.node.is_null() && !entry.node.at.failed {
            return true;
        }
        if self.seen[at] {
            reader.twice(entry, self.table[at].name);
            return true;
        }
        self.seen[at] = true;
        if !entry.node.at.failed {
            self.slots[at].read(&entry.node, reader);
        }
        true
    }

    /// Reports the required properties that did not come.
    pub(super) fn finish(self, at: &At, reader: &mut Reader<'_>) {
        for (property, seen) in self.table.iter().zip(&self.seen) {
            if property.required && !seen {
                reader.missing(at, property.name);
            }
        }
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.table.iter().map(|property| property.name).collect()
    }
}

/// Spellings that older models and Azure's own samples use, and the one in the present model.
const OTHER_SPELLINGS: &[(&str, &str)] = &[
    ("negationCondition", "negationConditon"),
    ("captchaCookieExpirationInMins", "captchaExpirationInMins"),
    ("captchaExpirationInMinutes", "captchaExpirationInMins"),
];

fn published_spelling(key: &str) -> &str {
    let other = OTHER_SPELLINGS.iter().find(|(other, _)| other.eq_ignore_ascii_case(key));
    other.map_or(key, |(_, published)| published)
}
