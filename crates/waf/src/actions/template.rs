//! Text with macros: `Matched Data: %{TX.0} found within %{MATCHED_VAR_NAME}`.

use crate::program::Slots;
use crate::variables::Variable;

/// Text and macros by turns.
#[derive(Clone, Debug, Default)]
pub(crate) struct Template {
    parts: Vec<Part>,
}

/// A piece of a template.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Text(Box<[u8]>),
    /// A value rules keep for one another; the slot is known once the program is made.
    Kept {
        variable: Variable,
        key: Box<str>,
        slot: u32,
    },
    /// The value of a variable, or of the first one with a key.
    Value {
        variable: Variable,
        key: Option<Box<str>>,
    },
    /// Something of the running rule: `%{rule.id}`, `%{rule.msg}`.
    OfRule(Box<str>),
}

impl Template {
    /// Reads a text. A macro that means nothing becomes no text, as in other engines.
    pub(crate) fn parse(text: &str) -> Self {
        let mut parts = Vec::new();
        let mut rest = text;
        while let Some(start) = rest.find("%{") {
            let Some(end) = rest[start..].find('}') else { break };
            push_text(&mut parts, &rest[..start]);
            parts.extend(part(&rest[start + 2..start + end]));
            rest = &rest[start + end + 1..];
        }
        push_text(&mut parts, rest);
        Self { parts }
    }

    /// The text, where there is no macro in it.
    pub(crate) fn constant(&self) -> Option<&[u8]> {
        match self.parts.as_slice() {
            [] => Some(b""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    pub(crate) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Gives every kept value in it its slot.
    pub(crate) fn resolve(&mut self, slots: &mut Slots) {
        for part in &mut self.parts {
            if let Part::Kept { variable, key, slot } = part {
                *slot = slots.of(*variable, key.as_bytes());
            }
        }
    }
}

fn push_text(parts: &mut Vec<Part>, text: &str) {
    if !text.is_empty() {
        parts.push(Part::Text(text.as_bytes().into()));
    }
}

fn part(name: &str) -> Option<Part> {
    let (name, key) = name.split_once(['.', ':']).map_or((name, None), |(name, key)| (name, Some(key)));
    let variable = Variable::parse(name.trim())?;
    match (variable, key) {
        (Variable::Rule, key) => Some(Part::OfRule(key.unwrap_or_default().to_ascii_lowercase().into())),
        (variable, Some(key)) if variable.is_store() => Some(Part::Kept { variable, key: key.into(), slot: 0 }),
        (variable, key) => Some(Part::Value { variable, key: key.map(Into::into) }),
    }
}
