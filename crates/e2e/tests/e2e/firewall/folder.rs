//! A folder of rules run as it is written: its own set-up, scores and rules that deny.

use e2e::{Document, Farm, Gateway};
use serde_json::{Value, json};

use super::managed::{SQL, expect};
use super::{actions, get, refusing, told};

/// The set that runs a folder.
pub(super) fn whole() -> Value {
    json!({ "managedRuleSets": [{ "ruleSetType": "Gatehouse_RuleFolder", "ruleSetVersion": "1.0" }] })
}

const SETUP: &str = "SecDefaultAction \"phase:1,log,pass\"\nSecDefaultAction \"phase:2,log,pass\"\n\
    SecAction \"id:900110,phase:1,pass,nolog,setvar:tx.threshold=8\"\n";

const RULES: &str = "SecRule ARGS \"@detectSQLi\" \"id:942100,phase:2,block,t:none,msg:'SQL',severity:'CRITICAL',\
    setvar:'tx.anomaly_score_pl1=+5'\"\n\
    SecRule ARGS \"@rx users\" \"id:942140,phase:2,block,t:none,msg:'a table',severity:'WARNING',\
    setvar:'tx.anomaly_score_pl1=+3'\"\n\
    SecRule ARGS \"@streq stop\" \"id:1000,phase:1,deny,status:418,log,msg:'stop'\"\n\
    SecRule ARGS \"@streq note\" \"id:1001,phase:2,pass,log,msg:'noted'\"\n";

const SCORE: &str = "SecRule TX:ANOMALY_SCORE_PL1 \"@ge %{tx.threshold}\" \"id:949110,phase:2,deny,t:none,log,\
    msg:'Inbound Anomaly Score Exceeded (Total Score: %{TX.ANOMALY_SCORE_PL1})',severity:'CRITICAL'\"\n";

fn document(farm: &Farm) -> Document {
    Document::new(farm).rule_folder(&[
        ("crs-setup.conf", SETUP),
        ("REQUEST-942-APPLICATION-ATTACK-SQLI.conf", RULES),
        ("REQUEST-949-BLOCKING-EVALUATION.conf", SCORE),
    ])
}

#[test]
fn a_folder_decides_by_its_own_points_and_threshold() {
    let farm = Farm::echo(1);
    let scored: &[_] = &[("Matched", "942100"), ("Matched", "942140"), ("Blocked", "949110")];
    let below = "/?id=1%27%20OR%20%271%27=%271";
    let rows: &[(&str, u16, &[(&str, &str)])] = &[
        (SQL, 403, scored),
        (below, 200, &[("Matched", "942100")]),
        ("/?q=users", 200, &[("Matched", "942140")]),
        // What is written of a status is not followed: the policy answers.
        ("/?q=stop", 403, &[("Blocked", "1000")]),
        ("/?q=note", 200, &[("Log", "1001")]),
        ("/?q=x", 200, &[]),
    ];
    for mode in ["Prevention", "Detection"] {
        let gateway = Gateway::start(&document(&farm).managed(mode, &whole()));
        let mut client = gateway.client();
        for (number, (target, status, expected)) in rows.iter().enumerate() {
            let found = get(&mut client, target).status;
            let told = actions(&told(&gateway, number + 1).0);
            let (status, blocked) = if mode == "Prevention" { (*status, "Blocked") } else { (200, "Detected") };
            let expected: Vec<_> = expected
                .iter()
                .map(|(action, id)| (if *action == "Blocked" { blocked } else { action }, *id))
                .collect();
            expect((found, told), status, &expected, &format!("{mode} {target}"));
        }
    }
    let gateway = Gateway::start(&document(&farm).managed("Prevention", &whole()));
    get(&mut gateway.client(), SQL);
    let row = &told(&gateway, 1).0[2]["properties"];
    assert_eq!(row["message"], "Inbound Anomaly Score Exceeded (Total Score: 8)");
    assert_eq!(
        (&row["ruleSetType"], &row["ruleGroup"]),
        (&json!("Gatehouse_RuleFolder"), &json!("REQUEST-949-BLOCKING-EVALUATION"))
    );
}

#[test]
fn the_site_file_may_bring_another_set_up() {
    let farm = Farm::echo(1);
    let document = document(&farm);
    let setup = document.file("mine.txt", SETUP.replace("threshold=8", "threshold=3"));
    let document = document.site_entry(&format!("firewall: {{setup: '{}'}}", setup.display()));
    let gateway = Gateway::start(&document.managed("Prevention", &whole()));
    let mut client = gateway.client();
    assert_eq!(get(&mut client, "/?q=users").status, 403);
    assert_eq!(get(&mut client, "/?q=x").status, 200);
}

#[test]
fn exclusions_exceptions_and_custom_rules_go_with_a_folder() {
    let farm = Farm::echo(1);
    let mut rules = whole();
    rules["exclusions"] =
        json!([{ "matchVariable": "RequestArgValues", "selectorMatchOperator": "Equals", "selector": "id" }]);
    rules["exceptions"] =
        json!([{ "matchVariable": "RequestURI", "valueMatchOperator": "StartsWith", "values": ["/free"] }]);
    let mut policy = e2e::document::managed("Prevention", &rules);
    policy["customRules"] = json!([refusing("own", 1, ("RequestUri", ""), "Contains", "own")]);
    let document = document(&farm).policy("waf", &policy).section("firewallPolicy", "waf");
    let gateway = Gateway::start(&document);
    let mut client = gateway.client();
    for (target, status) in [
        (SQL, 200),
        (SQL.replace("id=", "other=").as_str(), 403),
        ("/free?q=stop", 200),
        ("/?q=stop", 403),
        ("/free/own", 403),
    ] {
        assert_eq!(get(&mut client, target).status, status, "{target}");
    }
}

#[test]
fn rules_on_the_request_line_see_the_target_as_it_came() {
    let farm = Farm::echo(1);
    let look = "SecRule REQUEST_LINE \"@rx ^GET http://\" \"id:1,phase:1,deny,log\"\n\
                SecRule REQUEST_URI \"@streq /p?q=1\" \"id:2,phase:1,pass,log\"\n";
    let document = Document::new(&farm).rule_folder(&[("REQUEST-920-PROTOCOL-ENFORCEMENT.conf", look)]);
    let gateway = Gateway::start(&document.managed("Prevention", &whole()));
    let mut client = gateway.client();
    for (number, (target, status, rule)) in [("http://a.com/p", 403, "1"), ("/p?q=1", 200, "2")].into_iter().enumerate()
    {
        assert_eq!(get(&mut client, target).status, status, "{target}");
        assert_eq!(actions(&told(&gateway, number + 1).0)[0].1, rule, "{target}");
    }
}
