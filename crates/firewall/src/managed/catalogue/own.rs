//! Rule sets of our own, which Azure does not know: the baseline, and a folder of rules as it is written.

use super::{Group, RuleSet, scored};

/// `Gatehouse_Baseline` 1.0: [`crate::baseline`], in groups after what its rules look for.
pub(in crate::managed) static BASELINE: RuleSet = RuleSet {
    kind: "Gatehouse_Baseline",
    version: "1.0",
    groups: &[
        Group { name: "General", rows: &[scored(5, 1, &[200002, 200003, 200004])] },
        Group {
            name: "PROTOCOL",
            rows: &[scored(5, 1, &[66_010_010, 66_010_020, 66_010_030, 66_010_040, 66_010_050])],
        },
        Group {
            name: "FILES",
            rows: &[scored(
                5,
                1,
                &[66_020_010, 66_020_020, 66_020_030, 66_020_040, 66_020_050, 66_020_060, 66_020_070, 66_020_080],
            )],
        },
        Group { name: "SQLI", rows: &[scored(5, 1, &[66_030_010, 66_030_020, 66_030_030, 66_030_040])] },
        Group { name: "XSS", rows: &[scored(5, 1, &[66_040_010, 66_040_020])] },
        Group { name: "RCE", rows: &[scored(5, 1, &[66_050_010, 66_050_020, 66_050_030, 66_050_040, 66_050_050])] },
        Group {
            name: "CODE",
            rows: &[scored(
                5,
                1,
                &[66_060_010, 66_060_020, 66_060_030, 66_060_040, 66_060_050, 66_060_060, 66_060_070, 66_060_080],
            )],
        },
    ],
};

/// `Gatehouse_RuleFolder` 1.0: its rules are those of the folder, and so are its groups, which are its files.
pub(in crate::managed) static RULE_FOLDER: RuleSet =
    RuleSet { kind: "Gatehouse_RuleFolder", version: "1.0", groups: &[] };

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::baseline;

    #[test]
    fn the_baseline_has_the_rules_that_it_lists_each_in_the_group_of_its_number() {
        let ids = baseline::document().unwrap().ids().collect::<Vec<_>>();
        let detects = |id: &&u32| (66_010_000..66_090_000).contains(*id) || (200_002..=200_004).contains(*id);
        let written: BTreeSet<u32> = ids.iter().filter(detects).copied().collect();
        let listed: BTreeSet<u32> = BASELINE.rules().map(|rule| rule.id).collect();
        assert_eq!(written, listed);
        for rule in BASELINE.rules() {
            let expected = match rule.id / 10_000 {
                20 => "General",
                6601 => "PROTOCOL",
                6602 => "FILES",
                6603 => "SQLI",
                6604 => "XSS",
                6605 => "RCE",
                _ => "CODE",
            };
            assert_eq!(rule.group, expected, "{}", rule.id);
        }
    }
}
