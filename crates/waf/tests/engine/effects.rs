//! What matches do.

use crate::request::{get, hits, post, program, run};

#[test]
fn effects_happen_for_every_value_and_decisions_once_for_the_chain() {
    let rules = r#"
        SecRule ARGS "@streq x" "id:1,phase:2,pass,nolog,setvar:tx.score=+5,chain"
            SecRule ARGS:c "@eq 1" "setvar:tx.second_score=+1"
        SecRule TX:score "@rx ." "id:2,phase:2,pass,msg:'%{tx.score}/%{tx.second_score}'"
    "#;
    for (target, message) in [("/?a=x&b=x&c=1", "10/1"), ("/?a=x&c=0", "5/")] {
        let verdict = run(&program(rules), &get(target));
        assert_eq!(verdict.of_rule(2).unwrap().message, message, "{target}");
    }
}

#[test]
fn captures_last_until_the_next_and_only_where_asked_for() {
    let rules = r#"
        SecRule ARGS:a "@rx ^(\d)(\d)(\w)?$" "id:1,phase:2,pass,nolog,capture,chain"
            SecRule ARGS:b "@rx (.)" "chain"
            SecRule TX:1 "@streq %{ARGS.b}" "msg:'ignored'"
        SecAction "id:2,phase:2,pass,msg:'%{tx.0}-%{tx.1}-%{tx.2}-%{tx.9}'"
        SecRule ARGS:b "@pm q 7" "id:3,phase:2,pass,capture,msg:'%{tx.0}-%{tx.1}'"
    "#;
    let verdict = run(&program(rules), &get("/?a=75&b=7"));
    assert_eq!(verdict.of_rule(2).unwrap().message, "75-7-5-");
    assert_eq!(verdict.of_rule(3).unwrap().message, "7-");
}

#[test]
fn a_later_link_sees_what_the_one_before_matched() {
    let rules = r#"
        SecRule ARGS "@rx ^a" "id:1,phase:2,pass,chain,msg:'%{MATCHED_VAR_NAME}=%{MATCHED_VAR}'"
            SecRule MATCHED_VARS "@rx b$" "chain"
            SecRule MATCHED_VARS_NAMES "@streq ARGS:Two" "t:none"
    "#;
    let verdict = run(&program(rules), &get("/?one=ac&Two=ab&three=b"));
    assert_eq!(verdict.of_rule(1).unwrap().message, "ARGS:Two=ARGS:Two");
    assert_eq!(hits(rules, &get("/?one=ab&Two=ac")), [0; 0]);
}

#[test]
fn kept_values_are_set_counted_and_removed_under_any_spelling() {
    let rules = r#"
        SecRule ARGS "@unconditionalMatch" "id:1,phase:1,pass,nolog,setvar:'TX.seen_%{MATCHED_VAR_NAME}=+1'"
        SecRule TX:/^SEEN_/ "@gt 1" "id:2,phase:1,pass,msg:'%{MATCHED_VAR_NAME}'"
        SecRule REQUEST_METHOD "GET" "id:3,phase:1,pass,nolog,setvar:tx.A=3,setvar:tx.b,setvar:tx.a=-%{tx.b}"
        SecRule TX:a "@eq 2" "id:4,phase:1,pass"
        SecRule REQUEST_METHOD "GET" "id:5,phase:1,pass,nolog,setvar:!tx.a"
        SecRule &TX:A "@eq 0" "id:6,phase:1,pass"
    "#;
    let verdict = run(&program(rules), &get("/?p=1&P=2&q=1"));
    assert_eq!(crate::request::ids(&verdict), [2, 4, 6]);
    assert_eq!(verdict.matches[0].message, "TX:seen_ARGS:p");
}

#[test]
fn a_rule_may_remove_rules_and_targets_for_the_rest_of_a_request() {
    let rules = r#"
        SecRule ARGS:mode "@eq 1" "id:1,phase:1,pass,nolog,ctl:ruleRemoveById=10-11"
        SecRule ARGS:mode "@eq 2" "id:2,phase:1,pass,nolog,ctl:ruleRemoveByTag=sqli"
        SecRule ARGS:mode "@eq 3" "id:3,phase:1,pass,nolog,ctl:ruleRemoveTargetById=10;ARGS:a"
        SecRule ARGS:mode "@eq 4" "id:4,phase:1,pass,nolog,ctl:ruleRemoveTargetByTag=sqli;ARGS:/^A/"
        SecRule ARGS "@streq x" "id:10,phase:2,pass,tag:'attack-sqli'"
        SecRule ARGS "@streq x" "id:11,phase:2,pass,tag:'attack-xss',chain"
            SecRule ARGS:a "@streq x" "t:none"
        SecRule ARGS "@streq x" "id:12,phase:2,pass,tag:'attack-sqli'"
    "#;
    for (mode, expected) in [(0, vec![10, 11, 12]), (1, vec![12]), (2, vec![11]), (3, vec![11, 12]), (4, vec![11])] {
        assert_eq!(hits(rules, &get(&format!("/?mode={mode}&a=x"))), expected, "mode {mode}");
    }
}

#[test]
fn macros_stand_in_arguments_and_unknown_ones_for_nothing() {
    let rules = r#"
        SecRule ARGS:a "@streq %{request_headers.host}%{nonsense.x}" "id:1,phase:2,pass"
        SecRule ARGS:b "@within |%{tx.none}|%{remote_addr}|" "id:2,phase:2,pass,msg:'%{rule.id}'"
        SecRule ARGS:c "@rx ^%{ARGS.a}$" "id:3,phase:2,pass"
    "#;
    let mut request = get("/?a=h&b=|192.0.2.1|&c=h");
    request.headers.push(("HOST", "h"));
    let verdict = run(&program(rules), &request);
    assert_eq!(crate::request::ids(&verdict), [1, 2, 3]);
    assert_eq!(verdict.of_rule(2).unwrap().message, "2");
}

#[test]
fn a_rule_may_choose_who_reads_the_body() {
    let rules = r#"
        SecRule REQUEST_HEADERS:Content-Type "@streq x/json" "id:1,phase:1,pass,nolog,ctl:requestBodyProcessor=JSON"
        SecRule REQUEST_HEADERS:Content-Type "@streq x/raw" "id:2,phase:1,pass,nolog,ctl:forceRequestBodyVariable=On"
        SecRule REQUEST_HEADERS:Content-Type "@streq x/none" "id:3,phase:1,pass,nolog,ctl:requestBodyAccess=Off"
        SecRule ARGS:json.a "@eq 1" "id:4,phase:2,pass"
        SecRule REQUEST_BODY "@rx a" "id:5,phase:2,pass"
        SecRule REQUEST_BODY_LENGTH "@gt 0" "id:6,phase:2,pass"
    "#;
    for (content_type, expected) in
        [("x/json", vec![4, 6]), ("x/raw", vec![5, 6]), ("x/none", vec![]), ("x/other", vec![6])]
    {
        assert_eq!(hits(rules, &post(content_type, "{\"a\":1}")), expected, "{content_type}");
    }
}
