//! Where in the document a fault of managed rules belongs: from its path within `managedRules` to a place.

use model::At;
use model::schema::Field;
use model::web_application_firewall_configuration::WebApplicationFirewallConfiguration;
use model::web_application_firewall_policy::managed_rules::{
    ExceptionEntry, ExclusionEntry, ExclusionManagedRuleSet, ManagedRuleSet, ManagedRulesDefinition,
};

/// What the indices in paths mean.
pub(in crate::compile) enum Places<'a> {
    /// Nothing was read; everything is at the policy.
    Nowhere(&'a At),
    /// A policy. The lists hold what was complete, in the order in which it was handed on.
    Policy {
        /// The property.
        managed: &'a Field<ManagedRulesDefinition>,
        /// `managedRuleSets`.
        sets: Vec<&'a Field<ManagedRuleSet>>,
        /// `exclusions`.
        exclusions: Vec<&'a Field<ExclusionEntry>>,
        /// `exceptions`.
        exceptions: Vec<&'a Field<ExceptionEntry>>,
    },
    /// The settings inside the gateway, told as a policy of one rule set.
    Inline(&'a Field<WebApplicationFirewallConfiguration>),
}

impl Places<'_> {
    /// The place of a path, or of the nearest that is around it.
    pub(in crate::compile) fn at(&self, path: &str) -> &At {
        let mut steps = path.split('.').map(step);
        let (first, second, third) = (steps.next().unwrap_or(("", None)), steps.next(), steps.next());
        match self {
            Self::Nowhere(at) => at,
            Self::Policy { managed, sets, exclusions, exceptions } => match first {
                ("managedRuleSets", None) => managed.managed_rule_sets.at.as_ref(),
                ("managedRuleSets", Some(index)) => sets.get(index).map(|set| in_set(set, second, third)),
                ("exclusions", Some(index)) => exclusions
                    .get(index)
                    .map(|entry| in_scopes(&entry.at, &entry.exclusion_managed_rule_sets, second, third)),
                ("exceptions", Some(index)) => exceptions
                    .get(index)
                    .map(|entry| in_scopes(&entry.at, &entry.exception_managed_rule_sets, second, third)),
                ("exceptions", None) => managed.exceptions.at.as_ref(),
                _ => None,
            }
            .unwrap_or(&managed.at),
            Self::Inline(asked) => inline(asked, first, second, third).unwrap_or(&asked.at),
        }
    }
}

/// A name and its index.
type Step<'p> = (&'p str, Option<usize>);

fn step(part: &str) -> Step<'_> {
    let Some((name, rest)) = part.split_once('[') else { return (part, None) };
    (name, rest.strip_suffix(']').and_then(|index| index.parse().ok()))
}

fn in_set<'f>(set: &'f Field<ManagedRuleSet>, group: Option<Step<'_>>, rule: Option<Step<'_>>) -> &'f At {
    let Some((_, index)) = group else {
        return set.rule_set_version.as_ref().map_or(&set.at, |version| &version.at);
    };
    let Some(group) = index.and_then(|index| set.rule_group_overrides.get(index)) else {
        return set.rule_group_overrides.at.as_ref().unwrap_or(&set.at);
    };
    let rule = rule.and_then(|(_, index)| group.rules.get(index?));
    let name = group.rule_group_name.as_ref().map_or(&group.at, |name| &name.at);
    rule.map_or(name, |rule| rule.rule_id.as_ref().map_or(&rule.at, |id| &id.at))
}

fn in_scopes<'f>(
    at: &'f At,
    scopes: &'f [Field<ExclusionManagedRuleSet>],
    scope: Option<Step<'_>>,
    group: Option<Step<'_>>,
) -> &'f At {
    let Some(scope) = scope.and_then(|(_, index)| scopes.get(index?)) else { return at };
    let group = group.and_then(|(_, index)| scope.rule_groups.get(index?));
    group.map_or(&scope.at, |group| &group.at)
}

fn inline<'f>(
    asked: &'f Field<WebApplicationFirewallConfiguration>,
    first: Step<'_>,
    group: Option<Step<'_>>,
    rule: Option<Step<'_>>,
) -> Option<&'f At> {
    match (first, group) {
        (("exclusions", Some(index)), _) => Some(&asked.exclusions.get(index)?.at),
        ((_, Some(_)), Some((_, Some(index)))) => {
            let group = asked.disabled_rule_groups.get(index)?;
            let rule = rule.and_then(|(_, index)| group.rules.get(index?));
            Some(rule.map_or(&group.at, |rule| &rule.at))
        }
        _ => asked.rule_set_version.as_ref().map(|version| &version.at),
    }
}
