//! Counters since the process started.

use std::fmt;

use serde::Serialize;

use crate::access_log::LogState;
use crate::metrics::Totals;

/// Counters since the process started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CounterReport {
    /// Requests whose head was read, refused ones included.
    pub requests: u64,
    /// Responses by class.
    pub responses: ResponseReport,
    /// Requests the gateway answered itself, by reason; only reasons that occurred.
    pub refused: Vec<ReasonReport>,
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
    /// TCP and TLS sessions: client connections that listeners of those protocols accepted, refused ones included.
    pub sessions: u64,
    /// TCP and TLS sessions open now.
    pub sessions_current: u64,
    /// TCP and TLS sessions that ended, by reason; only reasons that occurred.
    pub sessions_ended: Vec<ReasonReport>,
    /// Payload from clients in sessions; counted while it moves, and not part of `received_bytes`.
    pub session_received_bytes: u64,
    /// Payload to clients in sessions; counted while it moves, and not part of `sent_bytes`.
    pub session_sent_bytes: u64,
    /// How long ended sessions lasted, added up. Divided by how many ended: Azure's Connection Lifetime.
    pub session_milliseconds: u64,
    /// Ended sessions that had a connection to a server.
    pub backend_sessions: u64,
    /// How long those connections lasted, added up. Divided by `backend_sessions`: Azure's Backend Session Duration.
    pub backend_session_milliseconds: u64,
    /// Requests that a firewall policy was asked about.
    pub firewall_requests: u64,
    /// What firewall policies found in them, by what was done; only what occurred.
    pub firewall_rows: Vec<ActionReport>,
    /// Second attempts.
    pub retries: u64,
    /// Access-log lines lost.
    pub access_log_lines_dropped: u64,
    /// What last went wrong with the access log.
    pub access_log_error: Option<String>,
    /// Lines of the firewall log lost, where it is a log of its own.
    pub firewall_log_lines_dropped: u64,
    /// What last went wrong with it.
    pub firewall_log_error: Option<String>,
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

/// How often one reason occurred, of a refusal or of the end of a session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReasonReport {
    /// The token, as in the access log.
    pub reason: String,
    /// How often.
    pub count: u64,
}

/// How often the firewall did one thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ActionReport {
    /// The word, as in the firewall log.
    pub action: String,
    /// How often.
    pub count: u64,
}

impl CounterReport {
    /// The report of these sums.
    pub fn new(totals: &Totals, log: &LogState) -> Self {
        let [other, informational, success, redirect, client_error, server_error] = totals.responses;
        let reason = |&(reason, count): &(&str, u64)| ReasonReport { reason: reason.to_owned(), count };
        let action = |&(action, count): &(&str, u64)| ActionReport { action: action.to_owned(), count };
        Self {
            requests: totals.requests,
            responses: ResponseReport { informational, success, redirect, client_error, server_error, other },
            refused: totals.refused.iter().map(reason).collect(),
            received_bytes: totals.bytes_received,
            sent_bytes: totals.bytes_sent,
            client_connections: totals.client_connections,
            client_connections_current: totals.client_connections_current,
            backend_connections: totals.backend_opened,
            backend_connections_reused: totals.backend_reused,
            backend_connections_current: totals.backend_current,
            websockets: totals.tunnels,
            websockets_current: totals.tunnels_current,
            sessions: totals.sessions,
            sessions_current: totals.sessions_current,
            sessions_ended: totals.session_ends.iter().map(reason).collect(),
            session_received_bytes: totals.session_bytes_received,
            session_sent_bytes: totals.session_bytes_sent,
            session_milliseconds: totals.session_micros / 1000,
            backend_sessions: totals.server_sessions,
            backend_session_milliseconds: totals.server_session_micros / 1000,
            firewall_requests: totals.firewall_requests,
            firewall_rows: totals.firewall_rows.iter().map(action).collect(),
            retries: totals.retries,
            access_log_lines_dropped: log.lines_dropped,
            access_log_error: log.last_error.clone(),
            firewall_log_lines_dropped: 0,
            firewall_log_error: None,
        }
    }

    /// The same, with how the firewall log fares, where that is a log of its own.
    #[must_use]
    pub fn with_firewall_log(self, log: Option<&LogState>) -> Self {
        let Some(log) = log else { return self };
        Self { firewall_log_lines_dropped: log.lines_dropped, firewall_log_error: log.last_error.clone(), ..self }
    }
}

impl fmt::Display for CounterReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let r = &self.responses;
        let classes = [("1xx", r.informational), ("2xx", r.success), ("3xx", r.redirect), ("4xx", r.client_error)];
        let classes = classes.into_iter().chain([("5xx", r.server_error), ("other", r.other)]);
        let classes: Vec<_> = classes.filter(|&(_, n)| n > 0).map(|(class, n)| format!("{class} {n}")).collect();
        writeln!(f, "{}", format!("requests   {}  {}", self.requests, classes.join("  ")).trim_end())?;
        if !self.refused.is_empty() {
            writeln!(f, "refused    {}", listed(&self.refused))?;
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
        if self.sessions > 0 {
            self.write_sessions(f)?;
        }
        if self.firewall_requests > 0 {
            self.write_firewall(f)?;
        }
        write_log(f, "log", self.access_log_lines_dropped, self.access_log_error.as_deref())?;
        write_log(f, "waf log", self.firewall_log_lines_dropped, self.firewall_log_error.as_deref())
    }
}

/// A log that lost lines.
fn write_log(f: &mut fmt::Formatter<'_>, log: &str, dropped: u64, error: Option<&str>) -> fmt::Result {
    if dropped == 0 && error.is_none() {
        return Ok(());
    }
    writeln!(f, "{log:<10} {dropped} lines dropped: {}", error.unwrap_or("the writer could not keep up"))
}

impl CounterReport {
    fn write_firewall(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "firewall   {} requests looked at", self.firewall_requests)?;
        for one in &self.firewall_rows {
            write!(f, "  {} {}", one.action, one.count)?;
        }
        writeln!(f)
    }

    fn write_sessions(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "sessions   {} open now  {} in all  bytes {} received  {} sent",
            self.sessions_current, self.sessions, self.session_received_bytes, self.session_sent_bytes
        )?;
        if self.sessions_ended.is_empty() {
            return Ok(());
        }
        writeln!(f, "ended      {}", listed(&self.sessions_ended))?;
        let ended = self.sessions_ended.iter().map(|end| end.count).sum();
        write!(f, "lasted     {} s on average", average(self.session_milliseconds, ended))?;
        if self.backend_sessions > 0 {
            write!(f, "  server connections {} s", average(self.backend_session_milliseconds, self.backend_sessions))?;
        }
        writeln!(f)
    }
}

fn listed(reasons: &[ReasonReport]) -> String {
    let words: Vec<_> = reasons.iter().map(|one| format!("{} {}", one.reason, one.count)).collect();
    words.join("  ")
}

/// Seconds with three decimals.
fn average(milliseconds: u64, count: u64) -> String {
    let average = milliseconds.checked_div(count).unwrap_or(0);
    format!("{}.{:03}", average / 1000, average % 1000)
}
