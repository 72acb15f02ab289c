//! Requests of every kind against policies, and what is told of them.

use model::Source;
use serde_json::json;
use snapshot::Snapshot;

use super::log::Log;
use super::*;
use crate::documents::load_texts;

const DOCUMENT: &str = r#"
name: shop
properties:
  frontendIPConfigurations: [{name: front}]
  frontendPorts: [{name: http, port: 80}]
  backendAddressPools: [{name: web, backendAddresses: [{ipAddress: 10.0.0.4}]}]
  backendHttpSettingsCollection: [{name: plain, port: 80, protocol: Http}]
  httpListeners:
    - {name: shop, frontendIPConfiguration: front, frontendPort: http, protocol: Http, hostName: shop.example,
       firewallPolicy: shop-waf}
  redirectConfigurations: [{name: away, redirectType: Found, targetUrl: "https://other.example/"}]
  urlPathMaps:
    - name: map
      defaultBackendAddressPool: web
      defaultBackendHttpSettings: plain
      pathRules: [{name: moved, paths: ["/moved/*"], redirectConfiguration: away}]
  requestRoutingRules:
    - {name: shop, ruleType: PathBasedRouting, priority: 1, httpListener: shop, urlPathMap: map}
"#;

/// The baseline, with rules that refuse a query with a text in `q`.
fn guarded(mode: &str, refused: &[&str]) -> Snapshot {
    let rule = |(priority, value): (usize, &&str)| {
        let variables = json!([{ "variableName": "QueryString", "selector": "q" }]);
        let conditions = json!([{ "matchVariables": variables, "operator": "Contains", "matchValues": [value] }]);
        json!({
            "name": format!("no-{value}"), "priority": priority + 1, "ruleType": "MatchRule", "action": "Block",
            "matchConditions": conditions,
        })
    };
    let rules: Vec<_> = refused.iter().enumerate().map(rule).collect();
    let policy = json!({
        "name": "shop-waf",
        "type": "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
        "properties": {
            "policySettings": { "state": "Enabled", "mode": mode },
            "customRules": rules,
            "managedRules": { "managedRuleSets": [{ "ruleSetType": "Gatehouse_Baseline", "ruleSetVersion": "1.0" }] },
        },
    });
    let sources = vec![Source::new("shop.yaml", DOCUMENT), Source::new("policy.json", policy.to_string())];
    let loaded = load_texts(sources, None, None, Purpose::routing());
    loaded.snapshot.unwrap_or_else(|| panic!("{:?}", loaded.problems))
}

fn session(before: Option<Snapshot>, snapshot: Snapshot, json: bool, each: bool) -> Session {
    let judge = |snapshot| Judge::new(snapshot, None).unwrap();
    Session {
        report: Report::new(before.is_some(), 2),
        before: before.map(judge),
        judge: judge(snapshot),
        tell: tell::Tell::new(json, each, false),
    }
}

/// What is told of the rows of a log: of each, and of all.
fn replayed(session: &mut Session, rows: &[String]) -> (String, String) {
    let mut told = String::new();
    let mut log = Log::new(None);
    let mut take = |found| told.push_str(&session.take(found));
    for (index, row) in rows.iter().enumerate() {
        let origin = Origin { file: "access.log".into(), line: Some(index as u64 + 1) };
        log.line(row.as_bytes(), origin, &mut take);
    }
    log.end(&mut take);
    (told, tell::report_text(&session.report))
}

fn access(target: &str) -> String {
    let properties = json!({
        "clientIP": "203.0.113.7", "httpMethod": "GET", "originalRequestUriWithArgs": target, "transactionId": "",
        "userAgent": "Mozilla/5.0", "httpVersion": "HTTP/1.1", "sslEnabled": "off", "originalHost": "shop.example",
    });
    let head = json!({
        "timeStamp": "2026-11-22T09:06:32+00:00", "listenerName": "shop", "operationName": "ApplicationGatewayAccess",
        "properties": properties,
    });
    head.to_string()
}

