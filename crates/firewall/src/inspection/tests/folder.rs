//! A folder of rules, run whole: its own set-up, levels and decisions.

use std::collections::BTreeMap;

use super::*;
use crate::exceptions;
use crate::exclusions;
use crate::managed::{GroupOverride, RuleOverride};
use crate::selection::{GroupScope, Scope as Selected};

const KIND: &str = "Gatehouse_RuleFolder";

/// Files by name.
struct Files(BTreeMap<&'static str, &'static str>);

impl Reader for Files {
    fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        self.0.get(file).map(|text| (*text).into()).ok_or_else(|| "there is no such file".to_owned())
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(self.0.keys().map(|name| (*name).to_owned()).collect())
    }
}

const SETUP: &str = r#"
    SecDefaultAction "phase:2,log,pass"
    SecAction "id:900100,phase:1,nolog,pass,setvar:tx.threshold=5"
"#;

const SQL: &str = r#"
    SecRule ARGS "@rx attack" "id:942100,phase:2,block,severity:CRITICAL,msg:'Found it',\
        logdata:'%{MATCHED_VAR}',setvar:tx.anomaly_score_pl1=+5,setvar:tx.inbound_anomaly_score_pl1=+5"
    SecRule ARGS "@rx odd" "id:942200,phase:2,block,msg:'Odd',setvar:tx.anomaly_score_pl1=+2"
    SecRule ARGS "@rx quiet" "id:942300,phase:2,pass,nolog,setvar:tx.anomaly_score_pl1=+1"
    SecRule ARGS "@rx noted" "id:942400,phase:2,pass,msg:'Noted'"
    SecRule ARGS "@rx drop" "id:942500,phase:2,drop,msg:'Dropped'"
    SecRule ARGS "@rx elsewhere" "id:942600,phase:2,redirect:https://example.com/,msg:'Sent away'"
    SecRule ARGS "@rx silent" "id:942700,phase:2,deny,nolog"
    SecRule ARGS "@rx trusted" "id:942050,phase:1,allow,msg:'Trusted'"
    SecRule ARGS:when "@streq now" "id:942800,phase:2,pass,log,msg:'At this time',chain"
        SecRule TIME_EPOCH "@eq 1000"
    SecRule SERVER_PORT "@eq 8443" "id:942810,phase:2,pass,log,msg:'At this port'"
"#;

const SCORE: &str = r#"
    SecAction "id:949060,phase:2,nolog,pass,setvar:tx.score=+%{tx.anomaly_score_pl1}"
    SecRule TX:score "@ge %{tx.threshold}" "id:949110,phase:2,deny,status:403,\
        msg:'Inbound Anomaly Score Exceeded (Total Score: %{TX.score})'"
"#;

const ANSWERS: &str = r#"
    SecResponseBodyAccess On
    SecResponseBodyMimeType text/html
    SecRule RESPONSE_STATUS "@streq 500" "id:950100,phase:3,deny,msg:'Failure'"
    SecRule RESPONSE_BODY "@contains stack trace" "id:950110,phase:4,deny,msg:'Leak'"
    SecRule ARGS "@rx counted" "id:980100,phase:5,pass,log,msg:'Counted'"
"#;

fn files(answers: bool) -> Files {
    let mut files = BTreeMap::from([
        ("crs-setup.conf", SETUP),
        ("REQUEST-942-APPLICATION-ATTACK-SQLI.conf", SQL),
        ("REQUEST-949-BLOCKING-EVALUATION.conf", SCORE),
        ("words.data", "no rules"),
    ]);
    if answers {
        files.insert("RESPONSE-950-DATA-LEAKAGES.conf", ANSWERS);
    }
    Files(files)
}

fn spec() -> managed::Spec {
    let set = SetSpec { kind: KIND.to_owned(), version: "1.0".to_owned(), overrides: Vec::new() };
    managed::Spec { sets: vec![set], ..managed::Spec::default() }
}

fn folder_policy(files: &Files, setup: Option<&str>, spec: &managed::Spec, mode: Mode) -> Arc<Policy> {
    let mut builder = Builder::new(files).unwrap().with_setup(setup.map(str::to_owned));
    let built = builder.build(spec, mode, &Limits::default(), &Scrubbing::default());
    let built = built.unwrap_or_else(|faults| panic!("{faults:?}"));
    Arc::new(Policy {
        name: "p".into(),
        id: "/policies/p".into(),
        mode,
        limits: Limits::default(),
        block: Block { status: 406, body: None },
        custom: custom::Rules::default(),
        clearance: crate::challenge::Lifetimes::default(),
        managed: built.managed,
        scrubbing: Scrubbing::default(),
    })
}

