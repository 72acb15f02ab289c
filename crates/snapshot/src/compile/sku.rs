//! Tier and size. They mean nothing to this gateway; who asks about Azure is told what cannot be.
//!
//! Source: Azure, "Scaling Application Gateway v2": a fixed capacity and autoscaling exclude each other; "Configure
//! TCP/TLS proxy" (how-to-tcp-tls-proxy, read 2026-11-22): Standard_v2 and WAF_v2. Parity: of the Basic tiers it says
//! nothing.

use model::Problem;
use model::sku::Tier;

use super::codes;
use super::context::Context;

/// Checks capacity against autoscaling, and TCP and TLS against the tier.
pub(super) fn check(context: &mut Context<'_>) {
    let gateway = context.gateway;
    let capacity = gateway.sku.as_ref().and_then(|sku| sku.capacity.as_ref());
    if let (Some(capacity), Some(_)) = (capacity, &gateway.autoscale_configuration) {
        let message = "a fixed capacity and autoscaleConfiguration exclude each other";
        context.azure_refuses(Problem::warning(codes::CAPACITY_CONFLICT, &capacity.at, message));
    }
    let tier = gateway.sku.as_ref().and_then(|sku| sku.tier.as_ref());
    let poor = tier.filter(|tier| !matches!(tier.value, Tier::StandardV2 | Tier::WafV2));
    if let (Some(tier), Some(listener)) = (poor, gateway.listeners.first()) {
        let message = format!("Azure has no TCP and TLS listeners on the tier {}", tier.value);
        let problem = Problem::warning(codes::TCP_NOT_IN_TIER, &listener.name.at, message);
        context.azure_refuses(problem.expected("the tier \"Standard_v2\" or \"WAF_v2\""));
    }
}
