//! In which order rules run, and what keeps them from running.

use waf::program::Options;
use waf::seclang::EngineMode;
use waf::verdict::Decision;

use crate::request::{compile, get, hits, ids, program, run};

#[test]
fn rules_run_phase_by_phase_and_in_their_order_within_one() {
    let rules = r#"
        SecAction "id:3,phase:2,pass"
        SecAction "id:5,phase:5,pass"
        SecAction "id:1,phase:1,pass"
        SecAction "id:4,phase:request,pass"
        SecAction "id:2,phase:1,pass"
    "#;
    assert_eq!(hits(rules, &get("/")), [1, 2, 3, 4, 5]);
}

#[test]
fn a_jump_goes_to_its_marker_even_if_no_rule_of_the_phase_stands_there() {
    let rules = r#"
        SecRule ARGS:skip "@eq 1" "id:1,phase:2,pass,nolog,skipAfter:'END'"
        SecAction "id:2,phase:2,pass"
        SecAction "id:3,phase:1,pass"
        SecMarker END
        SecAction "id:4,phase:1,pass"
        SecAction "id:5,phase:2,pass"
    "#;
    assert_eq!(hits(rules, &get("/?skip=1")), [3, 4, 5]);
    assert_eq!(hits(rules, &get("/?skip=0")), [3, 4, 2, 5]);
}

#[test]
fn skip_leaves_out_as_many_rules_of_the_phase() {
    let rules = r#"
        SecRule ARGS:skip "@eq 1" "id:1,phase:2,pass,nolog,skip:2"
        SecAction "id:2,phase:2,pass"
        SecAction "id:3,phase:1,pass"
        SecRule ARGS "@unconditionalMatch" "id:4,phase:2,pass,chain"
            SecRule ARGS "@unconditionalMatch"
        SecAction "id:5,phase:2,pass"
    "#;
    assert_eq!(hits(rules, &get("/?skip=1")), [3, 5]);
}

#[test]
fn a_denied_request_sees_no_further_rules_but_those_that_log() {
    let rules = r#"
        SecRule ARGS:a "@streq x" "id:1,phase:1,deny,status:418"
        SecAction "id:2,phase:1,pass"
        SecAction "id:3,phase:2,pass"
        SecAction "id:4,phase:5,pass"
    "#;
    let verdict = run(&program(rules), &get("/?a=x"));
    assert_eq!(ids(&verdict), [1, 4]);
    assert!(verdict.is_stopped());
    assert_eq!(verdict.intervention.unwrap().decision, Decision::Deny { status: 418 });
}

#[test]
fn detection_only_tells_what_would_be_done_and_goes_on() {
    let rules = r#"SecAction "id:1,phase:1,deny"
        SecAction "id:2,phase:2,pass""#;
    let options = Options { mode: Some(EngineMode::DetectionOnly), ..Options::default() };
    let verdict = run(&compile(rules, &options).unwrap(), &get("/"));
    assert_eq!(ids(&verdict), [1, 2]);
    assert!(!verdict.is_stopped());
    let intervention = verdict.intervention.unwrap();
    assert_eq!((intervention.rule, intervention.enforced), (1, false));
}

#[test]
fn block_does_what_the_default_action_of_its_phase_says() {
    let rule = r#"SecRule ARGS:a "@streq x" "id:1,phase:2,block""#;
    for (default, stopped) in [("pass", false), ("deny,status:403", true)] {
        let rules = format!("SecDefaultAction \"phase:2,log,{default}\"\n{rule}");
        assert_eq!(run(&program(&rules), &get("/?a=x")).is_stopped(), stopped, "{default}");
    }
    assert!(!run(&program(rule), &get("/?a=x")).is_stopped(), "without a default");
}

#[test]
fn allow_ends_as_much_as_it_says() {
    for (scope, expected) in [("allow:phase", vec![1, 3, 4]), ("allow:request", vec![1, 4]), ("allow", vec![1, 4])] {
        let rules = format!(
            "SecRule ARGS:a \"@streq x\" \"id:1,phase:1,{scope}\"
             SecRule ARGS:a \"@streq x\" \"id:2,phase:1,deny\"
             SecRule ARGS:a \"@streq x\" \"id:3,phase:2,pass\"
             SecRule ARGS:a \"@streq x\" \"id:4,phase:5,pass\""
        );
        let verdict = run(&program(&rules), &get("/?a=x"));
        assert_eq!(ids(&verdict), expected, "{scope}");
        assert!(!verdict.is_stopped());
        let intervention = verdict.intervention.expect("one that is told");
        assert_eq!((intervention.rule, intervention.decision), (1, Decision::Allow));
    }
}

#[test]
fn a_rule_may_turn_the_engine_off_for_a_request() {
    let rules = r#"
        SecRule ARGS:off "@eq 1" "id:1,phase:1,pass,ctl:ruleEngine=Off"
        SecAction "id:2,phase:1,pass"
        SecRule ARGS:off "@eq 2" "id:3,phase:1,pass,ctl:ruleEngine=DetectionOnly"
        SecAction "id:4,phase:2,deny"
    "#;
    assert_eq!(hits(rules, &get("/?off=1")), [1]);
    assert!(!run(&program(rules), &get("/?off=2")).is_stopped());
    assert!(run(&program(rules), &get("/")).is_stopped());
}

