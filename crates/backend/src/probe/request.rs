//! The bytes of a probe.

use snapshot::{Probe, Scheme};

use crate::server::Server;

/// The whole request. The connection is closed after the answer, and the body is wanted as it is.
pub(super) fn bytes(server: &Server, scheme: Scheme, port: u16, probe: &Probe) -> Vec<u8> {
    let host = probe.host.as_deref().unwrap_or(&server.host);
    let port = if probe.host_port && port != scheme.default_port() { format!(":{port}") } else { String::new() };
    let (path, agent) = (&probe.path, &probe.user_agent);
    format!(
        "GET {path} HTTP/1.1\r\nHost: {host}{port}\r\nUser-Agent: {agent}\r\n\
         Accept-Encoding: identity\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    )
    .into_bytes()
}