#[test]
fn the_folders_own_rules_decide_and_all_that_they_log_is_told() {
    for (name, query, prevention, detection) in [
        ("nothing", "a=1", (false, vec![]), vec![]),
        (
            "the score",
            "a=attack",
            (true, vec![("942100", "Matched"), ("949110", "Blocked")]),
            vec![("942100", "Matched"), ("949110", "Detected")],
        ),
        ("below it", "a=odd", (false, vec![("942200", "Matched")]), vec![("942200", "Matched")]),
        (
            "what is not logged adds up too",
            "a=odd&b=odd&c=quiet",
            (true, vec![("942200", "Matched"), ("949110", "Blocked")]),
            vec![("942200", "Matched"), ("949110", "Detected")],
        ),
        ("a rule that only logs", "a=noted", (false, vec![("942400", "Log")]), vec![("942400", "Log")]),
        ("drop", "a=drop", (true, vec![("942500", "Blocked")]), vec![("942500", "Detected")]),
        ("redirect", "a=elsewhere", (true, vec![("942600", "Blocked")]), vec![("942600", "Detected")]),
        ("a deny that does not log", "a=silent", (true, vec![("942700", "Blocked")]), vec![("942700", "Detected")]),
        (
            "allow",
            "a=trusted&b=attack",
            (false, vec![("942050", "Allowed")]),
            vec![("942050", "Log"), ("942100", "Matched"), ("949110", "Detected")],
        ),
        ("the time", "when=now", (false, vec![("942800", "Log")]), vec![("942800", "Log")]),
    ] {
        let target = format!("/?{query}");
        let of = |mode| {
            let policy = folder_policy(&files(false), None, &spec(), mode);
            run(&policy, &request(&target, &BROWSER), &[]).1
        };
        let outcome = of(Mode::Prevention);
        let expected = if prevention.0 { block() } else { Decision::Forward };
        assert_eq!((&outcome.decision, rows(&outcome)), (&expected, prevention.1), "{name} in prevention");
        let outcome = of(Mode::Detection);
        assert_eq!((&outcome.decision, rows(&outcome)), (&Decision::Forward, detection), "{name} in detection");
    }
}

#[test]
fn rows_and_reasons_name_the_folder_the_file_and_the_line() {
    let policy = folder_policy(&files(false), None, &spec(), Mode::Prevention);
    let (_, outcome) = run(&policy, &request("/?a=attack", &BROWSER), &[]);
    let row = &outcome.events[0];
    assert_eq!((row.rule_set_type, row.rule_set_version), (KIND, "1.0"));
    assert_eq!((&*row.rule_group, row.message.as_str()), ("REQUEST-942-APPLICATION-ATTACK-SQLI", "Found it"));
    let details = row.details.as_ref().unwrap();
    assert_eq!(details.message, "Warning. Pattern match \"attack\" at ARGS:a.");
    assert_eq!((details.data.as_str(), details.line.as_str()), ("attack", "2"));
    assert_eq!(details.file, "rules/REQUEST-942-APPLICATION-ATTACK-SQLI.conf");
    assert_eq!(&*outcome.events[1].rule_group, "REQUEST-949-BLOCKING-EVALUATION");
    let told = outcome.explanation.to_json();
    assert_eq!(told["decision"], "refused: rule 949110 of the folder: Inbound Anomaly Score Exceeded (Total Score: 5)");
    assert_eq!(told["ladder"], json!([{ "ruleId": 942100, "points": 5, "times": 1, "total": 5 }]));
    assert!(told["threshold"].is_null(), "the folder's own");
    assert_eq!(told["findings"][0]["variable"], "ARGS:a");
}

#[test]
fn rules_that_ask_for_the_servers_address_get_it_where_it_was_told() {
    let policy = folder_policy(&files(false), None, &spec(), Mode::Prevention);
    let (counters, clearances) = (Counters::default(), Clearances::new(b"key"));
    for (server, found) in [(None, vec![]), (Some(8443), vec![("942810", "Log")]), (Some(443), vec![])] {
        let services = services(&counters, &clearances, &Unknown);
        let mut inspection = Inspection::new(&policy, &place(), &request("/", &BROWSER), &services);
        if let Some(port) = server {
            inspection.set_arrival(Some(([192, 0, 2, 80].into(), port)), b"/");
        }
        assert_eq!(rows(&inspection.finish()), found, "{server:?}");
    }
}

