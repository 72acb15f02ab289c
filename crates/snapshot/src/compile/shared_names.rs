//! Names that something of TCP and TLS shares with its counterpart of HTTP: they would mean two things in logs,
//! reports and metrics.
//!
//! Source: Azure, FAQ, "Configuration - TLS/TCP proxy" (read 2026-11-22). Parity: letter case does not count, as
//! everywhere else.

use model::Problem;
use model::schema::{Collection, Resource};

use super::codes;
use super::context::Context;

/// Compares the three pairs of collections.
pub(super) fn check(context: &mut Context<'_>) {
    let gateway = context.gateway;
    pair(context, &gateway.http_listeners, &gateway.listeners, "listener");
    pair(context, &gateway.backend_http_settings_collection, &gateway.backend_settings_collection, "settings");
    pair(context, &gateway.request_routing_rules, &gateway.routing_rules, "rule");
}

fn pair<H: Resource, B: Resource>(
    context: &mut Context<'_>,
    http: &Collection<H>,
    bytes: &Collection<B>,
    what: &'static str,
) {
    for member in bytes {
        if http.find(&member.name).is_none() {
            continue;
        }
        let message = format!("the {what} {:?} bears the name of a member of {}", member.name.value, H::COLLECTION);
        let problem = Problem::error(codes::NAME_SHARED_WITH_HTTP, &member.name.at, message);
        context.problems.push(problem.expected(format!("a name that no member of {} has", H::COLLECTION)));
    }
}
