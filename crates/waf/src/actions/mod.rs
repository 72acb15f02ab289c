//! What a rule does when it matches.
//!
//! Three kinds: *disruptive* actions and jumps, done once after the whole chain matched; *effects* (`setvar`, `ctl`,
//! `capture`), done for every single value that matches; and facts about the rule that are only told.

mod ctl;
mod parse;
mod phase;
mod setvar;
mod severity;
mod template;

pub use phase::Phase;
pub use severity::Severity;

pub(crate) use ctl::{Ctl, parse as ctl};
pub(crate) use parse::parse;
pub(crate) use setvar::{Change, SetVar};
pub(crate) use template::{Part, Template};

use crate::transformations::Transformation;
use crate::variables::Variable;

/// One action of a rule.
#[derive(Clone, Debug)]
pub(crate) enum Action {
    Id(u32),
    Phase(Phase),
    Disruptive(Disruption),
    Status(u16),
    Log(bool),
    Message(Template),
    LogData(Template),
    Severity(Severity),
    Tag(String),
    Version(String),
    /// None is `t:none`: what stands before counts no more.
    Transform(Option<Transformation>),
    MultiMatch,
    Capture,
    Chain,
    SetVar(SetVar),
    Ctl(Ctl),
    /// Some values are not told.
    Redact(Redaction),
    Skip(usize),
    SkipAfter(String),
    /// Tells something that has no counterpart here, such as what goes into an audit log file.
    Remark,
}

/// Which values are not told.
#[derive(Clone, Debug)]
pub(crate) enum Redaction {
    /// The one that matched.
    Matched,
    /// Those with this name.
    Named(Variable, Box<[u8]>),
}

/// What happens to a request when a rule matched.
#[derive(Clone, Debug)]
pub(crate) enum Disruption {
    /// Nothing.
    Pass,
    /// What the default action of the phase says.
    Block,
    /// It is refused with a status.
    Deny,
    /// The connection ends without an answer.
    Drop,
    /// It is sent elsewhere.
    Redirect(Template),
    /// No further rule looks at it.
    Allow(AllowScope),
}

/// How far an `allow` reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AllowScope {
    /// The rest of this phase.
    Phase,
    /// The rest of the phases of the request.
    Request,
    /// All but logging.
    All,
}
