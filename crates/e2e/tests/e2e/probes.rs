//! Probes: what servers get, what they must answer, and what becomes of traffic.
//!
//! Source: Azure, "Application Gateway health probes overview".

use std::time::{Duration, Instant};

use e2e::farm::HEALTHY;
use e2e::wait::until_true;
use e2e::{Document, Farm, Gateway, Start, until};

const REFUSED: &str = "HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

/// A probe every second, so that a test need not wait long.
fn quick(farm: &Farm, more: &str) -> Document {
    Document::new(farm).probe(farm, &format!("host: 127.0.0.1, interval: 1, timeout: 1, unhealthyThreshold: 1{more}"))
}

#[test]
fn a_probe_asks_for_its_path_under_the_host_that_the_settings_call_for() {
    let default = |settings: &str| (format!("requestTimeout: 20{settings}"), None);
    let custom = |settings: &str, probe: &'static str| (format!("probe: probe{settings}"), Some(probe));
    let rows = [
        (default(""), "127.0.0.1", "/"),
        (default(", hostName: app.internal"), "app.internal", "/"),
        (default(", pickHostNameFromBackendAddress: true"), "127.0.0.1", "/"),
        (default(", hostName: app.internal, path: /v1/"), "app.internal", "/"),
        (custom("", "host: shop.example, path: '/health?deep=1'"), "shop.example", "/health?deep=1"),
        (custom(", hostName: app.internal", "host: shop.example, path: /h"), "shop.example", "/h"),
        (
            custom(", hostName: app.internal", "pickHostNameFromBackendHttpSettings: true, path: /h"),
            "app.internal",
            "/h",
        ),
        (
            custom(", pickHostNameFromBackendAddress: true", "pickHostNameFromBackendHttpSettings: true, path: /h"),
            "127.0.0.1",
            "/h",
        ),
    ];
    for ((settings, probe), host, path) in rows {
        let farm = Farm::echo(1);
        let document = Document::new(&farm).settings(&farm, &settings);
        let document = match probe {
            Some(probe) => document.section("probes", format!("[{{name: probe, protocol: Http, {probe}}}]")),
            None => document,
        };
        let _gateway = Gateway::start(&document);
        let expected = format!(
            "GET {path} HTTP/1.1\r\nHost: {host}:{}\r\nUser-Agent: appgw-health-probe\r\nAccept-Encoding: identity\r\n\
             Accept: */*\r\nConnection: close\r\n\r\n",
            farm.port()
        );
        assert_eq!(farm.probes()[0].head.text, expected, "{settings} {probe:?}");
    }
}

#[test]
fn a_probe_may_go_to_another_port_under_a_host_without_it() {
    let (farm, other) = (Farm::echo(1), Farm::echo(1));
    let more =
        format!(", port: {}, gatehouse: {{hostPort: false, userAgent: 'appgw-health-probe own/1'}}", other.port());
    let _gateway = Gateway::start(&quick(&farm, &more));
    let probe = other.probes().remove(0);
    assert_eq!(probe.field("host"), Some("127.0.0.1"));
    assert_eq!(probe.field("user-agent"), Some("appgw-health-probe own/1"));
    assert_eq!(farm.probes().len(), 0);
}

#[test]
fn status_and_body_of_an_answer_decide_about_a_server() {
    let answer = |status: u16, body: &str| {
        format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}", body.len())
    };
    let late = "x".repeat(60_000) + "ready";
    let too_late = "x".repeat(65_536) + "ready";
    let rows = [
        ("", answer(200, ""), true),
        ("", answer(399, ""), true),
        ("", answer(400, ""), false),
        ("", answer(199, ""), false),
        ("statusCodes: ['200-299', '401']", answer(401, ""), true),
        ("statusCodes: ['200-299', '401']", answer(302, ""), false),
        ("body: ready", answer(200, "ready"), true),
        ("body: ready", answer(200, "not Ready"), false),
        ("body: ready", answer(200, &late), true),
        ("body: ready", answer(200, &too_late), false),
        ("body: ready", answer(500, "ready"), false),
        ("body: ready", "HTTP/1.0 200 OK\r\n\r\nalready there".to_owned(), true),
        (
            "body: ready",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nrea\r\n2\r\ndy\r\n0\r\n\r\n".to_owned(),
            true,
        ),
        ("", "hello\r\n\r\n".to_owned(), false),
        ("", String::new(), false),
    ];
    for (wanted, answer, healthy) in rows {
        let farm = Farm::echo(1);
        farm.set_health(0, answer.clone());
        let gateway = Gateway::start(&quick(&farm, &format!(", match: {{{wanted}}}")));
        let status = if healthy { 200 } else { 502 };
        assert_eq!(gateway.get("a.com", "/").status, status, "{wanted} {answer:.80}");
    }
}

