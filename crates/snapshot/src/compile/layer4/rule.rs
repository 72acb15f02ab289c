//! Rules of TCP and TLS: one listener, one pool, one way to speak to it.

use std::collections::HashSet;

use model::Problem;
use model::request_routing_rule::RequestRoutingRuleType;
use model::routing_rule::RoutingRule;
use model::schema::Named;

use crate::compile::codes;
use crate::compile::context::{Context, Link};

/// A rule whose parts are still indices.
pub(in crate::compile) struct Definition {
    pub(in crate::compile) priority: u32,
    /// Its listener, unless an earlier rule has it.
    pub(in crate::compile) listener: Option<usize>,
    pub(in crate::compile) pool: Option<usize>,
    pub(in crate::compile) settings: Option<usize>,
}

/// All rules, in the document's order.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Definition> {
    let gateway = context.gateway;
    let mut owned = HashSet::new();
    gateway.routing_rules.iter().map(|rule| one(context, rule, &mut owned)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<RoutingRule>, owned: &mut HashSet<usize>) -> Definition {
    let gateway = context.gateway;
    let (at, owner) = (&asked.name.at, format!("the rule {:?}", asked.name.value));
    if let Some(kind) = asked.rule_type.as_ref().filter(|kind| kind.value != RequestRoutingRuleType::Basic) {
        let message = format!("{owner} is of TCP and TLS, where every rule is Basic");
        let problem = Problem::error(codes::PROPERTY_NOT_FOR_RULE_TYPE, &kind.at, message);
        context.problems.push(problem.expected("\"Basic\""));
    }
    let listener = match context.link(&gateway.listeners, &asked.listener) {
        Link::Absent => {
            context.error(codes::RULE_WITHOUT_LISTENER, at, format!("{owner} has no listener"));
            None
        }
        Link::To(index) if !owned.insert(index) => {
            let at = asked.listener.as_ref().map_or(at, |field| &field.at);
            context.error(codes::LISTENER_IN_SEVERAL_RULES, at, "this listener stands in another rule already");
            None
        }
        Link::To(index) => Some(index),
        Link::Broken => None,
    };
    let pool = context.link(&gateway.backend_address_pools, &asked.backend_address_pool);
    if pool == Link::Absent {
        context.error(codes::POOL_MISSING, at, format!("{owner} has no pool"));
    }
    let settings = context.link(&gateway.backend_settings_collection, &asked.backend_settings);
    if settings == Link::Absent {
        context.error(codes::SETTINGS_MISSING, at, format!("{owner} has no settings"));
    }
    // Ranges are looked at with those of the rules for HTTP, among which they have to be unique.
    let priority = asked.priority.as_ref().and_then(|priority| u32::try_from(priority.value).ok()).unwrap_or(u32::MAX);
    Definition { priority, listener, pool: pool.index(), settings: settings.index() }
}
