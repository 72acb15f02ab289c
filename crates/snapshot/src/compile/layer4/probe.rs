//! Probes of TCP and TLS: what of a probe means nothing to them, and what has to fit the settings that name it.
//!
//! Source: Azure, "Application Gateway health probes overview" (application-gateway-probe-overview) and "Client IP
//! preservation" (proxy-protocol-header), read 2026-11-22. Parity: what only HTTP has (path, match) is ignored with a
//! warning, and not refused: tools send it empty.

use std::sync::Arc;

use model::application_gateway::ApplicationGateway;
use model::backend_http_settings::Protocol;
use model::probe::Probe as Asked;
use model::reference::Reference;
use model::schema::{Field, Named};
use model::{At, Problem};

use crate::compile::codes;
use crate::compile::context::{Context, is_on, text};
use crate::compile::server_tls::server_name;
use crate::{Probe, Scheme, Settings};

/// Whether a probe is of TCP or TLS: by its protocol, or by the settings that name it.
pub(in crate::compile) fn is_meant(gateway: &ApplicationGateway, asked: &Named<Asked>) -> bool {
    if let Some(protocol) = &asked.protocol {
        return matches!(protocol.value, Protocol::Tcp | Protocol::Tls);
    }
    let is_it = |reference: &Field<Reference<Asked>>| reference.name().eq_ignore_ascii_case(&asked.name);
    let of_http = gateway.backend_http_settings_collection.iter().filter_map(|settings| settings.probe.as_ref());
    let of_bytes = gateway.backend_settings_collection.iter().filter_map(|settings| settings.probe.as_ref());
    of_bytes.into_iter().any(is_it) && !of_http.into_iter().any(is_it)
}

/// The name that a probe of its own sends in TLS. Warns of all that means nothing to it.
pub(in crate::compile) fn name(context: &mut Context<'_>, asked: &Named<Asked>) -> Option<Arc<str>> {
    let wanted = asked.response_match.as_ref();
    let status = wanted.and_then(|wanted| wanted.status_codes.first()).map(|field| &field.at);
    let body = wanted.and_then(|wanted| text(&wanted.body)).map(|field| &field.at);
    let unused: [(Option<&At>, &str); 4] = [
        (text(&asked.path).map(|field| &field.at), "path"),
        (status.or(body), "match"),
        (asked.gatehouse.host_port.as_ref().map(|field| &field.at), "hostPort"),
        (asked.gatehouse.user_agent.as_ref().map(|field| &field.at), "userAgent"),
    ];
    for (at, property) in unused {
        let Some(at) = at else { continue };
        not_used(context, asked, at, property, "a probe of Tcp connects, one of Tls shakes hands; no more is asked");
    }
    let host = text(&asked.host)?;
    if asked.protocol.as_ref().is_some_and(|protocol| protocol.value == Protocol::Tcp) {
        not_used(context, asked, &host.at, "host", "a name is sent in TLS only");
        return None;
    }
    let picks = [&asked.pick_host_name_from_backend_settings, &asked.pick_host_name_from_backend_http_settings];
    if picks.into_iter().any(is_on) {
        let message = "the probe has a host of its own; that of the settings is not used";
        let problem = Problem::warning(codes::HOST_NAME_CONFLICT, &host.at, message);
        context.problems.push(problem.help("keep one of the two"));
    }
    server_name(context, host)
}

fn not_used(context: &mut Context<'_>, asked: &Named<Asked>, at: &At, property: &str, help: &str) {
    let protocol = asked.protocol.as_ref().map_or_else(|| "of TCP or TLS".to_owned(), |it| format!("of {}", it.value));
    let message = format!("the probe {:?} is {protocol}; {property:?} is not used", asked.name.value);
    context.problems.push(Problem::warning(codes::NOT_USED, at, message).help(help));
}

/// A probe that comes with a PROXY protocol header where sessions have none, or the other way round, tells of another
/// server than theirs. With a port of its own it may be meant.
pub(super) fn check_header(
    context: &mut Context<'_>,
    reference: &Field<Reference<Asked>>,
    probe: &Probe,
    settings: &Settings,
) {
    if probe.port.is_some_and(|port| port != settings.port) {
        return;
    }
    let message = match (probe.proxy_header, settings.proxy_header) {
        (Some(_), None) => "this probe begins with a PROXY protocol header, and sessions with the same port do not",
        // A server that waits for the header never gets to its handshake; one of TCP is connected to all the same.
        (None, Some(_)) if settings.scheme == Scheme::Tls => {
            "sessions begin with a PROXY protocol header, and this probe of the same port does not"
        }
        _ => return,
    };
    let problem = Problem::warning(codes::PROBE_PROXY_HEADER, &reference.at, message);
    let help = "\"enableProbeProxyProtocolHeader\" of the probe goes with \"enableL4ClientIpPreservation\" here";
    context.problems.push(problem.help(help));
}
