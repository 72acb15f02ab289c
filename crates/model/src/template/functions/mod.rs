//! The template functions that need nothing but their arguments: values in, value out.
//!
//! Source: Azure Resource Manager, "ARM template functions". A refusal names the argument and what it should be, never
//! its value: that may be a secret.

mod arrays;
mod encoding;
mod logic;
mod numbers;
mod strings;

use crate::node::{Node, Value};

/// A function with the number of arguments it takes.
pub(super) struct Function {
    /// The name, in Azure's spelling.
    pub(super) name: &'static str,
    /// Fewest arguments.
    pub(super) least: usize,
    /// Most arguments.
    pub(super) most: usize,
    /// What it does.
    pub(super) run: fn(&[Node]) -> Answer,
}

/// What a function gives back.
pub(super) type Answer = Result<Value, Refusal>;

/// Why a function gives nothing back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// The argument at fault, counted from zero.
    pub(super) argument: Option<usize>,
    /// What is wrong.
    pub(super) message: String,
}

/// Any number of arguments.
const MANY: usize = usize::MAX;

/// The function called `name`, compared without regard to case.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name.eq_ignore_ascii_case(name))
}

/// Every function.
pub(super) fn all() -> impl Iterator<Item = &'static Function> {
    [strings::TABLE, encoding::TABLE, arrays::TABLE, logic::TABLE, numbers::TABLE].into_iter().flatten()
}

fn refuse<T>(argument: usize, expected: &str) -> Result<T, Refusal> {
    Err(Refusal { argument: Some(argument), message: format!("this should be {expected}") })
}

fn refuse_all<T>(message: &str) -> Result<T, Refusal> {
    Err(Refusal { argument: None, message: message.to_owned() })
}

fn text(arguments: &[Node], at: usize) -> Result<&str, Refusal> {
    match arguments.get(at).and_then(Node::as_str) {
        Some(text) => Ok(text),
        None => refuse(at, "a string"),
    }
}

fn whole(arguments: &[Node], at: usize) -> Result<i64, Refusal> {
    match arguments.get(at).and_then(Node::as_i64) {
        Some(number) => Ok(number),
        None => refuse(at, "a whole number"),
    }
}

fn size(arguments: &[Node], at: usize) -> Result<usize, Refusal> {
    usize::try_from(whole(arguments, at)?).or_else(|_| refuse(at, "0 or more"))
}

fn truth(arguments: &[Node], at: usize) -> Result<bool, Refusal> {
    match arguments.get(at).and_then(Node::as_bool) {
        Some(truth) => Ok(truth),
        None => refuse(at, "true or false"),
    }
}

fn list(arguments: &[Node], at: usize) -> Result<&[Node], Refusal> {
    match arguments.get(at).and_then(Node::as_array) {
        Some(items) => Ok(items),
        None => refuse(at, "a list"),
    }
}

fn string(text: impl Into<String>) -> Answer {
    Ok(Value::String(text.into()))
}

fn number(number: i64) -> Answer {
    Ok(Value::Number(number.into()))
}
