//! Which managed rules are meant: rule sets, groups of them, single rules.

use crate::managed::{Remarks, RuleSet, catalogue};

/// A rule set, or some of its groups.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// `ruleSetType`.
    pub kind: String,
    /// `ruleSetVersion`.
    pub version: String,
    /// `ruleGroups`; none means the whole set.
    pub groups: Vec<GroupScope>,
}

/// A group, or some of its rules.
#[derive(Clone, Debug, Default)]
pub struct GroupScope {
    /// `ruleGroupName`.
    pub name: String,
    /// `rules`; none means the whole group.
    pub rules: Vec<u32>,
}

/// The numbers that scopes mean, out of the sets a policy has; no scope means all of them.
pub(crate) fn select(scopes: &[Scope], sets: &[&'static RuleSet], at: &str, remarks: &mut Remarks) -> Vec<u32> {
    if scopes.is_empty() {
        return sets.iter().flat_map(|set| set.rules()).map(|rule| rule.id).collect();
    }
    let mut ids = Vec::new();
    for (index, scope) in scopes.iter().enumerate() {
        scope.select(sets, &format!("{at}[{index}]"), &mut ids, remarks);
    }
    ids
}

impl Scope {
    fn select(&self, sets: &[&'static RuleSet], at: &str, ids: &mut Vec<u32>, remarks: &mut Remarks) {
        let Some(found) = catalogue::find(&self.kind, &self.version) else {
            return remarks.put(false, at, format!("there is no rule set {} {}", self.kind, self.version));
        };
        if !sets.iter().any(|set| std::ptr::eq(*set, found.set)) {
            let what = format!("{} {} is not a rule set of this policy", self.kind, self.version);
            return remarks.put(true, at, what);
        }
        if self.groups.is_empty() {
            ids.extend(found.set.rules().map(|rule| rule.id));
        }
        for (index, group) in self.groups.iter().enumerate() {
            group.select(found.set, found.replaced, &format!("{at}.ruleGroups[{index}]"), ids, remarks);
        }
    }
}

impl GroupScope {
    fn select(&self, set: &'static RuleSet, replaced: bool, at: &str, ids: &mut Vec<u32>, remarks: &mut Remarks) {
        let Some(name) = set.group(&self.name) else {
            return remarks.put(replaced, at, format!("{} {} has no group \"{}\"", set.kind, set.version, self.name));
        };
        let of_group = || set.rules().filter(|rule| rule.group == name);
        if self.rules.is_empty() {
            ids.extend(of_group().map(|rule| rule.id));
        }
        for id in &self.rules {
            if of_group().any(|rule| rule.id == *id) {
                ids.push(*id);
            } else {
                remarks.put(replaced, at, format!("group {name} has no rule {id}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(kind: &str, version: &str, groups: &[(&str, &[u32])]) -> Scope {
        let group = |(name, rules): &(&str, &[u32])| GroupScope { name: (*name).to_owned(), rules: rules.to_vec() };
        Scope { kind: kind.to_owned(), version: version.to_owned(), groups: groups.iter().map(group).collect() }
    }

    #[test]
    fn scopes_mean_sets_groups_and_rules() {
        const DRS: &str = "Microsoft_DefaultRuleSet";
        let sets = [catalogue::find(DRS, "2.2").unwrap().set];
        for (scopes, count, faults, warnings) in [
            (vec![], 200, 0, 0),
            (vec![scope(DRS, "2.2", &[])], 200, 0, 0),
            (vec![scope(DRS, "2.2", &[("LFI", &[])])], 4, 0, 0),
            (vec![scope(DRS, "2.2", &[("LFI", &[930_100]), ("rfi", &[])])], 5, 0, 0),
            (vec![scope(DRS, "2.2", &[("LFI", &[931_100])])], 0, 1, 0),
            (vec![scope(DRS, "2.2", &[("NONE", &[])])], 0, 1, 0),
            (vec![scope(DRS, "2.1", &[])], 0, 0, 1),
            (vec![scope(DRS, "9", &[])], 0, 1, 0),
        ] {
            let mut remarks = Remarks::default();
            let ids = select(&scopes, &sets, "exclusionManagedRuleSets", &mut remarks);
            let found = (ids.len(), remarks.faults.len(), remarks.warnings.len());
            assert_eq!(found, (count, faults, warnings), "{scopes:?}");
        }
    }
}
