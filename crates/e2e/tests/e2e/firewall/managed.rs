//! Azure's rule sets over a folder of rules: which rules are on, what they do, and when the score is reached.
//!
//! Source: Azure, `application-gateway-crs-rulegroups-rules`, `application-gateway-customize-waf-rules-portal`,
//! `ag-overview`, read 2026-11-22. The rules here are made up; only their numbers and levels are those of the core
//! rule set.

use e2e::{Document, Farm, Gateway};
use serde_json::{Value, json};

use super::{actions, get, told};

/// A rule of the second phase on arguments: number, tags aside what it looks for, and its severity.
fn rule(id: u32, look: &str, severity: &str) -> String {
    let points = severity.to_ascii_lowercase();
    format!(
        "SecRule ARGS|ARGS_NAMES|REQUEST_COOKIES|REQUEST_HEADERS:X \"{look}\" \"id:{id},phase:2,block,capture,t:none,\
         msg:'found by {id}',logdata:'Matched Data: %{{TX.0}} found within %{{MATCHED_VAR_NAME}}: %{{MATCHED_VAR}}',\
         tag:'OWASP_CRS',severity:'{severity}',setvar:'tx.anomaly_score_pl1=+%{{tx.{points}_anomaly_score}}'\"\n"
    )
}

/// Rules of three groups: attacks by SQL and by script, and slips against the protocol.
pub(super) fn folder(document: Document) -> Document {
    let sql = rule(942_100, "@detectSQLi", "CRITICAL") + &rule(942_140, "@rx sqlite_master", "CRITICAL");
    let xss = rule(941_100, "@detectXSS", "CRITICAL") + &rule(941_110, "@rx <script", "CRITICAL");
    let protocol = rule(920_180, "@rx notice", "WARNING") + &rule(920_280, "@rx warning", "WARNING");
    let points = "SecAction \"id:901100,phase:1,pass,nolog,setvar:tx.critical_anomaly_score=5,\
                  setvar:tx.error_anomaly_score=4,setvar:tx.warning_anomaly_score=3,\
                  setvar:tx.notice_anomaly_score=2\"\n";
    document.rule_folder(&[
        ("REQUEST-901-INITIALIZATION.conf", points),
        ("REQUEST-920-PROTOCOL-ENFORCEMENT.conf", &protocol),
        ("REQUEST-941-APPLICATION-ATTACK-XSS.conf", &xss),
        ("REQUEST-942-APPLICATION-ATTACK-SQLI.conf", &sql),
    ])
}

pub(super) const DRS: (&str, &str) = ("Microsoft_DefaultRuleSet", "2.2");
const CRS: (&str, &str) = ("OWASP", "3.2");

/// Rules of a set that are changed: the group and what is said of its rules.
fn overridden((kind, version): (&str, &str), group: &str, rules: Value) -> Value {
    let mut group = json!({ "ruleGroupName": group });
    if !rules.is_null() {
        group["rules"] = rules;
    }
    json!({ "managedRuleSets": [
        { "ruleSetType": kind, "ruleSetVersion": version, "ruleGroupOverrides": [group] }
    ] })
}

pub(super) fn set((kind, version): (&str, &str)) -> Value {
    json!({ "managedRuleSets": [{ "ruleSetType": kind, "ruleSetVersion": version }] })
}

pub(super) const SQL: &str = "/?id=1%27%20OR%20%271%27=%271%27%20UNION%20SELECT%20password%20FROM%20users--";

/// Status and rows of one request.
pub(super) fn outcome(farm: &Farm, mode: &str, rules: &Value, target: &str) -> (u16, Vec<(String, String)>) {
    let gateway = Gateway::start(&folder(Document::new(farm)).managed(mode, rules));
    let status = get(&mut gateway.client(), target).status;
    (status, actions(&told(&gateway, 1).0))
}

#[track_caller]
pub(super) fn expect(found: (u16, Vec<(String, String)>), status: u16, rows: &[(&str, &str)], what: &str) {
    let rows: Vec<_> = rows.iter().map(|(action, rule)| (action.to_string(), rule.to_string())).collect();
    assert_eq!(found, (status, rows), "{what}");
}

