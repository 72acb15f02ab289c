//! What the firewall does not tell: what a policy hides, and credentials in any case.
//!
//! Source: Azure, `waf-sensitive-data-protection`, read 2026-11-22. That cookies and credentials are hidden without a
//! word of the policy is ours.

use e2e::{Document, Farm, Gateway};
use serde_json::{Value, json};

use super::folder::whole;
use super::{ATTACK, actions, get, refusing, told};

/// What is secret about a request, and an attack beside it in the same value.
const SECRET: &str = "hunter2";

fn request(place: &str) -> String {
    let value = format!("{SECRET}<script>alert(1)</script>");
    let escaped = format!("{SECRET}%3Cscript%3Ealert(1)%3C/script%3E");
    let post = |kind: &str, body: &str| {
        format!(
            "POST / HTTP/1.1\r\nHost: a.com\r\nContent-Type: {kind}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    match place {
        "query" => format!("GET /?pin={escaped}&x=1 HTTP/1.1\r\nHost: a.com\r\n\r\n"),
        "form" => post("application/x-www-form-urlencoded", &format!("pin={escaped}")),
        "json" => post("application/json", &json!({ "pin": value }).to_string()),
        "cookie" => format!("GET / HTTP/1.1\r\nHost: a.com\r\nCookie: pin={value}\r\n\r\n"),
        _ => format!("GET / HTTP/1.1\r\nHost: a.com\r\nUser-Agent: {value}\r\n\r\n"),
    }
}

fn scrubbing(variable: &str, operator: &str, selector: &str) -> Value {
    json!({ "logScrubbing": { "state": "Enabled", "scrubbingRules": [
        { "state": "Enabled", "matchVariable": variable, "selectorMatchOperator": operator, "selector": selector },
    ] } })
}

#[test]
fn values_that_are_to_be_hidden_stand_in_no_row() {
    let farm = Farm::echo(1);
    let rows = [
        ("query", "RequestArgNames", "pin"),
        ("form", "RequestPostArgNames", "pin"),
        ("json", "RequestJSONArgNames", "pin"),
        ("cookie", "RequestCookieNames", "pin"),
        ("header", "RequestHeaderNames", "user-agent"),
    ];
    for (place, variable, name) in rows {
        // Cookies are hidden in any case.
        let others = [("Equals", "other", place != "cookie"), ("Equals", name, false), ("EqualsAny", "", false)];
        for (operator, selector, told_in_clear) in others {
            let settings = scrubbing(variable, operator, selector);
            let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", settings, json!([])));
            assert_eq!(gateway.client().ask(&request(place)).status, 403, "{place}: hidden is not excluded");
            let (rows, _) = told(&gateway, 1);
            let text = Value::from(rows).to_string();
            assert_eq!(text.contains(SECRET), told_in_clear, "{place}, {operator} {selector}: {text}");
            assert_eq!(text.contains("******"), !told_in_clear, "{place}, {operator} {selector}: {text}");
        }
    }
    let hidden = scrubbing("RequestIPAddress", "EqualsAny", "");
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", hidden, json!([])));
    assert_eq!(get(&mut gateway.client(), ATTACK).status, 403);
    let (rows, _) = told(&gateway, 1);
    for row in &rows {
        assert_eq!((&row["properties"]["clientIp"], &row["properties"]["clientPort"]), (&json!("******"), &json!("")));
    }
}

/// Rules that tell all they can.
const CURIOUS: &str = "SecRule REQUEST_HEADERS \"@rx hunter([0-9])\" \"id:1000,phase:1,pass,capture,log,\
    msg:'%{MATCHED_VAR} %{TX.0}',\
    logdata:'%{REQUEST_HEADERS.Authorization} %{REQUEST_HEADERS.Cookie} %{MATCHED_VAR}'\"\n\
    SecRule REQUEST_COOKIES \"@contains hunter\" \"id:1001,phase:1,pass,log,msg:'%{MATCHED_VAR}',\
    logdata:'%{MATCHED_VARS} %{REQUEST_COOKIES.pin}'\"\n\
    SecRule REQUEST_HEADERS:Authorization|REQUEST_HEADERS:X-Open \"@rx (hunter[0-9])\" \"id:1002,phase:2,\
    deny,capture,log,chain,\
    msg:'%{TX.1}',logdata:'%{TX.1} %{MATCHED_VAR}'\"\n\
    SecRule REQUEST_METHOD \"@rx GET\" \"t:none\"\n";

#[test]
fn credentials_and_cookies_are_never_told() {
    let farm = Farm::echo(1);
    let custom = json!([
        refusing("any", 1, ("RequestHeaders", "Proxy-Authorization"), "Contains", "hunter"),
        refusing("cookie", 2, ("RequestCookies", "bad"), "Contains", "hunter"),
    ]);
    let mut policy = e2e::document::managed("Prevention", &whole());
    policy["customRules"] = custom;
    let document = Document::new(&farm).rule_folder(&[("REQUEST-999-CURIOUS.conf", CURIOUS)]);
    let gateway = Gateway::start(&document.policy("waf", &policy).section("firewallPolicy", "waf"));
    let mut client = gateway.client();
    // A field, the rules that tell of it, and whether its value may be told.
    let rows: &[(&str, &[&str], bool)] = &[
        ("Authorization: Bearer hunter2", &["1000", "1002"], false),
        ("authorization: Basic hunter2", &["1000", "1002"], false),
        ("Cookie: pin=hunter2", &["1000", "1001"], false),
        ("Proxy-Authorization: Basic hunter2", &["any"], false),
        ("Cookie: bad=hunter2", &["cookie"], false),
        ("X-Open: hunter2", &["1000", "1002"], true),
    ];
    for (number, (field, rules, open)) in rows.iter().enumerate() {
        client.ask(&format!("GET / HTTP/1.1\r\nHost: a.com\r\n{field}\r\n\r\n"));
        let (rows, access) = told(&gateway, number + 1);
        let found: Vec<_> = actions(&rows).into_iter().map(|(_, rule)| rule).collect();
        assert_eq!(found, *rules, "{field}");
        let text = format!("{}{access}", Value::from(rows));
        assert_eq!(text.contains(SECRET), *open, "{field}: {text}");
    }
}
