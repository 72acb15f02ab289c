//! Load distribution policies: pools with weights.
//!
//! Source: the REST schema only ("ApplicationGatewayLoadDistributionPolicy"); there is no page about them. Parity: a
//! target without a weight has the weight 1, and a pool stands in a policy once.

use std::collections::HashSet;

use model::Problem;
use model::load_distribution_policy::{LoadDistributionAlgorithm, LoadDistributionPolicy};
use model::schema::Named;

use super::codes;
use super::context::{Context, Link};
use crate::Algorithm;

/// A policy whose pools are still indices.
pub(super) struct Definition {
    pub(super) algorithm: Algorithm,
    /// Pools, each once, with the weight of each of their servers.
    pub(super) shares: Vec<(usize, u32)>,
}

/// All policies, in the document's order.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Definition> {
    let gateway = context.gateway;
    gateway.load_distribution_policies.iter().map(|policy| one(context, policy)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<LoadDistributionPolicy>) -> Definition {
    let gateway = context.gateway;
    if asked.load_distribution_targets.is_empty() {
        let message = format!("the policy {:?} has no targets", asked.name.value);
        let problem = Problem::error(codes::NO_DISTRIBUTION_TARGETS, &asked.name.at, message);
        context.problems.push(problem.expected("\"loadDistributionTargets\" with at least one pool"));
    }
    let (mut shares, mut seen) = (Vec::new(), HashSet::new());
    for target in &asked.load_distribution_targets {
        let owner = format!("the target {:?}", target.name.value);
        let weight = context.number("weightPerServer", &target.weight_per_server, (1, 100));
        match context.link(&gateway.backend_address_pools, &target.backend_address_pool) {
            Link::To(pool) if seen.insert(pool) => shares.push((pool, weight.unwrap_or(1))),
            Link::To(_) => {
                let at = target.backend_address_pool.as_ref().map_or(&target.name.at, |field| &field.at);
                let message = format!("the policy {:?} has this pool already", asked.name.value);
                let problem = Problem::error(codes::DUPLICATE_DISTRIBUTION_POOL, at, message);
                context.problems.push(problem.help("keep one target, with the weight that is meant"));
            }
            Link::Absent => context.missing(&target.name.at, "backendAddressPool", &owner),
            Link::Broken => {}
        }
    }
    let algorithm = match asked.load_distribution_algorithm.as_ref().map(|field| field.value) {
        None | Some(LoadDistributionAlgorithm::RoundRobin) => Algorithm::RoundRobin,
        Some(LoadDistributionAlgorithm::LeastConnections) => Algorithm::LeastConnections,
        Some(LoadDistributionAlgorithm::IpHash) => Algorithm::IpHash,
    };
    Definition { algorithm, shares }
}
