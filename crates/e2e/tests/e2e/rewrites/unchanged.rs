//! What rewrites do not touch: redirects, and what the gateway answers itself.

use e2e::rewrites::{both, request, response, rule, set, url, when};
use e2e::{Document, Farm, Start};
use serde_json::json;

#[test]
fn redirects_and_the_gateways_own_answers_are_not_rewritten() {
    let farm = Farm::echo(1);
    let all = set(
        "all",
        &[rule(
            1,
            &[],
            both(
                response(&[("X-Rewritten", "yes"), ("Server", ""), ("Location", "https://no.com/")]),
                url(Some("/no"), None),
            ),
        )],
    );
    let rule_for = |name: &str, priority: u32, more: &str| {
        format!("{{name: {name}, priority: {priority}, httpListener: {name}, rewriteRuleSet: all, {more}}}")
    };
    let rules = [
        rule_for("good", 10, "backendAddressPool: pool, backendHttpSettings: http"),
        rule_for("empty", 20, "backendAddressPool: none, backendHttpSettings: http"),
        rule_for("closed", 30, "backendAddressPool: pool, backendHttpSettings: closed"),
        "{name: moved, priority: 40, httpListener: moved, redirectConfiguration: away}".to_owned(),
    ];
    let rules: Vec<&str> = rules.iter().map(String::as_str).collect();
    let dead = Farm::echo(1).port();
    let document = Document::new(&farm)
        .listeners(&[
            ("good", "hostName: good.com"),
            ("empty", "hostName: empty.com"),
            ("closed", "hostName: closed.com"),
            ("moved", "hostName: moved.com"),
        ])
        .section(
            "backendAddressPools",
            format!("[{{name: pool, backendAddresses: {}}}, {{name: none, backendAddresses: []}}]", farm.members([0])),
        )
        .section(
            "backendHttpSettingsCollection",
            format!(
                "[{{name: http, port: {}, protocol: Http}}, {{name: closed, port: {dead}, protocol: Http}}]",
                farm.port()
            ),
        )
        .section("redirectConfigurations", "[{name: away, redirectType: Found, targetUrl: 'https://b.com/'}]")
        .section("customErrorConfigurations", "[{statusCode: HttpStatus404, gatehouse: {content: own page}}]")
        .section("rewriteRuleSets", json!([all]).to_string())
        .rules(&rules);
    let gateway = Start::workers(1).cold().run(&document);
    let mut client = e2e::Client::connect(gateway.address("good"));
    let rows = [
        ("good.com", 200, Some("yes"), None),
        ("empty.com", 502, None, None),
        ("closed.com", 502, None, None),
        ("moved.com", 302, None, Some("https://b.com/")),
        ("unknown.com", 404, None, None),
    ];
    for (host, status, rewritten, location) in rows {
        let answer = client.get(host, "/a");
        let location = if host == "good.com" { Some("https://no.com/") } else { location };
        assert_eq!(
            (answer.status, answer.field("x-rewritten"), answer.field("location")),
            (status, rewritten, location),
            "{host}"
        );
        assert_eq!(answer.head.has("server"), host != "good.com", "{host}");
    }
}

/// A server's own errors and redirects are answers like others.
#[test]
fn what_servers_answer_is_rewritten_whatever_its_status() {
    let farm = super::answering();
    let rules = [rule(1, &[when("var_http_status", "^(.*)$")], response(&[("X-Was", "{var_http_status_1}")]))];
    let document = Document::new(&farm).rewrites(&rules, "");
    let gateway = Start::workers(1).run(&document);
    let mut client = gateway.client();
    for status in ["200 OK", "301 Moved", "404 Not Found", "418 Teapot", "502 Bad", "599 Odd"] {
        let answer = client.ask(&format!("GET / HTTP/1.1\r\nHost: a.com\r\nX-Status: {status}\r\n\r\n"));
        assert_eq!((answer.status.to_string().as_str(), answer.field("x-was")), (&status[..3], Some(&status[..3])));
    }
}

/// HEAD, 204 and 304 have heads that are rewritten and no content.
#[test]
fn answers_without_content_are_rewritten_and_stay_in_step() {
    let farm = Farm::start(1, |peer, request| {
        let status = request.field("x-status").unwrap();
        peer.send(format!("HTTP/1.1 {status}\r\nX-A: 1\r\n\r\n"))
    });
    let rules = [rule(1, &[], response(&[("X-A", "2"), ("X-B", "3")]))];
    let document = Document::new(&farm).rewrites(&rules, "");
    let gateway = Start::workers(1).run(&document);
    let mut client = gateway.client();
    for (method, status) in [("GET", "204 No Content"), ("GET", "304 Not Modified"), ("HEAD", "204 No Content")] {
        client.send(format!("{method} / HTTP/1.1\r\nHost: a.com\r\nX-Status: {status}\r\n\r\n"));
        let answer = client.answer_to_head();
        assert_eq!((answer.field("x-a"), answer.field("x-b")), (Some("2"), Some("3")), "{method} {status}");
    }
}

/// The heads of a WebSocket handshake are rewritten, what comes after them is not; a cookie may bind it to a server.
#[test]
fn handshakes_of_websockets_are_rewritten_and_bound_like_other_requests() {
    let farm = e2e::websocket::farm(e2e::websocket::echo);
    let rules = [rule(
        1,
        &[when("var_uri_path", "^/chat$")],
        both(
            both(request(&[("X-A", "{http_req_Upgrade}"), ("Sec-WebSocket-Protocol", "v2")]), url(Some("/ws"), None)),
            response(&[("X-B", "{var_http_status} {http_resp_Upgrade}"), ("Server", "")]),
        ),
    )];
    let document =
        Document::new(&farm).settings(&farm, "requestTimeout: 20, cookieBasedAffinity: Enabled").rewrites(&rules, "");
    let gateway = Start::workers(1).run(&document);
    let mut client = gateway.client();
    client.send(e2e::websocket::request("/chat"));
    let head = client.wire.head().unwrap();
    assert_eq!(head.start, "HTTP/1.1 101 Switching Protocols");
    assert_eq!((head.field("upgrade"), head.field("x-b")), (Some("websocket"), Some("101 websocket")));
    assert!(head.field("set-cookie").is_some_and(|cookie| cookie.starts_with("ApplicationGatewayAffinity=")));
    let seen = farm.last();
    assert_eq!(
        (seen.target.as_str(), seen.field("x-a"), seen.field("upgrade")),
        ("/ws", Some("websocket"), Some("websocket"))
    );
    assert_eq!(seen.field("sec-websocket-protocol"), Some("v2"));
    client.send("{var_uri_path} Server: x\r\n");
    let mut echoed = Vec::new();
    client.wire.exactly(26, |piece| echoed.extend_from_slice(piece)).unwrap();
    assert_eq!(echoed, b"{var_uri_path} Server: x\r\n"[..]);
}