#[test]
fn a_server_leaves_the_rotation_when_it_fails_probes_and_returns_with_one_success() {
    let farm = Farm::echo(2);
    let gateway = Gateway::start(&quick(&farm, ""));
    let servers = || {
        let mut client = gateway.client();
        (0..4).map(|_| client.get("a.com", "/").field("x-server").unwrap().to_owned()).collect::<Vec<_>>().concat()
    };
    assert_eq!(servers().matches('0').count(), 2);
    farm.set_health(0, REFUSED);
    until_true("the first server to leave", || !servers().contains('0'));
    assert!(gateway.changes().iter().any(|change| change.contains("is down")), "{:?}", gateway.changes());
    farm.set_health(0, HEALTHY);
    until_true("the first server to return", || servers().matches('0').count() == 2);
}

#[test]
fn fewer_failures_than_the_threshold_change_nothing() {
    let farm = Farm::echo(1);
    let document = Document::new(&farm).probe(&farm, "host: 127.0.0.1, interval: 1, timeout: 1, unhealthyThreshold: 3");
    let gateway = Gateway::start(&document);
    farm.set_health(0, REFUSED);
    let before = farm.probes().len();
    until_true("one more probe", || farm.probes().len() > before);
    farm.set_health(0, HEALTHY);
    let before = farm.probes().len();
    until_true("one more probe", || farm.probes().len() > before);
    assert_eq!(gateway.changes().len(), 1, "it came up once: {:?}", gateway.changes());
    assert_eq!(gateway.get("a.com", "/").status, 200);
}

#[test]
fn without_a_healthy_server_the_answer_is_502_at_once() {
    let farm = Farm::echo(2);
    (0..2).for_each(|server| farm.set_health(server, REFUSED));
    let gateway = Gateway::start(&quick(&farm, ""));
    let began = Instant::now();
    assert_eq!(gateway.get("a.com", "/").status, 502);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
    let row = &gateway.wait_rows(1)[0]["properties"];
    assert_eq!(row["error_info"], "ERRORINFO_UPSTREAM_NO_LIVE");
    assert_eq!((&row["serverRouted"], &row["serverStatus"]), (&"".into(), &"".into()));
}

#[test]
fn a_request_at_a_cold_start_waits_for_the_first_verdict() {
    let farm = Farm::echo(1);
    for _ in 0..10 {
        let gateway = Start::workers(2).cold().run(&Document::new(&farm));
        assert_eq!(gateway.get("a.com", "/").status, 200);
    }
}

#[test]
fn a_request_does_not_wait_longer_than_two_seconds_for_a_first_verdict() {
    // This server takes the connection of the probe and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let settings = format!("[{{name: http, port: {}, protocol: Http}}]", silent.local_addr().unwrap().port());
    let document = Document::empty()
        .section("backendAddressPools", "[{name: pool, backendAddresses: [{ipAddress: 127.0.0.1}]}]")
        .section("backendHttpSettingsCollection", settings);
    let gateway = Start::workers(1).cold().run(&document);
    let began = Instant::now();
    assert_eq!(gateway.get("a.com", "/").status, 502);
    let took = began.elapsed();
    assert!((Duration::from_millis(1500)..Duration::from_secs(5)).contains(&took), "{took:?}");
}

#[test]
fn so_many_servers_are_used_as_min_servers_says_whatever_their_health() {
    let farm = Farm::echo(3);
    (0..3).for_each(|server| farm.set_health(server, REFUSED));
    let gateway = Start::workers(1).run(&quick(&farm, ", minServers: 2"));
    let mut client = gateway.client();
    let servers: String = (0..4).map(|_| client.get("a.com", "/").field("x-server").unwrap().to_owned()).collect();
    assert_eq!(servers, "0101");
    let health = gateway.status().health;
    assert!(health.targets[0].servers.iter().all(|server| format!("{:?}", server.health) == "Unhealthy"));
}

#[test]
fn probes_stand_in_no_access_log() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&quick(&farm, ""));
    until_true("three probes", || farm.probes().len() >= 3);
    gateway.get("a.com", "/");
    assert_eq!(gateway.wait_rows(1).len(), 1);
    assert_eq!(gateway.status().counters.requests, 1);
}

#[test]
fn a_server_killed_in_mid_answer_cuts_its_own_answers_only_and_returns_when_it_lives() {
    let mut farm = Farm::start(2, |peer, request| match request.target.as_str() {
        "/slow" => {
            peer.send("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf")?;
            if peer.server == 0 { peer.hold() } else { peer.send("x".repeat(996)) }
        }
        _ => peer.echo(request),
    });
    let gateway = Start::workers(1).run(&quick(&farm, ""));
    let mut clients = [gateway.client(), gateway.client()];
    for client in &mut clients {
        client.send("GET /slow HTTP/1.1\r\nHost: a.com\r\n\r\n");
        assert_eq!(client.try_head().unwrap().status, 200);
    }
    farm.kill(0);
    let mut ends: Vec<_> = clients.iter_mut().map(|client| client.wire.exactly(1000, |_| {}).is_ok()).collect();
    ends.sort_unstable();
    assert_eq!(ends, [false, true], "one answer is cut, the other is whole");
    until("the dead server to leave", || gateway.changes().into_iter().find(|change| change.contains("is down")));
    let mut client = gateway.client();
    for _ in 0..4 {
        assert_eq!(client.get("a.com", "/").field("x-server"), Some("1"));
    }
    farm.revive(0);
    until_true("the revived server", || client.get("a.com", "/").field("x-server") == Some("0"));
}
