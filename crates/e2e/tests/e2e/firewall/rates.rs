//! Rate limits over connections, workers, places and changes.
//!
//! Source: Azure, `rate-limiting-overview`, read 2026-11-22. That counts are exact, and kept over changes, is ours.

use std::sync::atomic::{AtomicUsize, Ordering};

use e2e::document::policy;
use e2e::{Client, Document, Farm, Gateway};
use serde_json::{Value, json};

use super::{get, refusing};

fn limit(threshold: u32, group: &str) -> Value {
    json!({
        "name": "limit", "priority": 1, "ruleType": "RateLimitRule", "action": "Block",
        "rateLimitDuration": "FiveMins", "rateLimitThreshold": threshold,
        "groupByUserSession": [{ "groupByVariables": [{ "variableName": group }] }],
        "matchConditions": [{ "matchVariables": [{ "variableName": "RequestUri" }], "operator": "BeginsWith",
                              "matchValues": ["/"] }],
    })
}

fn guarded(farm: &Farm, rules: Value) -> Document {
    Document::new(farm).guarded("Prevention", json!({}), rules)
}

#[test]
fn one_client_is_counted_over_all_its_connections_and_workers() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&guarded(&farm, json!([limit(50, "ClientAddr")])));
    let passed = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let mut client = gateway.client();
                let answers = (0..20).filter(|_| get(&mut client, "/").status == 200);
                passed.fetch_add(answers.count(), Ordering::SeqCst);
            });
        }
    });
    assert_eq!(passed.load(Ordering::SeqCst), 50);
    assert_eq!(farm.requests().len(), 50);
}

#[test]
fn groups_are_those_of_the_rule() {
    let farm = Farm::echo(1);
    let ask = |client: &mut Client, by: &str| {
        client.ask(&format!("GET / HTTP/1.1\r\nHost: a.com\r\nX-Forwarded-For: {by}\r\n\r\n")).status
    };
    // Two requests of one client, one of another address, one in the name of a third.
    for (group, expected) in [
        ("ClientAddr", [200, 403, 200, 403]),
        ("None", [200, 403, 403, 403]),
        ("ClientAddrXFFHeader", [200, 403, 403, 200]),
    ] {
        let gateway = Gateway::start(&guarded(&farm, json!([limit(1, group)])));
        let mut here = gateway.client();
        let mut there = Client::connect_from([127, 0, 0, 9].into(), gateway.address("web"));
        let found = [
            ask(&mut here, "192.0.2.1"),
            ask(&mut here, "192.0.2.1"),
            ask(&mut there, "192.0.2.1"),
            ask(&mut here, "192.0.2.2, 192.0.2.1"),
        ];
        assert_eq!(found, expected, "{group}");
    }
}

#[test]
fn each_place_of_a_policy_has_counts_of_its_own() {
    let farm = Farm::echo(1);
    let to = "backendAddressPool: pool, backendHttpSettings: http";
    let document = Document::new(&farm)
        .policy("waf", &policy("Prevention", json!({}), json!([limit(2, "ClientAddr")])))
        .listeners(&[("a", "hostName: a.com, firewallPolicy: waf"), ("b", "hostName: b.com, firewallPolicy: waf")])
        .rules(&[
            &format!("{{name: a, priority: 1, httpListener: a, {to}}}"),
            &format!("{{name: b, priority: 2, httpListener: b, {to}}}"),
        ]);
    let gateway = Gateway::start(&document);
    let mut client = Client::connect(gateway.address("a"));
    for host in ["a.com", "b.com"] {
        let found = [(); 3].map(|()| client.get(host, "/").status);
        assert_eq!(found, [200, 200, 403], "{host}");
    }
}

#[test]
fn what_was_counted_survives_a_change() {
    let farm = Farm::echo(1);
    let with = |other: &str| {
        guarded(&farm, json!([limit(3, "ClientAddr"), refusing(other, 2, ("RequestUri", ""), "Contains", other)]))
    };
    let gateway = Gateway::start(&with("one"));
    let mut client = gateway.client();
    for (number, status) in [(1, 200), (2, 200), (3, 200), (4, 403), (5, 403)] {
        assert_eq!(get(&mut client, "/").status, status, "request {number}");
        gateway.apply(&with(if number % 2 == 0 { "one" } else { "two" })).unwrap();
    }
}
