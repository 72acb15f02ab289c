//! The order of an inspection, sizes, modes, rows and reasons, over a few rules with numbers that Azure knows.

mod bots;
mod folder;
mod limits;
mod modes;
mod slices;

use serde_json::json;
use waf::seclang::Reader;

use super::*;
use crate::custom::{Action as Does, ConditionSpec, Operator, RuleKind, RuleSpec, Variable};
use crate::events::{self, Scope};
use crate::managed::bots::Unknown;
use crate::managed::tests::{BROWSER, DRS, drs, request};
use crate::managed::{self, Builder, SetSpec};
use crate::policy::{Block, Limits};
use crate::scrubbing::{self, Scrubbing};

/// A folder of rules in memory.
struct Folder;

const RULES: &str = r#"
    SecAction "id:901100,phase:1,pass,nolog,setvar:tx.critical_anomaly_score=5"
    SecRule ARGS|REQUEST_COOKIES|REQUEST_HEADERS|REQUEST_URI "@rx attack" "id:942100,phase:2,block,capture,\
        severity:CRITICAL,msg:'Found it',setvar:'tx.anomaly_score_pl1=+%{tx.critical_anomaly_score}',\
        logdata:'Matched Data: %{TX.0} found within %{MATCHED_VAR_NAME}: %{MATCHED_VAR}'"
    SecRule ARGS "@rx odd" "id:920350,phase:2,block,severity:WARNING,msg:'Odd',setvar:'tx.anomaly_score_pl1=+3'"
    SecRule ARGS "@rx unknown" "id:949999,phase:2,deny,severity:CRITICAL,msg:'Not one of the set'"
"#;

impl Reader for Folder {
    fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        if file == "REQUEST-942.conf" { Ok(RULES.into()) } else { Err("there is no such file".to_owned()) }
    }

    fn list(&self, _: &str) -> Result<Vec<String>, String> {
        Ok(vec!["REQUEST-942.conf".to_owned(), "RESPONSE-950.conf".to_owned()])
    }
}

fn policy(
    mode: Mode,
    limits: Limits,
    custom: &[RuleSpec],
    spec: &managed::Spec,
    hidden: Vec<scrubbing::Rule>,
) -> Arc<Policy> {
    let scrubbing = Scrubbing::new(hidden);
    let built = Builder::new(&Folder).unwrap().build(spec, mode, &limits, &scrubbing).unwrap();
    Arc::new(Policy {
        name: "p".into(),
        id: "/policies/p".into(),
        mode,
        limits,
        block: Block { status: 406, body: None },
        custom: custom::Rules::new(custom).unwrap(),
        clearance: crate::challenge::Lifetimes::default(),
        managed: built.managed,
        scrubbing,
    })
}

fn plain(mode: Mode) -> Arc<Policy> {
    policy(mode, Limits::default(), &[], &drs(&[]), Vec::new())
}

fn rule(name: &str, priority: i64, action: Does, variable: Variable, selector: Option<&str>, value: &str) -> RuleSpec {
    let condition = ConditionSpec {
        variables: vec![(variable, selector.map(str::to_owned))],
        operator: Operator::Contains,
        values: vec![value.to_owned()],
        transforms: Vec::new(),
        negated: false,
    };
    let name = name.to_owned();
    RuleSpec { name, priority, enabled: true, kind: RuleKind::Match, action, conditions: vec![condition] }
}

fn place() -> Place {
    Place { scope: Scope::Listener, name: "l1".into() }
}

struct Addresses;

impl Reputation for Addresses {
    fn is_malicious(&self, address: std::net::IpAddr) -> bool {
        address == std::net::IpAddr::from([203, 0, 113, 9])
    }
}

fn services<'s>(counters: &'s Counters, clearances: &'s Clearances, reputation: &'s dyn Reputation) -> Services<'s> {
    Services { counters, countries: &crate::geo::Nowhere, clearances, reputation, now: Duration::from_secs(1000) }
}

