//! The status board: what `gatehouse status` and `gatehouse health` show, as plain data and as tables.
//!
//! Other rooms fill these types in; this one only prints them: JSON for scripts (field names are stable), aligned text
//! for people.

mod certificates;
mod health;
mod table;
mod tokens;

use std::fmt;
use std::net::SocketAddr;

use serde::Serialize;

pub use certificates::{CertificateRole, CertificateStatus};
pub use health::{Health, HealthReport, NameStatus, ServerHealth, TargetHealth};
pub use tokens::TokenStatus;

use crate::access_log::LogState;
use crate::metrics::Totals;
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
    /// `http` or `https`.
    pub scheme: String,
    /// Names of the listeners that share it.
    pub listeners: Vec<String>,
}

/// Counters since the process started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CounterReport {
    /// Requests whose head was read, refused ones included.
    pub requests: u64,
    /// Responses by class.
    pub responses: ResponseReport,
    /// Requests the gateway answered itself, by reason; only reasons that occurred.
    pub refused: Vec<RefusalReport>,
    /// Bytes from clients.
    pub received_bytes: u64,
    /// Bytes to clients.
    pub sent_bytes: u64,
    /// Client connections accepted.
    pub client_connections: u64,
    /// Client connections open now.
    pub client_connections_current: u64,
    /// Connections opened to servers.
    pub backend_connections: u64,
    /// Requests that found an idle connection.
    pub backend_connections_reused: u64,
    /// Connections to servers that exist now.
    pub backend_connections_current: u64,
    /// WebSocket connections that servers agreed to.
    pub websockets: u64,
    /// WebSocket connections that are open now.
    pub websockets_current: u64,
    /// Second attempts.
    pub retries: u64,
    /// Access-log lines lost.
    pub access_log_lines_dropped: u64,
    /// What last went wrong with the access log.
    pub access_log_error: Option<String>,
}

/// Responses by class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ResponseReport {
    /// 100 to 199.
    #[serde(rename = "1xx")]
    pub informational: u64,
    /// 200 to 299.
    #[serde(rename = "2xx")]
    pub success: u64,
    /// 300 to 399.
    #[serde(rename = "3xx")]
    pub redirect: u64,
    /// 400 to 499.
    #[serde(rename = "4xx")]
    pub client_error: u64,
    /// 500 to 599.
    #[serde(rename = "5xx")]
    pub server_error: u64,
    /// Anything else.
    pub other: u64,
}

/// How often one reason occurred.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RefusalReport {
    /// The token, as in the access log.
    pub reason: String,
    /// How often.
    pub count: u64,
}

impl CounterReport {
    /// The report of these sums.
    pub fn new(totals: &Totals, log: &LogState) -> Self {
        let [other, informational, success, redirect, client_error, server_error] = totals.responses;
        let refusal = |&(reason, count): &(&str, u64)| RefusalReport { reason: reason.to_owned(), count };
        Self {
            requests: totals.requests,
            responses: ResponseReport { informational, success, redirect, client_error, server_error, other },
            refused: totals.refused.iter().map(refusal).collect(),
            received_bytes: totals.bytes_received,
            sent_bytes: totals.bytes_sent,
            client_connections: totals.client_connections,
            client_connections_current: totals.client_connections_current,
            backend_connections: totals.backend_opened,
            backend_connections_reused: totals.backend_reused,
            backend_connections_current: totals.backend_current,
            websockets: totals.tunnels,
            websockets_current: totals.tunnels_current,
            retries: totals.retries,
            access_log_lines_dropped: log.lines_dropped,
            access_log_error: log.last_error.clone(),
        }
    }
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

impl fmt::Display for CounterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let r = &self.responses;
        let classes = [("1xx", r.informational), ("2xx", r.success), ("3xx", r.redirect), ("4xx", r.client_error)];
        let classes = classes.into_iter().chain([("5xx", r.server_error), ("other", r.other)]);
        let classes: Vec<_> = classes.filter(|&(_, n)| n > 0).map(|(class, n)| format!("{class} {n}")).collect();
        writeln!(f, "requests   {}  {}", self.requests, classes.join("  "))?;
        if !self.refused.is_empty() {
            let refused: Vec<_> = self.refused.iter().map(|r| format!("{} {}", r.reason, r.count)).collect();
            writeln!(f, "refused    {}", refused.join("  "))?;
        }
        writeln!(f, "bytes      {} received  {} sent", self.received_bytes, self.sent_bytes)?;
        writeln!(
            f,
            "clients    {} connected now  {} in all",
            self.client_connections_current, self.client_connections
        )?;
        writeln!(
            f,
            "servers    {} connections now  {} opened  {} reused  {} retries",
            self.backend_connections_current, self.backend_connections, self.backend_connections_reused, self.retries
        )?;
        if self.websockets > 0 {
            writeln!(f, "websockets {} open now  {} in all", self.websockets_current, self.websockets)?;
        }
        if self.access_log_lines_dropped > 0 || self.access_log_error.is_some() {
            let error = self.access_log_error.as_deref().unwrap_or("the writer could not keep up");
            writeln!(f, "log        {} lines dropped: {error}", self.access_log_lines_dropped)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
