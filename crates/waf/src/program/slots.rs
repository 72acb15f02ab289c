//! Numbers for the names under which rules keep values, so that a request needs no map for them.

use std::collections::HashMap;

use crate::variables::{Selector, Variable};

/// Every name that stands in a program without a macro in it. The first ten are `TX:0` to `TX:9`.
#[derive(Debug)]
pub(crate) struct Slots {
    names: Vec<(Variable, Box<[u8]>)>,
    numbers: HashMap<(Variable, Box<[u8]>), u32, foldhash::fast::FixedState>,
}

impl Default for Slots {
    fn default() -> Self {
        let mut slots = Self { names: Vec::new(), numbers: HashMap::default() };
        for digit in b'0'..=b'9' {
            slots.of(Variable::Tx, &[digit]);
        }
        slots
    }
}

impl Slots {
    /// The number of a name, given now if it has none; case does not matter.
    pub(crate) fn of(&mut self, variable: Variable, name: &[u8]) -> u32 {
        let key = (variable, name.to_ascii_lowercase().into_boxed_slice());
        let next = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.names.push((variable, name.into()));
        }
        number
    }

    /// The number of a name in small letters, if it has one.
    pub(crate) fn find(&self, key: &(Variable, Box<[u8]>)) -> Option<u32> {
        self.numbers.get(key).copied()
    }

    /// The variable and name of a slot, as first written.
    pub(crate) fn name(&self, slot: u32) -> (Variable, &[u8]) {
        self.names.get(slot as usize).map_or((Variable::Tx, &[]), |(variable, name)| (*variable, name))
    }

    /// The slots of a variable that a selector means.
    pub(crate) fn selected(&self, variable: Variable, selector: &Selector) -> Box<[u32]> {
        let of_variable =
            |(_, (kept_in, name)): &(u32, &(Variable, Box<[u8]>))| *kept_in == variable && selector.selects(name);
        (0u32..).zip(&self.names).filter(of_variable).map(|(slot, _)| slot).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}
