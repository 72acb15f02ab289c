//! `gatehouse waf`, and what `explain` and `test` tell of firewalls. What `waf install` does with a package is tested
//! beside it.

use e2e::Folder;
use serde_json::Value;

use crate::command::gatehouse;

#[test]
fn a_package_that_is_not_there_is_a_problem_and_leaves_nothing() {
    let folder = Folder::new();
    let ended = gatehouse(&folder, &["waf", "install", "--package", "none.deb"]);
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    assert!(ended.err.starts_with("gatehouse: cannot read none.deb: "), "{}", ended.err);
    let kept = folder.path("state/gatehouse/rule-sets");
    assert_eq!(std::fs::read_dir(kept).unwrap().count(), 0);
}

/// A shop with a policy on its listener, and another one on a path rule that only detects.
const SHOP: &str = r#"
- name: shop
  type: Microsoft.Network/applicationGateways
  properties:
    sku: { name: WAF_v2, tier: WAF_v2 }
    frontendIPConfigurations: [{ name: front, properties: { privateIPAddress: 127.0.0.1 } }]
    frontendPorts: [{ name: http, properties: { port: 80 } }]
    backendAddressPools: [{ name: web, properties: { backendAddresses: [{ ipAddress: 10.0.0.4 }] } }]
    backendHttpSettingsCollection: [{ name: plain, properties: { port: 8080, protocol: Http } }]
    redirectConfigurations: [{ name: away, properties: { redirectType: Found, targetUrl: "https://other.example/" } }]
    httpListeners:
      - name: shop
        properties: { frontendIPConfiguration: front, frontendPort: http, protocol: Http, hostName: shop.example,
                      firewallPolicy: shop-waf }
    urlPathMaps:
      - name: map
        properties:
          defaultBackendAddressPool: web
          defaultBackendHttpSettings: plain
          pathRules:
            - name: search
              properties: { paths: ["/search*"], backendAddressPool: web, backendHttpSettings: plain,
                            firewallPolicy: search-waf }
            - name: images
              properties: { paths: ["/images/*"], backendAddressPool: web, backendHttpSettings: plain }
            - { name: moved, properties: { paths: ["/moved/*"], redirectConfiguration: away } }
    requestRoutingRules:
      - name: shop
        properties: { ruleType: PathBasedRouting, priority: 10, httpListener: shop, urlPathMap: map }
- name: shop-waf
  type: Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies
  properties:
    policySettings: { state: Enabled, mode: Prevention }
    customRules:
      - { name: no-tests, priority: 1, ruleType: MatchRule, action: Block,
          matchConditions: [{ matchVariables: [{ variableName: QueryString, selector: test }], operator: Any,
                              matchValues: [] }] }
    managedRules: { managedRuleSets: [{ ruleSetType: Gatehouse_Baseline, ruleSetVersion: "1.0" }] }
- name: search-waf
  type: Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies
  properties:
    policySettings: { state: Enabled, mode: Detection }
    managedRules: { managedRuleSets: [{ ruleSetType: Gatehouse_Baseline, ruleSetVersion: "1.0" }] }
"#;

fn shop() -> Folder {
    let folder = Folder::new();
    folder.write("shop.yaml", SHOP);
    folder
}

const ATTACK: &str = "id=1%27%20or%201=1--";

