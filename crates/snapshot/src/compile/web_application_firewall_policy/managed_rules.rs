//! Managed rule sets of a WAF policy, and what is left out of them.
//!
//! Source: Azure REST reference, "ManagedRulesDefinition", api-version 2026-03-01. An override that says nothing of the
//! state switches its rule off.

use firewall::exceptions::{self, Operator as ValueOperator};
use firewall::exclusions;
use firewall::managed::{Action, GroupOverride, RuleOverride, SetSpec, Spec, rule_id};
use firewall::selection::{GroupScope, Scope};
use model::schema::{Field, List};
use model::web_application_firewall_policy::managed_rules::{
    ExceptionEntry, ExceptionMatchVariable, ExceptionSelectorOperator, ExceptionValueOperator, ExclusionEntry,
    ExclusionManagedRuleGroup, ExclusionManagedRuleSet, ExclusionMatchVariable, ExclusionSelectorOperator,
    ManagedRuleAction, ManagedRuleGroupOverride, ManagedRuleOverride, ManagedRuleSet, ManagedRulesDefinition,
};
use model::web_application_firewall_policy::policy_settings::EnabledState;
use model::{At, Problem};

use crate::compile::codes;
use crate::compile::context::Context;
use crate::compile::firewall::{Draft, Places};
use crate::compile::unsupported::Feature;

/// The rule sets of a policy. What is not complete is reported and left out; places tell what remains.
pub(super) fn managed<'a>(
    context: &mut Context<'_>,
    asked: &'a Field<ManagedRulesDefinition>,
    draft: &mut Draft<'a>,
) -> Spec {
    let mut spec = Spec::default();
    let (mut sets, mut exclusions, mut exceptions) = (Vec::new(), Vec::new(), Vec::new());
    for set in &asked.managed_rule_sets {
        if let Some(read) = set_spec(context, set, draft.live) {
            spec.sets.push(read);
            sets.push(set);
        }
    }
    for entry in &asked.exclusions {
        if let Some(read) = exclusion(context, entry) {
            spec.exclusions.push(read);
            exclusions.push(entry);
        }
    }
    for entry in &asked.exceptions {
        if let Some(read) = exception(context, entry) {
            spec.exceptions.push(read);
            exceptions.push(entry);
        }
    }
    draft.places = Places::Policy { managed: asked, sets, exclusions, exceptions };
    spec
}

fn set_spec(context: &mut Context<'_>, set: &Field<ManagedRuleSet>, live: bool) -> Option<SetSpec> {
    let kind = context.required(&set.rule_set_type, &set.at, "ruleSetType", "the rule set");
    let version = context.required(&set.rule_set_version, &set.at, "ruleSetVersion", "the rule set");
    let overrides: Vec<_> = set.rule_group_overrides.iter().map(|group| group_override(context, group, live)).collect();
    Some(SetSpec {
        kind: kind?.value.clone(),
        version: version?.value.clone(),
        overrides: overrides.into_iter().collect::<Option<_>>()?,
    })
}

fn group_override(
    context: &mut Context<'_>,
    group: &Field<ManagedRuleGroupOverride>,
    live: bool,
) -> Option<GroupOverride> {
    let name = context.required(&group.rule_group_name, &group.at, "ruleGroupName", "the override");
    let named = name.map_or("", |name| name.value.as_str());
    let rules: Vec<_> = group.rules.iter().map(|rule| rule_override(context, named, rule, live)).collect();
    Some(GroupOverride { group: name?.value.clone(), rules: rules.into_iter().collect::<Option<_>>()? })
}

