//! WAF policies: which ones are in force, and what in them can be told wrong before they run.
//!
//! Source: Azure, "Web Application Firewall policies" and "Custom rules for WAF v2": a path rule's policy
//! goes before its listener's, and that before the gateway's; priorities of custom rules are unique.

use std::collections::HashMap;

use model::reference::FirewallPolicy;
use model::schema::{Field, Named};
use model::sku::Tier;
use model::web_application_firewall_configuration::FirewallMode;
use model::web_application_firewall_policy::WebApplicationFirewallPolicy;
use model::web_application_firewall_policy::custom_rule::{CustomRule, CustomRuleType, MatchOperator};
use model::web_application_firewall_policy::policy_settings::{EnabledState, PolicyMode};
use model::{Opt, Problem, Reference};

use super::codes;
use super::context::Context;
use super::link::Used;
use super::rewrite_rule_set::check_pattern;
use super::unsupported::Feature;

const MOST_CUSTOM_RULES: usize = 100;

/// Checks all policies, follows all references to them, and reports firewalls that do not run yet.
pub(super) fn check_all(context: &mut Context<'_>, used: &Used) {
    let (document, gateway) = (context.document, context.gateway);
    document.policies.iter().for_each(|policy| check(context, policy));
    in_force(context, &gateway.firewall_policy, true);
    for (index, listener) in gateway.http_listeners.iter().enumerate() {
        in_force(context, &listener.firewall_policy, used.listeners.contains(&index));
    }
    for (index, map) in gateway.url_path_maps.iter().enumerate() {
        let live = used.maps.contains(&index);
        map.path_rules.iter().for_each(|rule| in_force(context, &rule.firewall_policy, live));
    }
    inline(context);
}

/// Follows a reference; a policy that is not at hand might block, so it is not passed over.
fn in_force(context: &mut Context<'_>, field: &Opt<Reference<FirewallPolicy>>, live: bool) {
    let Some(field) = field else { return };
    sku(context, field);
    let Some(index) = context.document.resolve_policy(field, &mut context.problems) else { return };
    let Some(policy) = context.document.policies.get(index) else { return };
    let settings = policy.policy_settings.as_ref();
    let state = settings.and_then(|settings| settings.state.as_ref());
    let mode = settings.and_then(|settings| settings.mode.as_ref());
    if state.is_some_and(|state| state.value == EnabledState::Disabled) {
        return;
    }
    let blocks = mode.is_some_and(|mode| mode.value == PolicyMode::Prevention);
    let feature = if blocks { Feature::BlockingFirewall } else { Feature::LoggingFirewall };
    context.uses(feature, &field.at, live);
}

fn sku(context: &mut Context<'_>, field: &Field<Reference<FirewallPolicy>>) {
    let tier = context.gateway.sku.as_ref().and_then(|sku| sku.tier.as_ref());
    let has_firewall = tier.is_none_or(|tier| matches!(tier.value, Tier::Waf | Tier::WafV2 | Tier::BasicWafV2));
    if let Some(tier) = tier.filter(|_| !has_firewall) {
        let message = format!("the tier {} has no firewall in Azure", tier.value);
        context.azure_refuses(Problem::warning(codes::WAF_SKU, &field.at, message).expected("\"WAF_v2\""));
    }
}

/// The old configuration inside the gateway; a policy beside it decides.
fn inline(context: &mut Context<'_>) {
    let gateway = context.gateway;
    let Some(inline) = &gateway.web_application_firewall_configuration else { return };
    if gateway.firewall_policy.is_some() {
        let message = "the WAF policy decides; this configuration is not used";
        let problem = Problem::warning(codes::WAF_INLINE, &inline.at, message);
        return context.azure_refuses(problem.help("remove webApplicationFirewallConfiguration"));
    }
    if inline.enabled.as_ref().is_some_and(|enabled| enabled.value) {
        let blocks = inline.firewall_mode.as_ref().is_none_or(|mode| mode.value == FirewallMode::Prevention);
        let feature = if blocks { Feature::BlockingFirewall } else { Feature::LoggingFirewall };
        context.uses(feature, &inline.at, true);
    }
}

