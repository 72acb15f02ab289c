//! A session of TCP or TLS, in words and as JSON.

use serde_json::{Value, json};
use snapshot::explain::{ProbeTold, ServerTold, Session};
use snapshot::{ProxyHeader, ProxyVersion};

use super::text::Lines;

/// The lines of a session.
pub(super) fn text(to: &Session, lines: &mut Lines) {
    lines.add("pool", format!("{}: {}", to.pool, to.members.join(", ")));
    lines.add("settings", &to.settings);
    if let Some(header) = &to.proxy_header {
        lines.add("begins", format!("with {}", header_text(*header)));
    }
    lines.add("sends", to.server.as_ref().map_or_else(|| "bytes as they come".to_owned(), server));
    let (asks, when) = probe(&to.probe);
    lines.add("probe", asks);
    lines.add("", when);
    let seconds = [to.connect_timeout, to.idle_timeout, to.drain_timeout].map(|wait| wait.as_secs());
    let [connect, idle, drain] = seconds;
    lines.add("waits", format!("{connect} s to connect, {idle} s without a byte, {drain} s once its way is gone"));
}

fn header_text(header: ProxyHeader) -> String {
    let to = if header.to_server { ", with the server as the destination" } else { "" };
    format!("a PROXY protocol header, version {}{to}", version(header.version))
}

fn version(version: ProxyVersion) -> u8 {
    match version {
        ProxyVersion::V1 => 1,
        ProxyVersion::V2 => 2,
    }
}

fn server(tls: &ServerTold) -> String {
    let name = match (&tls.name, tls.members_have_names) {
        (Some(name), _) => format!("the name {name}"),
        (None, true) => "the member's own name".to_owned(),
        (None, false) => "no name".to_owned(),
    };
    let roots = match tls.roots {
        None => "checked against public roots".to_owned(),
        Some(1) => "checked against a root of its own".to_owned(),
        Some(count) => format!("checked against {count} roots of its own"),
    };
    let shows = if tls.shows_certificate { ", shows a certificate to who asks" } else { "" };
    let offers = if tls.alpn.is_empty() { String::new() } else { format!(", offers {}", tls.alpn.join(", ")) };
    format!("bytes over tls: {name}, {roots}{shows}{offers}")
}

/// What it does, and when.
fn probe(probe: &ProbeTold) -> (String, String) {
    let name = probe.name.as_deref().unwrap_or("default");
    let does = match (probe.shakes_hands, &probe.host) {
        (false, _) => format!("connects to port {}", probe.port),
        (true, Some(host)) => format!("shakes hands with {host} at port {}", probe.port),
        (true, None) => format!("shakes hands at port {}", probe.port),
    };
    let header = if probe.proxy_header.is_some() { ", with a PROXY protocol header" } else { "" };
    let (every, most) = (probe.interval.as_secs(), probe.timeout.as_secs());
    let when = format!("every {every} s, {most} s at most; {} failures take a server out", probe.unhealthy_threshold);
    (format!("{name}: {does}{header}"), when)
}

/// The same as JSON. Times are in seconds.
pub(super) fn json(to: &Session) -> Value {
    let server = to.server.as_ref().map(|tls| {
        json!({
            "name": tls.name, "roots": tls.roots, "showsCertificate": tls.shows_certificate, "alpn": tls.alpn,
        })
    });
    let header = to.proxy_header.map(|header| {
        let destination = if header.to_server { "server" } else { "frontend" };
        json!({ "version": version(header.version), "destination": destination })
    });
    let probe = json!({
        "name": to.probe.name, "shakesHands": to.probe.shakes_hands, "host": to.probe.host, "port": to.probe.port,
        "proxyHeader": to.probe.proxy_header.map(version), "intervalInSec": to.probe.interval.as_secs(),
        "timeoutInSec": to.probe.timeout.as_secs(), "unhealthyThreshold": to.probe.unhealthy_threshold,
    });
    json!({
        "kind": "session", "pool": to.pool, "settings": to.settings, "members": to.members, "serverTls": server,
        "proxyHeader": header, "probe": probe, "connectTimeoutInSec": to.connect_timeout.as_secs(),
        "idleTimeoutInSec": to.idle_timeout.as_secs(), "drainTimeoutInSec": to.drain_timeout.as_secs(),
    })
}
