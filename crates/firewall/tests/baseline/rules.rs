//! The rule set as text.

use firewall::baseline;
use waf::Severity;

use crate::attacks;
use crate::request::program;

#[test]
fn it_says_what_it_is_and_nothing_in_it_is_missing() {
    assert_eq!(program().signatures(), [baseline::SIGNATURE]);
    assert!(program().unavailable().is_empty());
}

#[test]
fn numbers_are_its_own_and_each_rule_says_what_it_is_for() {
    let own: Vec<_> = program().rules().filter(|rule| baseline::IDS.contains(&rule.id)).collect();
    let others: Vec<u32> = program().rules().map(|rule| rule.id).filter(|id| !baseline::IDS.contains(id)).collect();
    assert_eq!(others, [200_000, 200_001, 200_006, 200_002, 200_003, 200_004, baseline::DECISION]);
    let telling: Vec<_> = own.iter().filter(|rule| rule.severity.is_some()).collect();
    for rule in &telling {
        assert_eq!(rule.severity, Some(Severity::Critical), "{}", rule.id);
        let has = |start: &str| rule.tags.iter().any(|tag| tag.starts_with(start));
        assert!(has("gatehouse-baseline") && has("attack-") && has("paranoia-level/1"), "{}", rule.id);
    }
    assert_eq!(telling.len(), attacks::rules().len(), "each rule has attacks that it finds");
}
