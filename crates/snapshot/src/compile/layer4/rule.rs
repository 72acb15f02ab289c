//! Rules of TCP and TLS: one listener, one pool, one way to speak to it.

use std::collections::HashMap;

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
    let mut owners = HashMap::new();
    gateway.routing_rules.iter().map(|rule| one(context, rule, &mut owners)).collect()
}

fn one<'a>(
    context: &mut Context<'a>,
    asked: &'a Named<RoutingRule>,
    owners: &mut HashMap<usize, &'a str>,
) -> Definition {
    let gateway = context.gateway;
    let owner = format!("the rule {:?}", asked.name.value);
    if let Some(kind) = asked.rule_type.as_ref().filter(|kind| kind.value != RequestRoutingRuleType::Basic) {
        let message = format!("{owner} is of TCP and TLS, where every rule is Basic");
        let problem = Problem::error(codes::PROPERTY_NOT_FOR_RULE_TYPE, &kind.at, message);
        context.problems.push(problem.found(format!("{:?}", kind.value.to_string())).expected("\"Basic\""));
    }
    let listener = context.link(&gateway.listeners, &asked.listener);
    absent(context, asked, listener, (codes::RULE_WITHOUT_LISTENER, "listener", "listener"));
    let listener = listener.index().filter(|index| is_free(context, asked, owners.insert(*index, &asked.name)));
    let pool = context.link(&gateway.backend_address_pools, &asked.backend_address_pool);
    absent(context, asked, pool, (codes::POOL_MISSING, "pool", "backendAddressPool"));
    let settings = context.link(&gateway.backend_settings_collection, &asked.backend_settings);
    absent(context, asked, settings, (codes::SETTINGS_MISSING, "settings", "backendSettings"));
    // Ranges are looked at with those of the rules for HTTP, among which they have to be unique.
    let priority = asked.priority.as_ref().and_then(|priority| u32::try_from(priority.value).ok()).unwrap_or(u32::MAX);
    Definition { priority, listener, pool: pool.index(), settings: settings.index() }
}

/// Reports a part that the rule does not name.
fn absent(
    context: &mut Context<'_>,
    asked: &Named<RoutingRule>,
    link: Link,
    (code, what, property): (&'static str, &str, &str),
) {
    if link == Link::Absent {
        let message = format!("the rule {:?} has no {what}", asked.name.value);
        let problem = Problem::error(code, &asked.name.at, message);
        context.problems.push(problem.expected(format!("the property {property:?}")));
    }
}

/// Whether no earlier rule has the listener; else it is reported.
fn is_free(context: &mut Context<'_>, asked: &Named<RoutingRule>, earlier: Option<&str>) -> bool {
    let Some(earlier) = earlier else { return true };
    let at = asked.listener.as_ref().map_or(&asked.name.at, |field| &field.at);
    let message = format!("this listener stands in the rule {earlier:?} already");
    let problem = Problem::error(codes::LISTENER_IN_SEVERAL_RULES, at, message);
    context.problems.push(problem.help("a listener has one rule"));
    false
}
