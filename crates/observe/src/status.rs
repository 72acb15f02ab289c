//! The status board: what `gatehouse status` and `gatehouse health` show, as plain data and as tables.
//!
//! Other rooms fill these types in; this one only prints them: JSON for scripts (field names are stable), aligned text
//! for people.

mod certificates;
mod counters;
mod health;
mod table;
mod tokens;

use std::fmt;
use std::net::SocketAddr;

use serde::Serialize;

pub use certificates::{CertificateRole, CertificateStatus};
pub use counters::{ActionReport, CounterReport, ReasonReport, ResponseReport};
pub use health::{Health, HealthReport, NameStatus, ServerHealth, TargetHealth};
pub use tokens::TokenStatus;

use table::Table;

/// What a running gateway is and does.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusReport {
    /// The gateway's name.
    pub gateway: String,
    /// Version of the binary.
    pub version: String,
    /// Which configuration runs; counts from 1.
    pub revision: u64,
    /// SHA-256 of its document, hexadecimal; empty when unknown.
    pub checksum: String,
    /// When the process started, RFC 3339.
    pub started: String,
    /// When the configuration was applied, RFC 3339.
    pub applied: String,
    /// Why the last change was refused; `None` when it was applied.
    pub refused: Option<String>,
    /// Sockets that accept connections.
    pub bindings: Vec<BindingStatus>,
    /// Certificates in use; those that end first stand first.
    pub certificates: Vec<CertificateStatus>,
    /// Checks of bearer tokens.
    pub tokens: Vec<TokenStatus>,
    /// Servers and their health.
    pub health: HealthReport,
    /// Counters since the start.
    pub counters: CounterReport,
}

/// One local socket address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BindingStatus {
    /// As bound: a port 0 in the configuration shows the port that the system chose.
    pub address: SocketAddr,
    /// `http`, `https`, `tcp` or `tls`.
    pub scheme: String,
    /// Names of the listeners that share it.
    pub listeners: Vec<String>,
}

impl fmt::Display for StatusReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "gateway    {} ({})", self.gateway, self.version)?;
        let checksum = self.checksum.get(..12).unwrap_or(&self.checksum);
        writeln!(f, "revision   {} since {}  {checksum}", self.revision, self.applied)?;
        writeln!(f, "started    {}", self.started)?;
        if let Some(refused) = &self.refused {
            writeln!(f, "refused    {refused}")?;
        }
        writeln!(f)?;
        let mut bindings = Table::new(["LISTENS ON", "SCHEME", "LISTENERS"]);
        for binding in &self.bindings {
            bindings.row([binding.address.to_string(), binding.scheme.clone(), binding.listeners.join(", ")]);
        }
        writeln!(f, "{bindings}")?;
        certificates::write(&self.certificates, f)?;
        tokens::write(&self.tokens, f)?;
        writeln!(f, "{}", self.health)?;
        self.counters.fmt(f)
    }
}

#[cfg(test)]
mod tests;
