//! Header actions of requests, and when rules fire.

use e2e::Farm;
use e2e::rewrites::{both, request, response, rule, unless, url, when};
use serde_json::json;

use super::{Clients, Sent, check_sent, host, start};

#[test]
fn rules_fire_in_the_order_of_their_sequence_and_none_stops_the_others() {
    let one = |value| request(&[("X-T", value)]);
    let rows: Vec<Sent<'_>> = vec![
        (
            "by sequence and not as listed",
            vec![
                rule(200, &[], one("{http_req_X-T}2")),
                rule(100, &[], one("1")),
                rule(300, &[], one("{http_req_X-T}3")),
            ],
            "/",
            &[("X-T", "client")],
            "/",
            &[("X-T", Some("123"))],
        ),
        (
            "equal sequences as listed",
            vec![
                json!({"name": "a", "ruleSequence": 5, "actionSet": one("a")}),
                json!({"name": "b", "ruleSequence": 5, "actionSet": one("{http_req_X-T}b")}),
            ],
            "/",
            &[],
            "/",
            &[("X-T", Some("ab"))],
        ),
        (
            "a later rule sees what an earlier one left",
            vec![rule(100, &[], one("one")), rule(200, &[when("http_req_X-T", "one")], one("{http_req_X-T}-two"))],
            "/",
            &[],
            "/",
            &[("X-T", Some("one-two"))],
        ),
        (
            "a later condition sees that an earlier rule has deleted",
            vec![rule(100, &[], one("")), rule(200, &[unless("http_req_X-T", ".+")], request(&[("X-Gone", "yes")]))],
            "/",
            &[("X-T", "client")],
            "/",
            &[("X-T", None), ("X-Gone", Some("yes"))],
        ),
        (
            "all conditions have to hold",
            vec![
                rule(1, &[when("http_req_X-A", "a"), when("http_req_X-B", "b")], request(&[("X-Both", "1")])),
                rule(2, &[when("http_req_X-A", "a"), when("http_req_X-B", "x")], request(&[("X-None", "1")])),
            ],
            "/",
            &[("X-A", "a"), ("X-B", "b")],
            "/",
            &[("X-Both", Some("1")), ("X-None", None)],
        ),
        (
            "a rule does all that it says",
            vec![rule(
                1,
                &[when("http_req_X-A", "a")],
                both(
                    both(request(&[("X-1", "1"), ("X-2", "2")]), url(Some("/p"), Some("q=1"))),
                    response(&[("X-3", "3")]),
                ),
            )],
            "/",
            &[("X-A", "a")],
            "/p?q=1",
            &[("X-1", Some("1")), ("X-2", Some("2"))],
        ),
        (
            "server variables stay those of the request as it came",
            vec![
                rule(1, &[], both(url(Some("/new"), Some("n=1")), request(&[("Host", "new.com")]))),
                rule(
                    2,
                    &[when("var_uri_path", "^/old$"), when("var_query_string", "^o=1$"), when("var_host", "^r6.com$")],
                    request(&[("X-Seen", "{var_uri_path} {var_request_uri} {var_query_string} {var_host}")]),
                ),
            ],
            "/old?o=1",
            &[],
            "/new?n=1",
            &[("X-Seen", Some("/old /old?o=1 o=1 r6.com")), ("Host", Some("new.com"))],
        ),
        (
            "a set without a rule that fires changes nothing",
            vec![rule(1, &[when("http_req_X-A", "b")], both(request(&[("X-B", "1")]), url(Some("/x"), Some(""))))],
            "/a%2f/../b?c=%20#".trim_end_matches('#'),
            &[("X-A", "a")],
            "/a%2f/../b?c=%20",
            &[("X-A", Some("a")), ("X-B", None)],
        ),
    ];
    check_sent(&rows);
}

