//! Load distribution policies: pools with weights.
//!
//! Source: the REST schema only ("ApplicationGatewayLoadDistributionPolicy"); there is no page about them.

use model::Problem;
use model::load_distribution_policy::LoadDistributionPolicy;
use model::schema::Named;

use super::codes;
use super::context::{Context, Link};

/// The pools of every policy, in the document's order.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Vec<usize>> {
    let gateway = context.gateway;
    gateway.load_distribution_policies.iter().map(|policy| one(context, policy)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<LoadDistributionPolicy>) -> Vec<usize> {
    let gateway = context.gateway;
    if asked.load_distribution_targets.is_empty() {
        let message = format!("the policy {:?} has no targets", asked.name.value);
        let problem = Problem::error(codes::NO_DISTRIBUTION_TARGETS, &asked.name.at, message);
        context.problems.push(problem.expected("\"loadDistributionTargets\" with at least one pool"));
    }
    let mut pools = Vec::new();
    for target in &asked.load_distribution_targets {
        let owner = format!("the target {:?}", target.name.value);
        context.number("weightPerServer", &target.weight_per_server, (1, 100));
        match context.link(&gateway.backend_address_pools, &target.backend_address_pool) {
            Link::To(pool) => pools.push(pool),
            Link::Absent => context.missing(&target.name.at, "backendAddressPool", &owner),
            Link::Broken => {}
        }
    }
    pools
}
