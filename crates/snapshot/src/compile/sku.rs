//! Tier and size. They mean nothing to this gateway; who asks about Azure is told what cannot be.
//!
//! Source: Azure, "Scaling Application Gateway v2": a fixed capacity and autoscaling exclude each other.

use model::Problem;

use super::codes;
use super::context::Context;

/// Checks capacity against autoscaling.
pub(super) fn check(context: &mut Context<'_>) {
    let gateway = context.gateway;
    let capacity = gateway.sku.as_ref().and_then(|sku| sku.capacity.as_ref());
    if let (Some(capacity), Some(_)) = (capacity, &gateway.autoscale_configuration) {
        let message = "a fixed capacity and autoscaleConfiguration exclude each other";
        context.azure_refuses(Problem::warning(codes::CAPACITY_CONFLICT, &capacity.at, message));
    }
}
