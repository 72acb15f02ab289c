//! Parts of requests that rules leave out, and requests that some rules are not run for.
//!
//! Source: Azure, `application-gateway-waf-configuration`, `application-gateway-exceptions`, read 2026-11-22.

use e2e::{Client, Document, Farm, Gateway};
use serde_json::{Value, json};

use super::managed::{DRS, SQL, folder, set};
use super::refusing;

const SCRIPT: &str = "%3Cscript%3Ealert(1)%3C/script%3E";

fn start(farm: &Farm, section: &str, entry: Value) -> Gateway {
    let mut rules = set(DRS);
    rules[section] = json!([entry]);
    Gateway::start(&folder(Document::new(farm)).managed("Prevention", &rules))
}

fn status(client: &mut Client, target: &str, fields: &str) -> u16 {
    client.ask(&format!("GET {target} HTTP/1.1\r\nHost: a.com\r\n{fields}\r\n")).status
}

fn exclusion(variable: &str, operator: &str, selector: &str) -> Value {
    json!({ "matchVariable": variable, "selectorMatchOperator": operator, "selector": selector })
}

/// The whole set, a group, or a rule of it.
fn scope(group: &str, rules: &[&str]) -> Value {
    let rules: Vec<_> = rules.iter().map(|id| json!({ "ruleId": id })).collect();
    let groups = match (group, rules.as_slice()) {
        ("", _) => json!([]),
        (_, []) => json!([{ "ruleGroupName": group }]),
        _ => json!([{ "ruleGroupName": group, "rules": rules }]),
    };
    json!([{ "ruleSetType": DRS.0, "ruleSetVersion": DRS.1, "ruleGroups": groups }])
}

#[test]
fn an_exclusion_is_as_wide_as_its_scope() {
    let farm = Farm::echo(1);
    let xss = format!("/?id={SCRIPT}");
    let targets = [SQL, "/?id=sqlite_master", &xss, &SQL.replace("id=", "other=")];
    // Which of them pass.
    let rows = [
        (None, [200, 200, 200, 403]),
        (Some(scope("", &[])), [200, 200, 200, 403]),
        (Some(scope("SQLI", &[])), [200, 200, 403, 403]),
        (Some(scope("SQLI", &["942100"])), [200, 403, 403, 403]),
        (Some(scope("SQLI", &["942140"])), [403, 200, 403, 403]),
        (Some(scope("XSS", &[])), [403, 403, 200, 403]),
    ];
    for (scope, expected) in rows {
        let mut entry = exclusion("RequestArgValues", "Equals", "id");
        if let Some(scope) = &scope {
            entry["exclusionManagedRuleSets"] = scope.clone();
        }
        let gateway = start(&farm, "exclusions", entry);
        let mut client = gateway.client();
        assert_eq!(targets.map(|target| status(&mut client, target, "")), expected, "{scope:?}");
    }
}

#[test]
fn values_are_left_out_by_their_name_and_names_by_themselves() {
    let farm = Farm::echo(1);
    let (value, name, both) = (format!("/?user={SCRIPT}"), "/?user%3Cscript=1", format!("/?user%3Cscript={SCRIPT}"));
    // A value, a name, and both are attacks; a cookie's value and a header's.
    let requests = [
        (value.as_str(), ""),
        (name, ""),
        (both.as_str(), ""),
        ("/", "Cookie: user=<script>\r\n"),
        ("/", "X: <script>\r\n"),
    ];
    let rows = [
        (exclusion("RequestArgValues", "StartsWith", "user"), [200, 403, 403, 403, 403]),
        (exclusion("RequestArgNames", "StartsWith", "user"), [200, 403, 403, 403, 403]),
        (exclusion("RequestArgKeys", "StartsWith", "user"), [403, 200, 403, 403, 403]),
        (exclusion("RequestArgKeys", "EqualsAny", ""), [403, 200, 403, 403, 403]),
        (exclusion("RequestArgValues", "Equals", "user"), [200, 403, 403, 403, 403]),
        (exclusion("RequestArgValues", "Equals", "User"), [403, 403, 403, 403, 403]),
        (exclusion("RequestArgValues", "EndsWith", "ser"), [200, 403, 403, 403, 403]),
        (exclusion("RequestArgValues", "Contains", "se"), [200, 403, 403, 403, 403]),
        (exclusion("RequestArgValues", "EqualsAny", ""), [200, 403, 403, 403, 403]),
        (exclusion("RequestCookieValues", "Equals", "user"), [403, 403, 403, 200, 403]),
        (exclusion("RequestCookieNames", "Contains", "user"), [403, 403, 403, 200, 403]),
        (exclusion("RequestCookieValues", "Equals", "USER"), [403, 403, 403, 403, 403]),
        (exclusion("RequestHeaderValues", "Equals", "x"), [403, 403, 403, 403, 200]),
        (exclusion("RequestHeaderNames", "Equals", "X"), [403, 403, 403, 403, 200]),
        (exclusion("RequestHeaderKeys", "Equals", "X"), [403, 403, 403, 403, 403]),
    ];
    for (entry, expected) in rows {
        let shown = entry.to_string();
        let gateway = start(&farm, "exclusions", entry);
        let mut client = gateway.client();
        assert_eq!(requests.map(|(target, fields)| status(&mut client, target, fields)), expected, "{shown}");
    }
}

