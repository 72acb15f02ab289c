//! The baseline as a rule set and in place of others, and actions that sets have or have not.

use super::*;

#[test]
fn without_a_folder_the_baseline_stands_in_with_a_warning() {
    let mut builder = Builder::builtin();
    let (limits, scrubbing) = (Limits::default(), Scrubbing::default());
    let no_sql = drs(&[("SQLI", &[])]);
    for (kind, version, overrides) in [(DRS, "2.2", no_sql.sets[0].overrides.clone()), ("OWASP", "3.1", vec![])] {
        let set = SetSpec { kind: kind.to_owned(), version: version.to_owned(), overrides };
        let built = builder.build(&Spec { sets: vec![set], ..Spec::default() }, Mode::Prevention, &limits, &scrubbing);
        let built = built.unwrap();
        let warning = &built.warnings.last().unwrap().what;
        assert!(warning.contains("is run as Gatehouse_Baseline 1.0"), "{warning}");
        assert!(built.missing.is_empty(), "what the baseline has is there");
        let found = inspect(&built.managed, SQL, Mode::Prevention);
        let row = &found.events[0];
        assert!(found.refuses && row.rule_set_type == "Gatehouse_Baseline" && row.rule_group == "SQLI", "{row:?}");
    }
    let wrong = drs(&[("SQLI", &[(941_100, true, None)])]);
    let faults = builder.build(&wrong, Mode::Prevention, &limits, &scrubbing).unwrap_err();
    assert_eq!(faults.len(), 1, "the policy is looked at all the same: {faults:?}");
}

#[test]
fn the_baseline_is_a_set_with_groups_rules_and_points() {
    let baseline =
        |overrides: &[Group<'_>]| Spec { sets: vec![set("Gatehouse_Baseline", "1.0", overrides)], ..Spec::default() };
    let mut builder = Builder::builtin();
    for (overrides, refuses, rows) in [
        (vec![], true, vec![("66030010", "Matched"), ("66030020", "Matched"), ("949110", "Blocked")]),
        (vec![("sqli", &[][..])], false, vec![]),
        (vec![("SQLI", &[(66_030_010, false, None)][..])], true, vec![("66030020", "Matched"), ("949110", "Blocked")]),
        (
            vec![("SQLI", &[(66_030_010, true, Some(Action::Log)), (66_030_020, true, Some(Action::Log))][..])],
            false,
            vec![("66030010", "Log"), ("66030020", "Log")],
        ),
        (vec![("SQLI", &[(66_030_010, true, Some(Action::Block))][..])], true, vec![("66030010", "Blocked")]),
    ] {
        let managed = build(&mut builder, &baseline(&overrides), Mode::Prevention);
        let found = inspect(&managed, SQL, Mode::Prevention);
        let told: Vec<_> = found.events.iter().map(|row| (row.rule_id.as_str(), row.action.name())).collect();
        assert_eq!((found.refuses, told), (refuses, rows), "{overrides:?}");
    }
    let managed = build(&mut builder, &baseline(&[]), Mode::Detection);
    let found = inspect(&managed, SQL, Mode::Detection);
    let (first, last) = (&found.events[0], found.events.last().unwrap());
    assert_eq!((first.rule_set_type, first.rule_set_version), ("Gatehouse_Baseline", "1.0"));
    assert_eq!(first.details.as_ref().unwrap().file, "baseline/30-sql.conf");
    assert_eq!((last.action, &*last.rule_group), (events::Action::Detected, "BLOCKING-EVALUATION"));
    assert_eq!(found.explanation.ladder.iter().map(|rung| rung.points).collect::<Vec<_>>(), [5, 5]);
}

#[test]
fn exclusions_reach_the_baseline_by_rule_by_group_and_through_the_set_it_stands_in_for() {
    let scope = |kind: &str, version: &str, group: &str, rules: &[u32]| Scope {
        kind: kind.to_owned(),
        version: version.to_owned(),
        groups: vec![GroupScope { name: group.to_owned(), rules: rules.to_vec() }],
    };
    let of_baseline = |group: &str, rules: &[u32]| vec![scope("Gatehouse_Baseline", "1.0", group, rules)];
    let both = of_baseline("SQLI", &[66_030_010, 66_030_020]);
    for (kind, version, scopes, refuses) in [
        ("Gatehouse_Baseline", "1.0", vec![], false),
        ("Gatehouse_Baseline", "1.0", both.clone(), false),
        ("Gatehouse_Baseline", "1.0", of_baseline("SQLI", &[]), false),
        ("Gatehouse_Baseline", "1.0", of_baseline("XSS", &[]), true),
        (DRS, "2.2", vec![], false),
        (DRS, "2.2", both, false),
        (DRS, "2.2", vec![scope(DRS, "2.2", "SQLI", &[942_100])], false),
    ] {
        let exclusion = exclusions::Spec {
            variable: Variable::ArgValues,
            operator: Operator::Equals,
            selector: "id".to_owned(),
            scopes: scopes.clone(),
        };
        let spec = Spec { sets: vec![set(kind, version, &[])], exclusions: vec![exclusion], exceptions: Vec::new() };
        let managed = build(&mut Builder::builtin(), &spec, Mode::Prevention);
        assert_eq!(inspect(&managed, SQL, Mode::Prevention).refuses, refuses, "{kind} {scopes:?}");
        let other = SQL.replace("id=", "other=");
        assert!(inspect(&managed, &other, Mode::Prevention).refuses, "another argument");
    }
}

#[test]
fn a_captcha_cannot_be_served_and_a_challenge_is_for_bots() {
    let spec = |kind: &str, version: &str, group: &str, id, action| Spec {
        sets: vec![set(kind, version, &[(group, &[(id, true, Some(action))])])],
        ..Spec::default()
    };
    const BOTS: &str = "Microsoft_BotManagerRuleSet";
    for (spec, expected) in [
        (spec(BOTS, "1.1", "UnknownBots", 300_300, Action::JsChallenge), None),
        (spec(BOTS, "1.1", "UnknownBots", 300_300, Action::Captcha), Some("a CAPTCHA cannot be served")),
        (spec("Gatehouse_Baseline", "1.0", "SQLI", 66_030_010, Action::Captcha), Some("cannot be served")),
        (spec("Gatehouse_Baseline", "1.0", "SQLI", 66_030_010, Action::JsChallenge), Some("the action JSChallenge")),
    ] {
        let built = Builder::builtin().build(&spec, Mode::Prevention, &Limits::default(), &Scrubbing::default());
        let found = built.err().map(|faults| faults.iter().map(|fault| fault.what.clone()).collect::<String>());
        assert_eq!(found.is_some(), expected.is_some(), "{found:?}");
        assert!(found.unwrap_or_default().contains(expected.unwrap_or_default()), "{expected:?}");
    }
}
