//! The rules that the managed rules of one policy are made of, by number and group.

use std::sync::Arc;

use super::RuleSet;
use super::catalogue::own::BASELINE;

/// A rule of a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InFolder {
    pub(crate) id: u32,
    /// The file it stands in, without `.conf`.
    pub(crate) group: Arc<str>,
}

/// The rule sets of a policy and their rules.
#[derive(Clone, Debug, Default)]
pub(crate) struct Inventory {
    sets: Vec<&'static RuleSet>,
    folder: Vec<InFolder>,
    /// The set that the baseline stands in for.
    replaced: Option<&'static RuleSet>,
}

impl Inventory {
    /// Of these sets; `folder` are the rules of the folder, if that is one of them.
    pub(crate) fn new(sets: Vec<&'static RuleSet>, folder: Vec<InFolder>) -> Self {
        Self { sets, folder, replaced: None }
    }

    /// The baseline is run in place of one of the sets; who names rules of that set means all of the baseline.
    pub(crate) fn replace(&mut self, set: &'static RuleSet) {
        self.replaced = Some(set);
        self.sets.push(&BASELINE);
    }

    pub(crate) fn has(&self, set: &'static RuleSet) -> bool {
        self.sets.iter().any(|known| std::ptr::eq(*known, set))
    }

    /// All rules of all sets.
    pub(crate) fn all(&self) -> Vec<u32> {
        self.sets.iter().flat_map(|set| self.of_set(set)).collect()
    }

    /// All rules of a set.
    pub(crate) fn of_set(&self, set: &'static RuleSet) -> Vec<u32> {
        if set.is_folder() {
            return self.folder.iter().map(|rule| rule.id).collect();
        }
        set.rules().map(|rule| rule.id).collect()
    }

    /// The rules of a group; none where there is no such group.
    pub(crate) fn of_group(&self, set: &'static RuleSet, name: &str) -> Option<Vec<u32>> {
        if set.is_folder() {
            let named = self.folder.iter().filter(|rule| rule.group.eq_ignore_ascii_case(name));
            let ids: Vec<u32> = named.map(|rule| rule.id).collect();
            return (!ids.is_empty()).then_some(ids);
        }
        let name = set.group(name)?;
        Some(set.rules().filter(|rule| rule.group == name).map(|rule| rule.id).collect())
    }

    /// Adds what stands in for rules of a set that is not run.
    pub(crate) fn with_stand_in(&self, mut ids: Vec<u32>) -> Vec<u32> {
        let replaced = self.replaced.is_some_and(|set| set.rules().any(|rule| ids.contains(&rule.id)));
        if replaced {
            ids.extend(BASELINE.rules().map(|rule| rule.id));
        }
        ids
    }
}
