//! Why rules cannot be run.

use waf::operators::OperatorFault;

/// What is wrong with a rule, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The place of the rule among all.
    pub rule: usize,
    /// The place of the condition in the rule; `None`: it is the rule itself.
    pub condition: Option<usize>,
    /// The place of the value, or of the variable where [`What`] speaks of one; `None`: it is the whole condition.
    pub value: Option<usize>,
    /// What it is.
    pub what: What,
}

/// What is wrong.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum What {
    /// Logs and counters go by the name.
    #[error("a rule needs a name")]
    Nameless,
    /// Two rules with one name would share their counters.
    #[error("another rule has this name already")]
    SameName,
    /// Which of the two goes first is not said.
    #[error("another rule has this priority already")]
    SamePriority,
    /// A rule that matches everything has to say so.
    #[error("a rule needs a condition")]
    Unconditional,
    /// Every request would be over the limit, or no window ever end.
    #[error("a rate limit needs a threshold of 1 or more, and a window")]
    NoLimit,
    /// Beyond a limit, requests are refused or told.
    #[error("a rate limit can only Block or Log")]
    ActionOfRateLimit,
    /// There is nothing to look at.
    #[error("a condition needs a variable")]
    NoVariable,
    /// The variable has no parts.
    #[error("{0} takes no selector")]
    Selector(&'static str),
    /// The operator looks at the client's address only.
    #[error("{operator} compares RemoteAddr only, not {variable}")]
    Variable {
        /// The operator.
        operator: &'static str,
        /// What it was to look at.
        variable: &'static str,
    },
    /// There is nothing to compare with.
    #[error("{0} needs a value to compare with")]
    NoValue(&'static str),
    /// Sizes are compared.
    #[error("{0} needs a number of bytes")]
    NotANumber(&'static str),
    /// Two letters are a country.
    #[error("GeoMatch needs a country's code of two letters")]
    NotACountry,
    /// The engine cannot make an operator of it.
    #[error(transparent)]
    Operator(OperatorFault),
}

impl Fault {
    /// A fault of a rule as a whole, whose place is not known yet.
    pub(super) fn of_rule(what: What) -> Self {
        Self { rule: 0, condition: None, value: None, what }
    }
}
