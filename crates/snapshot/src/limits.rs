//! Bounds and switches of the whole gateway, each with its default.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

/// Timeouts and sizes. Most are settings: `properties.gatehouse.limits` in the document (`maxRetries` beside it).
/// Fixed for now: `client_write_timeout`, `max_response_header_bytes`, `first_probe_wait`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// A TLS handshake with a client. Default 10 s. Expiry: close.
    pub tls_handshake_timeout: Duration,
    /// From the first byte of a request head to its blank line. Default 60 s (Azure: a client must finish sending
    /// within 60 s). Expiry: 408 and close.
    pub request_header_timeout: Duration,
    /// Between two reads of a request body. Default 60 s. Expiry: 408 and close.
    pub request_body_timeout: Duration,
    /// A client connection without a request. Default 75 s (Azure, fixed there). Expiry: close.
    pub keep_alive_timeout: Duration,
    /// A client that does not take what is sent. Default 30 s. Expiry: reset.
    pub client_write_timeout: Duration,
    /// Connecting to a server. Default 5 s. Expiry: another server once, else 504.
    pub connect_timeout: Duration,
    /// An idle pooled connection to a server. Default 60 s. Expiry: close.
    pub pool_idle_timeout: Duration,
    /// Idle pooled connections kept for each server by each worker. Default 512.
    pub max_idle_per_server: usize,
    /// A request head. Default 32 KiB. Beyond: 431 (400 is what nginx answers; see parity notes).
    pub max_header_bytes: usize,
    /// Fields of a request head. Default 200. Beyond: 431.
    pub max_header_fields: usize,
    /// A request target. Default 32 KiB. Beyond: 414.
    pub max_url_bytes: usize,
    /// A request body. Default 4 GiB. Beyond: 413.
    pub max_body_bytes: u64,
    /// A response head. Default 64 KiB. Beyond: 502.
    pub max_response_header_bytes: usize,
    /// Below this rate, over ten seconds after a grace of ten, a body is given up. Default 240 B/s.
    pub min_body_rate: u32,
    /// Client connections of the process. Default 10,000. Beyond: the newest is refused with 503.
    pub max_connections: usize,
    /// Client connections of one address. Default 1,000.
    pub max_connections_per_client: usize,
    /// What a removed listener's or server's connections have to finish. Default 30 s.
    pub drain_timeout: Duration,
    /// After SIGTERM, until what is left is cut. Default 30 s.
    pub shutdown_grace: Duration,
    /// Further servers that are tried when one fails before the client got a byte. Default 1 (Azure); range 0 to 10.
    pub max_retries: u32,
    /// Content of a request that is held in memory before it goes to a file, with request buffering. Default 64 KiB.
    pub buffered_in_memory: usize,
    /// Content of one request that is held in a file, with request buffering; what comes after it is streamed.
    /// Default 64 MiB.
    pub buffered_in_file: u64,
    /// Content of all requests together that is held in files; beyond it, content is streamed. Default 1 GiB.
    pub buffered_in_files: u64,
    /// Content of one answer that is read ahead of a slow client, with response buffering. Default 256 KiB.
    pub buffered_response: usize,
    /// How long a request waits for the first verdict of the probes when no server has one yet. Default 2 s.
    pub first_probe_wait: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            tls_handshake_timeout: Duration::from_secs(10),
            request_header_timeout: Duration::from_secs(60),
            request_body_timeout: Duration::from_secs(60),
            keep_alive_timeout: Duration::from_secs(75),
            client_write_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(5),
            pool_idle_timeout: Duration::from_secs(60),
            max_idle_per_server: 512,
            max_header_bytes: 32 * 1024,
            max_header_fields: 200,
            max_url_bytes: 32 * 1024,
            max_body_bytes: 4 << 30,
            max_response_header_bytes: 64 * 1024,
            min_body_rate: 240,
            max_connections: 10_000,
            max_connections_per_client: 1_000,
            drain_timeout: Duration::from_secs(30),
            shutdown_grace: Duration::from_secs(30),
            max_retries: 1,
            buffered_in_memory: 64 * 1024,
            buffered_in_file: 64 << 20,
            buffered_in_files: 1 << 30,
            buffered_response: 256 * 1024,
            first_probe_wait: Duration::from_secs(2),
        }
    }
}

/// Switches of the whole gateway that are not bounds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// `Server` of the gateway's own answers, also printed in their bodies. `None` leaves the header out.
    /// Default `Microsoft-Azure-Application-Gateway/v2`. Extension: `properties.gatehouse.serverHeader`.
    pub server: Option<Arc<str>>,
    /// Peers whose `x-forwarded-proto`, `-port` and `x-original-host` go on instead of ours. Default none.
    /// Address and prefix length. Extension: `properties.gatehouse.trustedProxies`.
    pub trusted_proxies: Vec<(IpAddr, u8)>,
    /// `x-forwarded-for` entries are `ip:port` (Azure). False: the plain address.
    /// Extension: `properties.gatehouse.forwardedForPort`.
    pub forwarded_for_port: bool,
    /// Take in a request's content, as far as the limits allow, before it goes on (`enableRequestBuffering`). Default
    /// true, as in Azure.
    pub buffers_requests: bool,
    /// Read an answer ahead of a slow client (`enableResponseBuffering`). Default true, as in Azure.
    pub buffers_responses: bool,
    /// Every change of configuration drains every connection, as in Azure. Default false: what a change does not touch
    /// goes on. Extension: `properties.gatehouse.azureStrict`.
    pub azure_strict: bool,
    /// How often a session of TCP or TLS that is still open is logged. Default never.
    /// Extension: `properties.gatehouse.sessionLogIntervalInSec`.
    pub session_log_interval: Option<Duration>,
    /// The secret that affinity cookies are made with; gateways that share it know each other's cookies.
    pub affinity_key: AffinityKey,
}

/// The secret of affinity cookies. It is not shown.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct AffinityKey(pub Arc<[u8]>);

impl std::fmt::Debug for AffinityKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AffinityKey")
    }
}

impl Default for Options {
    fn default() -> Self {
        Self {
            server: Some(Arc::from("Microsoft-Azure-Application-Gateway/v2")),
            trusted_proxies: Vec::new(),
            forwarded_for_port: true,
            buffers_requests: true,
            buffers_responses: true,
            azure_strict: false,
            session_log_interval: None,
            affinity_key: AffinityKey::default(),
        }
    }
}
