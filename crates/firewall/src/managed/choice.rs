//! Which rules of a set are on and what they do, once overrides are applied.

use std::collections::BTreeMap;

use waf::seclang::Fault as RuleFault;

use super::catalogue::{Purpose, RuleSet};
use super::{Action, Fault, SetSpec};

/// A rule that is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Active {
    pub(crate) group: &'static str,
    pub(crate) score: u8,
    pub(crate) level: u8,
    pub(crate) action: Action,
}

/// A rule set with the rules that are on.
#[derive(Clone, Debug)]
pub(crate) struct Choice {
    pub(crate) set: &'static RuleSet,
    pub(crate) rules: BTreeMap<u32, Active>,
}

/// Problems and remarks.
#[derive(Debug, Default)]
pub(crate) struct Remarks {
    pub(crate) faults: Vec<Fault>,
    pub(crate) warnings: Vec<Fault>,
}

impl Choice {
    /// What is on by default.
    pub(crate) fn by_default(set: &'static RuleSet) -> Self {
        let on = set.rules().filter(|rule| rule.enabled);
        Self { set, rules: on.map(|rule| (rule.id, active(&rule))).collect() }
    }

    /// Applies overrides to what is on by default. `replaced`: they were written for an older version, so that rules
    /// that are no longer there are only remarked upon.
    pub(crate) fn new(set: &'static RuleSet, spec: &SetSpec, replaced: bool, at: &str, remarks: &mut Remarks) -> Self {
        let mut choice = Self::by_default(set);
        if set.is_folder() && !spec.overrides.is_empty() {
            let what = "a folder of rules has no overrides; write `SecRuleRemoveById` with the rule's number into its \
                        set-up (`firewall.setup`, or crs-setup.conf in the folder)";
            remarks.put(false, &format!("{at}.ruleGroupOverrides"), what.to_owned());
            return choice;
        }
        for (index, group) in spec.overrides.iter().enumerate() {
            let at = format!("{at}.ruleGroupOverrides[{index}]");
            let Some(name) = set.group(&group.group) else {
                let what = format!("{} {} has no group \"{}\"", set.kind, set.version, group.group);
                remarks.put(replaced, &at, what);
                continue;
            };
            if group.rules.is_empty() {
                choice.rules.retain(|_, rule| rule.group != name);
            }
            for (index, rule) in group.rules.iter().enumerate() {
                choice.override_rule(name, rule, replaced, &format!("{at}.rules[{index}]"), remarks);
            }
        }
        choice
    }

    fn override_rule(
        &mut self,
        group: &'static str,
        spec: &super::RuleOverride,
        replaced: bool,
        at: &str,
        remarks: &mut Remarks,
    ) {
        let Some(rule) = self.set.rules().find(|rule| rule.id == spec.id && [group, ""].contains(&rule.group)) else {
            // The words are Azure's: `upgrade-ruleset-version`.
            let what = format!("The override Rule '{}' is unknown for RuleGroup '{group}'", spec.id);
            return remarks.put(replaced, at, what);
        };
        if rule.group.is_empty() {
            let what = format!("rule {} is of paranoia level 3 or 4 and never runs", spec.id);
            return remarks.put(true, at, what);
        }
        let action = spec.action.unwrap_or(rule.action);
        if action == Action::Captcha {
            let what = format!("rule {}: a CAPTCHA cannot be served; JSChallenge can", spec.id);
            return remarks.put(false, at, what);
        }
        if !allowed(self.set.purpose(), action) && spec.action.is_some() {
            let what = format!("rule {} of {} cannot have the action {}", spec.id, self.set.kind, action.name());
            return remarks.put(false, at, what);
        }
        if spec.enabled {
            self.rules.insert(rule.id, Active { action, ..active(&rule) });
        } else {
            self.rules.remove(&rule.id);
        }
    }
}

impl Remarks {
    /// Adds a problem, or a remark where it stops nothing.
    pub(crate) fn put(&mut self, harmless: bool, at: &str, what: String) {
        let list = if harmless { &mut self.warnings } else { &mut self.faults };
        list.push(Fault::new(at, what));
    }

