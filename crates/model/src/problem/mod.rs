//! What is wrong with a document: collected, never returned one by one.
//!
//! A [`Problem`] carries all a reader needs to put it right: where, what was found, what would do, what was probably
//! meant, and a stable code. The renderers beside this file show the same list as text, JSON and SARIF.

use std::fmt;

use crate::node::{At, Node};
use crate::source::Span;

pub mod codes;
mod json;
mod mask;
mod nearest;
mod place;
mod sarif;
mod text;

pub use json::render_json;
pub use nearest::nearest;
pub use sarif::render_sarif;
pub use text::{TextOptions, render_text};

/// How many problems a collector keeps; more only raise the counts.
pub const MAX_PROBLEMS: usize = 1000;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// The document cannot be used.
    Error,
    /// The document can be used, but probably not as meant.
    Warning,
}

impl Severity {
    /// `error` or `warning`.
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
        }
    }
}

/// One thing to put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// How bad it is.
    pub severity: Severity,
    /// A stable name of the rule, such as `ReferenceNotFound`.
    pub code: &'static str,
    /// The path as the operator wrote it.
    pub path: String,
    /// The text it is about.
    pub span: Option<Span>,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What stands there now.
    pub found: Option<String>,
    /// What would do.
    pub expected: Option<String>,
    /// What was probably meant.
    pub suggestion: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
}

impl Problem {
    /// A problem that makes the document unusable.
    pub fn error(code: &'static str, at: &At, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            code,
            path: at.path.to_string(),
            span: at.span,
            message: message.into(),
            found: None,
            expected: None,
            suggestion: None,
            help: None,
        }
    }

    /// A problem that leaves the document usable.
    pub fn warning(code: &'static str, at: &At, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, at, message) }
    }

    /// Says what stands there now.
    #[must_use]
    pub fn found(mut self, found: impl Into<String>) -> Self {
        self.found = Some(found.into());
        self
    }

    /// Says what stands there now, unless it is a secret: then only its kind.
    #[must_use]
    pub fn found_value(self, node: &Node) -> Self {
        match (&node.value, node.at.secret) {
            (crate::node::Value::String(text), false) => {
                let found = format!("{:?}", shortened(text));
                self.found(found)
            }
            (crate::node::Value::Number(number), false) => self.found(shortened(number.as_str())),
            (crate::node::Value::Bool(value), false) => self.found(value.to_string()),
            _ => self.found(node.kind()),
        }
    }

    /// Says what would do.
    #[must_use]
    pub fn expected(mut self, expected: impl Into<String>) -> Self {
        self.expected = Some(expected.into());
        self
    }

    /// Says what was probably meant, when something is near enough.
    #[must_use]
    pub fn suggest<S: Into<String>>(mut self, suggestion: Option<S>) -> Self {
        self.suggestion = suggestion.map(Into::into);
        self
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Points at another stretch of text, such as a key instead of its value.
    #[must_use]
    pub fn at_span(mut self, span: Option<Span>) -> Self {
        self.span = span.or(self.span);
        self
    }
}

/// One line: path, message, suggestion, code.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        match (&self.found, &self.expected) {
            (Some(found), Some(expected)) => write!(f, "; found {found}, expected {expected}")?,
            (Some(found), None) => write!(f, "; found {found}")?,
            (None, Some(expected)) => write!(f, "; expected {expected}")?,
            (None, None) => {}
        }
        if let Some(suggestion) = &self.suggestion {
            write!(f, ". Did you mean {suggestion:?}?")?;
        }
        write!(f, " ({})", self.code)
    }
}

/// The collector. Keeps the first [`MAX_PROBLEMS`] and counts the rest, so a broken document cannot fill the memory.
#[derive(Debug, Clone, Default)]
pub struct Problems {
    list: Vec<Problem>,
    errors: usize,
    more: usize,
}

impl Problems {
    /// An empty collector.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a problem. When the list is full an error takes the place of the last warning, so that none hides.
    pub fn push(&mut self, problem: Problem) {
        let is_error = problem.severity == Severity::Error;
        self.errors += usize::from(is_error);
        if self.list.len() < MAX_PROBLEMS {
            self.list.push(problem);
            return;
        }
        self.more += 1;
        if is_error && let Some(at) = self.list.iter().rposition(|kept| kept.severity == Severity::Warning) {
            self.list.remove(at);
            self.list.push(problem);
        }
    }

    /// Takes over all problems of another collector.
    pub fn append(&mut self, other: Problems) {
        let kept_errors = other.list.iter().filter(|problem| problem.severity == Severity::Error).count();
        self.errors += other.errors - kept_errors;
        self.more += other.more;
        other.list.into_iter().for_each(|problem| self.push(problem));
    }

    /// Applies a change to every text of every problem.
    pub(crate) fn rewrite(&mut self, mut change: impl FnMut(&mut String)) {
        for problem in &mut self.list {
            change(&mut problem.path);
            change(&mut problem.message);
            let more = [&mut problem.found, &mut problem.expected, &mut problem.suggestion, &mut problem.help];
            more.into_iter().flatten().for_each(&mut change);
        }
    }

    /// The problems kept, in the order found.
    pub fn iter(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter()
    }

    /// The errors kept.
    pub fn errors(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter().filter(|problem| problem.severity == Severity::Error)
    }

    /// The warnings kept.
    pub fn warnings(&self) -> impl Iterator<Item = &Problem> {
        self.list.iter().filter(|problem| problem.severity == Severity::Warning)
    }

    /// True when the document cannot be used.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many errors there were, kept or not.
    pub fn error_count(&self) -> usize {
        self.errors
    }

    /// How many problems there were, kept or not.
    pub fn len(&self) -> usize {
        self.list.len() + self.more
    }

    /// True when nothing was wrong.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// True when no further problem is kept, so that looking for suggestions is in vain.
    pub fn is_full(&self) -> bool {
        self.list.len() >= MAX_PROBLEMS
    }

    /// How many problems were not kept.
    pub fn more(&self) -> usize {
        self.more
    }
}

fn shortened(text: &str) -> String {
    const LONGEST: usize = 80;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_collector_counts_on_and_lets_no_warning_hide_an_error() {
        let mut problems = Problems::new();
        for _ in 0..MAX_PROBLEMS {
            problems.push(Problem::warning(codes::UNKNOWN_PROPERTY, &At::default(), "w"));
        }
        problems.push(Problem::error(codes::TYPE_MISMATCH, &At::default(), "e"));
        problems.push(Problem::warning(codes::UNKNOWN_PROPERTY, &At::default(), "w"));
        assert_eq!((problems.errors().count(), problems.more(), problems.len()), (1, 2, MAX_PROBLEMS + 2));
    }
}
