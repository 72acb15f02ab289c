//! The rule sets Azure has, and two of our own: which rules, in which groups, what they score and which of them are on.
//!
//! Rows of one group are put together by what they share; the numbers are those of the core rule set where its rules
//! are meant, and Microsoft's own elsewhere.

mod drs_2_1;
mod drs_2_2;
mod others;
mod owasp_3_2;
pub(super) mod own;

use super::Action;

/// A rule set in one version.
#[derive(Debug, PartialEq, Eq)]
pub struct RuleSet {
    /// `Microsoft_DefaultRuleSet`.
    pub kind: &'static str,
    /// `2.2`.
    pub version: &'static str,
    groups: &'static [Group],
}

#[derive(Debug, PartialEq, Eq)]
struct Group {
    name: &'static str,
    rows: &'static [Row],
}

/// Rules of a group that are alike.
#[derive(Debug, PartialEq, Eq)]
struct Row {
    score: u8,
    level: u8,
    enabled: bool,
    action: Action,
    ids: &'static [u32],
}

/// A rule as it is without overrides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its number.
    pub id: u32,
    /// Its group as the API spells it; empty for rules that Azure lists and never runs.
    pub group: &'static str,
    /// What a match adds to the anomaly score.
    pub score: u8,
    /// Its paranoia level; 0 where there is none.
    pub level: u8,
    /// Whether it is on.
    pub enabled: bool,
    /// What a match does.
    pub action: Action,
}

static SETS: [&RuleSet; 8] = [
    &drs_2_2::DRS_2_2,
    &drs_2_1::DRS_2_1,
    &owasp_3_2::OWASP_3_2,
    &others::BOTS_1_1,
    &others::BOTS_1_0,
    &others::DDOS_1_0,
    &own::BASELINE,
    &own::RULE_FOLDER,
];

/// What a rule set is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Attacks: the core rule set, Microsoft's default rule set, and our own.
    Core,
    /// Bots.
    Bots,
    /// Excessive requests.
    Excess,
}

/// A rule set, and for one that is no longer there the one that stands for it.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The rule set.
    pub set: &'static RuleSet,
    /// An older one was asked for.
    pub replaced: bool,
}

/// Finds a rule set; versions 3.0 and 3.1 of `OWASP` are run as 3.2.
///
/// Source: `application-gateway-crs-rulegroups-rules`: both end on 26 February 2027.
#[must_use]
pub fn find(kind: &str, version: &str) -> Option<Found> {
    let replaced = kind.eq_ignore_ascii_case("OWASP") && matches!(version, "3.0" | "3.1");
    let version = if replaced { "3.2" } else { version };
    let set = SETS.iter().find(|set| set.kind.eq_ignore_ascii_case(kind) && set.version == version)?;
    Some(Found { set, replaced })
}

impl RuleSet {
    /// What it is for.
    #[must_use]
    pub fn purpose(&self) -> Purpose {
        match self.kind {
            "Microsoft_BotManagerRuleSet" => Purpose::Bots,
            "Microsoft_HTTPDDoSRuleSet" => Purpose::Excess,
            _ => Purpose::Core,
        }
    }

    /// Whether it is one of ours, which Azure refuses.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.kind.starts_with("Gatehouse_")
    }

    /// Whether its rules are those of a folder.
    pub(crate) fn is_folder(&self) -> bool {
        self.kind == own::RULE_FOLDER.kind
    }

    /// Its rules; those of a folder are in the folder alone.
    pub fn rules(&self) -> impl Iterator<Item = Rule> {
        self.groups.iter().flat_map(|group| {
            group.rows.iter().flat_map(|row| {
                row.ids.iter().map(|id| Rule {
                    id: *id,
                    group: group.name,
                    score: row.score,
                    level: row.level,
                    enabled: row.enabled,
                    action: row.action,
                })
            })
        })
    }

    /// A group's name as the API spells it; case does not matter.
    #[must_use]
    pub fn group(&self, name: &str) -> Option<&'static str> {
        let named = self.groups.iter().filter(|group| !group.name.is_empty());
        named.map(|group| group.name).find(|known| known.eq_ignore_ascii_case(name))
    }
}

/// Rules that score and are on.
const fn scored(score: u8, level: u8, ids: &'static [u32]) -> Row {
    Row { score, level, enabled: true, action: Action::AnomalyScoring, ids }
}

/// Rules that score once somebody switches them on.
const fn off(score: u8, level: u8, ids: &'static [u32]) -> Row {
    Row { score, level, enabled: false, action: Action::AnomalyScoring, ids }
}

/// Rules that only log.
const fn logged(ids: &'static [u32]) -> Row {
    Row { score: 0, level: 0, enabled: true, action: Action::Log, ids }
}

/// Rules that block.
const fn blocked(ids: &'static [u32]) -> Row {
    Row { score: 0, level: 0, enabled: true, action: Action::Block, ids }
}

/// Rules that end evaluation in the request's favour.
const fn allowed(ids: &'static [u32]) -> Row {
    Row { score: 0, level: 0, enabled: true, action: Action::Allow, ids }
}

/// Rules that Azure lists and never runs, whatever is asked for.
const fn never(ids: &'static [u32]) -> Row {
    Row { score: 0, level: 0, enabled: false, action: Action::Log, ids }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(kind: &str, version: &str, wanted: impl Fn(&Rule) -> bool) -> usize {
        find(kind, version).unwrap().set.rules().filter(wanted).count()
    }

    #[test]
    fn the_sets_have_as_many_rules_as_azure_lists() {
        const DRS: &str = "Microsoft_DefaultRuleSet";
        for (kind, version, all, on) in [
            (DRS, "2.2", 200, 117),
            (DRS, "2.1", 190, 190),
            ("OWASP", "3.2", 187, 167),
            ("Microsoft_BotManagerRuleSet", "1.1", 17, 17),
            ("Microsoft_BotManagerRuleSet", "1.0", 11, 11),
            ("Microsoft_HTTPDDoSRuleSet", "1.0", 2, 2),
        ] {
            assert_eq!(
                (count(kind, version, |_| true), count(kind, version, |rule| rule.enabled)),
                (all, on),
                "{kind}"
            );
        }
        assert_eq!(count(DRS, "2.2", |rule| rule.group == "SQLI" && rule.level == 2), 23);
    }

    #[test]
    fn azure_scores_some_rules_otherwise_than_their_authors() {
        let rule = |version, id| {
            let set = find("Microsoft_DefaultRuleSet", version).unwrap().set;
            set.rules().find(|rule| rule.id == id).map(|rule| (rule.score, rule.level))
        };
        assert_eq!(rule("2.2", 920_100), Some((2, 1)));
        assert_eq!(rule("2.2", 941_120), Some((5, 2)));
        assert_eq!(rule("2.1", 920_270), Some((4, 1)));
        assert_eq!(rule("2.1", 920_210), Some((5, 1)));
        assert_eq!(rule("2.2", 942_130), None);
    }

    #[test]
    fn older_versions_are_run_as_the_oldest_that_is_left() {
        let found = find("owasp", "3.1").unwrap();
        assert!(found.replaced && found.set.version == "3.2");
        assert!(!find("OWASP", "3.2").unwrap().replaced);
        assert!(find("OWASP", "2.2.9").is_none() && find("Microsoft_DefaultRuleSet", "3.0").is_none());
    }
}
