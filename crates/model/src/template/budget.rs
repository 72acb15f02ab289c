//! Bounds on the work a template may cause: a few lines can ask for more than any memory holds.

use crate::node::{Node, Value};

/// The most values and 16-byte pieces of text a template may produce.
const MAX_WORK: usize = 2_000_000;
/// The deepest nesting of a value.
const MAX_VALUE_DEPTH: usize = 128;
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

/// The work a value stands for; more than is allowed when it nests too deep, so that no value grows deep enough to
/// exhaust the stack of what walks it later.
pub(super) fn weight(node: &Node) -> usize {
    weight_at(node, 0)
}

fn weight_at(node: &Node, depth: usize) -> usize {
    if depth > MAX_VALUE_DEPTH {
        return MAX_WORK + 1;
    }
    let below = |node: &Node| weight_at(node, depth + 1);
    match &node.value {
        Value::String(text) => 1 + text.len() / 16,
        Value::Array(items) => items.iter().map(below).fold(1, usize::saturating_add),
        Value::Object(object) => {
            let entries =
                object.entries.iter().map(|entry| (1 + entry.key.len() / 16).saturating_add(below(&entry.node)));
            entries.fold(1, usize::saturating_add)
        }
        _ => 1,
    }
}
