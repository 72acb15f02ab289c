//! What cannot be a rule, all of it at once and with its place.

use super::*;
use crate::rate::GroupBy;

/// Faults as `rule/condition/value text`.
fn faults(rules: &[RuleSpec]) -> Vec<String> {
    let place = |place: Option<usize>| place.map_or("-".to_owned(), |place| place.to_string());
    let faults = Rules::new(rules).err().unwrap_or_default();
    let show = |f: &Fault| format!("{}/{}/{} {}", f.rule, place(f.condition), place(f.value), f.what);
    faults.iter().map(show).collect()
}

fn of(spec: ConditionSpec) -> Vec<String> {
    faults(&[rule("r", 1, Action::Block, vec![spec])])
}

#[test]
fn what_is_wrong_with_a_condition_is_told() {
    use Operator::*;
    use Variable::*;
    for (spec, wanted) in [
        (condition(RequestUri, "a", Equal, &["a"]), "0/0/0 RequestUri takes no selector"),
        (condition(RequestBody, "a", Equal, &["a"]), "0/0/0 RequestBody takes no selector"),
        (
            condition(RequestHeaders, "a", IpMatch, &["10.0.0.1"]),
            "0/0/0 IPMatch compares RemoteAddr only, not RequestHeaders",
        ),
        (condition(RequestUri, "", GeoMatch, &["DE"]), "0/0/0 GeoMatch compares RemoteAddr only, not RequestUri"),
        (condition(RequestUri, "", Equal, &[]), "0/0/- Equal needs a value to compare with"),
        (condition(RequestUri, "", LessThan, &["1", "many"]), "0/0/1 LessThan needs a number of bytes"),
        (condition(RequestUri, "", GreaterThanOrEqual, &["-1"]), "0/0/0 GreaterThanOrEqual needs a number of bytes"),
        (condition(RemoteAddr, "", GeoMatch, &["DE", "DEU"]), "0/0/1 GeoMatch needs a country's code of two letters"),
        (condition(RemoteAddr, "", GeoMatch, &["D1"]), "0/0/0 GeoMatch needs a country's code of two letters"),
        (ConditionSpec { variables: Vec::new(), ..path("/") }, "0/0/- a condition needs a variable"),
    ] {
        assert_eq!(of(spec), [wanted]);
    }
}

#[test]
fn networks_and_patterns_are_told_by_the_engine() {
    for (variable, operator, values, begin) in [
        (Variable::RemoteAddr, Operator::IpMatch, &["10.0.0.1", "10.0.0.0/33"][..], "0/0/1 @ipMatch: \"10.0.0.0/33\""),
        (
            Variable::RemoteAddr,
            Operator::IpMatch,
            &["10.0.0.1,10.0.0.2"],
            "0/0/0 @ipMatch: \"10.0.0.1,10.0.0.2\" is more",
        ),
        (Variable::RemoteAddr, Operator::IpMatch, &[""], "0/0/0 @ipMatch: "),
        (Variable::RequestUri, Operator::Regex, &["a", "(", "["], "0/0/1 @rx: "),
        // The engine alone would take it for a macro, and find out when a request is there.
        (Variable::RequestUri, Operator::Regex, &["%{tx.a}("], "0/0/0 @rx: "),
    ] {
        let found = of(condition(variable, "", operator, values));
        assert!(found.first().is_some_and(|fault| fault.starts_with(begin)), "{values:?}: {found:?}");
    }
}

#[test]
fn what_is_wrong_with_a_rule_is_told_with_all_the_rest() {
    let rate = |window: u64, threshold, action| RuleSpec {
        kind: RuleKind::RateLimit { window: Duration::from_secs(window), threshold, group: GroupBy::Client },
        ..rule("rate", 1, action, vec![path("/")])
    };
    for (spec, wanted) in [
        (rule("", 1, Action::Block, vec![path("/")]), "0/-/- a rule needs a name"),
        (rule("r", 1, Action::Block, Vec::new()), "0/-/- a rule needs a condition"),
        (rate(60, 0, Action::Block), "0/-/- a rate limit needs a threshold of 1 or more, and a window"),
        (rate(0, 1, Action::Block), "0/-/- a rate limit needs a threshold of 1 or more, and a window"),
        (rate(60, 1, Action::Allow), "0/-/- a rate limit can only Block or Log"),
        (rate(60, 1, Action::JsChallenge), "0/-/- a rate limit can only Block or Log"),
    ] {
        assert_eq!(faults(&[spec]), [wanted]);
    }
    let off = RuleSpec {
        enabled: false,
        ..rule("a", 1, Action::Block, vec![path("/"), condition(Variable::RequestUri, "", Operator::Equal, &[])])
    };
    assert_eq!(
        faults(&[rule("a", 1, Action::Block, vec![path("/")]), off]),
        [
            "1/-/- another rule has this name already",
            "1/-/- another rule has this priority already",
            "1/1/- Equal needs a value to compare with",
        ]
    );
}
