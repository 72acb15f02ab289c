//! Rewrite sets: checked, and compiled into what runs.
//!
//! Source: Azure, "Rewrite HTTP headers and URL with Application Gateway" (rewrite-http-headers-url).
//! Parity: a rule whose condition looks at the response cannot change the request, which has left by
//! then; that is refused instead of silently doing nothing.

use std::collections::HashMap;

use model::Problem;
use model::rewrite_rule_set::{RewriteRule, RewriteRuleCondition, RewriteRuleSet};
use model::schema::{Field, Named};
use model::sku::Tier;
use rewrite::{Condition, Phase, RewriteSet, RuleSpec};

use super::codes;
use super::context::{Context, is_on, text};
use super::rewrite_actions as actions;
use super::rewrite_language as language;

pub(super) use super::rewrite_language::check_pattern;

/// Header and URL changes, and conditions, in one set.
const MOST: usize = 40;

/// What other parts of the document have to know about a set.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// What runs, unless it cannot.
    pub(super) set: Option<RewriteSet>,
    /// Some rule re-evaluates the path map.
    pub(super) reroutes: bool,
    /// Some rule does so without a condition.
    pub(super) always_reroutes: bool,
    /// Some rule sets the Host header.
    pub(super) sets_host: bool,
}

/// All rewrite sets, in the document's order.
pub(super) fn all(context: &mut Context<'_>) -> Vec<Facts> {
    let gateway = context.gateway;
    gateway.rewrite_rule_sets.iter().map(|set| one(context, set)).collect()
}

fn one(context: &mut Context<'_>, asked: &Named<RewriteRuleSet>) -> Facts {
    check_sequences(context, asked);
    check_limits(context, asked);
    let rules: Vec<Option<RuleSpec>> = asked.rewrite_rules.iter().map(|rule| rule_of(context, rule)).collect();
    let rules: Option<Vec<RuleSpec>> = rules.into_iter().collect();
    Facts {
        set: rules.map(|rules| RewriteSet::new(asked.name.as_str(), rules)),
        reroutes: asked.rewrite_rules.iter().any(|rule| reroutes(rule)),
        always_reroutes: asked.rewrite_rules.iter().any(|rule| reroutes(rule) && rule.conditions.is_empty()),
        sets_host: asked.rewrite_rules.iter().any(|rule| sets_host(rule)),
    }
}

fn reroutes(rule: &RewriteRule) -> bool {
    let url = rule.action_set.as_ref().and_then(|actions| actions.url_configuration.as_ref());
    url.is_some_and(|url| is_on(&url.reroute) && text(&url.modified_path).is_some())
}

fn sets_host(rule: &RewriteRule) -> bool {
    let headers = rule.action_set.iter().flat_map(|actions| &actions.request_header_configurations);
    let is_host = |name: &Field<String>| name.value.eq_ignore_ascii_case("Host");
    headers.into_iter().any(|header| text(&header.header_name).is_some_and(is_host))
}

fn check_sequences(context: &mut Context<'_>, asked: &Named<RewriteRuleSet>) {
    let mut sequences: HashMap<i64, &str> = HashMap::new();
    for rule in &asked.rewrite_rules {
        let name = name_of(rule);
        context.number("ruleSequence", &rule.rule_sequence, (0, i64::from(i32::MAX)));
        if let Some(sequence) = &rule.rule_sequence
            && let Some(other) = sequences.insert(sequence.value, name)
        {
            let message = format!("the rules {other:?} and {name:?} have the same sequence: which goes first is open");
            let problem = Problem::warning(codes::DUPLICATE_SEQUENCE, &sequence.at, message);
            let problem = problem.found(sequence.value.to_string());
            context.problems.push(problem.help("here the one listed first goes first"));
        }
    }
}

