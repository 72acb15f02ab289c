//! Values that rules keep for one another while a request lasts.

use std::collections::HashMap;
use std::sync::Arc;

use super::contents::{ContentId, Contents, push_number};
use crate::program::Program;
use crate::variables::{Selector, Variable};

/// Names made of macros that one request may keep values under.
const DYNAMIC: usize = 4096;

#[derive(Clone, Copy, Debug)]
enum Kept {
    Nothing,
    /// What the program starts with.
    Initial,
    Number(i64),
    Content(ContentId),
}

/// Where a value is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Slot(u32),
    Dynamic(u32),
}

/// All kept values.
#[derive(Debug)]
pub(super) struct Store {
    program: Arc<Program>,
    slots: Vec<Kept>,
    dynamic: Vec<(Variable, ContentId, Kept)>,
    numbers: HashMap<(Variable, Box<[u8]>), u32, foldhash::fast::RandomState>,
}

impl Store {
    pub(super) fn new(program: &Arc<Program>) -> Self {
        let kept = |initial: &Option<Arc<[u8]>>| if initial.is_some() { Kept::Initial } else { Kept::Nothing };
        Self {
            slots: program.initial.iter().map(kept).collect(),
            dynamic: Vec::new(),
            numbers: HashMap::default(),
            program: Arc::clone(program),
        }
    }

    fn kept(&self, place: Place) -> Kept {
        match place {
            Place::Slot(slot) => self.slots.get(slot as usize).copied(),
            Place::Dynamic(number) => self.dynamic.get(number as usize).map(|entry| entry.2),
        }
        .unwrap_or(Kept::Nothing)
    }

    fn put(&mut self, place: Place, kept: Kept) {
        let entry = match place {
            Place::Slot(slot) => self.slots.get_mut(slot as usize),
            Place::Dynamic(number) => self.dynamic.get_mut(number as usize).map(|entry| &mut entry.2),
        };
        if let Some(entry) = entry {
            *entry = kept;
        }
    }

    /// The value, if there is one.
    pub(super) fn get(&mut self, place: Place, contents: &mut Contents) -> Option<ContentId> {
        let content = match self.kept(place) {
            Kept::Nothing => return None,
            Kept::Content(content) => return Some(content),
            Kept::Number(number) => contents.add_number(number),
            Kept::Initial => contents.add(self.initial(place)),
        };
        self.put(place, Kept::Content(content));
        Some(content)
    }

    fn initial(&self, place: Place) -> &[u8] {
        let Place::Slot(slot) = place else { return &[] };
        self.program.initial.get(slot as usize).and_then(Option::as_deref).unwrap_or_default()
    }

    pub(super) fn exists(&self, place: Place) -> bool {
        !matches!(self.kept(place), Kept::Nothing)
    }

    /// Appends the value's text.
    pub(super) fn write(&self, place: Place, contents: &Contents, text: &mut Vec<u8>) {
        match self.kept(place) {
            Kept::Nothing => {}
            Kept::Content(content) => text.extend_from_slice(contents.bytes(content)),
            Kept::Number(number) => push_number(number, text),
            Kept::Initial => text.extend_from_slice(self.initial(place)),
        }
    }

    /// The value as a number; zero where there is none.
    pub(super) fn number(&self, place: Place, contents: &Contents) -> i64 {
        match self.kept(place) {
            Kept::Nothing => 0,
            Kept::Number(value) => value,
            Kept::Content(content) => number(contents.bytes(content)),
            Kept::Initial => number(self.initial(place)),
        }
    }

    pub(super) fn set(&mut self, place: Place, content: ContentId) {
        self.put(place, Kept::Content(content));
    }

    pub(super) fn set_number(&mut self, place: Place, number: i64) {
        self.put(place, Kept::Number(number));
    }

    pub(super) fn unset(&mut self, place: Place) {
        self.put(place, Kept::Nothing);
    }

    /// Where the value of a name is kept; a new name gets a place unless there are too many.
    pub(super) fn place(&mut self, variable: Variable, name: &[u8], contents: &mut Contents) -> Option<Place> {
        let key = (variable, name.to_ascii_lowercase().into_boxed_slice());
        if let Some(place) = self.find(&key) {
            return Some(place);
        }
        if self.dynamic.len() >= DYNAMIC {
            return None;
        }
        let number = u32::try_from(self.dynamic.len()).ok()?;
        let spelling = contents.add(name);
        self.dynamic.push((variable, spelling, Kept::Nothing));
        self.numbers.insert(key, number);
        Some(Place::Dynamic(number))
    }

    /// Where the value of a name in small letters is kept, if it has a place.
    fn find(&self, key: &(Variable, Box<[u8]>)) -> Option<Place> {
        let slot = self.program.slots.find(key).map(Place::Slot);
        slot.or_else(|| self.numbers.get(key).map(|number| Place::Dynamic(*number)))
    }

    /// The name as first written.
    pub(super) fn name<'s>(&'s self, place: Place, contents: &'s Contents) -> &'s [u8] {
        match place {
            Place::Slot(slot) => self.program.slots.name(slot).1,
            Place::Dynamic(number) => self.dynamic.get(number as usize).map_or(&[], |entry| contents.bytes(entry.1)),
        }
    }

    /// Every place of a variable that holds a value, of those a selector means; `slots` are the ones among the slots.
    pub(super) fn places(
        &self,
        variable: Variable,
        selector: &Selector,
        slots: &[u32],
        contents: &Contents,
        places: &mut Vec<Place>,
    ) {
        let slots = slots.iter().map(|slot| Place::Slot(*slot));
        places.extend(slots.filter(|place| self.exists(*place)));
        let selected = |entry: &(Variable, ContentId, Kept)| {
            let exists = entry.0 == variable && !matches!(entry.2, Kept::Nothing);
            exists && selector.selects(contents.bytes(entry.1))
        };
        let dynamic = (0u32..).zip(&self.dynamic).filter(|(_, entry)| selected(entry));
        places.extend(dynamic.map(|(number, _)| Place::Dynamic(number)));
    }

    /// How many values are kept under names made of macros.
    pub(super) fn dynamic(&self) -> usize {
        self.dynamic.len()
    }
}

/// A text as a number: its leading digits, zero where there are none.
pub(crate) fn number(text: &[u8]) -> i64 {
    let text = text.trim_ascii_start();
    let (negative, digits) = match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        Some((b'+', rest)) => (false, rest),
        _ => (false, text),
    };
    let value = digits
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .fold(0_i64, |value, digit| value.saturating_mul(10).saturating_add(i64::from(digit - b'0')));
    if negative { -value } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_what_the_text_begins_with() {
        for (text, value) in
            [("12", 12), ("-3x", -3), (" +4", 4), ("x", 0), ("", 0), ("99999999999999999999", i64::MAX)]
        {
            assert_eq!(number(text.as_bytes()), value, "{text}");
        }
    }
}