#[test]
fn constant_rules_leave_no_trace_but_their_effects() {
    let rules = r#"
        SecAction "id:1,phase:1,pass,nolog,setvar:tx.level=2"
        SecRule &TX:limit "@eq 0" "id:2,phase:1,pass,nolog,setvar:tx.limit=%{tx.level}0"
        SecRule TX:LEVEL "@lt 3" "id:3,phase:2,pass,nolog,skipAfter:END"
        SecRule ARGS "@rx ." "id:4,phase:2,pass"
        SecMarker END
        SecRule ARGS:n "@ge %{tx.limit}" "id:5,phase:2,pass,msg:'%{tx.limit}'"
    "#;
    let program = program(rules);
    assert_eq!(program.rules().map(|rule| rule.id).collect::<Vec<_>>(), [5]);
    let verdict = run(&program, &get("/?n=20"));
    assert_eq!(verdict.of_rule(5).unwrap().message, "20");
    assert_eq!(ids(&run(&program, &get("/?n=19"))), [0; 0]);
}

#[test]
fn what_a_request_may_change_is_not_decided_ahead() {
    // The gate of rule 3 depends on rule 1; the value of rule 5 on whether rule 4 jumps over it.
    let rules = r#"
        SecAction "id:7,phase:1,pass,nolog,setvar:tx.level=1"
        SecRule ARGS:level "@eq 9" "id:1,phase:1,pass,nolog,setvar:tx.level=9"
        SecAction "id:2,phase:1,pass,nolog,setvar:tx.other=1"
        SecRule TX:level "@lt 3" "id:3,phase:1,pass,nolog,skipAfter:A"
        SecAction "id:30,phase:1,pass"
        SecMarker A
        SecRule ARGS:jump "@eq 1" "id:4,phase:1,pass,nolog,skipAfter:B"
        SecAction "id:5,phase:1,pass,nolog,setvar:tx.other=2"
        SecMarker B
        SecRule TX:other "@eq 2" "id:6,phase:1,pass"
    "#;
    assert_eq!(hits(rules, &get("/?level=9")), [30, 6]);
    assert_eq!(hits(rules, &get("/?level=9&jump=1")), [30]);
    assert_eq!(hits(rules, &get("/?jump=1")), [0; 0]);
    assert_eq!(hits(rules, &get("/")), [6]);
}

#[test]
fn a_gate_that_a_request_may_remove_is_kept() {
    let rules = r#"
        SecAction "id:1,phase:1,pass,nolog,setvar:tx.level=1"
        SecRule ARGS:open "@eq 1" "id:2,phase:1,pass,nolog,ctl:ruleRemoveById=3"
        SecRule TX:level "@lt 2" "id:3,phase:2,pass,nolog,skipAfter:A"
        SecAction "id:4,phase:2,pass"
        SecMarker A
    "#;
    assert_eq!(hits(rules, &get("/?open=1")), [4]);
    assert_eq!(hits(rules, &get("/")), [0; 0]);
}

#[test]
fn a_jump_over_a_gate_reaches_what_stands_between() {
    // Rule 2 may land between the gate of rule 4 and its marker.
    let rules = r#"
        SecAction "id:1,phase:1,pass,nolog,setvar:tx.level=1"
        SecRule ARGS:in "@eq 1" "id:2,phase:1,pass,nolog,skipAfter:IN"
        SecRule ARGS:out "@eq 1" "id:3,phase:1,pass,nolog,skipAfter:OUT"
        SecRule TX:level "@lt 2" "id:4,phase:1,pass,nolog,skipAfter:GATE"
        SecMarker IN
        SecAction "id:5,phase:1,pass"
        SecMarker GATE
        SecAction "id:6,phase:1,pass"
        SecMarker OUT
    "#;
    for (target, expected) in [("/?in=1", vec![5, 6]), ("/?out=1", vec![]), ("/", vec![6])] {
        assert_eq!(hits(rules, &get(target)), expected, "{target}");
    }
}

#[test]
fn values_that_are_left_out_for_every_request_are_left_out_of_later_rules_only() {
    let rules = r#"
        SecRule ARGS "@streq x" "id:1,phase:2,pass,tag:t"
        SecRule &TX:none "@eq 0" "id:2,phase:2,pass,nolog,ctl:ruleRemoveTargetByTag=t;ARGS,\
            ctl:ruleRemoveTargetById=4;REQUEST_HEADERS:x"
        SecRule ARGS|QUERY_STRING "@contains x" "id:3,phase:2,pass,tag:t"
        SecRule ARGS|REQUEST_HEADERS "@streq x" "id:4,phase:2,pass"
        SecRule ARGS "@streq x" "id:5,phase:1,pass,tag:t"
    "#;
    let program = program(rules);
    assert_eq!(program.rule_count(), 4);
    let verdict = run(&program, &get("/?a=x"));
    let names: Vec<&str> = verdict.matches.iter().map(|found| found.values[0].name.as_str()).collect();
    assert_eq!((ids(&verdict), names), (vec![5, 1, 3, 4], vec!["ARGS:a", "ARGS:a", "QUERY_STRING", "ARGS:a"]));
}

#[test]
fn a_chain_that_can_never_match_still_does_what_its_first_links_do() {
    let rules = r#"
        SecRule ARGS:a "@streq x" "id:1,phase:1,pass,chain"
            SecRule TX:never "@eq 1" "t:none"
        SecRule ARGS:a "@streq x" "id:2,phase:1,pass,setvar:tx.seen=1,chain"
            SecRule TX:never "@eq 1" "t:none"
        SecAction "id:3,phase:1,pass,ctl:ruleRemoveById=5,chain"
            SecRule TX:never "@eq 1" "t:none"
        SecRule TX:seen "@eq 1" "id:4,phase:1,pass"
        SecAction "id:5,phase:1,pass"
    "#;
    let program = program(rules);
    assert_eq!(ids(&run(&program, &get("/?a=x"))), [4]);
    assert_eq!(program.rules().map(|rule| rule.id).collect::<Vec<_>>(), [2, 3, 4, 5]);
}