#[test]
fn headers_are_set_replaced_and_deleted() {
    let set = |headers: &[(&str, &str)]| vec![rule(1, &[], request(headers))];
    let rows: Vec<Sent<'_>> = vec![
        ("set where there is none", set(&[("X-A", "1")]), "/", &[], "/", &[("X-A", Some("1"))]),
        ("replaced", set(&[("X-A", "1")]), "/", &[("X-A", "0")], "/", &[("X-A", Some("1"))]),
        (
            "all of one name replaced by one",
            set(&[("X-A", "1")]),
            "/",
            &[("X-A", "0"), ("x-a", "2"), ("X-B", "3")],
            "/",
            &[("X-A", Some("1")), ("X-B", Some("3"))],
        ),
        ("names have no case", set(&[("x-A", "1")]), "/", &[("X-a", "0")], "/", &[("X-A", Some("1"))]),
        ("deleted by an empty value", set(&[("X-A", "")]), "/", &[("X-A", "0"), ("X-A", "1")], "/", &[("X-A", None)]),
        (
            "deleted by no value",
            vec![rule(1, &[], json!({"requestHeaderConfigurations": [{"headerName": "X-A"}]}))],
            "/",
            &[("X-A", "0")],
            "/",
            &[("X-A", None)],
        ),
        (
            "deleted by a value that turns out empty",
            set(&[("X-A", "{http_req_X-None}")]),
            "/",
            &[("X-A", "0")],
            "/",
            &[("X-A", None)],
        ),
        ("what is not there is not deleted", set(&[("X-A", "")]), "/", &[], "/", &[("X-A", None)]),
        (
            "appended to",
            set(&[("X-A", "{http_req_X-A}, new")]),
            "/",
            &[("X-A", "old")],
            "/",
            &[("X-A", Some("old, new"))],
        ),
        (
            "several of one name are one value",
            set(&[("X-A", "{http_req_X-A}")]),
            "/",
            &[("X-A", "1"), ("X-A", "2")],
            "/",
            &[("X-A", Some("1, 2"))],
        ),
        (
            "set twice, the last counts",
            vec![rule(1, &[], request(&[("X-A", "1")])), rule(2, &[], request(&[("x-a", "2")]))],
            "/",
            &[],
            "/",
            &[("X-A", Some("2"))],
        ),
        (
            "deleted and set again",
            vec![rule(1, &[], request(&[("X-A", "")])), rule(2, &[], request(&[("X-A", "2{http_req_X-A}")]))],
            "/",
            &[("X-A", "0")],
            "/",
            &[("X-A", Some("2"))],
        ),
        (
            "Host",
            set(&[("Host", "other.com")]),
            "/",
            &[],
            "/",
            &[("Host", Some("other.com")), ("x-original-host", Some("r12.com"))],
        ),
        (
            "Host from a value that is empty stays",
            set(&[("Host", "{http_req_X-None}")]),
            "/",
            &[],
            "/",
            &[("Host", Some("r13.com"))],
        ),
        (
            "cookies",
            set(&[("Cookie", "{http_req_Cookie}; d=4")]),
            "/",
            &[("Cookie", "a=1; b=2")],
            "/",
            &[("Cookie", Some("a=1; b=2; d=4"))],
        ),
        ("User-Agent", set(&[("User-Agent", "me")]), "/", &[("User-Agent", "you")], "/", &[("User-Agent", Some("me"))]),
        ("Content-Type", set(&[("Content-Type", "a/b")]), "/", &[], "/", &[("Content-Type", Some("a/b"))]),
        (
            "Authorization",
            set(&[("Authorization", "")]),
            "/",
            &[("Authorization", "Basic YTpi")],
            "/",
            &[("Authorization", None)],
        ),
        (
            "forwarded fields may be rewritten",
            set(&[("X-Forwarded-For", "{var_client_ip}"), ("X-Forwarded-Proto", "wss"), ("X-Forwarded-Port", "1")]),
            "/",
            &[("X-Forwarded-For", "1.2.3.4")],
            "/",
            &[
                ("x-forwarded-for", Some("127.0.0.1")),
                ("x-forwarded-proto", Some("wss")),
                ("x-forwarded-port", Some("1")),
            ],
        ),
        (
            "X-Forwarded-For deleted",
            set(&[("X-Forwarded-For", "")]),
            "/",
            &[("X-Forwarded-For", "1.2.3.4")],
            "/",
            &[("x-forwarded-for", None)],
        ),
        (
            "the address of the client without its port",
            set(&[("X-Forwarded-For", "{var_add_x_forwarded_for_proxy}")]),
            "/",
            &[("X-Forwarded-For", "203.0.113.5")],
            "/",
            &[("x-forwarded-for", Some("203.0.113.5, 127.0.0.1"))],
        ),
    ];
    check_sent(&rows);
}

/// Parity: what servers are to believe is written after the rewrites, whoever has said it before.
#[test]
fn what_servers_believe_is_neither_a_clients_nor_a_rewrites_to_say() {
    let believed =
        ["X-Original-Host", "X-Original-Url", "X-AppGW-Trace-Id", "X-MSFT-Entra-Identity", "X-Azure-JA4-Fingerprint"];
    let forged: Vec<(&str, &str)> = believed.iter().map(|name| (*name, "forged")).collect();
    let mut changed = forged.clone();
    changed.extend([
        ("X-Copies", "[{http_req_X-MSFT-Entra-Identity}{http_req_X-Azure-JA4-Fingerprint}{http_req_X-Original-Url}]"),
        ("X-Trace", "[{http_req_X-AppGW-Trace-Id}]"),
    ]);
    let farm = Farm::echo(1);
    let sets = [vec![rule(1, &[], request(&[("X-A", "1")]))], vec![rule(1, &[], request(&changed))]];
    let gateway = start(&farm, &sets);
    let mut clients = Clients::new(&gateway);
    for (at, copies) in [None, Some("[]")].into_iter().enumerate() {
        let host = host(at);
        for protocol in [1, 2] {
            match protocol {
                1 => drop(clients.over_one(&host, "/a", &forged)),
                _ => drop(clients.over_two(&host, "/a", &forged)),
            }
            let seen = farm.last();
            let row = gateway.wait_rows(at * 2 + protocol).pop().unwrap();
            assert_eq!(seen.field("x-original-host"), Some(host.as_str()));
            assert_eq!(seen.field("x-original-url"), Some("/a"));
            assert_eq!(seen.field("x-appgw-trace-id"), row["properties"]["transactionId"].as_str());
            assert_eq!(seen.field("x-msft-entra-identity"), None);
            assert_ne!(seen.field("x-azure-ja4-fingerprint"), Some("forged"));
            assert_eq!((seen.field("x-copies"), seen.field("x-trace")), (copies, copies));
        }
    }
}
