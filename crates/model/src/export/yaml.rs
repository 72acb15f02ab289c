//! Trees as YAML text, for people.

use crate::node::{Node, Value};

use super::json::quoted;

/// A tree as a YAML document.
pub fn to_yaml(node: &Node) -> String {
    let mut out = String::new();
    match &node.value {
        Value::Array(items) if !items.is_empty() => block(node, 0, &mut out),
        Value::Object(object) if !object.entries.is_empty() => block(node, 0, &mut out),
        _ => {
            scalar(node, &mut out);
            out.push('\n');
        }
    }
    out
}

fn block(node: &Node, depth: usize, out: &mut String) {
    match &node.value {
        Value::Array(items) => {
            for item in items {
                indent(depth, out);
                out.push_str("- ");
                match is_block(item) {
                    // The first line of an item stands behind its dash.
                    true => {
                        let mut inner = String::new();
                        block(item, depth + 1, &mut inner);
                        out.push_str(inner.trim_start_matches(' '));
                    }
                    false => line(item, out),
                }
            }
        }
        Value::Object(object) => {
            for entry in &object.entries {
                indent(depth, out);
                text(&entry.key, out);
                out.push(':');
                match is_block(&entry.node) {
                    true => {
                        out.push('\n');
                        block(&entry.node, depth + 1, out);
                    }
                    false => {
                        out.push(' ');
                        line(&entry.node, out);
                    }
                }
            }
        }
        _ => line(node, out),
    }
}

fn line(node: &Node, out: &mut String) {
    scalar(node, out);
    out.push('\n');
}

fn is_block(node: &Node) -> bool {
    match &node.value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(object) => !object.entries.is_empty(),
        _ => false,
    }
}

fn scalar(node: &Node, out: &mut String) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Number(number) => out.push_str(number.as_str()),
        Value::String(string) => text(string, out),
        Value::Array(_) => out.push_str("[]"),
        Value::Object(_) => out.push_str("{}"),
    }
}

/// A string without quotes where no reader could take it for anything else.
fn text(string: &str, out: &mut String) {
    const WORDS: &[&str] = &["true", "false", "null", "yes", "no", "on", "off", "y", "n"];
    let plain = string.starts_with(|c: char| c.is_ascii_alphabetic() || c == '/')
        && string.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '/'))
        && !WORDS.iter().any(|word| word.eq_ignore_ascii_case(string));
    if plain { out.push_str(string) } else { quoted(string, out) }
}

fn indent(depth: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', 2 * depth));
}
