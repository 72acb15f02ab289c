//! What a health probe asks and what it accepts.

use std::sync::Arc;
use std::time::Duration;

use crate::ProxyVersion;

/// The probe that is run for every server of one target (pool x settings), defaults filled in. Where the settings speak
/// TCP it only connects, where they speak TLS it only shakes hands.
///
/// Source: Azure, "Application Gateway health probes overview"; table of hosts in parity note "probe host".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probe {
    /// The custom probe's name; `None` for the default probe.
    pub name: Option<Arc<str>>,
    /// Host header, and the name sent in TLS. `None`: the server's own name (FQDN, else its address).
    pub host: Option<Arc<str>>,
    /// Path and query of the GET request.
    pub path: Arc<str>,
    /// Port, when it is not the settings' port.
    pub port: Option<u16>,
    /// Append `:port` to the Host header where the port is not the scheme's default.
    pub host_port: bool,
    /// From the start of one probe to the start of the next.
    pub interval: Duration,
    /// For the whole probe, connecting included.
    pub timeout: Duration,
    /// Consecutive failures before a server is taken out.
    pub unhealthy_threshold: u32,
    /// So many servers count as healthy whatever the probes say.
    pub min_servers: u32,
    /// What counts as healthy.
    pub accept: ProbeMatch,
    /// The `User-Agent` of probes.
    pub user_agent: Arc<str>,
    /// A PROXY protocol header that names nobody comes first. TCP and TLS only.
    pub proxy_header: Option<ProxyVersion>,
}

/// What a probe's answer must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProbeMatch {
    /// Inclusive ranges of status codes.
    pub statuses: Vec<(u16, u16)>,
    /// Must occur in the first 64 KiB of the body; empty means no check.
    pub body: Arc<str>,
}

impl Default for ProbeMatch {
    fn default() -> Self {
        Self { statuses: vec![(200, 399)], body: Arc::from("") }
    }
}

impl ProbeMatch {
    /// True when the status is one of the accepted ones.
    pub fn accepts_status(&self, status: u16) -> bool {
        self.statuses.iter().any(|&(low, high)| (low..=high).contains(&status))
    }
}
