//! HTTP/3, which this gateway does not speak: whether Azure would.
//!
//! Source: Azure, "HTTP/3 (QUIC) support in Application Gateway" (http3-quic-support, preview, read 2026-11-22): HTTPS
//! listeners without host names, with TLS 1.3, without client certificates and without a firewall.

use model::backend_http_settings::Protocol;
use model::http_listener::HttpListener;
use model::schema::Named;
use model::{Problem, ssl_profile::ClientAuthVerificationMode};
use tls::policy::Version;

use super::codes;
use super::context::Context;
use super::listener::Definition as Listener;
use super::ssl_policy::Served;
use super::ssl_profile::Definition as Profile;

/// Checks every listener that asks for it.
pub(super) fn check(context: &mut Context<'_>, listeners: &[Listener], profiles: &[Profile], policy: &Served) {
    let gateway = context.gateway;
    for (definition, asked) in listeners.iter().zip(gateway.http_listeners.iter()) {
        let Some(switch) = asked.enable_http3.as_ref().filter(|switch| switch.value) else { continue };
        for (is_refused, why) in refusals(context, (definition, asked), profiles, policy) {
            if is_refused {
                let message = format!("Azure has no HTTP/3 on a listener {why}: {:?}", asked.name.value);
                let problem = Problem::warning(codes::HTTP3_NOT_POSSIBLE, &switch.at, message);
                context.azure_refuses(problem.help("turn \"enableHttp3\" off"));
            }
        }
    }
}

/// Every reason there is, and whether it holds.
fn refusals(
    context: &Context<'_>,
    (definition, asked): (&Listener, &Named<HttpListener>),
    profiles: &[Profile],
    policy: &Served,
) -> [(bool, &'static str); 5] {
    let gateway = context.gateway;
    let index = definition.profile.index();
    let own = index.and_then(|index| profiles.get(index)).and_then(|profile| profile.policy.as_ref());
    // A policy that cannot be served has its problem already.
    let is_old = own.unwrap_or(policy).as_ref().is_some_and(|policy| policy.max < Version::Tls13);
    let profile = index.and_then(|index| gateway.ssl_profiles.get(index));
    let asks_clients = profile.is_some_and(|profile| {
        let mode = profile.client_auth_configuration.as_ref().and_then(|auth| auth.verify_client_auth_mode.as_ref());
        !profile.trusted_client_certificates.is_empty()
            || mode.is_some_and(|mode| mode.value == ClientAuthVerificationMode::Passthrough)
    });
    let inline = gateway.web_application_firewall_configuration.as_ref();
    let has_inline = inline.is_some_and(|inline| inline.enabled.as_ref().is_some_and(|enabled| enabled.value));
    let has_firewall = has_inline || gateway.firewall_policy.is_some() || asked.firewall_policy.is_some();
    [
        (definition.protocol == Some(Protocol::Http), "that speaks Http"),
        (!definition.is_basic, "with host names"),
        (asks_clients, "that asks for client certificates"),
        (has_firewall, "with a firewall"),
        (definition.protocol == Some(Protocol::Https) && is_old, "without TLS 1.3"),
    ]
}
