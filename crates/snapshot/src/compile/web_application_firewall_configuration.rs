//! The firewall settings inside the gateway, which WAF policies have replaced.
//!
//! Source: Azure REST reference, "ApplicationGatewayWebApplicationFirewallConfiguration", api-version 2026-03-01.

use std::sync::Arc;

use firewall::Mode;
use firewall::legacy::Configuration;
use model::Problem;
use model::problem::codes::OUT_OF_RANGE;
use model::schema::{Field, Opt};
use model::web_application_firewall_configuration::{
    FirewallDisabledRuleGroup, FirewallMode, WebApplicationFirewallConfiguration,
};

use super::codes;
use super::context::{Context, is_on};
use super::firewall::{Draft, Places};

/// What such a firewall is called, where a policy has its name.
pub(super) const NAME: &str = "webApplicationFirewallConfiguration";

/// Range of `maxRequestBodySizeInKb`.
const BODY_KB: (i64, i64) = (8, 128);
/// Range of `fileUploadLimitInMb`.
const UPLOAD_MB: (i64, i64) = (0, 4000);

/// Whether it is switched on.
pub(super) fn is_enabled(asked: &WebApplicationFirewallConfiguration) -> bool {
    is_on(&asked.enabled)
}

/// Reads the settings as a policy of the whole gateway; what is wrong is reported.
pub(super) fn draft<'a>(
    context: &mut Context<'_>,
    asked: &'a Field<WebApplicationFirewallConfiguration>,
    live: bool,
) -> Draft<'a> {
    let mut draft = Draft::new(Arc::from(NAME), Arc::from(NAME), &asked.at, live);
    draft.places = Places::Inline(asked);
    let Some(configuration) = configuration(context, asked) else { return draft };
    match configuration.translate() {
        Ok(translated) => {
            draft.mode = translated.mode;
            draft.limits = translated.limits;
            draft.managed = translated.managed;
        }
        Err(faults) => draft.report(context, &faults),
    }
    draft
}

/// The settings with all that they have to have.
fn configuration(
    context: &mut Context<'_>,
    asked: &Field<WebApplicationFirewallConfiguration>,
) -> Option<Configuration> {
    let mode = context.required(&asked.firewall_mode, &asked.at, "firewallMode", NAME);
    let kind = context.required(&asked.rule_set_type, &asked.at, "ruleSetType", NAME);
    let version = context.required(&asked.rule_set_version, &asked.at, "ruleSetVersion", NAME);
    let body = context.number("maxRequestBodySizeInKb", &asked.max_request_body_size_in_kb, BODY_KB);
    let older = context.number("maxRequestBodySize", &asked.max_request_body_size, BODY_KB);
    let upload = context.number("fileUploadLimitInMb", &asked.file_upload_limit_in_mb, UPLOAD_MB);
    let disabled: Vec<_> = asked.disabled_rule_groups.iter().map(|group| disabled(context, group)).collect();
    let exclusions = asked.exclusions.iter().map(|exclusion| {
        let text = |field: &Opt<String>| field.as_ref().map(|field| field.value.clone()).unwrap_or_default();
        (text(&exclusion.match_variable), text(&exclusion.selector_match_operator), text(&exclusion.selector))
    });
    Some(Configuration {
        mode: match mode?.value {
            FirewallMode::Prevention => Mode::Prevention,
            FirewallMode::Detection => Mode::Detection,
        },
        kind: kind?.value.clone(),
        version: version?.value.clone(),
        disabled: disabled.into_iter().collect::<Option<_>>()?,
        checks_body: asked.request_body_check.as_ref().is_none_or(|check| check.value),
        max_body_kb: body.or(older),
        max_upload_mb: upload,
        exclusions: exclusions.collect(),
    })
}

fn disabled(context: &mut Context<'_>, group: &Field<FirewallDisabledRuleGroup>) -> Option<(String, Vec<u32>)> {
    let name = context.required(&group.rule_group_name, &group.at, "ruleGroupName", "the group");
    let mut rules = Vec::new();
    for rule in &group.rules {
        let Ok(id) = u32::try_from(rule.value) else {
            let problem = Problem::error(OUT_OF_RANGE, &rule.at, "this is no number of a rule");
            context.problems.push(problem.found(rule.value.to_string()));
            return None;
        };
        rules.push(id);
    }
    Some((name?.value.clone(), rules))
}

/// Says that a policy has taken its place.
pub(super) fn is_replaced(context: &mut Context<'_>, asked: &Field<WebApplicationFirewallConfiguration>) {
    let message = "the WAF policy decides; this configuration is not used";
    let problem = Problem::warning(codes::WAF_INLINE, &asked.at, message);
    context.azure_refuses(problem.help("remove webApplicationFirewallConfiguration"));
}
