//! What rows of logs become, and which ones are none.

use serde_json::json;

use super::*;

fn read(only: Option<&str>, lines: &str) -> (Vec<Record>, Vec<(String, String)>) {
    let (mut records, mut skipped) = (Vec::new(), Vec::new());
    let mut take = |found: Result<Record, (Origin, String)>| match found {
        Ok(record) => records.push(record),
        Err((origin, why)) => skipped.push((origin.to_string(), why)),
    };
    let mut log = Log::new(only);
    for (index, line) in lines.lines().enumerate() {
        log.line(line.as_bytes(), Origin { file: "log".into(), line: Some(index as u64 + 1) }, &mut take);
    }
    log.end(&mut take);
    (records, skipped)
}

fn access(id: &str, target: &str, more: &[(&str, Value)]) -> String {
    let mut properties = json!({
        "clientIP": "203.0.113.7", "httpMethod": "POST", "originalRequestUriWithArgs": target, "userAgent": "curl",
        "httpVersion": "HTTP/2.0", "transactionId": id, "sslEnabled": "on", "originalHost": "shop.example",
    });
    for (name, value) in more {
        properties[*name] = value.clone();
    }
    let row = json!({
        "timeStamp": "2026-11-22T09:06:32+00:00", "listenerName": "shop", "operationName": "ApplicationGatewayAccess",
        "properties": properties,
    });
    row.to_string()
}

fn firewall(id: &str, rule: &str, action: &str) -> String {
    let properties = json!({
        "clientIp": "203.0.113.7", "requestUri": "/a?b=1", "ruleSetType": "Microsoft_DefaultRuleSet", "ruleId": rule,
        "ruleGroup": "SQLI", "message": "Found", "action": action, "hostname": "shop.example", "transactionId": id,
        "policyScope": "Listener", "policyScopeName": "shop",
    });
    json!({ "operationName": "ApplicationGatewayFirewall", "properties": properties }).to_string()
}

#[test]
fn a_row_of_the_access_log_is_a_request_as_far_as_it_knows_it() {
    let (records, skipped) = read(None, &access("1", "/a?b=1", &[]));
    let record = &records[0];
    assert_eq!((record.method.as_str(), record.host.as_str(), record.path.as_str()), ("POST", "shop.example", "/a"));
    assert_eq!((record.query.as_deref(), record.version.as_str()), (Some("b=1"), "HTTP/2.0"));
    assert_eq!((record.client, record.now.as_secs()), (IpAddr::from([203, 0, 113, 7]), 1_795_338_392));
    assert_eq!((record.scheme, record.listener.as_deref()), (Some(Scheme::Https), Some("shop")));
    let headers: Vec<_> = record.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(headers, [("User-Agent", "curl"), ("Accept", "*/*"), ("Content-Length", "0")]);
    assert_eq!((&record.then, skipped.len()), (&None, 0));
}

#[test]
fn rows_of_the_firewall_wait_for_the_row_of_their_request() {
    let lines = [
        firewall("1", "942100", "Matched"),
        firewall("2", "942130", "Matched"),
        firewall("1", "949110", "Blocked"),
        access("1", "/before?b=1", &[("reason", "waf_blocked".into())]),
        access("3", "/c", &[]),
    ];
    let (records, _) = read(None, &lines.join("\n"));
    let told: Vec<_> = records.iter().map(|record| (record.id.as_str(), record.source, record.path.as_str())).collect();
    assert_eq!(told, [("1", Source::Access, "/before"), ("3", Source::Access, "/c"), ("2", Source::Firewall, "/a")]);
    let then = records[0].then.as_ref().unwrap();
    assert_eq!((then.verdict, then.rules.len()), (Some(Verdict::Blocked), 2));
    assert_eq!(then.rules[0].rule, "942100 (SQLI)");
    assert_eq!(records[1].then, None, "of what no row was written nothing is known");
    assert_eq!(records[2].then.as_ref().unwrap().verdict, Some(Verdict::Passed));
    assert_eq!(records[2].place, Some(("Listener".to_owned(), "shop".to_owned())));
    assert_eq!(records[0].place, None, "what came is routed as it came");
}

#[test]
fn one_transaction_can_be_asked_for() {
    let lines = [firewall("1", "942100", "Matched"), access("2", "/c", &[]), access("1", "/b", &[])];
    let (records, skipped) = read(Some("1"), &lines.join("\n"));
    assert_eq!((records.len(), records[0].path.as_str(), skipped.len()), (1, "/b", 0));
}

#[test]
fn lines_that_are_no_requests_are_told() {
    let session = access("1", "/", &[("sessionTime", "1.000".into())]);
    for (line, why) in [
        ("{", "no JSON"),
        ("{}", "no row"),
        (&session, "a session of TCP or TLS"),
        (&access("1", "", &[]), "could not be read then"),
        (&firewall("", "1", "Matched"), "no transactionId"),
    ] {
        let (records, skipped) = read(None, line);
        assert_eq!(records.len(), 0, "{line}");
        assert!(skipped[0].0 == "log:1" && skipped[0].1.contains(why), "{line}: {skipped:?}");
    }
    assert_eq!(read(None, "\n  \n").1.len(), 0, "empty lines are nothing");
}

#[test]
fn no_more_transactions_are_kept_open_than_there_is_room_for() {
    let lines: Vec<String> = (0..=OPEN).map(|id| firewall(&id.to_string(), "1", "Matched")).collect();
    let mut records = 0;
    let mut log = Log::new(None);
    for line in &lines {
        log.line(line.as_bytes(), Origin { file: "log".into(), line: None }, &mut |_| records += 1);
    }
    assert_eq!(records, 1, "the oldest made room");
}
