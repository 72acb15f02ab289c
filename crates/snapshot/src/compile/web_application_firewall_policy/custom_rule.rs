//! Custom rules of a WAF policy.
//!
//! Source: Azure, "Custom rules for WAF v2" and "Rate limiting" (custom-waf-rules-overview, rate-limiting-overview,
//! read 2026-11-22).

use std::time::Duration;

use firewall::custom::{Action, ConditionSpec, Fault, Operator, RuleKind, RuleSpec, Rules, Transform, Variable, What};
use firewall::rate::GroupBy;
use model::schema::{Field, List};
use model::web_application_firewall_policy::custom_rule::{
    CustomRule, CustomRuleAction, CustomRuleType, GroupByUserSession, MatchCondition, MatchOperator, MatchTransform,
    MatchVariableName, RateLimitDuration, UserSessionVariable,
};
use model::web_application_firewall_policy::policy_settings::EnabledState;
use model::{At, Problem};

use crate::compile::codes;
use crate::compile::context::Context;
use crate::compile::firewall::Draft;
use crate::compile::unsupported::Feature;

/// Priorities that Azure takes.
const PRIORITIES: std::ops::RangeInclusive<i64> = 1..=100;

/// The rules of a policy; what is wrong with them is reported. Mistakes in rules that are off count too.
pub(super) fn rules(context: &mut Context<'_>, asked: &List<CustomRule>, draft: &mut Draft<'_>) -> Rules {
    let mut written = Vec::new();
    let mut specs = Vec::new();
    for rule in asked {
        let Some(spec) = rule_spec(context, rule) else { continue };
        if spec.enabled && spec.action == Action::Captcha {
            let at = rule.action.as_ref().map_or(&rule.at, |action| &action.at);
            context.uses(Feature::Captcha, at, draft.live);
        }
        draft.countries = draft.countries.take().or_else(|| countries(rule).filter(|_| spec.enabled));
        written.push(rule);
        specs.push(spec);
    }
    match Rules::new(&specs) {
        Ok(rules) => rules,
        Err(faults) => {
            for fault in &faults {
                let Some(rule) = written.get(fault.rule) else { continue };
                context.problems.push(problem(rule, fault));
            }
            Rules::default()
        }
    }
}

/// A rule with all that it has to have.
fn rule_spec(context: &mut Context<'_>, rule: &Field<CustomRule>) -> Option<RuleSpec> {
    let name = rule.name.as_ref().map(|name| name.value.clone()).unwrap_or_default();
    let of = format!("the custom rule {name:?}");
    let priority = context.required(&rule.priority, &rule.at, "priority", &of);
    let kind = context.required(&rule.rule_type, &rule.at, "ruleType", &of);
    let action = context.required(&rule.action, &rule.at, "action", &of);
    let conditions: Vec<_> = rule.match_conditions.iter().map(|condition| condition_spec(context, condition)).collect();
    let (priority, kind, action) = (priority?, kind?, action?);
    if !PRIORITIES.contains(&priority.value) {
        let problem = Problem::warning(codes::LIMIT_REACHED, &priority.at, "Azure takes priorities from 1 to 100");
        context.azure_refuses(problem.found(priority.value.to_string()).help("this gateway takes others"));
    }
    Some(RuleSpec {
        name,
        priority: priority.value,
        enabled: rule.state.as_ref().is_none_or(|state| state.value == EnabledState::Enabled),
        kind: match kind.value {
            CustomRuleType::MatchRule => RuleKind::Match,
            CustomRuleType::RateLimitRule => rate_limit(context, rule),
            CustomRuleType::Invalid => {
                let problem = Problem::error(codes::WAF_POLICY_INVALID, &kind.at, "this is no type of rule");
                context.problems.push(problem.expected("\"MatchRule\" or \"RateLimitRule\""));
                return None;
            }
        },
        action: action_of(action.value),
        conditions: conditions.into_iter().collect::<Option<_>>()?,
    })
}