#[test]
fn another_set_up_takes_the_place_of_the_folders() {
    let setup = r#"
        SecDefaultAction "phase:2,log,pass"
        SecAction "id:900100,phase:1,nolog,pass,setvar:tx.threshold=10"
        SecRuleRemoveById 942200
    "#;
    for (query, own, other) in [("a=attack", 2, 1), ("a=odd", 1, 0)] {
        let target = format!("/?{query}");
        for (setup, count) in [(None, own), (Some(setup), other)] {
            let policy = folder_policy(&files(false), setup, &spec(), Mode::Prevention);
            let (_, outcome) = run(&policy, &request(&target, &BROWSER), &[]);
            assert_eq!(outcome.events.len(), count, "{query} {}", setup.is_some());
        }
    }
}

#[test]
fn exclusions_and_exceptions_reach_rules_files_and_all_of_a_folder() {
    let scope = |groups: Vec<GroupScope>| vec![Selected { kind: KIND.to_owned(), version: "1.0".to_owned(), groups }];
    let group = |name: &str, rules: &[u32]| GroupScope { name: name.to_owned(), rules: rules.to_vec() };
    let sql = "REQUEST-942-APPLICATION-ATTACK-SQLI";
    for (scopes, refuses) in [
        (vec![], false),
        (scope(vec![]), false),
        (scope(vec![group(sql, &[])]), false),
        (scope(vec![group(&sql.to_lowercase(), &[942_100])]), false),
        (scope(vec![group(sql, &[942_200])]), true),
        (scope(vec![group("REQUEST-949-BLOCKING-EVALUATION", &[])]), true),
    ] {
        let exclusion = exclusions::Spec {
            variable: exclusions::Variable::ArgValues,
            operator: exclusions::Operator::Equals,
            selector: "a".to_owned(),
            scopes: scopes.clone(),
        };
        let spec = managed::Spec { exclusions: vec![exclusion], ..spec() };
        let policy = folder_policy(&files(false), None, &spec, Mode::Prevention);
        let (_, outcome) = run(&policy, &request("/?a=attack", &BROWSER), &[]);
        assert_eq!(outcome.decision == block(), refuses, "{scopes:?}");
    }
    for (scopes, refuses) in
        [(vec![], false), (scope(vec![group(sql, &[942_100])]), false), (scope(vec![group(sql, &[942_200])]), true)]
    {
        let exception = exceptions::Spec {
            variable: exceptions::Variable::RequestUri,
            operator: exceptions::Operator::StartsWith,
            values: vec!["/free".to_owned()],
            scopes,
        };
        let spec = managed::Spec { exceptions: vec![exception], ..spec() };
        let policy = folder_policy(&files(false), None, &spec, Mode::Prevention);
        let (_, outcome) = run(&policy, &request("/free?a=attack", &BROWSER), &[]);
        assert_eq!(outcome.decision == block(), refuses);
        let (_, outcome) = run(&policy, &request("/?a=attack", &BROWSER), &[]);
        assert_eq!(outcome.decision, block(), "another path");
    }
}

#[test]
fn what_a_folder_cannot_do_is_a_fault_that_says_what_would() {
    let build = |builder: &mut Builder<'_>, spec: &managed::Spec| {
        let built = builder.build(spec, Mode::Prevention, &Limits::default(), &Scrubbing::default());
        built.map(|_| ()).unwrap_err().iter().map(|fault| format!("{}: {}", fault.at, fault.what)).collect::<Vec<_>>()
    };
    let files = files(false);
    let mut builder = Builder::new(&files).unwrap();
    let mut overridden = spec();
    let off = RuleOverride { id: 942_100, enabled: false, action: None };
    overridden.sets[0].overrides.push(GroupOverride { group: "SQLI".to_owned(), rules: vec![off] });
    let faults = build(&mut builder, &overridden);
    assert!(faults[0].starts_with("managedRuleSets[0].ruleGroupOverrides: ") && faults.len() == 1, "{faults:?}");
    assert!(faults[0].contains("`SecRuleRemoveById`"));
    let faults = build(&mut Builder::builtin(), &spec());
    assert!(faults[0].contains("Gatehouse_Baseline 1.0 needs none") && faults.len() == 1, "{faults:?}");
    let groups = vec![GroupScope { name: "SQLI".to_owned(), rules: Vec::new() }];
    let scopes = vec![Selected { kind: KIND.to_owned(), version: "1.0".to_owned(), groups }];
    let exclusion = exclusions::Spec {
        variable: exclusions::Variable::ArgValues,
        operator: exclusions::Operator::EqualsAny,
        selector: String::new(),
        scopes,
    };
    let faults = build(&mut builder, &managed::Spec { exclusions: vec![exclusion], ..spec() });
    assert!(faults[0].ends_with("Gatehouse_RuleFolder 1.0 has no group \"SQLI\""), "{faults:?}");
    let faults = build(&mut builder.with_setup(Some("SecRul".to_owned())), &spec());
    assert!(faults[0].contains("crs-setup.conf"), "{faults:?}");
}