fn check(context: &mut Context<'_>, policy: &Named<WebApplicationFirewallPolicy>) {
    let managed = policy.managed_rules.as_ref();
    if let Some(managed) = managed.filter(|managed| managed.managed_rule_sets.is_empty()) {
        let message = format!("the policy {:?} has no managed rule set", policy.name.value);
        context.azure_refuses(Problem::warning(codes::WAF_POLICY_INVALID, &managed.at, message));
    }
    if let Some(settings) = &policy.policy_settings {
        context.number("maxRequestBodySizeInKb", &settings.max_request_body_size_in_kb, (8, 2000));
        context.number("fileUploadLimitInMb", &settings.file_upload_limit_in_mb, (0, 4000));
        context.number(
            "jsChallengeCookieExpirationInMins",
            &settings.js_challenge_cookie_expiration_in_mins,
            (5, 1440),
        );
        context.number("captchaExpirationInMins", &settings.captcha_expiration_in_mins, (5, 1440));
    }
    let mut priorities = HashMap::new();
    for rule in &policy.custom_rules {
        let name = rule.name.as_ref().map_or("", |name| name.value.as_str());
        if let Some(priority) = &rule.priority
            && let Some(other) = priorities.insert(priority.value, name)
        {
            let message = format!("the custom rule {other:?} has this priority already");
            let problem = Problem::error(codes::DUPLICATE_PRIORITY, &priority.at, message);
            context.problems.push(problem.found(priority.value.to_string()).expected("a priority of its own"));
        }
        custom_rule(context, rule, name);
    }
    if policy.custom_rules.len() > MOST_CUSTOM_RULES {
        let message = format!(
            "the policy {:?} has {} custom rules; Azure allows {MOST_CUSTOM_RULES}",
            policy.name.value,
            policy.custom_rules.len()
        );
        context.azure_refuses(Problem::warning(codes::LIMIT_REACHED, &policy.name.at, message));
    }
}

fn custom_rule(context: &mut Context<'_>, rule: &Field<CustomRule>, name: &str) {
    let is_rate_limit = rule.rule_type.as_ref().is_some_and(|kind| kind.value == CustomRuleType::RateLimitRule);
    context.number("rateLimitThreshold", &rule.rate_limit_threshold, (1, i64::from(u32::MAX)));
    if is_rate_limit && (rule.rate_limit_threshold.is_none() || rule.rate_limit_duration.is_none()) {
        let message = format!("the rate limit {name:?} needs a duration and a threshold");
        let problem = Problem::error(codes::WAF_POLICY_INVALID, &rule.at, message);
        context.problems.push(problem.expected("\"rateLimitDuration\" and \"rateLimitThreshold\""));
    }
    for condition in &rule.match_conditions {
        let Some(operator) = &condition.operator else { continue };
        match operator.value {
            MatchOperator::Regex => condition.match_values.iter().for_each(|value| check_pattern(context, value)),
            MatchOperator::IpMatch => {
                for value in condition.match_values.iter().filter(|value| !is_network(&value.value)) {
                    let problem =
                        Problem::error(codes::INVALID_ADDRESS, &value.at, "this is neither an address nor a network");
                    context
                        .problems
                        .push(problem.found(format!("{:?}", value.value)).expected("such as \"10.0.0.0/8\""));
                }
            }
            MatchOperator::Any => {}
            _ if condition.match_values.is_empty() => {
                let message = format!("the condition {} has nothing to compare with", operator.value);
                context.error(codes::WAF_POLICY_INVALID, &operator.at, message);
            }
            _ => {}
        }
    }
}

/// An address, with or without a prefix length.
fn is_network(text: &str) -> bool {
    super::options::network(text).is_some()
}
