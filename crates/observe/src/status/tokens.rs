//! Checks of bearer tokens, and how fresh their keys are.

use std::fmt;

use serde::Serialize;

use super::table::Table;

/// A check of bearer tokens that a rule uses.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TokenStatus {
    /// Its name in the configuration.
    pub name: String,
    /// Who issues good tokens: a tenant of Entra, or an issuer.
    pub issuer: String,
    /// Where the keys come from; `None`: from a file.
    pub source: Option<String>,
    /// Keys that tokens are checked with.
    pub keys: usize,
    /// Further keys of the issuer, of kinds that cannot be used.
    pub unusable_keys: usize,
    /// Seconds since the keys were fetched; `None` for those of a file, and as long as none came.
    pub age_seconds: Option<u64>,
    /// What went wrong when they were fetched last; keys from before are used on.
    pub error: Option<String>,
}

/// The table of checks; nothing when there is none.
pub(super) fn write(tokens: &[TokenStatus], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if tokens.is_empty() {
        return Ok(());
    }
    let mut table = Table::new(["TOKENS", "ISSUER", "KEYS", "FETCHED", "ERROR"]);
    for one in tokens {
        let fetched = match (one.age_seconds, &one.source) {
            (Some(age), _) => format!("{age} s ago"),
            (None, Some(_)) => "not yet".to_owned(),
            (None, None) => "from a file".to_owned(),
        };
        let error = one.error.clone().unwrap_or_else(|| "-".to_owned());
        table.row([one.name.clone(), one.issuer.clone(), one.keys.to_string(), fetched, error]);
    }
    writeln!(f, "{table}")
}