/// What an inspection did: its steps as letters, then its outcome.
fn run_with(
    policy: &Arc<Policy>,
    request: &Request<'_>,
    pieces: &[&[u8]],
    reputation: &dyn Reputation,
) -> (String, Outcome) {
    let (counters, clearances) = (Counters::default(), Clearances::new(b"key"));
    let services = services(&counters, &clearances, reputation);
    let mut inspection = Inspection::new(policy, &place(), request, &services);
    let (mut steps, mut ended) = (String::new(), false);
    let mut step = inspection.head();
    let mut pieces = pieces.iter();
    loop {
        step = match step {
            Step::Working => inspection.go_on(),
            Step::Done(outcome) => {
                steps.push_str(if ended { "" } else { "D" });
                let again = inspection.finish();
                assert_eq!((again.decision, again.events.len()), (outcome.decision.clone(), 0), "it stands");
                return (steps, outcome);
            }
            Step::Forward | Step::WantsBody => {
                steps.push(if matches!(step, Step::Forward) { 'F' } else { 'W' });
                let piece = pieces.next();
                ended = piece.is_none();
                if let Some(piece) = piece { inspection.body(piece) } else { inspection.end() }
            }
        };
    }
}

fn run(policy: &Arc<Policy>, request: &Request<'_>, pieces: &[&[u8]]) -> (String, Outcome) {
    run_with(policy, request, pieces, &Unknown)
}

fn rows(outcome: &Outcome) -> Vec<(&str, &'static str)> {
    outcome.events.iter().map(|event| (event.rule_id.as_str(), event.action.name())).collect()
}

fn block() -> Decision {
    Decision::Block(Block { status: 406, body: None })
}

#[test]
fn scores_below_the_threshold_pass_and_are_told() {
    let (steps, outcome) = run(&plain(Mode::Prevention), &request("/?a=odd", &BROWSER), &[]);
    assert_eq!((steps.as_str(), &outcome.decision), ("W", &Decision::Forward));
    assert_eq!(rows(&outcome), [("920350", "Matched")]);
    assert_eq!(outcome.explanation.decision, "forwarded: the score is 3, below 5");
}

#[test]
fn rules_that_azure_does_not_have_do_nothing() {
    let (_, outcome) = run(&plain(Mode::Prevention), &request("/?a=unknown", &BROWSER), &[]);
    assert_eq!((outcome.decision, outcome.events.len()), (Decision::Forward, 0));
}

#[test]
fn bodies_are_limited_and_inspected_as_far_as_the_policy_says() {
    const FORM: &[u8] = b"application/x-www-form-urlencoded";
    let limits = |inspected_body, max_body| Limits { inspected_body, max_body, max_upload: None, inspects_body: true };
    let late: &[&[u8]] = &[b"a=12345678", b"90attack"];
    let early: &[&[u8]] = &[b"a=attack90", b"1234567890"];
    let none = Limits { inspects_body: false, ..limits(10, None) };
    let uninspected = Limits { inspects_body: false, ..limits(10, Some(15)) };
    use Mode::{Detection, Prevention};
    for (name, mode, limits, pieces, steps, blocked, rule) in [
        ("within all limits", Prevention, limits(100, Some(100)), late, "WWW", true, Some("942100")),
        ("behind what is inspected", Prevention, limits(10, Some(100)), late, "WWF", false, None),
        ("behind it, nothing enforced", Prevention, limits(10, None), late, "WWD", false, None),
        ("found before the limit", Prevention, limits(10, Some(100)), early, "WWD", true, Some("942100")),
        ("too large", Prevention, limits(100, Some(15)), late, "WWD", true, Some("0")),
        ("too large while it passes", Prevention, limits(5, Some(15)), late, "WFD", true, Some("0")),
        ("too large, detection", Detection, limits(100, Some(15)), late, "WWW", false, Some("0")),
        ("too large while it passes, detection", Detection, limits(5, Some(15)), late, "WFD", false, Some("0")),
        ("nothing to look at", Prevention, none, early, "D", false, None),
        ("only its size", Prevention, uninspected, early, "FFD", true, Some("0")),
    ] {
        let headers = [BROWSER[0], BROWSER[1], BROWSER[2], (b"Content-Type", FORM)];
        let policy = policy(mode, limits, &[], &drs(&[]), Vec::new());
        let (found, outcome) = run(&policy, &request("/", &headers), pieces);
        let decision = if blocked { block() } else { Decision::Forward };
        assert_eq!((found.as_str(), &outcome.decision), (steps, &decision), "{name}");
        assert_eq!(outcome.events.first().map(|event| event.rule_id.as_str()), rule, "{name}");
    }
}

