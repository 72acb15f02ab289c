//! Trees as JSON text.

use std::fmt::Write;

use crate::node::{Node, Value};

/// A tree as JSON without blanks.
pub(crate) fn to_compact_json(node: &Node) -> String {
    let mut out = String::new();
    write(node, None, 0, &mut out);
    out
}

/// A tree as JSON, indented by two spaces.
pub fn to_pretty_json(node: &Node) -> String {
    let mut out = String::new();
    write(node, Some(2), 0, &mut out);
    out.push('\n');
    out
}

fn write(node: &Node, indent: Option<usize>, depth: usize, out: &mut String) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => out.push_str(number.as_str()),
        Value::String(text) => quoted(text, out),
        Value::Array(items) if items.is_empty() => out.push_str("[]"),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separator(at, indent, depth + 1, out);
                write(item, indent, depth + 1, out);
            }
            line(indent, depth, out);
            out.push(']');
        }
        Value::Object(object) if object.entries.is_empty() => out.push_str("{}"),
        Value::Object(object) => {
            out.push('{');
            for (at, entry) in object.entries.iter().enumerate() {
                separator(at, indent, depth + 1, out);
                quoted(&entry.key, out);
                out.push_str(if indent.is_some() { ": " } else { ":" });
                write(&entry.node, indent, depth + 1, out);
            }
            line(indent, depth, out);
            out.push('}');
        }
    }
}

fn separator(at: usize, indent: Option<usize>, depth: usize, out: &mut String) {
    if at > 0 {
        out.push(',');
    }
    line(indent, depth, out);
}

fn line(indent: Option<usize>, depth: usize, out: &mut String) {
    if let Some(indent) = indent {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent * depth));
    }
}

/// A string with JSON's quotes and escapes.
pub(super) fn quoted(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
}
