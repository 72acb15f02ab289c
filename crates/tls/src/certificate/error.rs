//! What is wrong with a certificate, and what is merely odd.

use std::fmt;

/// Why a certificate or a chain cannot be used. Holds nothing secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateError {
    /// A stable name of the mistake; see [`codes`](super::codes).
    pub code: &'static str,
    /// What is wrong: lower case, no full stop.
    pub message: String,
    /// What was found.
    pub found: Option<String>,
    /// What would do.
    pub expected: Option<String>,
    /// How to get there.
    pub help: Option<String>,
}

impl CertificateError {
    /// An error that says what is wrong.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), found: None, expected: None, help: None }
    }

    /// Says what was found.
    pub(crate) fn found(self, found: impl Into<String>) -> Self {
        Self { found: Some(found.into()), ..self }
    }

    /// Says what would do.
    pub(crate) fn expected(self, expected: impl Into<String>) -> Self {
        Self { expected: Some(expected.into()), ..self }
    }

    /// Says how to get there.
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        if let Some(found) = &self.found {
            write!(f, "; found {found}")?;
        }
        if let Some(expected) = &self.expected {
            write!(f, ", expected {expected}")?;
        }
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        write!(f, " ({})", self.code)
    }
}

impl std::error::Error for CertificateError {}

/// Something about a certificate that can be used all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// A stable name; see [`codes`](super::codes).
    pub code: &'static str,
    /// What is odd: lower case, no full stop.
    pub message: String,
    /// What would do.
    pub help: Option<String>,
}

impl Finding {
    /// A finding that says what is odd.
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), help: None }
    }

    /// Says what would do.
    pub(crate) fn help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}
