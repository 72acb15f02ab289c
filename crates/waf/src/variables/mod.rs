//! What a rule can look at: variables, the keys within them, and what is left out.

mod name;
mod selector;

pub use name::Variable;
pub use selector::Selector;

/// Values or their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TargetKind {
    Values,
    Count,
}

/// A variable, which of its values, and whether they or their number are looked at.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) variable: Variable,
    pub(crate) selector: Selector,
    pub(crate) kind: TargetKind,
}

/// Values that a rule leaves out.
#[derive(Clone, Debug)]
pub struct Omission {
    /// The variable.
    pub variable: Variable,
    /// Which of its values.
    pub selector: Selector,
}
