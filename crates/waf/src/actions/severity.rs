//! How bad a match is.

use std::fmt;

/// The eight severities of syslog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// 0.
    Emergency,
    /// 1.
    Alert,
    /// 2; five points in the core rule set.
    Critical,
    /// 3; four points.
    Error,
    /// 4; three points.
    Warning,
    /// 5; two points.
    Notice,
    /// 6.
    Info,
    /// 7.
    Debug,
}

const NAMES: [(&str, Severity); 8] = [
    ("EMERGENCY", Severity::Emergency),
    ("ALERT", Severity::Alert),
    ("CRITICAL", Severity::Critical),
    ("ERROR", Severity::Error),
    ("WARNING", Severity::Warning),
    ("NOTICE", Severity::Notice),
    ("INFO", Severity::Info),
    ("DEBUG", Severity::Debug),
];

impl Severity {
    /// Reads a name or a number.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if let Ok(number) = text.parse::<usize>() {
            return NAMES.get(number).map(|(_, severity)| *severity);
        }
        NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text)).map(|(_, severity)| *severity)
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.get(*self as usize).map_or("", |(name, _)| name))
    }
}
