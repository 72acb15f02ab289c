//! TCP and TLS: listeners, settings and rules.
//!
//! Source: Azure, "TCP/TLS proxy overview" (tcp-tls-proxy-overview), the tab "Backend Settings" of
//! configuration-http-settings, and the REST schema for ranges (read 2026-11-22).

mod alpn;
pub(super) mod lint;
mod listener;
pub(super) mod probe;
mod rule;
mod settings;

use model::backend_http_settings::Protocol;
use model::{At, Opt, Problem};

use super::codes;
use super::context::Context;
use super::server_tls::Stores;

/// Everything of TCP and TLS, checked by itself, in the order of the document's collections.
pub(super) struct Parts {
    pub(super) listeners: Vec<listener::Definition>,
    pub(super) settings: Vec<Option<settings::Definition>>,
    pub(super) rules: Vec<rule::Definition>,
}

impl Parts {
    /// Checks all of it.
    pub(super) fn read(context: &mut Context<'_>, stores: &Stores<'_>, probes: &[super::probe::Definition]) -> Self {
        let listeners = listener::all(context);
        let settings = settings::all(context, stores);
        check_probes(context, &settings, probes);
        let rules = rule::all(context);
        Self { listeners, settings, rules }
    }
}

/// Reports what is wrong between settings and the probes they name.
fn check_probes(context: &mut Context<'_>, all: &[Option<settings::Definition>], probes: &[super::probe::Definition]) {
    let gateway = context.gateway;
    for (definition, asked) in all.iter().zip(gateway.backend_settings_collection.iter()) {
        let (Some(definition), Some(reference)) = (definition, &asked.probe) else { continue };
        if let Some(custom) = definition.probe.index().and_then(|index| probes.get(index)) {
            custom.check(context, reference, &definition.settings);
            probe::check_header(context, reference, &custom.joined(&definition.settings), &definition.settings);
        }
    }
}

/// Tcp or Tls; anything else is a problem.
fn protocol(
    context: &mut Context<'_>,
    field: &Opt<Protocol>,
    at: &At,
    owner: &str,
    elsewhere: &str,
) -> Option<Protocol> {
    let Some(protocol) = field else {
        context.missing(at, "protocol", owner);
        return None;
    };
    if matches!(protocol.value, Protocol::Tcp | Protocol::Tls) {
        return Some(protocol.value);
    }
    let message = format!("{owner} cannot speak {}", protocol.value);
    let problem = Problem::error(codes::PROTOCOL_NOT_ALLOWED, &protocol.at, message).expected("\"Tcp\" or \"Tls\"");
    context.problems.push(problem.help(format!("Http and Https belong into the collection {elsewhere:?}")));
    None
}

/// Reports a property of TLS where plain TCP is spoken.
fn not_for_tcp(context: &mut Context<'_>, at: &At, owner: &str, property: &str) {
    let message = format!("{owner} speaks Tcp; {property:?} is for Tls");
    let problem = Problem::error(codes::PROPERTY_NOT_FOR_PROTOCOL, at, message);
    context.problems.push(problem.help("remove it, or set \"protocol\" to \"Tls\""));
}
