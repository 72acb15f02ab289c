//! The access log: one row for each request, in Azure's form.
//!
//! Source: Azure, "Application Gateway monitoring data reference", access log of v2.

use e2e::wait::until_true;
use e2e::{Document, Farm, Gateway, Start, gateway::rows, until};
use serde_json::Value;

/// The type that each key has in Azure's example. Numbers in strings are meant: readers parse them as strings.
const ENVELOPE: &[&str] = &[
    "timeStamp",
    "resourceId",
    "listenerName",
    "ruleName",
    "backendPoolName",
    "backendSettingName",
    "operationName",
    "category",
];
const NUMBERS: &[&str] = &["clientPort", "httpStatus", "receivedBytes", "sentBytes", "clientResponseTime", "timeTaken"];
const STRINGS: &[&str] = &[
    "instanceId",
    "clientIP",
    "httpMethod",
    "originalRequestUriWithArgs",
    "requestUri",
    "requestQuery",
    "userAgent",
    "httpVersion",
    "WAFEvaluationTime",
    "transactionId",
    "sslEnabled",
    "sslCipher",
    "sslProtocol",
    "sslClientVerify",
    "sslClientCertificateFingerprint",
    "sslClientCertificateIssuerName",
    "serverRouted",
    "serverStatus",
    "serverResponseLatency",
    "upstreamSourcePort",
    "originalHost",
    "host",
    "error_info",
    "contentType",
];

fn check_types(row: &Value) {
    for key in ENVELOPE {
        assert!(row[key].is_string(), "{key} in {row}");
    }
    for key in NUMBERS {
        assert!(row["properties"][key].is_number(), "{key} in {row}");
    }
    for key in STRINGS {
        assert!(row["properties"][key].is_string(), "{key} in {row}");
    }
}

#[test]
fn a_row_has_the_keys_types_and_values_of_its_request() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).settings(&farm, "hostName: app.internal, path: /v1"));
    let mut client = gateway.client();
    let request = "GET /a%20b?c=d&e HTTP/1.1\r\nHost: www.a.com\r\nUser-Agent: test/1\r\n\r\n";
    let answer = client.ask(request);
    let row = gateway.wait_rows(1).remove(0);
    check_types(&row);
    let expected = [
        ("listenerName", "web"),
        ("ruleName", "rule"),
        ("backendPoolName", "pool"),
        ("backendSettingName", "http"),
        ("operationName", "ApplicationGatewayAccess"),
        ("category", "ApplicationGatewayAccessLog"),
    ];
    for (key, value) in expected {
        assert_eq!(row[key], value, "{key}");
    }
    let properties = &row["properties"];
    let server = farm.address(0).to_string();
    let source = farm.last().from.port().to_string();
    let expected = [
        ("clientIP", "127.0.0.1"),
        ("httpMethod", "GET"),
        ("originalRequestUriWithArgs", "/a%20b?c=d&e"),
        ("requestUri", "/v1/a%20b"),
        ("requestQuery", "c=d&e"),
        ("userAgent", "test/1"),
        ("httpVersion", "HTTP/1.1"),
        ("WAFEvaluationTime", "0.000"),
        ("sslEnabled", "off"),
        ("serverRouted", server.as_str()),
        ("serverStatus", "200"),
        ("upstreamSourcePort", source.as_str()),
        ("originalHost", "www.a.com"),
        ("host", "app.internal"),
        ("error_info", "ERRORINFO_NO_ERROR"),
        ("contentType", "text/plain"),
    ];
    for (key, value) in expected {
        assert_eq!(properties[key], value, "{key}");
    }
    assert_eq!(properties["clientPort"], client.address().port());
    assert_eq!(properties["httpStatus"], 200);
    assert_eq!(properties["receivedBytes"], request.len());
    assert_eq!(properties["sentBytes"], answer.head.text.len() + answer.body.len());
    let taken = properties["timeTaken"].as_f64().unwrap();
    assert!((0.0..10.0).contains(&taken), "{taken}");
    assert!(properties["serverResponseLatency"].as_str().unwrap().parse::<f64>().is_ok());
    assert!(!properties.as_object().unwrap().contains_key("WAFMode"), "no firewall, no mode");
}

