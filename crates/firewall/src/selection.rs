//! Which managed rules are meant: rule sets, groups of them, single rules.

use crate::managed::catalogue::{self, Found};
use crate::managed::{Inventory, Remarks};

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

/// The numbers that scopes mean, out of the rules a policy has; no scope means all of them.
pub(crate) fn select(scopes: &[Scope], inventory: &Inventory, at: &str, remarks: &mut Remarks) -> Vec<u32> {
    if scopes.is_empty() {
        return inventory.all();
    }
    let mut ids = Vec::new();
    for (index, scope) in scopes.iter().enumerate() {
        scope.select(inventory, &format!("{at}[{index}]"), &mut ids, remarks);
    }
    inventory.with_stand_in(ids)
}

impl Scope {
    fn select(&self, inventory: &Inventory, at: &str, ids: &mut Vec<u32>, remarks: &mut Remarks) {
        let Some(found) = catalogue::find(&self.kind, &self.version) else {
            return remarks.put(false, at, format!("there is no rule set {} {}", self.kind, self.version));
        };
        if !inventory.has(found.set) {
            let what = format!("{} {} is not a rule set of this policy", self.kind, self.version);
            return remarks.put(true, at, what);
        }
        if self.groups.is_empty() {
            ids.extend(inventory.of_set(found.set));
        }
        for (index, group) in self.groups.iter().enumerate() {
            group.select(inventory, &found, &format!("{at}.ruleGroups[{index}]"), ids, remarks);
        }
    }
}

impl GroupScope {
    fn select(&self, inventory: &Inventory, found: &Found, at: &str, ids: &mut Vec<u32>, remarks: &mut Remarks) {
        let (set, replaced) = (found.set, found.replaced);
        let Some(of_group) = inventory.of_group(set, &self.name) else {
            return remarks.put(replaced, at, format!("{} {} has no group \"{}\"", set.kind, set.version, self.name));
        };
        if self.rules.is_empty() {
            ids.extend(&of_group);
        }
        for id in &self.rules {
            if of_group.contains(id) {
                ids.push(*id);
            } else {
                let name = set.group(&self.name).unwrap_or(&self.name);
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
        let inventory = Inventory::new(vec![catalogue::find(DRS, "2.2").unwrap().set], Vec::new());
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
            let ids = select(&scopes, &inventory, "exclusionManagedRuleSets", &mut remarks);
            let found = (ids.len(), remarks.faults.len(), remarks.warnings.len());
            assert_eq!(found, (count, faults, warnings), "{scopes:?}");
        }
    }
}