#[test]
fn a_folder_with_other_files_serves_the_folder_set_alone() {
    let text = r#"SecRule ARGS "@rx bad" "id:10,phase:2,deny,log,msg:'Mine'""#;
    let files = Files(BTreeMap::from([("mine.conf", text)]));
    let policy = folder_policy(&files, None, &spec(), Mode::Prevention);
    let (_, outcome) = run(&policy, &request("/?a=bad", &BROWSER), &[]);
    assert_eq!((&outcome.decision, &*outcome.events[0].rule_group), (&block(), "mine"));
    let limits = Limits::default();
    let faults = Builder::new(&files).unwrap().build(&drs(&[]), Mode::Prevention, &limits, &Scrubbing::default());
    assert!(faults.unwrap_err()[0].what.contains("no rules"));
    assert!(Builder::new(&Files(BTreeMap::from([("a.data", "")]))).is_err(), "no rules at all");
}

/// Runs a request without a body and an answer to it.
fn answered(
    mode: Mode,
    query: &str,
    status: u16,
    kind: &'static [u8],
    body: &[u8],
) -> (Outcome, Option<(bool, Outcome)>) {
    let policy = folder_policy(&files(true), None, &spec(), mode);
    let target = format!("/?{query}");
    let (_, mut outcome) = run(&policy, &request(&target, &BROWSER), &[]);
    let answer = outcome.answer.take().map(|mut answer| {
        answer.head(status, "HTTP/1.1", [(&b"Content-Type"[..], kind)]);
        let wants = answer.wants_body();
        answer.body(body);
        (wants, answer.end())
    });
    (outcome, answer)
}

#[test]
fn rules_on_answers_are_run_for_a_request_that_goes_on_and_tell_of_the_answer_alone() {
    let leak = &b"a stack trace"[..];
    for (mode, query, status, kind, body, of_request, wants, refused, of_answer) in [
        (Mode::Prevention, "a=odd", 200, &b"text/html"[..], &b"well"[..], 1, true, false, vec![]),
        (Mode::Prevention, "a=odd", 200, b"text/html", leak, 1, true, true, vec![("950110", "Blocked")]),
        (Mode::Detection, "a=odd", 200, b"text/html", leak, 1, true, false, vec![("950110", "Detected")]),
        (Mode::Prevention, "a=1", 200, b"image/png", leak, 0, false, false, vec![]),
        (Mode::Prevention, "a=1", 500, b"text/html", leak, 0, false, true, vec![("950100", "Blocked")]),
        (Mode::Prevention, "a=counted", 200, b"text/html", b"", 0, true, false, vec![("980100", "Log")]),
    ] {
        let (outcome, answer) = answered(mode, query, status, kind, body);
        assert_eq!((outcome.decision, outcome.events.len()), (Decision::Forward, of_request), "{query} {status}");
        let (wanted, answer) = answer.expect("the folder has rules on answers");
        let decision = if refused { block() } else { Decision::Forward };
        assert_eq!((wanted, &answer.decision, rows(&answer)), (wants, &decision, of_answer), "{query} {status}");
    }
    let (outcome, answer) = answered(Mode::Prevention, "a=attack", 200, b"text/html", b"");
    assert!(outcome.decision == block() && answer.is_none(), "there is no answer to what is refused");
    for spec in [spec(), drs(&[])] {
        let policy = folder_policy(&files(spec.sets[0].kind == KIND), None, &spec, Mode::Detection);
        let (_, outcome) = run(&policy, &request("/?a=1", &BROWSER), &[]);
        assert_eq!(outcome.answer.is_some(), spec.sets[0].kind == KIND, "only of a folder");
    }
    let policy = folder_policy(&files(true), None, &spec(), Mode::Prevention);
    let (_, outcome) = run(&policy, &request("/?a=counted", &BROWSER), &[]);
    let without_answer = outcome.answer.unwrap().end();
    assert_eq!(rows(&without_answer), [("980100", "Log")]);
}