#[test]
fn a_declared_length_refuses_before_the_body_and_an_allow_by_the_head_comes_first() {
    let headers = [
        BROWSER[0],
        BROWSER[1],
        BROWSER[2],
        (&b"Content-Type"[..], &b"text/plain"[..]),
        (b"Content-Length", b"999999"),
    ];
    let request = request("/", &headers);
    let (steps, outcome) = run(&plain(Mode::Prevention), &request, &[b"x"]);
    assert_eq!((steps.as_str(), outcome.decision), ("D", block()));
    let message = "Mandatory rule. Cannot be disabled. Request body without files is larger than 131072 bytes.";
    assert_eq!(outcome.events[0].message, message);
    for (variable, expected) in [(Variable::RequestHeaders, Decision::Forward), (Variable::RequestBody, block())] {
        let allow = [rule("allow", 1, Does::Allow, variable, None, "www")];
        let policy = policy(Mode::Prevention, Limits::default(), &allow, &drs(&[]), Vec::new());
        let (steps, outcome) = run(&policy, &request, &[b"www"]);
        assert_eq!((steps.as_str(), outcome.decision), ("D", expected), "{variable:?}");
    }
}

#[test]
fn in_detection_a_body_declared_larger_than_an_upload_is_not_looked_at() {
    let form: &[u8] = b"application/x-www-form-urlencoded";
    let headers =
        |length| [BROWSER[0], BROWSER[1], BROWSER[2], (&b"Content-Type"[..], form), (&b"Content-Length"[..], length)];
    for (max_body, length, expected) in [
        (Some(1000), &b"1500"[..], vec![("0", "Detected"), ("942100", "Matched"), ("949110", "Detected")]),
        (Some(1000), b"2001", vec![("0", "Detected")]),
        (None, b"2001", vec![("0", "Detected")]),
    ] {
        let limits = Limits { max_body, max_upload: Some(2000), ..Limits::default() };
        let policy = policy(Mode::Detection, limits, &[], &drs(&[]), Vec::new());
        let headers = headers(length);
        let (_, outcome) = run(&policy, &request("/", &headers), &[b"a=attack"]);
        assert_eq!((rows(&outcome), &outcome.decision), (expected, &Decision::Forward));
    }
}

#[test]
fn inspections_move_between_threads() {
    fn moved<T: Send>() {}
    moved::<Inspection<'_>>();
    moved::<Outcome>();
}

#[test]
fn custom_rules_are_asked_in_their_order_around_the_body() {
    let rules = [
        rule("late", 30, Does::Log, Variable::RequestUri, None, "x"),
        rule("body", 20, Does::Log, Variable::PostArgs, Some("a"), "attack"),
        rule("early", 10, Does::Log, Variable::RequestUri, None, "x"),
    ];
    let headers =
        [BROWSER[0], BROWSER[1], BROWSER[2], (&b"Content-Type"[..], &b"application/x-www-form-urlencoded"[..])];
    let off = managed::Spec::default();
    let policy = policy(Mode::Prevention, Limits::default(), &rules, &off, Vec::new());
    let (steps, outcome) = run(&policy, &request("/x", &headers), &[b"a=", b"attack"]);
    assert_eq!((steps.as_str(), rows(&outcome)), ("WWW", vec![("early", "Log"), ("body", "Log"), ("late", "Log")]));
}

#[test]
fn bots_are_asked_after_custom_rules_and_before_attacks() {
    let set =
        SetSpec { kind: "Microsoft_BotManagerRuleSet".to_owned(), version: "1.1".to_owned(), overrides: Vec::new() };
    let mut spec = drs(&[]);
    spec.sets.push(set);
    let log = [rule("mine", 1, Does::Log, Variable::RequestUri, None, "attack")];
    let curl: [(&[u8], &[u8]); 1] = [(b"User-Agent", b"curl/8.5.0")];
    let bad: [(&[u8], &[u8]); 1] = [(b"X-Forwarded-For", b"198.51.100.1, 203.0.113.9")];
    for (mode, headers, expected) in [
        (
            Mode::Prevention,
            &curl,
            vec![("mine", "Log"), ("300300", "Log"), ("942100", "Matched"), ("949110", "Blocked")],
        ),
        (Mode::Prevention, &bad, vec![("mine", "Log"), ("100100", "Blocked")]),
        (
            Mode::Detection,
            &bad,
            vec![("mine", "Log"), ("100100", "Detected"), ("942100", "Matched"), ("949110", "Detected")],
        ),
    ] {
        let policy = policy(mode, Limits::default(), &log, &spec, Vec::new());
        let (_, outcome) = run_with(&policy, &request("/?attack=1", headers), &[], &Addresses);
        assert_eq!(rows(&outcome), expected, "{mode:?}");
    }
    let scopes = |version: &str| {
        let kind = "Microsoft_BotManagerRuleSet".to_owned();
        vec![crate::selection::Scope { kind, version: version.to_owned(), groups: Vec::new() }]
    };
    for (value, version, count) in [("/?attack", "1.1", 0), ("/other", "1.1", 1), ("/?attack", "1.0", 1)] {
        let exception = crate::exceptions::Spec {
            variable: crate::exceptions::Variable::RequestUri,
            operator: crate::exceptions::Operator::StartsWith,
            values: vec![value.to_owned()],
            scopes: scopes(version),
        };
        let spec = managed::Spec { exceptions: vec![exception], ..spec.clone() };
        let policy = policy(Mode::Detection, Limits::default(), &[], &spec, Vec::new());
        let (_, outcome) = run_with(&policy, &request("/?attack=1", &bad), &[], &Addresses);
        let of_bots = outcome.events.iter().filter(|event| event.rule_group == "BadBots");
        assert_eq!(of_bots.count(), count, "{value} {version}");
    }
    let hidden = |variable| vec![scrubbing::Rule { variable, selector: None }];
    for (variable, headers, data) in [
        (scrubbing::Variable::IpAddress, &bad, "IPReputationTriggered: ******"),
        (scrubbing::Variable::HeaderNames, &curl, "User-Agent: ******"),
        (scrubbing::Variable::CookieNames, &curl, "User-Agent: curl/8.5.0"),
    ] {
        let policy = policy(Mode::Detection, Limits::default(), &[], &spec, hidden(variable));
        let (_, outcome) = run_with(&policy, &request("/", headers), &[], &Addresses);
        assert_eq!(outcome.events[0].details.as_ref().unwrap().data, data);
    }
}

