//! What a verdict tells.

use waf::Phase;
use waf::program::Options;
use waf::verdict::{Bound, REDACTED, ScoreStep};

use crate::request::{compile, get, ids, program, run};

#[test]
fn a_match_tells_the_rule_the_values_and_the_words_of_its_author() {
    let rules = "\n\nSecRule ARGS \"@rx e(v)il\" \"id:7,phase:2,pass,capture,severity:CRITICAL,\\\n\
        msg:'found %{tx.1}',logdata:'%{TX.0} in %{MATCHED_VAR_NAME}: %{MATCHED_VAR}',tag:'t/1',ver:'V'\"";
    let verdict = run(&program(rules), &get("/?a=xevil&b=evil"));
    let found = verdict.of_rule(7).unwrap();
    assert_eq!(found.message, "found v");
    assert_eq!(found.data, "evil in ARGS:b: evil");
    let values: Vec<_> = found.values.iter().map(|value| format!("{}={}", value.name, value.value)).collect();
    assert_eq!(values, ["ARGS:a=xevil", "ARGS:b=evil"]);
    assert_eq!(found.severity().unwrap().to_string(), "CRITICAL");
    assert_eq!((found.rule.place.to_string().as_str(), &*found.rule.operator), ("test.conf:3:1", "@rx e(v)il"));
}

#[test]
fn every_step_of_a_score_is_told() {
    let rules = r#"
        SecRule ARGS "@streq x" "id:1,phase:2,pass,setvar:tx.anomaly_score=+5,setvar:tx.count=+1"
        SecRule ARGS:b "@streq x" "id:2,phase:2,pass,setvar:tx.anomaly_score=-2"
        SecRule TX:anomaly_score "@ge 8" "id:3,phase:2,deny"
    "#;
    let verdict = run(&program(rules), &get("/?a=x&b=x"));
    let step = |rule, change, total| ScoreStep { rule, score: "anomaly_score".to_owned(), change, total };
    assert_eq!(verdict.scores, [step(1, 5, 5), step(1, 5, 10), step(2, -2, 8)]);
    assert_eq!((verdict.score("Anomaly_Score"), verdict.score("count")), (Some(8), None));
    assert_eq!(verdict.intervention.unwrap().rule, 3);
}

#[test]
fn secrets_are_never_told() {
    let rules = r#"
        SecRule REQUEST_HEADERS:Authorization "@rx (sec)ret" "id:1,phase:1,pass,capture,\
            logdata:'%{TX.0} %{TX.1} %{MATCHED_VAR} %{REQUEST_HEADERS.authorization} %{MATCHED_VAR_NAME}',chain"
            SecRule TX:1 "@streq sec" "t:none"
        SecRule REQUEST_COOKIES|ARGS "@contains secret" "id:2,phase:1,pass,logdata:'%{MATCHED_VAR}'"
    "#;
    let mut request = get("/");
    request.headers = vec![("Authorization", "Basic secret"), ("Cookie", "a=secret")];
    let told = format!(
        "{:?}",
        run(&program(rules), &request).matches.iter().map(|m| (&m.data, &m.values)).collect::<Vec<_>>()
    );
    assert!(!told.contains("secret"), "{told}");
    assert!(told.contains(REDACTED) && told.contains("REQUEST_COOKIES:a"), "{told}");
    let open = Options { secrets: Vec::new(), ..Options::default() };
    let verdict = run(&compile(rules, &open).unwrap(), &request);
    assert_eq!(verdict.of_rule(2).unwrap().data, "secret");
}

#[test]
fn work_beyond_the_budget_is_not_done_and_that_is_told() {
    let rules = "SecRule ARGS \"@rx ^a\" \"id:1,phase:2,pass,setvar:tx.score=+5\"
        SecRule REQUEST_URI \"@rx a$\" \"id:2,phase:2,pass\"
        SecRule TX:score \"@ge 5\" \"id:3,phase:2,deny\"";
    let options = Options { budget: Some(7_000), ..Options::default() };
    let program = compile(rules, &options).unwrap();
    let verdict = run(&program, &get(&format!("/?x=a{}", "b".repeat(4000))));
    let exhausted = verdict.exhausted.unwrap();
    assert_eq!((exhausted.phase, exhausted.rule, exhausted.bound), (Phase::RequestBody, 2, Bound::Work));
    assert!(exhausted.work > 7_000 && exhausted.work <= verdict.work);
    assert_eq!(ids(&verdict), [1, 3], "a score that was reached still counts");
    assert!(verdict.is_stopped());
    let verdict = run(&program, &get("/?x=a"));
    assert_eq!((verdict.exhausted, ids(&verdict)), (None, vec![1, 2, 3]));
}