#[test]
fn rules_are_changed_one_by_one_and_group_by_group() {
    let farm = Farm::echo(1);
    let one = |state: &str, action: &str| match action {
        "" => json!([{ "ruleId": "942100", "state": state }]),
        action => json!([{ "ruleId": "942100", "state": state, "action": action }]),
    };
    let scored: &[_] = &[("Matched", "942100"), ("Blocked", "949110")];
    for (set, group) in [(DRS, "SQLI"), (CRS, "REQUEST-942-APPLICATION-ATTACK-SQLI")] {
        let rows: &[(&str, Value, u16, &[(&str, &str)])] = &[
            ("the group, with no rule named", json!([]), 200, &[]),
            ("the group, without a word on rules", Value::Null, 200, &[]),
            ("off", one("Disabled", ""), 200, &[]),
            ("without a state it is off", json!([{ "ruleId": "942100" }]), 200, &[]),
            ("on", one("Enabled", ""), 403, scored),
            ("on, with the usual action", one("Enabled", "AnomalyScoring"), 403, scored),
            ("only told", one("Enabled", "Log"), 200, &[("Log", "942100")]),
            ("at once", one("Enabled", "Block"), 403, &[("Blocked", "942100")]),
            ("another rule is off", json!([{ "ruleId": "942140", "state": "Disabled" }]), 403, scored),
        ];
        for (what, rules, status, expected) in rows {
            let found = outcome(&farm, "Prevention", &overridden(set, group, rules.clone()), SQL);
            expect(found, *status, expected, &format!("{set:?}, {what}"));
        }
        let at_once = overridden(set, group, one("Enabled", "Block"));
        expect(outcome(&farm, "Detection", &at_once, SQL), 200, &[("Detected", "942100")], "detection");
        let other = outcome(&farm, "Prevention", &overridden(set, group, Value::Null), "/?q=%3Cscript%3Ealert(1)");
        assert_eq!(other.0, 403, "other groups are as they were");
    }
}

#[test]
fn scores_add_up_and_five_is_enough() {
    let farm = Farm::echo(1);
    // 920180 has 2 points in the newer set, whatever the folder says, and 3 in the older one.
    let rows: &[(_, &str, u16, &[(&str, &str)])] = &[
        (DRS, "/?a=notice", 200, &[("Matched", "920180")]),
        (DRS, "/?a=warning", 200, &[("Matched", "920280")]),
        (DRS, "/?a=notice&b=warning", 403, &[("Matched", "920180"), ("Matched", "920280"), ("Blocked", "949110")]),
        // Twice in one request counts twice: 4 and 6.
        (DRS, "/?a=notice&b=notice", 200, &[("Matched", "920180")]),
        (DRS, "/?a=notice&b=notice&c=notice", 403, &[("Matched", "920180"), ("Blocked", "949110")]),
        (CRS, "/?a=notice", 200, &[("Matched", "920180")]),
        (CRS, "/?a=notice&b=notice", 403, &[("Matched", "920180"), ("Blocked", "949110")]),
        (DRS, "/?a=nothing", 200, &[]),
    ];
    for (kind, target, status, expected) in rows {
        expect(outcome(&farm, "Prevention", &set(*kind), target), *status, expected, &format!("{kind:?} {target}"));
        let detected: Vec<_> = expected
            .iter()
            .map(|(action, rule)| (if *action == "Blocked" { "Detected" } else { action }, *rule))
            .collect();
        expect(outcome(&farm, "Detection", &set(*kind), target), 200, &detected, &format!("{kind:?} {target}"));
    }
    // Requests do not share a score.
    let gateway = Gateway::start(&folder(Document::new(&farm)).managed("Prevention", &set(DRS)));
    let mut client = gateway.client();
    for _ in 0..3 {
        assert_eq!(get(&mut client, "/?a=warning").status, 200);
    }
}

#[test]
fn rows_name_the_set_as_the_policy_does() {
    let farm = Farm::echo(1);
    for ((kind, version), group) in [(DRS, "SQLI"), (CRS, "REQUEST-942-APPLICATION-ATTACK-SQLI")] {
        let gateway = Gateway::start(&folder(Document::new(&farm)).managed("Prevention", &set((kind, version))));
        get(&mut gateway.client(), SQL);
        let (rows, _) = told(&gateway, 1);
        let row = &rows[0]["properties"];
        assert_eq!((&row["ruleSetType"], &row["ruleSetVersion"]), (&json!(kind), &json!(version)));
        assert_eq!((&row["ruleGroup"], &row["message"]), (&json!(group), &json!("found by 942100")));
        assert_eq!(row["details"]["file"], "rules/REQUEST-942-APPLICATION-ATTACK-SQLI.conf");
        assert_eq!(
            (&row["details"]["line"], row["details"]["data"].as_str().unwrap().contains("ARGS:id")),
            (&json!("1"), true)
        );
    }
}

#[test]
fn rules_score_without_the_files_that_set_points() {
    let farm = Farm::echo(1);
    let alone = rule(942_100, "@detectSQLi", "CRITICAL");
    let document = Document::new(&farm).rule_folder(&[("REQUEST-942-APPLICATION-ATTACK-SQLI.conf", &alone)]);
    let gateway = Gateway::start(&document.managed("Prevention", &set(DRS)));
    assert_eq!(get(&mut gateway.client(), SQL).status, 403);
}