fn firewall_row(id: &str, target: &str, rule: &str, action: &str) -> String {
    let properties = json!({
        "requestUri": target, "ruleSetType": "Custom", "ruleId": rule, "message": "QueryString:q Contains",
        "action": action, "hostname": "shop.example", "transactionId": id, "policyScope": "Listener",
        "policyScopeName": "shop",
    });
    json!({ "operationName": "ApplicationGatewayFirewall", "properties": properties }).to_string()
}

const ATTACK: &str = "/search?q=%3Cscript%3Ealert(1)%3C/script%3E";

#[test]
fn a_log_is_told_by_rule_with_examples_and_the_narrowest_exclusion() {
    let mut session = session(None, guarded("Prevention", &["hats"]), false, false);
    let other = |number| access(&format!("{ATTACK}&n={number}"));
    let rows = [
        access("/"),
        access("/?q=hats"),
        access(ATTACK),
        access(ATTACK),
        other(1),
        other(2),
        access("/moved/a"),
        "x".into(),
    ];
    let (_, report) = replayed(&mut session, &rows);
    let expected = "\
6 requests judged
  by shop-waf (Prevention) of the listener shop: 6
1 request not judged: redirects are answered without the firewall
1 line passed over: the line is no JSON
  such as access.log:8

1  passed
5  blocked

blocked: 5 requests
";
    assert!(report.starts_with(expected), "{report}");
    for words in [
        "  4  66040020 (XSS): ",
        "  1  custom rule no-hats: QueryString:q Contains\n       such as access.log:2 GET shop.example/?q=hats\n",
        "  ARGS:q in 4 requests, by 66040010 (XSS), 66040020 (XSS)\n    such as access.log:3 GET shop.example/search?",
        "    such as access.log:5 GET",
        "    where they are good, an entry of managedRules.exclusions:\n      {\"matchVariable\": \
         \"RequestArgValues\", \
         \"selectorMatchOperator\": \"Equals\", \"selector\": \"q\", \"exclusionManagedRuleSets\": \
         [{\"ruleSetType\": \"Gatehouse_Baseline\", \"ruleSetVersion\": \"1.0\", \"ruleGroups\": [{\"ruleGroupName\": \
         \"XSS\", \"rules\": [{\"ruleId\": \"66040010\"}, {\"ruleId\": \"66040020\"}]}]}]}\n",
        "Logs have no content, no cookies and few headers",
    ] {
        assert!(report.contains(words), "{words}\n{report}");
    }
    for left_out in ["access.log:4", "access.log:6"] {
        assert!(!report.contains(left_out), "two examples are kept of a value, and none twice\n{report}");
    }
}

#[test]
fn two_policies_are_compared_by_what_changes() {
    let (before, after) = (guarded("Prevention", &["hats"]), guarded("Prevention", &["shoes"]));
    let mut session = session(Some(before), after, false, true);
    let rows = [access("/?q=hats"), access("/?q=shoes"), access("/?q=coats"), access(ATTACK)];
    let (told, report) = replayed(&mut session, &rows);
    assert!(
        told.starts_with(
            "access.log:1 GET shop.example/?q=hats: blocked by custom rule no-hats before, passed after\n\
             access.log:2 GET shop.example/?q=shoes: passed before, blocked by custom rule no-shoes after\n\
             access.log:3 GET shop.example/?q=coats: passed before, passed after\n"
        ),
        "{told}"
    );
    let expected = "
1  passed before and after
1  passed before, blocked after
1  blocked before, passed after
1  blocked before and after

passed before, blocked after: 1 request
  1  custom rule no-shoes: QueryString:q Contains
       such as access.log:2 GET shop.example/?q=shoes

blocked before, passed after: 1 request
  1  custom rule no-hats: QueryString:q Contains
       such as access.log:1 GET shop.example/?q=hats
";
    assert!(report.contains(expected), "{report}");
}