#[test]
fn a_row_has_the_fields_of_azures_log() {
    let policy = plain(Mode::Prevention);
    let request = request("/?a=attack", &BROWSER);
    let (_, outcome) = run(&policy, &request, &[]);
    let common = events::Common::new(&policy, &place(), &request);
    let row = outcome.events[0].properties(&common);
    let expected = json!({
        "clientIp": "192.0.2.1", "clientPort": "40000", "requestUri": "/?a=attack",
        "ruleSetType": DRS, "ruleSetVersion": "2.2", "ruleId": "942100", "ruleGroup": "SQLI",
        "message": "Found it", "action": "Matched", "site": "Global",
        "details": {
            "message": "Warning. Pattern match \"attack\" at REQUEST_URI.",
            "data": "Matched Data: attack found within REQUEST_URI: /?a=attack",
            "file": "rules/REQUEST-942.conf", "line": "3",
        },
        "hostname": "www.example.com", "transactionId": "t-1", "policyId": "/policies/p",
        "policyScope": "Listener", "policyScopeName": "l1", "engine": "Azwaf",
    });
    assert_eq!(row, expected);
}

#[test]
fn what_is_scrubbed_stands_in_no_row_and_no_reason() {
    use scrubbing::Variable as Hides;
    let json_headers = [BROWSER[0], BROWSER[1], BROWSER[2], (&b"Content-Type"[..], &b"application/json"[..])];
    let cookie: [(&[u8], &[u8]); 2] = [BROWSER[0], (b"Cookie", b"c=attack-7777")];
    let header: [(&[u8], &[u8]); 2] = [BROWSER[0], (b"X-Key", b"attack-7777")];
    for (variable, selector, target, headers, body) in [
        (Hides::ArgNames, Some("a"), "/?a=attack-7777", &BROWSER[..], &b""[..]),
        (Hides::ArgNames, None, "/?a=attack-7777", &BROWSER, b""),
        (Hides::JsonArgNames, Some("k"), "/", &json_headers, b"{\"k\":\"attack-7777\"}"),
        (Hides::CookieNames, Some("c"), "/", &cookie, b""),
        (Hides::HeaderNames, Some("x-KEY"), "/", &header, b""),
    ] {
        let hidden = vec![scrubbing::Rule { variable, selector: selector.map(str::to_owned) }];
        let policy = policy(Mode::Prevention, Limits::default(), &[], &drs(&[]), hidden);
        let request = request(target, headers);
        let (_, outcome) = run(&policy, &request, &[body]);
        assert_eq!(outcome.decision, block(), "{variable:?}");
        let common = events::Common::new(&policy, &place(), &request);
        let rows = outcome.events.iter().map(|event| event.properties(&common).to_string());
        let told = rows.collect::<String>() + &outcome.explanation.to_json().to_string();
        assert!(told.contains("******") && !told.contains("7777"), "{variable:?}: {told}");
    }
}

