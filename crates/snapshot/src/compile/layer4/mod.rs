//! TCP and TLS: listeners, settings and rules.
//!
//! Source: Azure, "TCP/TLS proxy overview" (tcp-tls-proxy-overview), the tab "Backend Settings" of
//! configuration-http-settings, and the REST schema for ranges (read 2026-11-22).

mod listener;
mod rule;
mod settings;

use model::backend_http_settings::Protocol;
use model::{At, Opt, Problem};

use super::codes;
use super::context::Context;
use super::probe;
use super::server_tls::Stores;

/// Everything of TCP and TLS, checked by itself, in the order of the document's collections.
pub(super) struct Parts {
    pub(super) listeners: Vec<listener::Definition>,
    pub(super) settings: Vec<Option<settings::Definition>>,
    pub(super) rules: Vec<rule::Definition>,
}

impl Parts {
    /// Checks all of it.
    pub(super) fn read(context: &mut Context<'_>, stores: &Stores<'_>, probes: &[probe::Definition]) -> Self {
        let listeners = listener::all(context);
        let settings = settings::all(context, stores);
        settings::check_probes(context, &settings, probes);
        let rules = rule::all(context);
        Self { listeners, settings, rules }
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
