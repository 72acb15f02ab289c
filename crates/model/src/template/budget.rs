//! Bounds on the work a template may cause: a few lines can ask for more than any memory holds.

use crate::node::{Node, Value};

/// The most values and 16-byte pieces of text a template may produce.
const MAX_WORK: usize = 2_000_000;
/// The deepest recursion through values, variables and calls.
const MAX_DEPTH: usize = 160;

/// What is left of the allowed work.
#[derive(Debug, Default)]
pub(super) struct Budget {
    spent: usize,
    depth: usize,
    reported: bool,
}

impl Budget {
    /// Accounts for produced values; `false` when there were too many.
    pub(super) fn spend(&mut self, work: usize) -> bool {
        self.spent = self.spent.saturating_add(work);
        self.spent <= MAX_WORK
    }

    /// Goes one level down; `false` when that is too deep. Each success is paired with [`Budget::leave`].
    pub(super) fn enter(&mut self) -> bool {
        if self.depth >= MAX_DEPTH || self.spent > MAX_WORK {
            return false;
        }
        self.depth += 1;
        true
    }

    /// Comes one level up again.
    pub(super) fn leave(&mut self) {
        self.depth -= 1;
    }

    /// True the first time only: one report is enough.
    pub(super) fn first_report(&mut self) -> bool {
        !std::mem::replace(&mut self.reported, true)
    }
}

/// The work a value stands for.
pub(super) fn weight(node: &Node) -> usize {
    match &node.value {
        Value::String(text) => 1 + text.len() / 16,
        Value::Array(items) => 1 + items.iter().map(weight).sum::<usize>(),
        Value::Object(object) => {
            let entries = object.entries.iter();
            1 + entries.map(|entry| 1 + entry.key.len() / 16 + weight(&entry.node)).sum::<usize>()
        }
        _ => 1,
    }
}
