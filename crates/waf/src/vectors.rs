//! Reads the public test vectors of operators and transformations: lists of JSON objects.

use serde_json::{Map, Value};

/// One vector.
pub(crate) struct Vector(Map<String, Value>);

/// All vectors of a file.
pub(crate) fn parse(bytes: &[u8]) -> Vec<Vector> {
    let list: Vec<Value> = serde_json::from_slice(bytes).unwrap();
    list.into_iter().map(|value| Vector(value.as_object().unwrap().clone())).collect()
}

impl Vector {
    /// A member as it is written; empty where it is missing.
    pub(crate) fn text(&self, member: &str) -> &str {
        self.0.get(member).and_then(Value::as_str).unwrap_or_default()
    }

    /// A member as bytes: `\xHH` and `\u00HH` that are still there after JSON stand for single bytes.
    pub(crate) fn bytes(&self, member: &str) -> Vec<u8> {
        let mut out = Vec::new();
        let mut rest = self.text(member).as_bytes();
        while let Some((&byte, tail)) = rest.split_first() {
            let (digits, length) = match tail {
                [b'x', high, low, ..] => ([*high, *low], 3),
                [b'u', b'0', b'0', high, low, ..] => ([*high, *low], 5),
                _ => ([b' '; 2], 0),
            };
            let number = std::str::from_utf8(&digits).ok().and_then(|text| u8::from_str_radix(text, 16).ok());
            match number {
                Some(number) if byte == b'\\' => {
                    out.push(number);
                    rest = &tail[length..];
                }
                _ => {
                    out.push(byte);
                    rest = tail;
                }
            }
        }
        out
    }

    /// Whether the operator is to match.
    pub(crate) fn matches(&self) -> bool {
        self.0.get("ret").and_then(Value::as_i64) == Some(1)
    }

    /// The captures that are to be found, if the vector says.
    pub(crate) fn captures(&self) -> Option<Vec<String>> {
        let list = self.0.get("re_groups")?.as_array()?;
        Some(list.iter().map(|group| group.as_str().unwrap().to_owned()).collect())
    }
}
