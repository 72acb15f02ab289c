//! Which values rules look at, and how changed: every pair of a variable and a list of transformations, once.

use std::collections::HashMap;

use crate::transformations::Transformation;
use crate::variables::{Selector, Variable};

/// The values of a variable, or of one key of it, after a list of transformations.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct View {
    pub(crate) variable: Variable,
    /// One key in lower case; none is all values.
    pub(crate) key: Option<Box<[u8]>>,
    pub(crate) transformations: Vec<Transformation>,
    /// Of the response's phases.
    pub(crate) response: bool,
}

/// All views of a program.
#[derive(Debug, Default)]
pub(crate) struct Views {
    views: Vec<View>,
    numbers: HashMap<View, u32, foldhash::fast::FixedState>,
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
        let view = View { variable, key, transformations: transformations.to_vec(), response };
        let next = u32::try_from(self.views.len()).ok()?;
        let number = *self.numbers.entry(view.clone()).or_insert(next);
        if number == next {
            self.views.push(view);
        }
        Some(number)
    }

    pub(crate) fn get(&self, number: u32) -> Option<&View> {
        self.views.get(number as usize)
    }

    pub(crate) fn len(&self) -> usize {
        self.views.len()
    }
}