#[test]
fn an_explanation_tells_each_step_and_how_to_prevent_it() {
    let (_, outcome) = run(&plain(Mode::Prevention), &request("/x?q=attack+odd", &BROWSER), &[]);
    let told = outcome.explanation.to_json();
    let ladder = json!([
        { "ruleId": 942100, "points": 10, "times": 2, "total": 10 },
        { "ruleId": 920350, "points": 3, "times": 1, "total": 13 },
    ]);
    assert_eq!(told["ladder"], ladder);
    assert_eq!(told["decision"], "refused: the score is 13, 5 or more");
    let finding = &told["findings"][0];
    assert_eq!((&finding["variable"], &finding["value"]), (&json!("ARGS:q"), &json!("attack odd")));
    assert_eq!(finding["exclusions"]["all"]["selector"], "q");
    assert_eq!(told["findings"][1]["variable"], "REQUEST_URI");
    assert!(told["findings"][1]["exclusions"].is_null(), "the target cannot be excluded");
}

#[test]
fn each_width_of_exclusion_would_have_prevented_it() {
    let headers: [(&[u8], &[u8]); 2] = [BROWSER[0], (b"X-Note", b"attack")];
    let request = request("/", &headers);
    let (_, outcome) = run(&plain(Mode::Prevention), &request, &[]);
    let exclusions = outcome.explanation.findings[0].exclusions().unwrap();
    for entry in [exclusions.of_rule.unwrap(), exclusions.of_group.unwrap(), exclusions.of_all] {
        let policy = policy(
            Mode::Prevention,
            Limits::default(),
            &[],
            &managed::Spec { exclusions: vec![read(&entry)], ..drs(&[]) },
            Vec::new(),
        );
        let (_, outcome) = run(&policy, &request, &[]);
        assert_eq!((outcome.decision, outcome.events.len()), (Decision::Forward, 0), "{entry}");
    }
}

/// An exclusion as it is pasted.
fn read(entry: &serde_json::Value) -> crate::exclusions::Spec {
    use crate::selection::{GroupScope, Scope};
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let group = |group: &serde_json::Value| GroupScope {
        name: text(&group["ruleGroupName"]),
        rules: list(&group["rules"]).iter().map(|rule| text(&rule["ruleId"]).parse().unwrap()).collect(),
    };
    let set = |set: &serde_json::Value| Scope {
        kind: text(&set["ruleSetType"]),
        version: text(&set["ruleSetVersion"]),
        groups: list(&set["ruleGroups"]).iter().map(group).collect(),
    };
    crate::exclusions::Spec {
        variable: crate::exclusions::Variable::parse(&text(&entry["matchVariable"])).unwrap(),
        operator: crate::exclusions::Operator::parse(&text(&entry["selectorMatchOperator"])).unwrap(),
        selector: text(&entry["selector"]),
        scopes: list(&entry["exclusionManagedRuleSets"]).iter().map(set).collect(),
    }
}

#[test]
fn a_request_whose_rules_cannot_all_be_run_is_refused() {
    let bound = waf::verdict::Bound::Work;
    let exhausted = waf::verdict::Exhaustion { phase: waf::Phase::RequestBody, rule: 942_100, bound, work: 1 };
    let verdict = waf::verdict::Verdict { exhausted: Some(exhausted), ..Default::default() };
    for (mode, action) in [(Mode::Prevention, "Blocked"), (Mode::Detection, "Detected")] {
        let policy = plain(mode);
        let found = policy.managed.core.as_ref().unwrap().judge(&verdict, mode);
        assert!(found.refuses);
        assert_eq!((found.events[0].rule_id.as_str(), found.events[0].action.name()), ("0", action));
    }
}

#[test]
fn the_settings_inside_a_gateway_become_a_policy_that_runs() {
    let configuration = crate::legacy::Configuration {
        mode: Mode::Prevention,
        kind: "OWASP".to_owned(),
        version: "3.1".to_owned(),
        disabled: vec![("REQUEST-920-PROTOCOL-ENFORCEMENT".to_owned(), vec![920_350, 920_999])],
        checks_body: true,
        max_body_kb: None,
        max_upload_mb: None,
        exclusions: vec![("RequestCookieNames".to_owned(), "Equals".to_owned(), "c".to_owned())],
    };
    let translation = configuration.translate().unwrap();
    let policy = policy(translation.mode, translation.limits, &[], &translation.managed, Vec::new());
    for (target, refused) in [("/?a=odd", false), ("/?a=attack", true)] {
        let (_, outcome) = run(&policy, &request(target, &BROWSER), &[]);
        assert_eq!(outcome.decision == block(), refused, "{target}");
    }
}