/// What is not given is nothing, which the firewall refuses.
fn rate_limit(context: &mut Context<'_>, rule: &Field<CustomRule>) -> RuleKind {
    let written = context.number("rateLimitThreshold", &rule.rate_limit_threshold, (1, i64::from(u32::MAX)));
    // What is out of range was reported.
    let threshold = written.unwrap_or(u32::from(rule.rate_limit_threshold.is_some()));
    let window = rule.rate_limit_duration.as_ref().map_or(Duration::ZERO, |window| match window.value {
        RateLimitDuration::OneMin => Duration::from_secs(60),
        RateLimitDuration::FiveMins => Duration::from_secs(300),
    });
    RuleKind::RateLimit { window, threshold, group: group(context, &rule.group_by_user_session) }
}

/// What a rate limit counts by: one thing, the client's address unless something else is named.
fn group(context: &mut Context<'_>, asked: &List<GroupByUserSession>) -> GroupBy {
    let mut variables = asked.iter().flat_map(|session| &session.group_by_variables);
    let first = variables.next().and_then(|variable| variable.variable_name.as_ref());
    if let Some(second) = variables.next() {
        let problem = Problem::error(codes::WAF_POLICY_INVALID, &second.at, "a rate limit counts by one variable");
        context.problems.push(problem.help("write a rule for each"));
    }
    first.map_or(GroupBy::Client, |name| match name.value {
        UserSessionVariable::ClientAddr => GroupBy::Client,
        UserSessionVariable::GeoLocation => GroupBy::Country,
        UserSessionVariable::None => GroupBy::Everything,
        UserSessionVariable::ClientAddrXffHeader => GroupBy::ForwardedClient,
        UserSessionVariable::GeoLocationXffHeader => GroupBy::ForwardedCountry,
    })
}

fn condition_spec(context: &mut Context<'_>, condition: &Field<MatchCondition>) -> Option<ConditionSpec> {
    let operator = context.required(&condition.operator, &condition.at, "operator", "the condition");
    let mut variables = Vec::new();
    let mut complete = true;
    for variable in &condition.match_variables {
        let name = context.required(&variable.variable_name, &variable.at, "variableName", "the variable");
        complete &= name.is_some();
        let selector = variable.selector.as_ref().map(|selector| selector.value.clone());
        variables.extend(name.map(|name| (variable_of(name.value), selector)));
    }
    Some(ConditionSpec {
        variables,
        operator: operator_of(operator.filter(|_| complete)?.value),
        values: condition.match_values.iter().map(|value| value.value.clone()).collect(),
        transforms: condition.transforms.iter().map(|transform| transform_of(transform.value)).collect(),
        negated: condition.negation_condition.as_ref().is_some_and(|negated| negated.value),
    })
}

/// Where a rule first asks for a country.
fn countries(rule: &Field<CustomRule>) -> Option<At> {
    let operators = rule.match_conditions.iter().filter_map(|condition| condition.operator.as_ref());
    let compares = operators.filter(|operator| operator.value == MatchOperator::GeoMatch).map(|operator| &operator.at);
    let sessions = rule.group_by_user_session.iter().flat_map(|session| &session.group_by_variables);
    let by_country = [UserSessionVariable::GeoLocation, UserSessionVariable::GeoLocationXffHeader];
    let counts = sessions.filter_map(|variable| variable.variable_name.as_ref());
    let counts = counts.filter(|name| by_country.contains(&name.value)).map(|name| &name.at);
    compares.chain(counts).next().cloned()
}

/// A fault where it belongs.
fn problem(rule: &Field<CustomRule>, fault: &Fault) -> Problem {
    let condition = fault.condition.and_then(|place| rule.match_conditions.get(place));
    let (at, found) = place(rule, condition, fault);
    let operator = condition.and_then(|condition| condition.operator.as_ref()).map(|operator| operator.value);
    let (code, expected) = match (&fault.what, operator) {
        (What::SamePriority, _) => (codes::DUPLICATE_PRIORITY, Some("a priority of its own")),
        (What::NoLimit, _) => (codes::WAF_POLICY_INVALID, Some("\"rateLimitDuration\" and \"rateLimitThreshold\"")),
        (What::Operator(_), Some(MatchOperator::Regex)) => (codes::INVALID_PATTERN, None),
        (What::Operator(_), Some(MatchOperator::IpMatch)) => (codes::INVALID_ADDRESS, Some("such as \"10.0.0.0/8\"")),
        _ => (codes::WAF_POLICY_INVALID, None),
    };
    let problem = Problem::error(code, at, fault.what.to_string());
    let problem = match found {
        Some(found) => problem.found(found),
        None => problem,
    };
    match expected {
        Some(expected) => problem.expected(expected),
        None => problem,
    }
}

