//! The tree both syntaxes are parsed into: JSON's values, with the place of every one of them.

use std::fmt;

use crate::path::Path;
use crate::source::Span;

/// Where a value comes from: the stretch of text, the path, and whether it may be shown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct At {
    /// The text; `None` for values no text was written for.
    pub span: Option<Span>,
    /// The way to it from the top of its document.
    pub path: Path,
    /// The value is a secret: it never appears in a message or an excerpt.
    pub secret: bool,
    /// The value could not be worked out and a problem already says so; what is missing because of it is not reported.
    pub failed: bool,
}

impl At {
    /// A place in a text.
    pub fn new(span: Span, path: Path) -> Self {
        Self { span: Some(span), path, secret: false, failed: false }
    }

    /// The same place, narrowed to another stretch of text.
    pub fn with_span(&self, span: Option<Span>) -> Self {
        Self { span: span.or(self.span), ..self.clone() }
    }
}

/// One value with its place. Two nodes are equal when their values are, wherever they stand.
#[derive(Debug, Clone, Default)]
pub struct Node {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub at: At,
}

/// JSON's kinds of value.
#[derive(Debug, Clone, Default)]
pub enum Value {
    /// `null`; the same as absent.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number, kept as it was written.
    Number(Number),
    /// A string, unescaped.
    String(String),
    /// A list.
    Array(Vec<Node>),
    /// A mapping, in the order written.
    Object(Object),
}

/// A number kept as text, so that `3.20` stays `3.20`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Number(Box<str>);

impl Number {
    /// A number from its JSON spelling; the parsers vouch for the grammar.
    pub(crate) fn from_text(text: &str) -> Self {
        Self(text.into())
    }

    /// The number as written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The value when it is a whole number that fits; `80.0` and `8e1` count.
    pub fn as_i64(&self) -> Option<i64> {
        if let Ok(whole) = self.0.parse() {
            return Some(whole);
        }
        let float: f64 = self.0.parse().ok()?;
        let exact = float.fract() == 0.0 && float.abs() < 9_007_199_254_740_992.0;
        exact.then_some(float as i64)
    }
}

impl From<i64> for Number {
    fn from(value: i64) -> Self {
        Self(value.to_string().into())
    }
}

/// A mapping that keeps order and the places of its keys.
#[derive(Debug, Clone, Default)]
pub struct Object {
    /// The entries in the order written.
    pub entries: Vec<Entry>,
}

/// One key of an object with its value.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The key as written.
    pub key: String,
    /// Where the key stands.
    pub key_span: Option<Span>,
    /// The value.
    pub node: Node,
}

impl Object {
    /// The value under `key`, compared without regard to case.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|entry| entry.key.eq_ignore_ascii_case(key)).map(|entry| &entry.node)
    }

    /// Adds an entry without a place of its own.
    pub fn push(&mut self, key: impl Into<String>, node: Node) {
        self.entries.push(Entry { key: key.into(), key_span: None, node });
    }
}

impl Node {
    /// A value standing at `at`.
    pub fn new(value: Value, at: At) -> Self {
        Self { value, at }
    }

    /// A string standing at `at`.
    pub fn string(text: impl Into<String>, at: At) -> Self {
        Self::new(Value::String(text.into()), at)
    }

    /// The value under `key` when this is an object that has it and it is not null. Keys compare without case.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_object()?.get(key).filter(|node| !node.is_null())
    }

    /// The object, when it is one.
    pub fn as_object(&self) -> Option<&Object> {
        match &self.value {
            Value::Object(object) => Some(object),
            _ => None,
        }
    }

    /// The items, when this is a list.
    pub fn as_array(&self) -> Option<&[Node]> {
        match &self.value {
            Value::Array(items) => Some(items),
            _ => None,
        }
    }

    /// The text, when this is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// The truth value, when this is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(value) => Some(value),
            _ => None,
        }
    }

    /// The whole number, when this is one.
    pub fn as_i64(&self) -> Option<i64> {
        match &self.value {
            Value::Number(number) => number.as_i64(),
            _ => None,
        }
    }

    /// True for `null`.
    pub fn is_null(&self) -> bool {
        matches!(self.value, Value::Null)
    }

    /// The kind of value, in words for a message. Never the value itself, which may be a secret.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        }
    }

    /// Equality of the values alone, places left out; numbers by value, keys of objects in any order.
    pub fn same_value(&self, other: &Node) -> bool {
        match (&self.value, &other.value) {
            (Value::Number(a), Value::Number(b)) => {
                a == b || a.as_str().parse::<f64>().ok() == b.as_str().parse::<f64>().ok()
            }
            (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same_value(b)),
            (Value::Object(a), Value::Object(b)) => {
                a.entries.len() == b.entries.len()
                    && a.entries.iter().all(|entry| b.get(&entry.key).is_some_and(|node| node.same_value(&entry.node)))
            }
            (Value::String(a), Value::String(b)) => a == b,
            (Value::Bool(a), Value::Bool(b)) => a == b,
            (Value::Null, Value::Null) => true,
            _ => false,
        }
    }

    /// The same tree without places: they mean nothing beside other texts.
    #[must_use]
    pub(crate) fn displaced(mut self) -> Self {
        self.at.span = None;
        match &mut self.value {
            Value::Array(items) => items.iter_mut().for_each(|item| *item = std::mem::take(item).displaced()),
            Value::Object(object) => object.entries.iter_mut().for_each(|entry| {
                entry.key_span = None;
                entry.node = std::mem::take(&mut entry.node).displaced();
            }),
            _ => {}
        }
        self
    }

    /// How many nodes this tree has, itself included.
    pub fn count(&self) -> usize {
        1 + match &self.value {
            Value::Array(items) => items.iter().map(Node::count).sum(),
            Value::Object(object) => object.entries.iter().map(|entry| entry.node.count()).sum(),
            _ => 0,
        }
    }
}

impl PartialEq for Node {
    fn eq(&self, other: &Self) -> bool {
        self.same_value(other)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_are_read_however_they_are_spelled() {
        let rows =
            [("80", Some(80)), ("80.0", Some(80)), ("8e1", Some(80)), ("-3", Some(-3)), ("1.5", None), ("1e300", None)];
        for (text, expected) in rows {
            assert_eq!(Number::from_text(text).as_i64(), expected, "{text}");
        }
    }
}
