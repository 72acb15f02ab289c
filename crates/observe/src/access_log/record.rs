//! What is known of a request when its row is written. Everything is borrowed: a record costs no allocation.

use std::net::SocketAddr;
use std::time::Duration;

use super::Labels;
use crate::{Stamp, TransactionId};

/// One request. The names in parentheses are the row's fields.
///
/// Source: Azure, "Monitoring data reference", Access log category, v2 (read 2026-11-22); JSON types as in its example.
#[derive(Clone, Copy, Debug)]
pub struct AccessRecord<'a> {
    /// The present second (`timeStamp`).
    pub stamp: &'a Stamp,
    /// The route's names; those of the listener or of nothing for a request that was refused earlier.
    pub labels: &'a Labels,
    /// The TCP peer (`clientIP`, `clientPort`).
    pub client: SocketAddr,
    /// As it came (`httpMethod`); empty when none was read.
    pub method: &'a [u8],
    /// The target as it came, with its query (`originalRequestUriWithArgs`).
    pub original_target: &'a [u8],
    /// The path that was sent on (`requestUri`).
    pub path: &'a [u8],
    /// The query that was sent on, without `?` (`requestQuery`).
    pub query: &'a [u8],
    /// `User-Agent` of the client (`userAgent`); empty when absent.
    pub user_agent: &'a [u8],
    /// Status to the client, or 499 (`httpStatus`).
    pub status: u16,
    /// Version the client speaks (`httpVersion`).
    pub version: HttpVersion,
    /// Bytes of the request, head included (`receivedBytes`).
    pub received_bytes: u64,
    /// Bytes of the response, head included (`sentBytes`).
    pub sent_bytes: u64,
    /// From the first to the last byte sent to the client (`clientResponseTime`, seconds, number).
    pub client_response_time: Duration,
    /// From the first byte of the request to the last of the response (`timeTaken`, seconds, number).
    pub time_taken: Duration,
    /// What the firewall did (`WAFEvaluationTime`, `"0.000"` without it; `WAFMode` and `WAFPolicyID`, left out without
    /// it).
    pub waf: Option<Waf<'a>>,
    /// `transactionId`.
    pub transaction: &'a TransactionId,
    /// The client's TLS session; `None` for plain HTTP (`sslEnabled` and the fields after it).
    pub tls: Option<TlsInfo<'a>>,
    /// Servers that were tried, in order (`serverRouted`, comma separated); at most eight are shown.
    pub servers: &'a [SocketAddr],
    /// The last server's status (`serverStatus`, a string); `None` when it gave none.
    pub server_status: Option<u16>,
    /// From sending the request to the last server to the end of its answer (`serverResponseLatency`, a string).
    pub server_latency: Option<Duration>,
    /// Connecting to the last server (`serverConnectTime`, a string); `Some(0)` on a reused connection.
    pub server_connect_time: Option<Duration>,
    /// From connecting to the last server to the end of its response head (`serverHeaderTime`, a string).
    pub server_header_time: Option<Duration>,
    /// Suite and version of the last server's TLS session, spelled as the client's (`backendSslCipher`,
    /// `backendSslProtocol`); `None` for plain HTTP, and then left out of the row.
    pub server_tls: Option<(&'static str, &'static str)>,
    /// Our own port on the connection to the last server (`upstreamSourcePort`, a string).
    pub upstream_source_port: Option<u16>,
    /// Host as the client sent it (`originalHost`).
    pub original_host: &'a [u8],
    /// Host as the server got it (`host`).
    pub host: &'a [u8],
    /// One of [`super::error_info`].
    pub error_info: &'static str,
    /// Of the response (`contentType`); empty when absent.
    pub content_type: &'a [u8],
    /// Extension: our own token for a response that the gateway made or a transfer that broke; empty when all went
    /// well, and then left out of the row (`reason`).
    pub reason: &'static str,
    /// Extension: what was seen and what was expected, where the reason alone does not say it; left out when empty
    /// (`reasonDetail`).
    pub detail: &'a str,
}

/// The client's version of HTTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HttpVersion {
    /// `HTTP/1.0`.
    Http10,
    /// `HTTP/1.1`.
    #[default]
    Http11,
    /// `HTTP/2.0`, as Azure spells it.
    Http2,
}

impl HttpVersion {
    /// As the row spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Http10 => "HTTP/1.0",
            Self::Http11 => "HTTP/1.1",
            Self::Http2 => "HTTP/2.0",
        }
    }
}

/// The client's TLS session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TlsInfo<'a> {
    /// The suite's OpenSSL name (`sslCipher`).
    pub cipher: &'a str,
    /// `TLSv1.2` or `TLSv1.3` (`sslProtocol`).
    pub protocol: &'a str,
    /// `NONE`, `SUCCESS` or `FAILED:` and the reason (`sslClientVerify`).
    pub client_verify: &'a str,
    /// SHA-1 of the client certificate, hexadecimal; empty without one (`sslClientCertificateFingerprint`).
    pub fingerprint: &'a str,
    /// Issuer of the client certificate; empty without one (`sslClientCertificateIssuerName`).
    pub issuer: &'a str,
}

/// What the firewall did with the request; what it found has rows of its own ([`super::FirewallRecord`]).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Waf<'a> {
    /// Mode of the policy that applied (`WAFMode`).
    pub mode: WafMode,
    /// Time its rules took (`WAFEvaluationTime`, seconds, a string).
    pub time: Duration,
    /// The policy's resource id, as the document has it (`WAFPolicyID`).
    pub policy_id: &'a str,
}

/// A WAF policy's mode.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WafMode {
    /// Looks and logs.
    Detection,
    /// Blocks.
    Prevention,
}
