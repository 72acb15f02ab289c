//! What each row measures, in the words of its table.

use crate::cli::Row;
use crate::work::{MANY_HOSTS, MANY_PATHS, Work};

/// What a row measures.
pub(crate) fn title(row: Row, work: &Work) -> String {
    match row {
        Row::Keepalive64 | Row::Floor => "1 KB, 64 kept-alive connections".to_owned(),
        Row::Keepalive512 => "1 KB, 512 kept-alive connections".to_owned(),
        Row::Large100k => "100 KB, 64 kept-alive connections".to_owned(),
        Row::NewConnection => "1 KB, a new client connection for each request".to_owned(),
        Row::ManyRoutes => {
            format!("one rule beside {MANY_HOSTS} hosts with {MANY_PATHS} path rules each (many), same requests")
        }
        Row::Features => {
            "1 KB, 64 kept-alive connections: ten rewrite rules, and cookie affinity, beside neither".to_owned()
        }
        Row::FeaturesInstructions => "user instructions per request of the same (callgrind)".to_owned(),
        Row::IdleMemory => format!("{} idle kept-alive connections, one request made on each", work.idle),
        Row::Instructions => "user instructions per request, 1 KB, 8 connections (callgrind)".to_owned(),
        Row::Https64 => "HTTPS, 1 KB, 64 kept-alive connections".to_owned(),
        Row::HttpsFullHandshake => "HTTPS, 1 KB, a full handshake for each request".to_owned(),
        Row::HttpsResumed => "HTTPS, 1 KB, a handshake that resumes a session for each request".to_owned(),
        Row::H2Streams => "HTTP/2 over TLS, 1 KB, 8 connections with 32 streams each".to_owned(),
        Row::HttpsLarge100k => "HTTPS, 100 KB, 64 kept-alive connections".to_owned(),
        Row::HttpsIdleMemory => format!("{} idle kept-alive TLS connections, one request made on each", work.idle),
        Row::H2IdleMemory => format!("{} idle HTTP/2 connections over TLS, one request made on each", work.idle),
        Row::HttpsInstructions => "user instructions per HTTPS request, 1 KB, 8 connections (callgrind)".to_owned(),
        Row::H2Instructions => {
            "user instructions per HTTP/2 request over TLS, 1 KB, 8 connections with 32 streams (callgrind)".to_owned()
        }
        Row::TcpStream => "TCP, four streams from server to client".to_owned(),
        Row::TcpStreamUp => "TCP, four streams from client to server".to_owned(),
        Row::TcpStreamBoth => "TCP, four streams, both ways at once".to_owned(),
        Row::TcpRoundTrip => "TCP, round trips of 64 bytes on 64 sessions".to_owned(),
        Row::TcpConnect => "TCP, sessions of one round trip of 64 bytes, 64 at once".to_owned(),
        Row::TcpIdle => format!("{} idle TCP sessions, one round trip made on each", work.idle),
        Row::TlsStream => "TLS from the client only, four streams from server to client".to_owned(),
        Row::TlsStreamUp => "TLS from the client only, four streams from client to server".to_owned(),
        Row::TlsRoundTrip => "TLS from the client only, round trips of 64 bytes on 64 sessions".to_owned(),
        Row::TlsIdle => format!("{} idle TLS sessions, one round trip made on each", work.idle),
        Row::TlsToTlsStream => "TLS on both sides, four streams from server to client".to_owned(),
        Row::TcpInstructions => "user instructions per TCP round trip of 64 bytes, 8 sessions (callgrind)".to_owned(),
        Row::TlsInstructions => {
            "user instructions per round trip of 64 bytes, TLS from the client, 8 sessions (callgrind)".to_owned()
        }
        Row::TlsToTlsRoundTrip => "TLS on both sides, round trips of 64 bytes on 64 sessions".to_owned(),
    }
}