#[test]
fn rows_of_the_firewall_log_are_compared_with_what_the_policy_does_now() {
    let mut session = session(None, guarded("Detection", &["hats"]), false, true);
    let rows = [
        firewall_row("a", "/?q=hats", "no-hats", "Blocked"),
        firewall_row("b", "/?q=shoes", "no-shoes", "Blocked"),
        firewall_row("c", "/?q=hats", "no-hats", "Detected"),
    ];
    let (told, report) = replayed(&mut session, &rows);
    let expected = "\
access.log:1 a GET shop.example/?q=hats: blocked then by custom rule no-hats, detected by custom rule no-hats now
access.log:2 b GET shop.example/?q=shoes: blocked then by custom rule no-shoes, passed now
access.log:3 c GET shop.example/?q=hats: detected then by custom rule no-hats, detected by custom rule no-hats now
";
    assert_eq!(told, expected);
    for words in [
        "1  detected then and now (Prevention would refuse it)\n",
        "1  blocked then, passed now\n",
        "blocked then, passed now: 1 request\n  1  custom rule no-shoes: QueryString:q Contains\n",
        "GET and a browser stand in",
    ] {
        assert!(report.contains(words), "{words}\n{report}");
    }
}

#[test]
fn what_logs_do_not_have_is_not_taken_for_what_passes_now() {
    let mut session = session(None, guarded("Prevention", &[]), false, true);
    let row = |variable: &str| {
        let mut row: serde_json::Value =
            serde_json::from_str(&firewall_row(variable, "/?q=1", "1", "Blocked")).unwrap();
        row["properties"]["ruleSetType"] = "Microsoft_DefaultRuleSet".into();
        row["properties"]["details"] = json!({ "message": format!("Warning. Found it at {variable}.") });
        row.to_string()
    };
    let unseen = ["ARGS:text", "REQUEST_COOKIES:a", "REQUEST_HEADERS:X-A", "ARGS_POST:q", "REQUEST_BODY"];
    let seen = ["ARGS:q", "REQUEST_URI", "REQUEST_HEADERS:User-Agent", "TX:0"];
    let rows: Vec<_> = unseen.iter().chain(&seen).map(|variable| row(variable)).collect();
    let (told, report) = replayed(&mut session, &rows);
    assert_eq!(told.matches("passed now, without what had matched: the log does not have it\n").count(), 5, "{told}");
    let expected = "5 requests not judged: rules had matched content, cookies or headers, which logs do not have\n\n\
                    4  blocked then, passed now\n";
    assert!(report.contains(expected), "{report}");
}