#[test]
fn fields_of_bodies_are_arguments_and_custom_rules_leave_nothing_out() {
    let farm = Farm::echo(1);
    let mut rules = set(DRS);
    rules["exclusions"] = json!([exclusion("RequestArgValues", "Equals", "user")]);
    let mut policy = e2e::document::managed("Prevention", &rules);
    policy["customRules"] = json!([refusing("own", 1, ("QueryString", "user"), "Equal", "me")]);
    let document = folder(Document::new(&farm)).policy("waf", &policy).section("firewallPolicy", "waf");
    let gateway = Gateway::start(&document);
    let mut client = gateway.client();
    let mut post = |kind: &str, body: &str| {
        let length = body.len();
        client.ask(&format!(
            "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: {kind}\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    };
    for (kind, body, status) in [
        ("application/x-www-form-urlencoded", "user=<script>", 200),
        ("application/x-www-form-urlencoded", "other=<script>", 403),
        ("application/json", r#"{"user":"<script>"}"#, 200),
        ("application/json", r#"{"other":"<script>"}"#, 403),
        (
            "multipart/form-data; boundary=B",
            "--B\r\nContent-Disposition: form-data; name=\"user\"\r\n\r\n<script>\r\n--B--\r\n",
            200,
        ),
    ] {
        assert_eq!(post(kind, body).status, status, "{kind} {body}");
    }
    assert_eq!(status(&mut client, "/?user=me", ""), 403);
}

fn exception(variable: &str, operator: &str, value: &str, scope: Option<Value>) -> Value {
    let mut entry = json!({ "matchVariable": variable, "valueMatchOperator": operator, "values": ["zzz", value] });
    if variable == "RemoteAddr" {
        entry["values"] = json!(["192.0.2.0/24", value]);
    }
    if variable == "RequestHeader" {
        entry["selectorMatchOperator"] = json!("Equals");
        entry["selector"] = json!("x-kind");
    }
    if let Some(scope) = scope {
        entry["exceptionManagedRuleSets"] = scope;
    }
    entry
}

#[test]
fn an_exception_spares_requests_the_rules_it_names() {
    let farm = Farm::echo(1);
    let xss = format!("/?id={SCRIPT}");
    let upload = SQL.replace("/?", "/upload/?");
    // By SQL and by script without more; the first with another path, and with a header.
    let requests = [(SQL, ""), (xss.as_str(), ""), (upload.as_str(), ""), (SQL, "X-Kind: tool/1\r\n")];
    let rows = [
        (exception("RequestURI", "StartsWith", "/upload/", None), [403, 403, 200, 403]),
        (exception("RequestURI", "Contains", "?id=1", None), [200, 403, 200, 200]),
        (exception("RequestURI", "Equals", "/upload/", None), [403, 403, 403, 403]),
        (exception("RequestURI", "EndsWith", "users--", Some(scope("SQLI", &[]))), [200, 403, 200, 200]),
        (exception("RequestURI", "EndsWith", "users--", Some(scope("XSS", &[]))), [403, 403, 403, 403]),
        (exception("RequestURI", "StartsWith", "/", Some(scope("SQLI", &["942100"]))), [200, 403, 200, 200]),
        (exception("RequestURI", "StartsWith", "/", Some(scope("SQLI", &["942140"]))), [403, 403, 403, 403]),
        (exception("RemoteAddr", "IPMatch", "127.0.0.0/8", None), [200, 200, 200, 200]),
        (exception("RemoteAddr", "IPMatch", "127.0.0.9", None), [403, 403, 403, 403]),
        (exception("RequestHeader", "StartsWith", "tool/", None), [403, 403, 403, 200]),
        (exception("RequestHeader", "Equals", "tool/", None), [403, 403, 403, 403]),
    ];
    for (entry, expected) in rows {
        let shown = entry.to_string();
        let gateway = start(&farm, "exceptions", entry);
        let mut client = gateway.client();
        assert_eq!(requests.map(|(target, fields)| status(&mut client, target, fields)), expected, "{shown}");
    }
}