/// The property that a fault is about, and what stands there.
fn place<'f>(
    rule: &'f Field<CustomRule>,
    condition: Option<&'f Field<MatchCondition>>,
    fault: &Fault,
) -> (&'f At, Option<String>) {
    let property = match &fault.what {
        What::Nameless | What::SameName => rule.name.as_ref().map(|name| (&name.at, Some(format!("{:?}", name.value)))),
        What::SamePriority => rule.priority.as_ref().map(|one| (&one.at, Some(one.value.to_string()))),
        What::ActionOfRateLimit => rule.action.as_ref().map(|action| (&action.at, Some(action.value.to_string()))),
        What::NoValue(_) => condition.and_then(|one| one.operator.as_ref()).map(|operator| (&operator.at, None)),
        What::Selector(_) | What::Variable { .. } => {
            let variable = fault.value.zip(condition).and_then(|(value, one)| one.match_variables.get(value));
            variable.map(|variable| (&variable.at, None))
        }
        _ => {
            let value = fault.value.zip(condition).and_then(|(value, one)| one.match_values.get(value));
            value.map(|value| (&value.at, Some(format!("{:?}", value.value))))
        }
    };
    property.unwrap_or_else(|| (condition.map_or(&rule.at, |condition| &condition.at), None))
}

fn action_of(action: CustomRuleAction) -> Action {
    match action {
        CustomRuleAction::Allow => Action::Allow,
        CustomRuleAction::Block => Action::Block,
        CustomRuleAction::Log => Action::Log,
        CustomRuleAction::JsChallenge => Action::JsChallenge,
        CustomRuleAction::Captcha => Action::Captcha,
    }
}

fn variable_of(name: MatchVariableName) -> Variable {
    match name {
        MatchVariableName::RemoteAddr => Variable::RemoteAddr,
        MatchVariableName::RequestMethod => Variable::RequestMethod,
        MatchVariableName::QueryString => Variable::QueryString,
        MatchVariableName::PostArgs => Variable::PostArgs,
        MatchVariableName::RequestUri => Variable::RequestUri,
        MatchVariableName::RequestHeaders => Variable::RequestHeaders,
        MatchVariableName::RequestBody => Variable::RequestBody,
        MatchVariableName::RequestCookies => Variable::RequestCookies,
    }
}

fn operator_of(operator: MatchOperator) -> Operator {
    match operator {
        MatchOperator::IpMatch => Operator::IpMatch,
        MatchOperator::Equal => Operator::Equal,
        MatchOperator::Contains => Operator::Contains,
        MatchOperator::LessThan => Operator::LessThan,
        MatchOperator::GreaterThan => Operator::GreaterThan,
        MatchOperator::LessThanOrEqual => Operator::LessThanOrEqual,
        MatchOperator::GreaterThanOrEqual => Operator::GreaterThanOrEqual,
        MatchOperator::BeginsWith => Operator::BeginsWith,
        MatchOperator::EndsWith => Operator::EndsWith,
        MatchOperator::Regex => Operator::Regex,
        MatchOperator::GeoMatch => Operator::GeoMatch,
        MatchOperator::Any => Operator::Any,
    }
}

fn transform_of(transform: MatchTransform) -> Transform {
    match transform {
        MatchTransform::Uppercase => Transform::Uppercase,
        MatchTransform::Lowercase => Transform::Lowercase,
        MatchTransform::Trim => Transform::Trim,
        MatchTransform::UrlDecode => Transform::UrlDecode,
        MatchTransform::UrlEncode => Transform::UrlEncode,
        MatchTransform::RemoveNulls => Transform::RemoveNulls,
        MatchTransform::HtmlEntityDecode => Transform::HtmlEntityDecode,
    }
}
