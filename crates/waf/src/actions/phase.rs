//! The five moments at which rules run.

use std::fmt;

/// When a rule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Phase {
    /// The request's head is there.
    RequestHead,
    /// The request's body is there.
    RequestBody,
    /// The response's head is there.
    ResponseHead,
    /// The response's body is there.
    ResponseBody,
    /// All is over.
    Logging,
}

impl Phase {
    pub(crate) const COUNT: usize = 5;

    /// Reads a number from 1 to 5, or `request`, `response` or `logging`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "1" => Some(Self::RequestHead),
            "2" | "request" => Some(Self::RequestBody),
            "3" => Some(Self::ResponseHead),
            "4" | "response" => Some(Self::ResponseBody),
            "5" | "logging" => Some(Self::Logging),
            _ => None,
        }
    }

    /// The number rules give it, from 1.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8 + 1
    }

    /// Whether it belongs to the request's way in.
    pub(crate) fn is_request(self) -> bool {
        matches!(self, Self::RequestHead | Self::RequestBody)
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.number())
    }
}