#[test]
fn every_request_has_one_row_refused_ones_and_redirects_included() {
    let farm = Farm::echo(1);
    let document = Document::new(&farm)
        .section("redirectConfigurations", "[{name: away, redirectType: Found, targetUrl: 'https://b.com/'}]")
        .listeners(&[("web", "hostName: a.com"), ("old", "hostName: old.com")])
        .rules(&[
            "{name: rule, priority: 10, httpListener: web, backendAddressPool: pool, backendHttpSettings: http}",
            "{name: gone, priority: 20, httpListener: old, redirectConfiguration: away}",
        ]);
    let gateway = Gateway::start(&document);
    let mut client = gateway.client();
    client.get("a.com", "/1");
    client.get("old.com", "/2");
    client.get("nobody.com", "/3");
    client.ask("BREW /4 HTTP/1.1\r\nHost: a.com\r\n\r\n");
    client.ask("brew /5 HTTP/1.1\r\nHost: a.com\r\n\r\n");
    let rows = gateway.wait_rows(5);
    rows.iter().for_each(check_types);
    let seen: Vec<_> = rows
        .iter()
        .map(|row| {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let properties = &row["properties"];
            let names =
                [&row["listenerName"], &row["ruleName"], &row["backendPoolName"], &properties["reason"]].map(text);
            (properties["httpStatus"].as_u64().unwrap(), names.join(" "), properties["serverRouted"] != "")
        })
        .collect();
    let expected = [
        (200, "web rule pool ", true),
        (302, "old gone  ", false),
        (404, "   unknown_host", false),
        (200, "web rule pool ", true),
        (400, "   invalid_method", false),
    ];
    for (seen, (status, names, routed)) in seen.iter().zip(expected) {
        assert_eq!(*seen, (status, names.to_owned(), routed));
    }
    assert_eq!(rows.len(), 5);
}

#[test]
fn a_hostile_clients_bytes_cannot_break_out_of_their_string() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    let agent = "a\",\"httpStatus\":500,\"x\":\"\\\t\u{2028}\u{1b}[31m\u{e9}\u{ff}";
    let mut request = b"GET /\"x\\y HTTP/1.1\r\nHost: a.com\r\nUser-Agent: ".to_vec();
    // A control byte in a value is refused, so it is left out here; a byte that is no UTF-8 is not.
    request.extend(agent.replace('\u{1b}', "").as_bytes());
    request.extend(b"\xff\xfe\r\n\r\n");
    client.send(request);
    assert_eq!(client.answer().status, 200);
    let row = &gateway.wait_rows(1)[0]["properties"];
    assert_eq!(row["httpStatus"], 200, "{row}");
    assert_eq!(row["requestUri"], "/\"x\\y");
    assert!(row["userAgent"].as_str().unwrap().starts_with("a\",\"httpStatus\":500"), "{row}");
    assert!(!std::fs::read_to_string(gateway.log()).unwrap().contains('\u{2028}'), "a line end of other readers");
}

#[test]
fn a_refused_requests_bytes_are_logged_escaped() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    client.send(b"GET /\x1b[31m\" HTTP/1.1\r\nHost: a.com\r\n\r\n");
    assert_eq!(client.answer().status, 400);
    let row = gateway.wait_rows(1).remove(0);
    check_types(&row);
    let text = std::fs::read(gateway.log()).unwrap();
    assert!(text.iter().all(|&byte| byte >= 0x20 || byte == b'\n'), "{}", String::from_utf8_lossy(&text));
}

#[test]
fn a_rotated_log_loses_no_row() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    let mut kept = Vec::new();
    for round in 0..5 {
        for number in 0..20 {
            client.get("a.com", &format!("/{round}/{number}"));
        }
        let old = gateway.folder.path(&format!("old-{round}"));
        std::fs::rename(gateway.log(), &old).unwrap();
        kept.push(old);
        gateway.running().reopen_logs();
        until_true("the new file", || gateway.log().exists());
    }
    kept.push(gateway.log().clone());
    let all = until("all rows", || {
        let all: Vec<_> = kept.iter().flat_map(|path| rows(&std::fs::read_to_string(path).unwrap())).collect();
        (all.len() >= 100).then_some(all)
    });
    let mut targets: Vec<_> = all.iter().map(|row| row["properties"]["requestUri"].as_str().unwrap()).collect();
    targets.sort_unstable();
    targets.dedup();
    assert_eq!((all.len(), targets.len()), (100, 100));
}

#[test]
fn a_full_disk_costs_rows_and_no_requests() {
    let farm = Farm::echo(1);
    let gateway = Start::workers(2).log("/dev/full").run(&Document::new(&farm));
    let mut client = gateway.client();
    for number in 0..200 {
        assert_eq!(client.get("a.com", &format!("/{number}")).status, 200);
    }
    until_true("the losses to be counted", || gateway.status().counters.access_log_lines_dropped == 200);
    assert!(gateway.status().counters.access_log_error.is_some());
}

/// What clients did before the gateway was stopped is written before it is gone.
#[test]
fn stopping_writes_every_row() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    let log = gateway.folder.path("kept.log");
    let mut client = gateway.client();
    for number in 0..30 {
        client.get("a.com", &format!("/{number}"));
    }
    // The folder goes with the gateway; a second name keeps the file.
    let kept = e2e::Folder::new();
    std::fs::hard_link(gateway.log(), kept.path("log")).unwrap();
    drop((client, log));
    assert!(gateway.stop());
    assert_eq!(rows(&std::fs::read_to_string(kept.path("log")).unwrap()).len(), 30);
}
