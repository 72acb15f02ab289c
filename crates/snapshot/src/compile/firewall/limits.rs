//! Azure's limits of firewalls. This gateway has none of them, but for exceptions; who asks about Azure gets errors.
//!
//! Source: Azure, "Azure subscription and service limits", section "Application Gateway limits", and "Configure custom
//! response codes", read 2026-11-22: those of the core rule set 3.2 and later.

use model::schema::{Field, Named};
use model::web_application_firewall_policy::WebApplicationFirewallPolicy;
use model::web_application_firewall_policy::custom_rule::{MatchCondition, MatchOperator};

use crate::compile::codes::LIMIT_REACHED;
use crate::compile::context::Context;
use crate::compile::limits::reached;

const CUSTOM_RULES: usize = 100;
const ADDRESSES_PER_CONDITION: usize = 600;
const TEXTS_PER_CONDITION: usize = 10;
const EXCLUSIONS_PER_GATEWAY: usize = 200;
const EXCEPTIONS_PER_GATEWAY: usize = 60;
const LISTENERS: usize = 200;
const OWN_ANSWERS: usize = 20;

/// Compares every count with its limit. `in_force`: by index, which policies are; `listeners`: how many have a
/// firewall.
pub(super) fn check(context: &mut Context<'_>, in_force: &[usize], listeners: usize) {
    let document = context.document;
    for policy in &document.policies {
        let what = format!("custom rules in the policy {:?}", policy.name.value);
        let counts = (policy.custom_rules.len(), CUSTOM_RULES);
        reached(context, LIMIT_REACHED, policy.custom_rules.at.as_ref(), counts, &what);
        policy.custom_rules.iter().flat_map(|rule| &rule.match_conditions).for_each(|one| condition(context, one));
    }
    let used: Vec<_> = in_force.iter().filter_map(|index| document.policies.get(*index)).collect();
    of_gateway(context, &used);
    let at = context.gateway.http_listeners.at.as_ref();
    reached(context, LIMIT_REACHED, at, (listeners, LISTENERS), "HTTP listeners with a firewall");
}

fn condition(context: &mut Context<'_>, condition: &Field<MatchCondition>) {
    let Some(operator) = &condition.operator else { return };
    let (most, what) = match operator.value {
        MatchOperator::IpMatch => (ADDRESSES_PER_CONDITION, "addresses in a condition"),
        MatchOperator::GeoMatch | MatchOperator::Any => return,
        _ => (TEXTS_PER_CONDITION, "values in a condition"),
    };
    let values = &condition.match_values;
    reached(context, LIMIT_REACHED, values.at.as_ref(), (values.len(), most), what);
}

/// What all policies of the gateway have together; the place is that of the last which has any.
fn of_gateway(context: &mut Context<'_>, used: &[&Named<WebApplicationFirewallPolicy>]) {
    let managed: Vec<_> = used.iter().filter_map(|policy| policy.managed_rules.as_ref()).collect();
    let (mut exclusions, mut exceptions, mut answers) = (Sum::default(), Sum::default(), Sum::default());
    for managed in managed {
        exclusions.add(managed.exclusions.len(), managed.exclusions.at.as_ref());
        exceptions.add(managed.exceptions.len(), managed.exceptions.at.as_ref());
    }
    for settings in used.iter().filter_map(|policy| policy.policy_settings.as_ref()) {
        let status = settings.custom_block_response_status_code.as_ref().map(|status| &status.at);
        let own = status.or(settings.custom_block_response_body.as_ref().map(|body| &body.at));
        answers.add(usize::from(own.is_some()), own);
    }
    for (sum, most, what) in [
        (exclusions, EXCLUSIONS_PER_GATEWAY, "exclusions in all policies of a gateway"),
        (exceptions, EXCEPTIONS_PER_GATEWAY, "exceptions in all policies of a gateway"),
        (answers, OWN_ANSWERS, "policies with an answer of their own to blocked requests"),
    ] {
        reached(context, LIMIT_REACHED, sum.at, (sum.count, most), what);
    }
}

#[derive(Default)]
struct Sum<'a> {
    count: usize,
    at: Option<&'a model::At>,
}

impl<'a> Sum<'a> {
    fn add(&mut self, count: usize, at: Option<&'a model::At>) {
        self.count += count;
        self.at = at.filter(|_| count > 0).or(self.at);
    }
}
