//! A rewrite rule as it is handed in, parsed but not yet compiled.

use crate::{Pattern, Phase, Template, Variable};

/// A rule of a rewrite set.
///
/// A rule that has a condition on the response is decided when the response is there; what it would change in the
/// request never happens.
#[derive(Clone, Debug, Default)]
pub struct RuleSpec {
    /// Its name, for whoever asks why.
    pub name: String,
    /// Its place: lower ones run first, equal ones as listed.
    pub sequence: i64,
    /// All have to hold; none means always.
    pub conditions: Vec<Condition>,
    /// Headers of the request to set or delete, in order.
    pub request_headers: Vec<HeaderAction>,
    /// Headers of the response to set or delete, in order.
    pub response_headers: Vec<HeaderAction>,
    /// The new path and query.
    pub url: Option<UrlAction>,
}

/// A condition.
#[derive(Clone, Debug)]
pub struct Condition {
    /// What it looks at.
    pub variable: Variable,
    /// What is looked for.
    pub pattern: Pattern,
    /// True: it holds where the pattern is not found.
    pub negate: bool,
}

/// A header to set or to delete.
#[derive(Clone, Debug)]
pub struct HeaderAction {
    /// Its name as it is to be sent.
    pub name: String,
    /// The new value; `None` deletes the header.
    pub value: Option<Template>,
    /// Which of several fields of that name is meant. Of no effect on the request's headers.
    pub matcher: Option<Matcher>,
}

/// Which of several response fields of one name is meant, by its value.
#[derive(Clone, Debug)]
pub struct Matcher {
    /// What is looked for in the value.
    pub pattern: Pattern,
    /// True: those where it is not found are meant.
    pub negate: bool,
}

/// A new path, a new query.
#[derive(Clone, Debug, Default)]
pub struct UrlAction {
    /// The new path; `None` keeps it.
    pub path: Option<Template>,
    /// The new query without question mark; `None` keeps it, an empty one drops it.
    pub query: Option<Template>,
    /// The path rule is looked up again with the new path.
    pub reroute: bool,
}

impl Condition {
    /// When it can be decided.
    pub fn phase(&self) -> Phase {
        self.variable.phase()
    }
}

impl RuleSpec {
    /// When it can be decided whether the rule fires.
    pub fn phase(&self) -> Phase {
        self.conditions.iter().map(Condition::phase).max().unwrap_or(Phase::Request)
    }
}
