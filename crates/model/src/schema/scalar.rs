//! Strings, numbers and truth values. As Azure does, a number may be written as a string and the other way round where
//! only one reading is possible.

use std::fmt;

use crate::node::{At, Node, Number, Value};

use super::{Reader, Shape, Writer};

/// A string that is never shown: passwords and certificates.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Wraps a secret.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The secret itself; never for messages.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl Shape for Secret {
    const KIND: &'static str = "a string";

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        reader.secrets.extend(node.at.span);
        String::read(node, reader).map(Self)
    }

    fn write(&self, at: &At, writer: &mut Writer) -> Node {
        self.0.write(&At { secret: true, ..at.clone() }, writer)
    }
}

impl Shape for String {
    const KIND: &'static str = "a string";

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        match &node.value {
            Value::String(text) => Some(text.clone()),
            // `ruleSetVersion: 3.2` is what people write in YAML.
            Value::Number(number) => Some(number.as_str().to_owned()),
            _ => {
                reader.mismatch(node, Self::KIND);
                None
            }
        }
    }

    /// A secret that is not to be written is null, which is left out.
    fn write(&self, at: &At, writer: &mut Writer) -> Node {
        if at.secret && !writer.secrets {
            return Node::new(Value::Null, at.clone());
        }
        Node::string(self.clone(), at.clone())
    }
}

impl Shape for i64 {
    const KIND: &'static str = "a whole number";

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let number = match &node.value {
            Value::Number(number) => number.as_i64(),
            Value::String(text) => text.trim().parse().ok(),
            _ => None,
        };
        if number.is_none() {
            reader.mismatch(node, Self::KIND);
        }
        number
    }

    fn write(&self, at: &At, _: &mut Writer) -> Node {
        Node::new(Value::Number(Number::from(*self)), at.clone())
    }
}

impl Shape for bool {
    const KIND: &'static str = "true or false";

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let truth = match &node.value {
            Value::Bool(truth) => Some(*truth),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        };
        if truth.is_none() {
            reader.mismatch(node, Self::KIND);
        }
        truth
    }

    fn write(&self, at: &At, _: &mut Writer) -> Node {
        Node::new(Value::Bool(*self), at.clone())
    }
}

/// Anything: kept as it stands.
impl Shape for Node {
    const KIND: &'static str = "any value";

    fn read(node: &Node, _: &mut Reader<'_>) -> Option<Self> {
        Some(node.clone())
    }

    fn write(&self, _: &At, _: &mut Writer) -> Node {
        self.clone()
    }
}
