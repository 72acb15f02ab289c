//! WAF policies as they are written: what in them can be told wrong, and what is left when it was.
//!
//! Source: Azure REST reference, "Web Application Firewall Policies - Create Or Update", api-version 2026-03-01.

mod custom_rule;
mod managed_rules;
mod policy_settings;

use std::sync::Arc;

use model::Problem;
use model::schema::Named;
use model::web_application_firewall_policy::WebApplicationFirewallPolicy;
use model::web_application_firewall_policy::policy_settings::EnabledState;

use super::codes;
use super::context::Context;
use super::firewall::Draft;

/// Whether a policy is on. Where one that is off is assigned, there is no firewall.
pub(super) fn is_on(policy: &WebApplicationFirewallPolicy) -> bool {
    let state = policy.policy_settings.as_ref().and_then(|settings| settings.state.as_ref());
    state.is_none_or(|state| state.value == EnabledState::Enabled)
}

/// Reads a policy; what is wrong is reported. `live`: requests meet it.
pub(super) fn draft<'a>(
    context: &mut Context<'_>,
    policy: &'a Named<WebApplicationFirewallPolicy>,
    live: bool,
) -> Draft<'a> {
    let id = policy.id.as_ref().map_or(policy.name.as_str(), |id| id.value.as_str());
    let mut draft = Draft::new(Arc::from(policy.name.as_str()), Arc::from(id), &policy.at, live);
    if let Some(settings) = &policy.policy_settings {
        policy_settings::settings(context, settings, &mut draft);
    }
    draft.custom = custom_rule::rules(context, &policy.custom_rules, &mut draft);
    let managed = context.required(&policy.managed_rules, &policy.at, "managedRules", "the policy");
    let Some(managed) = managed else { return draft };
    draft.managed = managed_rules::managed(context, managed, &mut draft);
    if managed.managed_rule_sets.is_empty() {
        let message = format!("the policy {:?} has no managed rule set", policy.name.value);
        context.azure_refuses(Problem::warning(codes::WAF_POLICY_INVALID, &managed.at, message));
    }
    draft
}
