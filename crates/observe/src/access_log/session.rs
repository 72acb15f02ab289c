//! What is known of a TCP or TLS session when its row is written. Everything is borrowed: a record costs no allocation.

use std::net::SocketAddr;
use std::time::Duration;

use super::{Labels, TlsInfo};
use crate::Stamp;

/// One session: a client's connection to a TCP or TLS listener, with the server connection that belongs to it. The
/// names in parentheses are the row's fields.
///
/// Bytes are payload: inside TLS where TLS ends at the gateway, and without headers of the PROXY protocol.
///
/// Source: Azure, "Monitoring data reference", TLS/TCP proxy logs (read 2026-11-22).
#[derive(Clone, Copy, Debug)]
pub struct SessionRecord<'a> {
    /// The present second (`timeStamp`).
    pub stamp: &'a Stamp,
    /// The rule's names; those of the listener or of nothing for a session that was refused earlier.
    pub labels: &'a Labels,
    /// The client (`clientIP`, `clientPort`): the TCP peer, or whom a trusted peer's PROXY header named.
    pub client: SocketAddr,
    /// From the client (`receivedBytes`).
    pub received_bytes: u64,
    /// To the client (`sentBytes`).
    pub sent_bytes: u64,
    /// To the server (`upstreamSentBytes`).
    pub upstream_sent_bytes: u64,
    /// From the server (`upstreamReceivedBytes`).
    pub upstream_received_bytes: u64,
    /// From accepting the client's connection to its end (`sessionTime`, seconds, a string).
    pub session_time: Duration,
    /// From connecting to the server to the end of that connection (`upstreamSessionTime`, seconds, a string; empty
    /// when no server was tried). Zero when none was reached.
    pub upstream_session_time: Duration,
    /// The client's TLS session; `None` where the gateway speaks none with it (`sslCipher` and the fields after it).
    pub tls: Option<TlsInfo<'a>>,
    /// The server that was tried last (`serverRouted`); `None` when none was.
    pub server: Option<SocketAddr>,
    /// How the session went, in Azure's numbers (`serverStatus`, a string): 200, 400, 500, 502 or 503.
    pub status: u16,
    /// Extension: one of [`super::end_reason`] (`endReason`).
    pub end_reason: &'static str,
    /// Extension: the name the client asked for in its ClientHello (`sni`); left out when empty.
    pub server_name: &'a str,
    /// Extension: the protocol agreed with the client by ALPN (`alpn`); left out when empty.
    pub alpn: &'a [u8],
    /// Extension: suite and version of the server's TLS session, spelled as the client's (`backendSslCipher`,
    /// `backendSslProtocol`); left out where the server gets plain TCP.
    pub server_tls: Option<(&'static str, &'static str)>,
    /// Extension: from the beginning of the last attempt to a connection that carries payload, TLS included
    /// (`connectTime`, seconds, a string); left out when there was none.
    pub connect_time: Option<Duration>,
    /// Extension: from the beginning of the last attempt to the server's first byte of payload (`firstByteTime`,
    /// seconds, a string); left out when there was none.
    pub first_byte_time: Option<Duration>,
    /// Extension: servers that were tried (`attempts`, a number).
    pub attempts: u32,
    /// Extension: what was seen and what was expected, where the reason alone does not say it (`detail`); left out when
    /// empty.
    pub detail: &'a str,
}
