//! Copy loops: of resources, of properties, of variables.

use crate::node::{At, Entry, Node, Value};
use crate::problem::{Problem, codes};

use super::evaluate::{Evaluator, Failed, Frame};
use super::scope::Turn;

/// The most turns of one loop. Azure allows 800 resources.
const MAX_TURNS: i64 = 10_000;

/// `copy` with a list of `{name, count, input}` is a loop; a property that happens to be called so is not.
pub(super) fn is_property_loop(node: &Node) -> bool {
    node.as_array().is_some_and(|items| {
        !items.is_empty() && items.iter().all(|item| item.get("name").is_some() && item.get("count").is_some())
    })
}

impl Evaluator<'_> {
    /// The properties that the loops of a `copy` list make.
    pub(super) fn property_loops(&mut self, list: &Node, frame: &Frame) -> Vec<Entry> {
        let mut entries = Vec::new();
        for item in list.as_array().unwrap_or_default() {
            let Some(name) = item.get("name").map(|name| self.node(name, frame)) else { continue };
            let Some(key) = name.as_str() else { continue };
            let node = self.variable_loop(item, key, frame).unwrap_or_else(|Failed| super::evaluate::failed(&item.at));
            entries.push(Entry { key: key.to_owned(), key_span: name.at.span, node });
        }
        entries
    }

    /// The list that one `{name, count, input}` makes.
    pub(super) fn variable_loop(&mut self, item: &Node, name: &str, frame: &Frame) -> Result<Node, Failed> {
        let Some(input) = item.as_object().and_then(|object| object.get("input")) else {
            let problem = Problem::error(codes::INVALID_COPY, &item.at, "this loop has no input");
            return Err(self.report(problem.expected("{\"name\": ..., \"count\": ..., \"input\": ...}")));
        };
        let turns = self.turns(item, frame)?;
        let mut items = Vec::new();
        for index in 0..turns {
            let node = self.node(input, &frame.turn(name, index));
            items.push(node);
        }
        Ok(Node::new(Value::Array(items), input.at.clone()))
    }

    /// How many turns a loop makes.
    pub(super) fn turns(&mut self, item: &Node, frame: &Frame) -> Result<i64, Failed> {
        let Some(count) = item.get("count") else {
            return Err(self.report(Problem::error(codes::INVALID_COPY, &item.at, "this loop has no count")));
        };
        let count = self.node(count, frame);
        match count.as_i64() {
            Some(turns @ 0..=MAX_TURNS) => Ok(turns),
            _ if count.at.failed => Err(Failed),
            _ => {
                let at = At { secret: false, ..count.at.clone() };
                let problem = Problem::error(codes::INVALID_COPY, &at, "the count of this loop is out of range");
                Err(self.report(problem.found_value(&count).expected(format!("0 to {MAX_TURNS}"))))
            }
        }
    }
}

impl Frame {
    /// The frame of one turn of a loop.
    pub(super) fn turn(&self, name: &str, index: i64) -> Self {
        let mut frame = self.clone();
        frame.loops.push(Turn { name: name.to_owned(), index });
        frame
    }
}
