//! The health of servers, as probes saw it last.

use std::collections::BTreeMap;
use std::fmt;
use std::net::{IpAddr, SocketAddr};

use serde::Serialize;

use super::table::Table;

/// Every pool with settings that a rule uses.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(transparent)]
pub struct HealthReport {
    /// In the order of the configuration.
    pub targets: Vec<TargetHealth>,
}

/// One pool with settings.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetHealth {
    /// The pool's name.
    pub pool: String,
    /// The settings' name.
    pub settings: String,
    /// The probe's name; `None` for the default probe.
    pub probe: Option<String>,
    /// Its servers in pool order.
    pub servers: Vec<ServerHealth>,
    /// Its members that are names.
    pub names: Vec<NameStatus>,
}

/// One server.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServerHealth {
    /// Where requests and sessions go.
    pub address: SocketAddr,
    /// The name it was resolved from.
    pub name: Option<String>,
    /// The verdict.
    pub health: Health,
    /// What the last probe found, in words.
    pub reason: String,
    /// The same as a stable token: `Success`, `ConnectFailed`, `Timeout` and so on; `NotProbed` before the first probe.
    pub code: &'static str,
    /// True while requests may go there (also an unhealthy server that `minServers` keeps in).
    pub in_rotation: bool,
    /// Requests, open WebSockets and TCP and TLS sessions under way there.
    pub active: u32,
    /// Seconds until what is under way there is cut off; `None` when it is not. For a server that was removed
    /// (`Draining`), and for an unhealthy one where the settings drain those.
    pub draining_seconds_left: Option<f64>,
    /// Failures since the last success.
    pub consecutive_failures: u32,
    /// Seconds since the last probe ended; `None` before the first.
    pub last_probe_seconds_ago: Option<f64>,
    /// How long the last probe took.
    pub latency_milliseconds: Option<f64>,
}

/// A verdict, in the words of the live service (the schema's `Up` and `Down` are never seen there).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum Health {
    /// Gets requests.
    Healthy,
    /// Gets none.
    Unhealthy,
    /// No probe has ended yet.
    Unknown,
    /// Was removed, and finishes what it has. (Azure's schema has the word, its service was not seen to say it.)
    Draining,
}

impl Health {
    /// As printed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "Healthy",
            Self::Unhealthy => "Unhealthy",
            Self::Unknown => "Unknown",
            Self::Draining => "Draining",
        }
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What is known of a member that is a name.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NameStatus {
    /// The name.
    pub name: String,
    /// The addresses it has now.
    pub addresses: Vec<IpAddr>,
    /// Why the last look-up failed, for both families of addresses or for one.
    pub error: Option<String>,
    /// A stable token: `Resolved`; `Resolving` until the first look-up has ended; `Stale` when addresses in use are
    /// those of an earlier answer, because the last look-up failed; `DnsFailure` when there is no address.
    pub code: &'static str,
    /// What of the last good answer is not used, and why.
    pub left_out: Option<String>,
    /// Seconds since the last good answer.
    pub resolved_seconds_ago: Option<f64>,
    /// Seconds until the next look-up; 0 while one is under way.
    pub next_lookup_seconds: Option<f64>,
}

impl fmt::Display for HealthReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dash = || "-".to_owned();
        let mut table = Table::new(["POOL/SETTINGS", "SERVER", "HEALTH", "ACTIVE", "PROBED", "TOOK", "REASON"]);
        for target in &self.targets {
            let key = format!("{}/{}", target.pool, target.settings);
            if target.servers.is_empty() && target.names.is_empty() {
                table.row([key.clone(), dash(), dash(), dash(), dash(), dash(), "the pool is empty".into()]);
            }
            for server in &target.servers {
                table.row([
                    key.clone(),
                    server_text(server),
                    health_text(server),
                    server.active.to_string(),
                    server.last_probe_seconds_ago.map_or_else(dash, |age| format!("{age:.0} s ago")),
                    server.latency_milliseconds.map_or_else(dash, |took| format!("{took:.1} ms")),
                    server.reason.clone(),
                ]);
            }
            for name in target.names.iter().filter(|name| name.addresses.is_empty()) {
                let health = if name.error.is_none() { "Unknown" } else { "Unhealthy" };
                let reason = name.error.clone().unwrap_or_else(|| "the name is being resolved".into());
                table.row([key.clone(), name.name.clone(), health.into(), dash(), dash(), dash(), reason]);
            }
        }
        table.fmt(f)?;
        self.fmt_names(f)
    }
}

/// Addresses of a name that are printed; JSON has all.
const PRINTED: usize = 4;

impl HealthReport {
    /// The names of all targets, each once.
    fn fmt_names(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: BTreeMap<&str, &NameStatus> =
            self.targets.iter().flat_map(|target| &target.names).map(|name| (name.name.as_str(), name)).collect();
        if names.is_empty() {
            return Ok(());
        }
        let dash = || "-".to_owned();
        let mut table = Table::new(["NAME", "STATE", "RESOLVED", "NEXT", "ADDRESSES", "REMARK"]);
        for (name, status) in names {
            let remarks: Vec<&str> = status.error.as_deref().into_iter().chain(status.left_out.as_deref()).collect();
            table.row([
                name.to_owned(),
                status.code.to_owned(),
                status.resolved_seconds_ago.map_or_else(dash, |age| format!("{age:.0} s ago")),
                status.next_lookup_seconds.map_or_else(dash, |left| format!("in {left:.0} s")),
                addresses_text(&status.addresses),
                remarks.join("; "),
            ]);
        }
        write!(f, "\n{table}")
    }
}

fn addresses_text(addresses: &[IpAddr]) -> String {
    let printed: Vec<_> = addresses.iter().take(PRINTED).map(ToString::to_string).collect();
    match addresses.len().saturating_sub(PRINTED) {
        _ if addresses.is_empty() => "-".to_owned(),
        0 => printed.join(", "),
        more => format!("{} and {more} more", printed.join(", ")),
    }
}

fn server_text(server: &ServerHealth) -> String {
    match &server.name {
        Some(name) => format!("{} ({name})", server.address),
        None => server.address.to_string(),
    }
}

fn health_text(server: &ServerHealth) -> String {
    match (server.health, server.in_rotation, server.draining_seconds_left) {
        (Health::Draining | Health::Unhealthy, false, Some(left)) => format!("{} ({left:.0} s left)", server.health),
        (Health::Healthy, _, _) | (_, false, _) => server.health.to_string(),
        (_, true, _) => format!("{} (in use)", server.health),
    }
}
