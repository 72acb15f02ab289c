//! The load generator: a closed loop over a fixed number of connections, every response checked.
//!
//! It takes the proxy's CPU account itself, at the moment the warm-up ends and at the moment the last counted request
//! is answered, so that start-up, connecting and draining stay outside the figure.

mod connection;
mod engine;
mod http2;
mod requests;
mod response;
#[cfg(test)]
mod tests;

use std::net::SocketAddrV4;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::account::Watched;

pub(crate) use requests::{Shape, host_name, path_prefix};

/// How the load generator speaks TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Tls {
    /// Every connection makes a full handshake.
    Full,
    /// Connections resume sessions of earlier ones.
    Resumed,
}

/// What the load generator is told.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct LoadSpec {
    /// The proxy.
    pub(crate) target: SocketAddrV4,
    /// Connections kept busy.
    pub(crate) connections: usize,
    /// Requests before counting begins.
    pub(crate) warmup: u64,
    /// Requests counted.
    pub(crate) requests: u64,
    /// What is asked for.
    pub(crate) shape: Shape,
    /// Cookies that are sent beside the usual ones.
    pub(crate) cookie: String,
    /// The body length every response must have.
    pub(crate) body: usize,
    /// A new connection for each request.
    pub(crate) reconnect: bool,
    /// TLS, if it is spoken.
    pub(crate) tls: Option<Tls>,
    /// HTTP/2 with so many streams at once on each connection; HTTP/1.1 without.
    pub(crate) streams: Option<usize>,
    /// Idle connections to open after everything else, each with one request; 0 for none.
    pub(crate) idle: usize,
    /// Whose CPU is counted.
    pub(crate) watched: Watched,
    /// The run gives up after this many seconds.
    pub(crate) seconds: u64,
}

/// What the load generator found.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct LoadReport {
    /// Requests (or round trips, short sessions, 1,000 bytes of a stream) counted.
    pub(crate) requests: u64,
    /// Responses that were wrong, and connections that broke.
    pub(crate) errors: u64,
    /// The first of them in words.
    pub(crate) first_error: Option<String>,
    /// TLS handshakes while requests were counted.
    pub(crate) handshakes: Handshakes,
    /// Seconds for the counted requests.
    pub(crate) seconds: f64,
    /// Median latency in microseconds.
    pub(crate) p50_us: f64,
    /// 99th percentile of latency in microseconds.
    pub(crate) p99_us: f64,
    /// CPU of the proxy per request, in microseconds; of streams per 1,000 bytes, which is seconds per GB.
    pub(crate) proxy_us: f64,
    /// CPU of the backend per request, in microseconds.
    pub(crate) backend_us: f64,
    /// CPU of the load generator per request, in microseconds.
    pub(crate) load_us: f64,
    /// The share of its core that the proxy used.
    pub(crate) proxy_share: f64,
    /// The share of the proxy's core that was busy at all, by whomever.
    pub(crate) core_share: f64,
    /// The proxy's resident memory at the end, in KiB.
    pub(crate) resident_kib: u64,
    /// Memory growth by idle connections.
    pub(crate) idle: Option<IdleReport>,
}

/// TLS handshakes by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Handshakes {
    /// With certificate and signature.
    pub(crate) full: u64,
    /// With a session of an earlier connection.
    pub(crate) resumed: u64,
}

impl Handshakes {
    /// The share that resumed a session.
    pub(crate) fn resumed_share(self) -> f64 {
        self.resumed as f64 / (self.full + self.resumed).max(1) as f64
    }
}

/// Memory before and after idle connections were opened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct IdleReport {
    /// Connections opened, and still open at the end.
    pub(crate) connections: usize,
    /// KiB before.
    pub(crate) before_kib: u64,
    /// KiB with them.
    pub(crate) after_kib: u64,
}

/// Runs and prints the report as one line of JSON.
pub(crate) fn run(spec: &LoadSpec) -> Result<()> {
    let report = engine::run(spec)?;
    println!("{}", serde_json::to_string(&report)?);
    Ok(())
}