#[test]
fn what_the_firewall_refuses_is_explained_in_words() {
    let folder = shop();
    let url = format!("http://shop.example/images/?{ATTACK}");
    let ended = gatehouse(&folder, &["explain", &url, "shop.yaml"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let (_, told) = ended.out.split_once("  settings   plain\n").unwrap();
    let expected = "\
\x20 firewall   policy shop-waf of the listener shop; the path rule images has none of its own
  mode       Prevention: what is found to be an attack is refused
  finds      66030010 (SQLI): SQL injection
               ARGS:id is \"1' or 1=1--\"
               5 points: 5 in all
  finds      66030020 (SQLI): Statement or function of SQL
               ARGS:id is \"1' or 1=1--\"
               5 points: 10 in all
  decides    it is refused: the score is 10, 5 or more (rule 949110)
  ends       403: refused by the firewall
  to allow   where such requests are good, these entries of shop-waf let them pass
             ARGS:id, in managedRules.exclusions, from narrow to wide:
               for rules 66030010, 66030020:
                 {\"matchVariable\": \"RequestArgValues\", \"selectorMatchOperator\": \"Equals\", \
\"selector\": \"id\", \
\"exclusionManagedRuleSets\": [{\"ruleSetType\": \"Gatehouse_Baseline\", \"ruleSetVersion\": \"1.0\", \
\"ruleGroups\": [{\"ruleGroupName\": \"SQLI\", \"rules\": [{\"ruleId\": \"66030010\"}, {\"ruleId\": \"66030020\"}]}]}]}
               for the whole group:
                 {\"matchVariable\": \"RequestArgValues\", \"selectorMatchOperator\": \"Equals\", \
\"selector\": \"id\", \
\"exclusionManagedRuleSets\": [{\"ruleSetType\": \"Gatehouse_Baseline\", \"ruleSetVersion\": \"1.0\", \
\"ruleGroups\": [{\"ruleGroupName\": \"SQLI\"}]}]}
               for all managed rules:
                 {\"matchVariable\": \"RequestArgValues\", \"selectorMatchOperator\": \"Equals\", \"selector\": \"id\"}
";
    assert_eq!(told, expected);
}

#[test]
fn the_exclusion_that_is_told_lets_the_request_pass() {
    let folder = shop();
    let url = format!("http://shop.example/cart?{ATTACK}");
    let ended = gatehouse(&folder, &["explain", &url, "shop.yaml", "--json"]);
    let told: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&told["outcome"]["kind"], &told["outcome"]["status"]), (&"blocked".into(), &403.into()));
    for width in ["rule", "group", "all"] {
        let entry = &told["firewall"]["remedies"][0]["exclusions"][width];
        let sets = "managedRules: { managedRuleSets: ";
        let changed = SHOP.replacen(sets, &format!("managedRules: {{ exclusions: [{entry}], managedRuleSets: "), 1);
        folder.write("changed.yaml", changed);
        let ended = gatehouse(&folder, &["explain", &url, "changed.yaml"]);
        assert!(ended.out.contains("decides    it passes: the score is 0, below 5"), "{width}: {ended:?}");
    }
}

#[test]
fn modes_content_redirects_and_custom_rules_are_explained() {
    let folder = shop();
    let rows: [(&[&str], &[&str]); 5] = [
        (
            &["http://shop.example/search?q=%3Cscript%3Ealert(1)%3C/script%3E"],
            &[
                "firewall   policy search-waf of the path rule search\n  mode       Detection: ",
                "decides    it passes, as the policy only detects; Prevention would refuse it: the score is ",
                "\n  sends      GET /search?q=",
            ],
        ),
        (
            &["http://shop.example/comments", "-d", "text=%3Cscript%3Ealert(1)%3C/script%3E"],
            &["POST http://shop.example/comments\n", "ARGS:text is \"<script>alert(1)</script>\"\n", "ends       403"],
        ),
        (
            &[
                "http://shop.example/comments",
                "-d",
                r#"{"text": "<script>alert(1)</script>"}"#,
                "-H",
                "Content-Type: \
              application/json",
            ],
            &["text is \"<script>", "\"selector\": \"text\""],
        ),
        (
            &["http://shop.example/moved/a?test=1"],
            &["firewall   not asked: redirects are answered without the firewall\n  ends       302"],
        ),
        (
            &["http://shop.example/?test=1"],
            &[
                "finds      custom rule no-tests: QueryString:test Any\n               refuses at once\n",
                "ends       403",
            ],
        ),
    ];
    for (asked, expected) in rows {
        let ended = gatehouse(&folder, &[&["explain"], asked, &["shop.yaml"]].concat());
        assert_eq!(ended.code, 0, "{asked:?}: {}", ended.err);
        for words in expected {
            assert!(ended.out.contains(words), "{words}: {}", ended.out);
        }
    }
}

#[test]
fn content_comes_from_a_file_too() {
    let folder = shop();
    folder.write("body.txt", "text=%3Cscript%3Ealert(1)%3C/script%3E");
    let url = "http://shop.example/comments";
    let ended = gatehouse(&folder, &["explain", "PUT", url, "shop.yaml", "--data-file", "body.txt"]);
    assert!(ended.out.starts_with("PUT ") && ended.out.contains("ends       403"), "{ended:?}");
    let ended = gatehouse(&folder, &["explain", url, "shop.yaml", "--data-file", "none.txt"]);
    assert!(ended.code == 2 && ended.err.contains("cannot read none.txt"), "{ended:?}");
    let ended = gatehouse(&folder, &["explain", url, "shop.yaml", "--data-file", "body.txt", "-d", "x"]);
    assert_eq!(ended.code, 2, "{ended:?}");
}

#[test]
fn what_the_firewall_does_can_be_asserted() {
    let folder = shop();
    folder.write(
        "cases.yaml",
        "- request: 'GET http://shop.example/?id=1%27%20or%201=1--'\n\
         \u{20} expect: {firewall: blocked, firewallPolicy: shop-waf, status: 403,\n\
         \u{20}          firewallRules: [66030010, 66030020]}\n\
         - request: GET http://shop.example/search?q=%3Cscript%3Ealert(1)%3C/script%3E\n\
         \u{20} expect: {firewall: detected, firewallPolicy: search-waf, status: '', pool: web}\n\
         - request: GET http://shop.example/?test=1\n\
         \u{20} expect: {firewall: blocked, firewallRules: no-tests}\n\
         - request: POST http://shop.example/comments\n\
         \u{20} body: text=%3Cscript%3Ealert(1)%3C/script%3E\n\
         \u{20} expect: {firewall: blocked}\n\
         - {request: GET http://shop.example/, expect: {firewall: passed, firewallRules: ''}}\n\
         - {request: GET http://shop.example/moved/a?test=1, expect: {firewall: '', firewallPolicy: ''}}\n",
    );
    let ended = gatehouse(&folder, &["test", "cases.yaml", "shop.yaml"]);
    assert_eq!((ended.code, ended.out.as_str()), (0, "6 passed, 0 failed\n"), "{ended:?}");
    folder.write("wrong.yaml", "- {request: GET http://shop.example/, expect: {firewall: blocked}}\n");
    let ended = gatehouse(&folder, &["test", "wrong.yaml", "shop.yaml"]);
    assert!(ended.code == 1 && ended.out.contains("firewall: expected \"blocked\", found \"passed\""), "{ended:?}");
}

/// A row of the access log.
fn access(target: &str) -> String {
    let properties = serde_json::json!({
        "clientIP": "203.0.113.7", "httpMethod": "GET", "originalRequestUriWithArgs": target, "sslEnabled": "off",
        "userAgent": "Mozilla/5.0", "httpVersion": "HTTP/1.1", "originalHost": "shop.example",
        "transactionId": "7f4230d8e46251fda2368cfd5c758501",
    });
    let row = serde_json::json!({
        "timeStamp": "2026-11-22T09:06:32+00:00", "listenerName": "shop", "operationName": "ApplicationGatewayAccess",
        "properties": properties,
    });
    format!("{row}\n")
}

#[test]
fn a_log_is_replayed_against_a_policy_and_against_another() {
    let folder = shop();
    let attack = format!("/cart?{ATTACK}");
    folder.write("access.log", [access("/"), access(&attack), access("/?test=1"), access("/moved/")].concat());
    let ended = gatehouse(&folder, &["waf", "replay", "shop.yaml", "access.log"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    let expected = "3 requests judged\n  by shop-waf (Prevention) of the listener shop: 3\n\
                    1 request not judged: redirects are answered without the firewall\n\n1  passed\n2  blocked\n";
    assert!(ended.out.starts_with(expected), "{}", ended.out);

    folder.write("open.yaml", SHOP.replace("action: Block", "action: Log"));
    let ended = gatehouse(&folder, &["waf", "replay", "shop.yaml", "access.log", "--against", "open.yaml"]);
    assert_eq!(ended.code, 0, "{}", ended.err);
    for words in [
        "1  passed before and after\n1  blocked before, passed after\n1  blocked before and after\n",
        "blocked before, passed after: 1 request\n  1  custom rule no-tests: QueryString:test Any\n",
    ] {
        assert!(ended.out.contains(words), "{words}\n{}", ended.out);
    }

    let named = ["waf", "replay", "shop.yaml", "access.log", "--policy", "shop-waf", "--against-policy", "search-waf"];
    let ended = gatehouse(&folder, &[&named[..], &["--json"]].concat());
    let report: Value = serde_json::from_str(&ended.out).unwrap();
    assert_eq!((&report["judged"], &report["compares"]), (&4.into(), &true.into()), "{report:#}");
    let groups: Vec<_> =
        report["groups"].as_array().unwrap().iter().map(|group| (&group["from"], &group["to"])).collect();
    assert!(groups.contains(&(&"blocked".into(), &"detected".into())), "{groups:?}");
}

#[test]
fn one_transaction_and_raw_requests_are_told_in_full() {
    let folder = shop();
    folder.write("access.log", access(&format!("/cart?{ATTACK}")));
    let id = "7f4230d8e46251fda2368cfd5c758501";
    let ended = gatehouse(&folder, &["waf", "replay", "shop.yaml", "access.log", "--transaction", id]);
    for words in [&format!("access.log:1 {id}: GET shop.example/cart?"), "to allow   where", "1  blocked\n"] {
        assert!(ended.out.contains(words), "{words}\n{ended:?}");
    }
    let ended = gatehouse(&folder, &["waf", "replay", "shop.yaml", "access.log", "--transaction", "other"]);
    assert_eq!((ended.code, ended.out.as_str()), (1, ""));
    assert!(ended.err.contains("no request is called \"other\""), "{ended:?}");

    folder.write("request.txt", "GET /?test=1 HTTP/1.1\r\nHost: shop.example\r\n\r\n");
    let ended = gatehouse(&folder, &["waf", "replay", "shop.yaml", "request.txt"]);
    assert!(ended.out.starts_with("request.txt: GET shop.example/?test=1\n  now        policy shop-waf"), "{ended:?}");
}

#[test]
fn what_cannot_be_replayed_is_told() {
    let folder = shop();
    folder.write("nothing.txt", "nothing\n");
    folder.write("odd.log", "{}\n");
    folder.write("empty.log", "");
    for (args, code, why) in [
        (&["none.log"][..], 2, "cannot read none.log"),
        (&["nothing.txt"], 2, "nothing.txt: \"nothing\" is no request line"),
        (&["odd.log"], 1, "there is no request; odd.log:1: it is no row"),
        (&["empty.log"], 1, "there is no request"),
        (&["nothing.txt", "--policy", "x"], 2, "there is no policy \"x\" in shop; in force: search-waf, shop-waf"),
        (&[], 2, "FILE"),
    ] {
        let ended = gatehouse(&folder, &[&["waf", "replay", "shop.yaml"], args].concat());
        assert!(ended.code == code && ended.err.contains(why), "{args:?}: {ended:?}");
    }
}
