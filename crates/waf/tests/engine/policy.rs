//! What directives and policies change about rules that stand elsewhere.

use waf::program::{Exclusion, Options, Override, Rules};
use waf::variables::{Omission, Selector, Variable};

use crate::request::{Request, compile, get, hits, ids, run};

const RULES: &str = r#"
    SecRule ARGS|REQUEST_HEADERS:X "@streq x" "id:10,phase:2,pass,msg:'first thing',tag:'attack-a'"
    SecRule ARGS "@streq x" "id:11,phase:2,pass,msg:'second thing',tag:'attack-b',chain"
        SecRule ARGS:a "@streq x"
    SecRule ARGS "@streq x" "id:20,phase:2,pass,tag:'attack-b'"
"#;

#[test]
fn directives_remove_and_change_rules_wherever_they_stand() {
    for (directive, expected) in [
        ("SecRuleRemoveById 10", vec![11, 20]),
        ("SecRuleRemoveById 10-11 \"20\"", vec![]),
        ("SecRuleRemoveByTag \"^attack-b$\"", vec![10]),
        ("SecRuleRemoveByMsg thing", vec![20]),
        ("SecRuleUpdateTargetById 10-11 \"!ARGS:a\"", vec![20]),
        ("SecRuleUpdateTargetById 20 !ARGS:/^A/,REQUEST_METHOD", vec![10, 11]),
        ("SecRuleUpdateTargetByTag attack-b \"!ARGS\"", vec![10]),
        ("SecRuleUpdateTargetByMsg first \"!ARGS:a|!REQUEST_HEADERS:X\"", vec![11, 20]),
        ("SecRuleUpdateActionById 10 \"nolog\"", vec![11, 20]),
        ("SecRuleUpdateActionById 10 \"deny,status:404\"", vec![10]),
    ] {
        assert_eq!(hits(&format!("{RULES}\n{directive}"), &get("/?a=x")), expected, "after: {directive}");
        assert_eq!(hits(&format!("{directive}\n{RULES}"), &get("/?a=x")), expected, "before: {directive}");
    }
}

#[test]
fn a_policy_overrides_what_rules_do() {
    let scored = format!("{RULES}\nSecRule ARGS \"@streq x\" \"id:30,phase:2,deny,setvar:tx.score=+5\"");
    for (change, expected, stopped, points) in [
        (None, vec![10, 11, 20, 30], true, 1),
        (Some((30, Override::Disable)), vec![10, 11, 20], false, 0),
        (Some((30, Override::LogOnly)), vec![10, 11, 20, 30], false, 0),
        (Some((11, Override::Deny)), vec![10, 11], true, 0),
        (Some((11, Override::Allow)), vec![10, 11], false, 0),
    ] {
        let overrides = change.into_iter().map(|(id, change)| (Rules::Ids(vec![id]), change)).collect();
        let options = Options { overrides, ..Options::default() };
        let verdict = run(&compile(&scored, &options).unwrap(), &get("/?a=x"));
        assert_eq!((ids(&verdict), verdict.is_stopped()), (expected, stopped), "{change:?}");
        assert_eq!(verdict.scores.len(), points, "{change:?}");
    }
}

#[test]
fn an_exclusion_leaves_values_out_by_the_spelling_of_their_keys() {
    let text = |text: &str| -> Box<[u8]> { text.as_bytes().into() };
    for (selector, expected) in [
        (Selector::Exact(text("Name")), vec!["name"]),
        (Selector::Key(text("NAME")), vec![]),
        (Selector::StartsWith(text("N")), vec!["name"]),
        (Selector::EndsWith(text("ame")), vec![]),
        (Selector::Contains(text("na")), vec!["Name"]),
        (Selector::All, vec![]),
    ] {
        let omission = Omission { variable: Variable::Args, selector: selector.clone() };
        let exclusions = vec![Exclusion { rules: Rules::Range(1, 99), omission }];
        let options = Options { exclusions, ..Options::default() };
        let rules = "SecRule ARGS \"@streq x\" \"id:1,phase:2,pass\"";
        let verdict = run(&compile(rules, &options).unwrap(), &get("/?Name=x&name=x"));
        let values = verdict.matches.iter().flat_map(|found| &found.values);
        let names: Vec<&str> = values.map(|value| value.name.trim_start_matches("ARGS:")).collect();
        assert_eq!(names, expected, "{selector:?}");
    }
}

#[test]
fn what_a_policy_excludes_is_counted_and_what_a_rule_leaves_out_is_not() {
    let rules = r#"
        SecRule &REQUEST_HEADERS:X "@eq 0" "id:1,phase:2,pass,msg:'missing'"
        SecRule REQUEST_HEADERS:X "@streq x" "id:2,phase:2,pass"
    "#;
    let left_out = format!("{rules}\nSecRuleUpdateTargetById 1-2 !REQUEST_HEADERS:X");
    let exclusion =
        |selector| Exclusion { rules: Rules::All, omission: Omission { variable: Variable::RequestHeaders, selector } };
    let key = || Selector::Key(b"x".as_slice().into());
    let request = Request { headers: vec![("X", "x")], ..get("/") };
    for (rules, exclusions, expected) in [
        (rules, vec![], vec![2]),
        (rules, vec![exclusion(key())], vec![]),
        (rules, vec![exclusion(Selector::All)], vec![]),
        (rules, vec![exclusion(Selector::KeyStart(b"X".as_slice().into()))], vec![]),
        (&left_out, vec![], vec![1]),
        (&left_out, vec![exclusion(key())], vec![1]),
    ] {
        let options = Options { exclusions, ..Options::default() };
        let verdict = run(&compile(rules, &options).unwrap(), &request);
        assert_eq!(ids(&verdict), expected, "{:?}", options.exclusions);
    }
}

#[test]
fn programs_are_shared_between_threads_and_transactions_move_between_them() {
    fn shared<T: Send + Sync>() {}
    fn moved<T: Send>() {}
    shared::<waf::program::Program>();
    moved::<waf::transaction::Transaction>();
    moved::<waf::verdict::Verdict>();
}
