//! Text to tree: JSON and YAML, told apart by content, both into [`Node`]s with places.

use crate::node::{At, Node, Value};
use crate::path::Path;
use crate::problem::{Problem, Problems, codes};
use crate::source::{Source, Sources, Span};

mod json;
pub(crate) use json::is_number;
mod yaml;

/// The longest text read. Azure refuses templates beyond 4 MiB; certificates and several gateways may add up.
pub const MAX_TEXT_BYTES: usize = 16 << 20;
/// The deepest nesting read.
pub const MAX_DEPTH: usize = 64;
/// The most values one text may unfold to, aliases included.
pub const MAX_NODES: usize = 1_000_000;

/// Parses one text into its documents: one for JSON, any number for YAML. What is malformed goes to `problems`.
pub fn parse(source: &Source, index: u32, problems: &mut Problems) -> Vec<Node> {
    let top = At::new(Span::new(index, 0..0), Path::root());
    if source.text.len() > MAX_TEXT_BYTES {
        let message = format!("the text is too large: {} bytes, at most {MAX_TEXT_BYTES} are read", source.text.len());
        problems.push(Problem::error(codes::DOCUMENT_TOO_LARGE, &top, message));
        return Vec::new();
    }
    let text = source.text.strip_prefix('\u{feff}').unwrap_or(&source.text);
    let offset = source.text.len() - text.len();
    match first_token(text) {
        Some(b'{' | b'[') => json::parse(text, index, offset, problems).into_iter().collect(),
        _ => yaml::parse(text, index, offset, problems),
    }
}

/// Marks the values of secret keys, so that neither messages nor excerpts show them.
pub fn mark_secrets(node: &mut Node, sources: &mut Sources) {
    match &mut node.value {
        Value::Object(object) => {
            for entry in &mut object.entries {
                if is_secret_key(&entry.key) {
                    hide(&mut entry.node, sources);
                } else {
                    mark_secrets(&mut entry.node, sources);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| mark_secrets(item, sources)),
        _ => {}
    }
}

/// Keys whose strings are secrets wherever they stand.
pub(crate) fn is_secret_key(key: &str) -> bool {
    key.eq_ignore_ascii_case("password") || key.eq_ignore_ascii_case("data")
}

/// Marks every scalar under `node` as secret.
pub(crate) fn hide(node: &mut Node, sources: &mut Sources) {
    match &mut node.value {
        Value::Object(object) => object.entries.iter_mut().for_each(|entry| hide(&mut entry.node, sources)),
        Value::Array(items) => items.iter_mut().for_each(|item| hide(item, sources)),
        // A template expression is a way to a secret, not the secret; hiding it would hide its mistakes.
        Value::String(text) if text.starts_with('[') && text.ends_with(']') => {}
        Value::Null => {}
        _ => {
            node.at.secret = true;
            if let Some(span) = node.at.span {
                sources.hide(span);
            }
        }
    }
}

/// The first byte that is neither blank nor inside a comment of either syntax.
fn first_token(text: &str) -> Option<u8> {
    let mut rest = text.trim_start();
    loop {
        let after = if rest.starts_with("//") {
            rest.split_once('\n').map_or("", |(_, after)| after)
        } else if rest.starts_with("/*") {
            rest.split_once("*/").map_or("", |(_, after)| after)
        } else {
            return rest.bytes().next();
        };
        rest = after.trim_start();
    }
}

#[cfg(test)]
mod tests;
