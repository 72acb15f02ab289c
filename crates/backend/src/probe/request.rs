//! What a probe sends: its bytes, and before them the server's name in the TLS handshake.

use std::borrow::Cow;

use snapshot::{HostHeader, Probe, Scheme};
use tls::connector::{Sni, sendable_name};

use crate::server::Server;
use crate::target::TargetSpec;

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

/// The name that is sent in the TLS handshake (SNI), and that the certificate must have. `None`: there is none, or it
/// is an address.
///
/// Source: Azure, "Overview of TLS termination and end to end TLS with Application Gateway", table of SNI for probes
/// (read 2026-11-22): the host of a custom probe, the settings' name, the member's FQDN. The default probe's Host
/// 127.0.0.1 is not among them.
///
/// Where the settings speak TLS alone, the host of any probe counts if it can be sent, and else what connections of
/// clients send.
pub(super) fn server_name<'a>(server: &'a Server, spec: &'a TargetSpec) -> Option<Cow<'a, str>> {
    if spec.settings.scheme == Scheme::Tls {
        let of_probe = spec.probe.host.as_deref().and_then(sendable_name);
        return of_probe.or_else(|| spec.settings.tls.as_deref()?.name(server.name.as_deref(), b""));
    }
    let of_settings = match spec.settings.tls.as_deref().map(|tls| &tls.sni) {
        Some(Sni::Fixed(name)) => Some(&**name),
        _ => None,
    };
    let name = own_host(spec).or(of_settings).or(server.name.as_deref())?;
    sendable_name(name)
}

/// The host that a custom probe has of its own; not one that it has picked from the settings, where `sniName` wins.
fn own_host(spec: &TargetSpec) -> Option<&str> {
    let host = spec.probe.host.as_deref().filter(|_| spec.probe.name.is_some())?;
    match &spec.settings.host {
        HostHeader::Fixed(name) if **name == *host => None,
        _ => Some(host),
    }
}