#[test]
fn a_raw_request_is_told_in_full_with_its_content() {
    let mut session = session(None, guarded("Prevention", &[]), false, false);
    let origin = Origin { file: "request.txt".into(), line: None };
    let body = "comment=<script>alert(1)</script>";
    let text = format!(
        "POST /comments HTTP/1.1\nHost: shop.example\nAccept: */*\nUser-Agent: curl\n\
         Content-Type: application/x-www-form-urlencoded\nContent-Length: {}\n\n{body}\n",
        body.len()
    );
    let told = session.take(Ok(raw::parse(text.as_bytes(), &origin).unwrap()));
    for words in [
        "request.txt: POST shop.example/comments\n  now        policy shop-waf of the listener shop\n",
        "  mode       Prevention",
        "ARGS:comment is \"<script>",
        "5 points: 5 in all",
        "  decides    it is refused: the score is ",
        "  to allow   where such requests are good, these entries of shop-waf let them pass\n             \
         ARGS:comment, in managedRules.exclusions, from narrow to wide:\n",
        "               for all managed rules:\n                 {\"matchVariable\": \"RequestArgValues\", \
         \"selectorMatchOperator\": \"Equals\", \"selector\": \"comment\"}\n",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
    let report = tell::report_text(&session.report);
    assert!(!report.contains("Logs have no content"), "{report}");
}

#[test]
fn the_report_as_json_has_the_same() {
    let mut session = session(None, guarded("Prevention", &["hats"]), true, false);
    replayed(&mut session, &[access("/?q=hats"), access(ATTACK), access("/")]);
    let report: serde_json::Value = serde_json::from_str(&session.tell.report_json(&session.report)).unwrap();
    assert_eq!((&report["judged"], &report["groups"][0]["to"]), (&3.into(), &"passed".into()));
    let blocked = &report["groups"][1];
    assert_eq!((&blocked["to"], &blocked["from"], &blocked["requests"]), (&"blocked".into(), &().into(), &2.into()));
    let rules = blocked["rules"].as_array().unwrap();
    let hats = rules.iter().find(|rule| rule["rule"] == "custom rule no-hats").unwrap();
    assert_eq!((&hats["requests"], &hats["examples"][0]["at"]), (&1.into(), &"access.log:1".into()));
    let found = &blocked["values"][0];
    assert_eq!((&found["name"], &found["exclusions"]["all"]["selector"]), (&"ARGS:q".into(), &"q".into()));
}

#[test]
fn a_policy_that_is_not_there_is_told_with_those_in_force() {
    let snapshot = guarded("Prevention", &[]);
    assert!(Judge::new(snapshot.clone(), Some("SHOP-WAF")).is_ok());
    let why = Judge::new(snapshot, Some("other")).err().unwrap();
    assert_eq!(why, "there is no policy \"other\" in shop; in force: shop-waf");
}

#[test]
fn a_policy_of_the_documents_can_judge_though_it_is_in_force_nowhere() {
    let draft = json!({
        "name": "draft",
        "type": "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
        "properties": {
            "policySettings": { "state": "Enabled", "mode": "Prevention" },
            "managedRules": { "managedRuleSets": [{ "ruleSetType": "Gatehouse_Baseline", "ruleSetVersion": "1.0" }] },
        },
    });
    let document =
        DOCUMENT.replace("hostName: shop.example,\n       firewallPolicy: shop-waf", "hostName: shop.example");
    let sources = || vec![Source::new("shop.yaml", document.clone()), Source::new("draft.json", draft.to_string())];
    for (policy, found) in [(None, false), (Some("Draft".to_owned()), true)] {
        let purpose = Purpose { policy, ..Purpose::routing() };
        let snapshot = load_texts(sources(), None, None, purpose).snapshot.unwrap();
        assert_eq!(Judge::new(snapshot, Some("draft")).is_ok(), found);
    }
}

#[test]
fn a_policy_that_is_named_judges_wherever_a_request_goes() {
    let mut session = session(None, guarded("Prevention", &["hats"]), false, true);
    session.judge = Judge::new(guarded("Prevention", &["hats"]), Some("shop-waf")).unwrap();
    let (told, _) = replayed(&mut session, &[access("/moved/a?q=hats")]);
    assert!(told.contains("blocked by custom rule no-hats"), "{told}");
}

#[test]
fn what_clients_have_put_into_logs_steers_no_terminal() {
    let mut session = session(None, guarded("Prevention", &["hats"]), false, true);
    let (told, report) = replayed(&mut session, &[access("/?q=hats\u{1b}[2J"), access("/\u{7}?q=hats\n")]);
    for text in [told, report] {
        assert!(!text.contains(|letter: char| letter.is_control() && letter != '\n'), "{text:?}");
        assert!(text.contains("hats\\u{1b}[2J") && text.contains("hats\\n"), "{text:?}");
    }
}

#[test]
fn values_that_clients_name_without_end_take_bounded_room() {
    let mut session = session(None, guarded("Prevention", &[]), false, false);
    let rows: Vec<_> =
        (0..210).map(|number| access(&format!("/?q{number}=%3Cscript%3Ealert(1)%3C/script%3E"))).collect();
    let (_, report) = replayed(&mut session, &rows);
    assert!(report.contains("\n210  blocked\n"), "{report}");
    assert_eq!(report.matches("  ARGS:q").count(), 200, "{report}");
    assert!(report.contains("\n  other values in 10 requests\n"), "{report}");
}
