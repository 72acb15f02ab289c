//! Which values of a collection are meant.

use std::fmt;
use std::sync::Arc;

use crate::operators::Operator;
use crate::seclang::Reader;

/// Which values of a collection are meant, by their keys.
///
/// Rules name keys without regard to case; the other forms are for exclusions made outside of the rule language.
#[derive(Clone)]
#[non_exhaustive]
pub enum Selector {
    /// All of them.
    All,
    /// The key, in any case.
    Key(Box<[u8]>),
    /// The key, byte for byte.
    Exact(Box<[u8]>),
    /// Keys that begin so, byte for byte.
    StartsWith(Box<[u8]>),
    /// Keys that end so, byte for byte.
    EndsWith(Box<[u8]>),
    /// Keys that hold this, byte for byte.
    Contains(Box<[u8]>),
    /// Keys that begin so, in any case.
    KeyStart(Box<[u8]>),
    /// Keys that end so, in any case.
    KeyEnd(Box<[u8]>),
    /// Keys that hold this, in any case.
    KeyPart(Box<[u8]>),
    /// Keys that a regular expression finds something in.
    Pattern(Pattern),
}

/// A regular expression for keys; case does not matter, as it does not for plain keys.
#[derive(Clone)]
pub struct Pattern {
    text: Arc<str>,
    operator: Arc<Operator>,
    /// Texts in small letters of which one stands in every key that is meant; they are all there is to the expression
    /// if it is no more than such a text.
    texts: Arc<[Vec<u8>]>,
    plain: bool,
}

impl Pattern {
    fn finds(&self, key: &[u8]) -> bool {
        let holds = |text: &Vec<u8>| key.windows(text.len().max(1)).any(|part| part.eq_ignore_ascii_case(text));
        let may = self.texts.is_empty() || self.texts.iter().any(holds);
        may && (self.plain || self.operator.matches(key, self.operator.argument().as_bytes(), None))
    }
}

impl fmt::Debug for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (kind, text): (&str, &[u8]) = match self {
            Self::All => return f.write_str("All"),
            Self::Key(text) => ("Key", text),
            Self::Exact(text) => ("Exact", text),
            Self::StartsWith(text) => ("StartsWith", text),
            Self::EndsWith(text) => ("EndsWith", text),
            Self::Contains(text) => ("Contains", text),
            Self::KeyStart(text) => ("KeyStart", text),
            Self::KeyEnd(text) => ("KeyEnd", text),
            Self::KeyPart(text) => ("KeyPart", text),
            Self::Pattern(pattern) => ("Pattern", pattern.text.as_bytes()),
        };
        write!(f, "{kind}(\"{}\")", text.escape_ascii())
    }
}

/// So many texts are quicker looked for one by one.
const FEW: usize = 4;

impl Selector {
    /// Reads what stands behind the colon: nothing, a key, or `/a regular expression/`, either in single quotes.
    pub(crate) fn parse(text: Option<&str>, reader: &dyn Reader) -> Result<Self, String> {
        let Some(text) = text else { return Ok(Self::All) };
        let bare = text.strip_prefix('\'').and_then(|text| text.strip_suffix('\'')).unwrap_or(text);
        if bare.len() > 1
            && let Some(pattern) = bare.strip_prefix('/').and_then(|rest| rest.strip_suffix('/'))
        {
            return Self::pattern(pattern, reader);
        }
        if bare.is_empty() { Err("a key that is empty".to_owned()) } else { Ok(Self::Key(bare.as_bytes().into())) }
    }

    fn pattern(text: &str, reader: &dyn Reader) -> Result<Self, String> {
        let operator = crate::program::parse_operator("rx", &format!("(?i){text}"), reader)?;
        let plain = text.len() > 1 && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let texts = operator.literals().filter(|texts| texts.len() <= FEW).unwrap_or_default();
        let texts = if plain { vec![text.to_ascii_lowercase().into_bytes()] } else { texts };
        Ok(Self::Pattern(Pattern { text: Arc::from(text), operator: Arc::new(operator), texts: texts.into(), plain }))
    }

    /// Whether both are written alike; keys in any case.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::All, Self::All) => true,
            (Self::Key(one), Self::Key(other)) => one.eq_ignore_ascii_case(other),
            (Self::Pattern(one), Self::Pattern(other)) => one.text == other.text,
            _ => false,
        }
    }

    /// Whether the value with this key is meant.
    #[must_use]
    pub fn selects(&self, key: &[u8]) -> bool {
        match self {
            Self::All => true,
            Self::Key(wanted) => wanted.eq_ignore_ascii_case(key),
            Self::Exact(wanted) => **wanted == *key,
            Self::StartsWith(start) => key.starts_with(start),
            Self::EndsWith(end) => key.ends_with(end),
            Self::Contains(part) => memchr::memmem::find(key, part).is_some(),
            Self::KeyStart(start) => key.get(..start.len()).is_some_and(|first| first.eq_ignore_ascii_case(start)),
            Self::KeyEnd(end) => {
                let last = key.len().checked_sub(end.len()).and_then(|at| key.get(at..));
                last.is_some_and(|last| last.eq_ignore_ascii_case(end))
            }
            Self::KeyPart(part) => {
                part.is_empty() || key.windows(part.len()).any(|found| found.eq_ignore_ascii_case(part))
            }
            Self::Pattern(pattern) => pattern.finds(key),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_keys_are_compared_in_any_case_or_byte_for_byte() {
        let text = |text: &str| text.as_bytes().into();
        for (selector, expected) in [
            (Selector::All, [true, true, true, true]),
            (Selector::Key(text("x-key")), [true, true, false, false]),
            (Selector::Exact(text("X-Key")), [true, false, false, false]),
            (Selector::StartsWith(text("X-")), [true, false, true, false]),
            (Selector::KeyStart(text("X-")), [true, true, true, false]),
            (Selector::EndsWith(text("Key")), [true, false, false, false]),
            (Selector::KeyEnd(text("Key")), [true, true, false, false]),
            (Selector::Contains(text("-K")), [true, false, true, false]),
            (Selector::KeyPart(text("-K")), [true, true, true, false]),
            (Selector::KeyPart(text("")), [true, true, true, true]),
            (Selector::KeyStart(text("X-Keyholder's name")), [false, false, false, false]),
        ] {
            let found = ["X-Key", "x-key", "X-Keys", "K"].map(|key| selector.selects(key.as_bytes()));
            assert_eq!(found, expected, "{selector:?}");
        }
    }
}
