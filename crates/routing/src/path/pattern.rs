//! One entry of a path rule's `paths`.
//!
//! Source: Azure, "URL path-based routing overview" (url-route-overview): a pattern begins with
//! `/`, may hold `*` only as its last character, and neither `?` nor `#`. Without `*` it is the
//! whole path, trailing slash included; with `*` a prefix.

use std::fmt;

use thiserror::Error;

use crate::matching_form::{LastSegment, resolved};

/// A path pattern, literal or prefix.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PathPattern {
    text: Box<str>,
    /// The text in matching form and lower case, without the `*`.
    literal: Box<[u8]>,
    is_prefix: bool,
}

/// Why a text is not a path pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum PathPatternError {
    /// Relative, or empty.
    #[error("a path begins with `/`")]
    NoLeadingSlash,
    /// `*` before the end.
    #[error("`*` may only be the last character of a path")]
    StarNotLast,
    /// `?` or `#`.
    #[error("`{0}` is not allowed in a path; query and fragment take no part in matching")]
    Character(char),
}

impl PathPattern {
    /// Parses one entry of `paths`.
    pub fn parse(text: &str) -> Result<Self, PathPatternError> {
        if !text.starts_with('/') {
            return Err(PathPatternError::NoLeadingSlash);
        }
        if let Some(stray) = text.chars().find(|c| matches!(c, '?' | '#')) {
            return Err(PathPatternError::Character(stray));
        }
        let prefix = text.strip_suffix('*');
        let bare = prefix.unwrap_or(text);
        if bare.contains('*') {
            return Err(PathPatternError::StarNotLast);
        }
        let last = if prefix.is_some() { LastSegment::Open } else { LastSegment::Closed };
        let mut literal = resolved(bare.as_bytes(), last);
        literal.make_ascii_lowercase();
        Ok(Self { text: text.into(), literal: literal.into(), is_prefix: prefix.is_some() })
    }

    /// The pattern as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether the pattern ends in `*`.
    pub fn is_prefix(&self) -> bool {
        self.is_prefix
    }

    /// What a path must equal or begin with: matching form, lower case, without the `*`.
    pub(crate) fn literal(&self) -> &[u8] {
        &self.literal
    }
}

impl fmt::Debug for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PathPattern({})", self.text)
    }
}

impl fmt::Display for PathPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
