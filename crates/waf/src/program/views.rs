//! Which values rules look at, and how changed: every pair of a variable and a list of transformations, once.

use std::collections::HashMap;

use crate::byte_set::ByteSet;
use crate::transformations::Transformation;
use crate::variables::{Selector, Variable};

/// The values of a variable, or of one key of it, after a list of transformations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct View {
    pub(crate) variable: Variable,
    /// One key in lower case; none is all values.
    pub(crate) key: Option<Box<[u8]>>,
    pub(crate) transformations: List,
    /// The view of the same values without transformations; itself if it has none.
    pub(crate) plain: u32,
    /// Of the response's phases.
    pub(crate) response: bool,
    /// It stays what it is in later phases.
    pub(crate) of_head: bool,
}

/// A list of transformations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct List {
    pub(crate) steps: Box<[Transformation]>,
    /// Values that hold none of these bytes stay as they are; none where every value may change.
    pub(crate) touched: Option<ByteSet>,
}

impl List {
    pub(crate) fn new(steps: &[Transformation]) -> Self {
        let touched = steps.iter().try_fold(ByteSet::EMPTY, |union, step| Some(union.union(*step.touched()?)));
        Self { steps: steps.into(), touched }
    }

    /// Whether a value that holds these bytes may change.
    pub(crate) fn touches(&self, bytes: &ByteSet) -> bool {
        self.touched.is_none_or(|touched| touched.meets(bytes))
    }
}

/// All views of a program.
#[derive(Debug, Default)]
pub(crate) struct Views {
    views: Vec<View>,
    changing: Vec<u32>,
    numbers: HashMap<View, u32, foldhash::fast::FixedState>,
    /// Views that rules look at together: what none of them holds, no rule needs to look for in each.
    groups: Vec<Box<[u32]>>,
    group_numbers: HashMap<Box<[u32]>, u32, foldhash::fast::FixedState>,
}

impl Views {
    /// The number of a view for a target; none where values change while rules run.
    pub(crate) fn of(
        &mut self,
        variable: Variable,
        selector: &Selector,
        transformations: &[Transformation],
        response: bool,
    ) -> Option<u32> {
        if !variable.is_steady() {
            return None;
        }
        let key = match selector {
            Selector::Key(key) => Some(key.to_ascii_lowercase().into_boxed_slice()),
            _ => None,
        };
        let of_head = variable.is_of_head();
        let plain = View { variable, key, transformations: List::new(&[]), plain: 0, response, of_head };
        let number = self.number(plain.clone(), true)?;
        if transformations.is_empty() {
            return Some(number);
        }
        self.number(View { transformations: List::new(transformations), plain: number, ..plain }, false)
    }

    fn number(&mut self, view: View, is_plain: bool) -> Option<u32> {
        let next = u32::try_from(self.views.len()).ok()?;
        let number = *self.numbers.entry(view.clone()).or_insert(next);
        if number == next {
            let plain = if is_plain { next } else { view.plain };
            self.changing.extend((!view.of_head).then_some(number));
            self.views.push(View { plain, ..view });
        }
        Some(number)
    }

    /// The number of a group of views.
    pub(crate) fn group(&mut self, views: Box<[u32]>) -> Option<u32> {
        let next = u32::try_from(self.groups.len()).ok()?;
        let number = *self.group_numbers.entry(views.clone()).or_insert(next);
        if number == next {
            self.groups.push(views);
        }
        Some(number)
    }

    /// The views of a group.
    pub(crate) fn of_group(&self, number: u32) -> &[u32] {
        self.groups.get(number as usize).map_or(&[], |views| views)
    }

    pub(crate) fn group_count(&self) -> usize {
        self.groups.len()
    }

    pub(crate) fn get(&self, number: u32) -> Option<&View> {
        self.views.get(number as usize)
    }

    /// The views that may be different in later phases.
    pub(crate) fn changing(&self) -> &[u32] {
        &self.changing
    }

    pub(crate) fn len(&self) -> usize {
        self.views.len()
    }
}
