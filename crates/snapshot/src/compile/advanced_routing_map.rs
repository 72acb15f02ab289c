//! Advanced routing maps: references and patterns. Checked here, not run yet.
//!
//! Source: the REST schema only ("ApplicationGatewayAdvancedRoutingMap", api-version 2026-03-01).

use std::collections::HashMap;

use model::Problem;
use model::advanced_routing_map::AdvancedRoutingMap;
use model::schema::Named;

use super::codes;
use super::context::{Context, Link};
use super::destination::{self, destination};
use super::rewrite_rule_set::check_pattern;

/// Checks every map and every set of conditions.
pub(super) fn check_all(context: &mut Context<'_>) {
    let gateway = context.gateway;
    for set in &gateway.advanced_routing_condition_sets {
        let matchers = set.routing_conditions.iter().filter_map(|condition| condition.property_value_matcher.as_ref());
        let patterns = matchers.filter_map(|matcher| matcher.pattern.as_ref());
        patterns.for_each(|pattern| check_pattern(context, pattern));
    }
    gateway.advanced_routing_maps.iter().for_each(|map| check(context, map));
}

fn check(context: &mut Context<'_>, asked: &Named<AdvancedRoutingMap>) {
    let gateway = context.gateway;
    let no_policy = None;
    destination(
        context,
        &destination::Asked {
            owner: format!("the default of the routing map {:?}", asked.name.value),
            at: &asked.name.at,
            pool: &asked.default_backend_address_pool,
            settings: &asked.default_backend_http_settings,
            redirect: &asked.default_redirect_configuration,
            distribution: &no_policy,
            names: destination::DEFAULT_NAMES,
        },
    );
    context.link(&gateway.rewrite_rule_sets, &asked.default_rewrite_rule_set);
    let mut priorities: HashMap<i64, &str> = HashMap::new();
    for rule in &asked.advanced_routing_rules {
        let owner = format!("the routing rule {:?}", rule.name.value);
        if let Some(priority) = &rule.priority
            && let Some(other) = priorities.insert(priority.value, &rule.name)
        {
            let message = format!("the routing rule {other:?} has this priority already");
            let problem = Problem::error(codes::DUPLICATE_PRIORITY, &priority.at, message);
            context.problems.push(problem.found(priority.value.to_string()).expected("a priority of its own"));
        }
        if context.link(&gateway.advanced_routing_condition_sets, &rule.advanced_routing_condition_set) == Link::Absent
        {
            context.missing(&rule.name.at, "advancedRoutingConditionSet", &owner);
        }
        context.link(&gateway.rewrite_rule_sets, &rule.rewrite_rule_set);
        destination(
            context,
            &destination::Asked {
                owner,
                at: &rule.name.at,
                pool: &rule.backend_address_pool,
                settings: &rule.backend_http_settings,
                redirect: &rule.redirect_configuration,
                distribution: &no_policy,
                names: destination::NAMES,
            },
        );
    }
}