fn rule_override(
    context: &mut Context<'_>,
    group: &str,
    rule: &Field<ManagedRuleOverride>,
    live: bool,
) -> Option<RuleOverride> {
    let id = context.required(&rule.rule_id, &rule.at, "ruleId", "the override")?;
    let number = rule_id(&id.value);
    if number.is_none() {
        // The words are Azure's: "upgrade-ruleset-version".
        let message = format!("The override Rule '{}' is unknown for RuleGroup '{group}'", id.value);
        context.error(codes::WAF_POLICY_INVALID, &id.at, message);
    }
    let enabled = rule.state.as_ref().is_some_and(|state| state.value == EnabledState::Enabled);
    let action = rule.action.as_ref().filter(|_| enabled).map(|action| action_of(context, action, live));
    Some(RuleOverride { id: number?, enabled, action })
}

/// A CAPTCHA is reported; so that the rest can be checked, the script's challenge stands for it.
fn action_of(context: &mut Context<'_>, action: &Field<ManagedRuleAction>, live: bool) -> Action {
    match action.value {
        ManagedRuleAction::AnomalyScoring => Action::AnomalyScoring,
        ManagedRuleAction::Allow => Action::Allow,
        ManagedRuleAction::Block => Action::Block,
        ManagedRuleAction::Log => Action::Log,
        ManagedRuleAction::JsChallenge => Action::JsChallenge,
        ManagedRuleAction::Captcha => {
            context.uses(Feature::Captcha, &action.at, live);
            Action::JsChallenge
        }
    }
}

fn exclusion(context: &mut Context<'_>, entry: &Field<ExclusionEntry>) -> Option<exclusions::Spec> {
    let variable = context.required(&entry.match_variable, &entry.at, "matchVariable", "the exclusion");
    let operator =
        context.required(&entry.selector_match_operator, &entry.at, "selectorMatchOperator", "the exclusion");
    let scopes = scopes(context, &entry.exclusion_managed_rule_sets);
    let operator = operator?;
    let every = operator.value == ExclusionSelectorOperator::EqualsAny;
    let selector = entry.selector.as_ref().filter(|selector| !selector.value.is_empty());
    if selector.is_none() && !every {
        let problem = Problem::error(codes::WAF_POLICY_INVALID, &entry.at, "this exclusion names nothing");
        context.problems.push(problem.expected("\"selector\", or the operator \"EqualsAny\""));
        return None;
    }
    Some(exclusions::Spec {
        variable: excluded(variable?.value),
        operator: excluding(operator.value),
        selector: selector.map(|selector| selector.value.clone()).unwrap_or_default(),
        scopes: scopes?,
    })
}

fn exception(context: &mut Context<'_>, entry: &Field<ExceptionEntry>) -> Option<exceptions::Spec> {
    let variable = context.required(&entry.match_variable, &entry.at, "matchVariable", "the exception");
    let operator = context.required(&entry.value_match_operator, &entry.at, "valueMatchOperator", "the exception");
    let scopes = scopes(context, &entry.exception_managed_rule_sets);
    let variable = match variable?.value {
        ExceptionMatchVariable::RequestUri => exceptions::Variable::RequestUri,
        ExceptionMatchVariable::RemoteAddr => exceptions::Variable::RemoteAddr,
        ExceptionMatchVariable::RequestHeader => header(context, entry)?,
    };
    Some(exceptions::Spec {
        variable,
        operator: match operator?.value {
            ExceptionValueOperator::Equals => ValueOperator::Equals,
            ExceptionValueOperator::Contains => ValueOperator::Contains,
            ExceptionValueOperator::StartsWith => ValueOperator::StartsWith,
            ExceptionValueOperator::EndsWith => ValueOperator::EndsWith,
            ExceptionValueOperator::IpMatch => ValueOperator::IpMatch,
        },
        values: entry.values.iter().map(|value| value.value.clone()).collect(),
        scopes: scopes?,
    })
}

