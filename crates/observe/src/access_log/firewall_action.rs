//! The closed list of `action` words in rows of the firewall.
//!
//! Source: Azure, "Monitoring data reference", Firewall log category, and the pages on challenges (read 2026-11-22).
//! Captchas cannot be served, so there are no words for them.

/// All of them, in the order of the documentation, and last what no list names. Counters of rows are numbered as this
/// list is.
pub const ALL: &[&str] = &[
    "Allowed",
    BLOCKED,
    DETECTED,
    "Log",
    "Matched",
    "JSChallengeIssued",
    "JSChallengePass",
    "JSChallengeValid",
    "JSChallengeBlock",
    OTHER,
];

/// The request was refused.
pub const BLOCKED: &str = "Blocked";
/// The request would have been refused, if its policy did not only detect.
pub const DETECTED: &str = "Detected";
/// Counters only: a word that the list does not have.
pub const OTHER: &str = "other";

/// The place of a word in the list.
pub(crate) fn number(action: &str) -> usize {
    ALL.iter().position(|&known| known == action).unwrap_or(ALL.len() - 1)
}