    /// Adds what is wrong with rules.
    pub(crate) fn of_rules(&mut self, faults: &[RuleFault]) {
        self.faults.extend(faults.iter().map(|fault| Fault::new("managedRuleSets", fault.to_string())));
    }
}

fn active(rule: &super::catalogue::Rule) -> Active {
    Active { group: rule.group, score: rule.score, level: rule.level, action: rule.action }
}

/// Bots do not score, and nothing but a bot is let through by a rule.
fn allowed(purpose: Purpose, action: Action) -> bool {
    match purpose {
        Purpose::Core => matches!(action, Action::AnomalyScoring | Action::Block | Action::Log),
        Purpose::Bots => action != Action::AnomalyScoring,
        Purpose::Excess => matches!(action, Action::Block | Action::Log),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{GroupOverride, RuleOverride, catalogue};
    use super::*;

    fn choose(version: &str, group: &str, rules: &[(u32, bool, Option<Action>)]) -> (Choice, Remarks) {
        let rules =
            rules.iter().map(|(id, enabled, action)| RuleOverride { id: *id, enabled: *enabled, action: *action });
        let overrides = vec![GroupOverride { group: group.to_owned(), rules: rules.collect() }];
        let kind = if version.starts_with('3') { "OWASP" } else { "Microsoft_DefaultRuleSet" };
        let spec = SetSpec { kind: kind.to_owned(), version: version.to_owned(), overrides };
        let found = catalogue::find(&spec.kind, version).unwrap();
        let mut remarks = Remarks::default();
        let choice = Choice::new(found.set, &spec, found.replaced, "managedRuleSets[0]", &mut remarks);
        (choice, remarks)
    }

    #[test]
    fn an_override_of_a_group_without_rules_switches_the_group_off() {
        let (choice, remarks) = choose("2.2", "sqli", &[]);
        assert!(!choice.rules.values().any(|rule| rule.group == "SQLI"));
        assert_eq!(choice.rules.len(), 117 - 16);
        assert!(remarks.faults.is_empty() && remarks.warnings.is_empty());
    }

    #[test]
    fn an_override_says_whether_its_rule_is_on_and_what_it_does() {
        for (id, enabled, action, expected) in [
            (942_100, false, None, None),
            (942_100, true, None, Some((5, Action::AnomalyScoring))),
            (942_100, true, Some(Action::Block), Some((5, Action::Block))),
            (942_110, true, None, Some((3, Action::AnomalyScoring))),
            (942_110, true, Some(Action::Log), Some((3, Action::Log))),
        ] {
            let (choice, _) = choose("2.2", "SQLI", &[(id, enabled, action)]);
            assert_eq!(choice.rules.get(&id).map(|rule| (rule.score, rule.action)), expected, "{id} {action:?}");
        }
    }

    #[test]
    fn what_an_override_gets_wrong_is_a_fault_and_for_an_older_set_a_remark() {
        let (_, remarks) = choose("2.2", "SQLI", &[(941_100, true, None)]);
        assert_eq!(remarks.faults[0].what, "The override Rule '941100' is unknown for RuleGroup 'SQLI'");
        assert_eq!(remarks.faults[0].at, "managedRuleSets[0].ruleGroupOverrides[0].rules[0]");
        let (_, remarks) = choose("2.2", "SQL", &[]);
        assert_eq!(remarks.faults[0].what, "Microsoft_DefaultRuleSet 2.2 has no group \"SQL\"");
        let (_, remarks) = choose("2.2", "SQLI", &[(942_100, true, Some(Action::Allow))]);
        assert_eq!(remarks.faults.len(), 1);
        let (_, remarks) = choose("3.1", "REQUEST-942-APPLICATION-ATTACK-SQLI", &[(941_100, true, None)]);
        assert_eq!((remarks.faults.len(), remarks.warnings.len()), (0, 1));
    }

    #[test]
    fn rules_that_azure_never_runs_cannot_be_switched_on() {
        let (choice, remarks) = choose("3.2", "REQUEST-942-APPLICATION-ATTACK-SQLI", &[(942_251, true, None)]);
        assert!(!choice.rules.contains_key(&942_251) && remarks.faults.is_empty());
        assert_eq!(remarks.warnings.len(), 1);
    }
}