/// The header that an exception looks at.
fn header(context: &mut Context<'_>, entry: &Field<ExceptionEntry>) -> Option<exceptions::Variable> {
    let selector = entry.selector.as_ref().filter(|selector| !selector.value.is_empty());
    let (Some(selector), Some(operator)) = (selector, &entry.selector_match_operator) else {
        let problem = Problem::error(codes::WAF_POLICY_INVALID, &entry.at, "this exception names no header");
        context.problems.push(problem.expected("\"selector\" and \"selectorMatchOperator\""));
        return None;
    };
    let operator = match operator.value {
        ExceptionSelectorOperator::Equals => ValueOperator::Equals,
        ExceptionSelectorOperator::Contains => ValueOperator::Contains,
        ExceptionSelectorOperator::StartsWith => ValueOperator::StartsWith,
        ExceptionSelectorOperator::EndsWith => ValueOperator::EndsWith,
    };
    Some(exceptions::Variable::RequestHeader { operator, selector: selector.value.clone() })
}

/// The rules that something is for; all of them have to be complete, or it would be for others.
fn scopes(context: &mut Context<'_>, asked: &List<ExclusionManagedRuleSet>) -> Option<Vec<Scope>> {
    let scopes: Vec<_> = asked.iter().map(|set| scope(context, set)).collect();
    scopes.into_iter().collect()
}

fn scope(context: &mut Context<'_>, set: &Field<ExclusionManagedRuleSet>) -> Option<Scope> {
    let kind = context.required(&set.rule_set_type, &set.at, "ruleSetType", "the rule set");
    let version = context.required(&set.rule_set_version, &set.at, "ruleSetVersion", "the rule set");
    let groups: Vec<_> = set.rule_groups.iter().map(|group| group_scope(context, group)).collect();
    Some(Scope {
        kind: kind?.value.clone(),
        version: version?.value.clone(),
        groups: groups.into_iter().collect::<Option<_>>()?,
    })
}

fn group_scope(context: &mut Context<'_>, group: &Field<ExclusionManagedRuleGroup>) -> Option<GroupScope> {
    let name = context.required(&group.rule_group_name, &group.at, "ruleGroupName", "the group");
    let mut rules = Vec::new();
    for rule in &group.rules {
        let id = context.required(&rule.rule_id, &rule.at, "ruleId", "the rule")?;
        let Some(number) = rule_id(&id.value) else {
            not_a_number(context, &id.value, &id.at);
            return None;
        };
        rules.push(number);
    }
    Some(GroupScope { name: name?.value.clone(), rules })
}

fn not_a_number(context: &mut Context<'_>, found: &str, at: &At) {
    let problem = Problem::error(codes::WAF_POLICY_INVALID, at, "a rule is named by its number");
    context.problems.push(problem.found(format!("{found:?}")).expected("such as \"942100\""));
}

fn excluded(variable: ExclusionMatchVariable) -> exclusions::Variable {
    use exclusions::Variable;
    match variable {
        ExclusionMatchVariable::RequestHeaderNames | ExclusionMatchVariable::RequestHeaderValues => {
            Variable::HeaderValues
        }
        ExclusionMatchVariable::RequestHeaderKeys => Variable::HeaderKeys,
        ExclusionMatchVariable::RequestCookieNames | ExclusionMatchVariable::RequestCookieValues => {
            Variable::CookieValues
        }
        ExclusionMatchVariable::RequestCookieKeys => Variable::CookieKeys,
        ExclusionMatchVariable::RequestArgNames | ExclusionMatchVariable::RequestArgValues => Variable::ArgValues,
        ExclusionMatchVariable::RequestArgKeys => Variable::ArgKeys,
    }
}

fn excluding(operator: ExclusionSelectorOperator) -> exclusions::Operator {
    use exclusions::Operator;
    match operator {
        ExclusionSelectorOperator::Equals => Operator::Equals,
        ExclusionSelectorOperator::Contains => Operator::Contains,
        ExclusionSelectorOperator::StartsWith => Operator::StartsWith,
        ExclusionSelectorOperator::EndsWith => Operator::EndsWith,
        ExclusionSelectorOperator::EqualsAny => Operator::EqualsAny,
    }
}