fn check_limits(context: &mut Context<'_>, asked: &Named<RewriteRuleSet>) {
    let conditions = asked.rewrite_rules.iter().map(|rule| rule.conditions.len()).sum::<usize>();
    let actions = asked.rewrite_rules.iter().filter_map(|rule| rule.action_set.as_ref());
    let changes = actions.map(|actions| {
        actions.request_header_configurations.len()
            + actions.response_header_configurations.len()
            + usize::from(actions.url_configuration.is_some())
    });
    for (count, what) in [(changes.sum(), "changes"), (conditions, "conditions")] {
        if count > MOST {
            let message = format!("the rewrite set {:?} has {count} {what}; Azure allows {MOST}", asked.name.value);
            let problem = Problem::warning(codes::LIMIT_REACHED, &asked.name.at, message);
            context.azure_refuses(problem.help("this gateway takes more"));
        }
    }
}

/// A rule as it runs; `None` after an error.
fn rule_of(context: &mut Context<'_>, asked: &Field<RewriteRule>) -> Option<RuleSpec> {
    let conditions: Vec<_> = asked.conditions.iter().map(|asked| condition(context, asked)).collect();
    let is_whole = conditions.iter().all(Option::is_some);
    let conditions: Vec<Condition> = conditions.into_iter().flatten().collect();
    let mut rule = RuleSpec {
        name: name_of(asked).to_owned(),
        sequence: asked.rule_sequence.as_ref().map_or(0, |sequence| sequence.value),
        ..RuleSpec::default()
    };
    let Some(actions) = &asked.action_set else { return is_whole.then_some(RuleSpec { conditions, ..rule }) };
    let request = actions::headers(context, &actions.request_header_configurations, Phase::Request, &conditions);
    let response = actions::headers(context, &actions.response_header_configurations, Phase::Response, &conditions);
    let url = actions.url_configuration.as_ref().map(|url| actions::url(context, url, &conditions));
    basic_has_none(context, asked);
    (rule.request_headers, rule.response_headers) = (request?, response?);
    rule.url = match url {
        Some(url) => Some(url?),
        None => None,
    };
    rule.conditions = conditions;
    let changes_request = !actions.request_header_configurations.is_empty() || actions.url_configuration.is_some();
    if rule.phase() == Phase::Response && changes_request {
        let name = &rule.name;
        let message =
            format!("the rule {name:?} looks at the response but changes the request, which has left by then");
        let problem = Problem::error(codes::RESPONSE_VARIABLE, &actions.at, message);
        context.problems.push(problem.help("split the rule: one for the request, one for the response"));
        return None;
    }
    is_whole.then_some(rule)
}

fn condition(context: &mut Context<'_>, asked: &Field<RewriteRuleCondition>) -> Option<Condition> {
    let variable = match &asked.variable {
        Some(field) => language::variable(context, field),
        None => {
            context.missing(&asked.at, "variable", "this condition");
            None
        }
    };
    let pattern = match &asked.pattern {
        Some(field) => language::pattern(context, field, &asked.ignore_case),
        None => {
            context.missing(&asked.at, "pattern", "this condition");
            None
        }
    };
    Some(Condition { variable: variable?, pattern: pattern?, negate: is_on(&asked.negate) })
}

/// Source: application-gateway overview of SKUs: `Basic` has header rewrites only.
fn basic_has_none(context: &mut Context<'_>, rule: &Field<RewriteRule>) {
    let tier = context.gateway.sku.as_ref().and_then(|sku| sku.tier.as_ref()).map(|tier| tier.value);
    let url = rule.action_set.as_ref().and_then(|actions| actions.url_configuration.as_ref());
    if let (Some(Tier::Basic), Some(url)) = (tier, url) {
        let message = "the tier Basic has no rewrites of URLs";
        context.azure_refuses(Problem::warning(codes::URL_REWRITE_SKU, &url.at, message));
    }
}

fn name_of(rule: &RewriteRule) -> &str {
    text(&rule.name).map_or("", |name| &name.value)
}
