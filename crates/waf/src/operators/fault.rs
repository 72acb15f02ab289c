//! Why an operator cannot be had.

/// Why [`super::Operator::parse`] refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OperatorFault {
    /// No operator has this name.
    #[error("there is no operator @{0}")]
    Unknown(String),
    /// The operator is known, but needs something that is never asked while a request waits. A caller that would
    /// rather keep such a rule lets it never match, and says so.
    #[error("@{operator} is not available: it needs {needs}")]
    Unavailable {
        /// The operator's name as rules write it.
        operator: &'static str,
        /// What it would need.
        needs: &'static str,
    },
    /// The argument does not fit the operator.
    #[error("@{operator}: {problem}")]
    Argument {
        /// The operator's name as rules write it.
        operator: &'static str,
        /// What is wrong, with the part of the argument that is.
        problem: String,
    },
    /// A file that the argument names could not be read.
    #[error("@{operator}: {file}: {problem}")]
    File {
        /// The operator's name as rules write it.
        operator: &'static str,
        /// The file as the argument names it.
        file: String,
        /// What the reader said.
        problem: String,
    },
    /// The pattern is not one we can run.
    #[error("@{operator}: {fault}")]
    Pattern {
        /// The operator's name as rules write it.
        operator: &'static str,
        /// What is wrong with the pattern.
        fault: super::rx::PatternFault,
    },
}
