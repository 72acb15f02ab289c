//! What the gateway adds to a request, takes out of it, and leaves alone.
//!
//! Source: Azure, "How an application gateway works" (the headers it adds); RFC 9110 7.6.1 (fields that end here).

use e2e::{Document, Farm, Gateway};

#[test]
fn a_server_gets_the_request_and_the_six_added_headers() {
    let farm = Farm::echo(1);
    let document =
        Document::new(&farm).settings(&farm, "hostName: app.internal, path: /v1/").port(80, "{bind: 0, public: 8080}");
    let gateway = Gateway::start(&document);
    let mut client = gateway.client();
    let answer = client.ask(
        "GET /a%20b?c=d HTTP/1.1\r\nHost: www.a.com:8080\r\nAccept: */*\r\nX-Forwarded-For: 203.0.113.5\r\nX-Own: 1\r\n\r\n",
    );
    assert_eq!(answer.status, 200);
    let id = gateway.wait_rows(1)[0]["properties"]["transactionId"].as_str().unwrap().to_owned();
    let expected = format!(
        "GET /v1/a%20b?c=d HTTP/1.1\r\nHost: app.internal\r\nAccept: */*\r\nX-Own: 1\r\n\
         x-forwarded-for: 203.0.113.5, {}\r\nx-forwarded-proto: http\r\nx-forwarded-port: 8080\r\n\
         x-original-host: www.a.com:8080\r\nx-original-url: /a%20b?c=d\r\nx-appgw-trace-id: {id}\r\n\r\n",
        client.address()
    );
    assert_eq!(farm.last().head.text, expected);
}

#[test]
fn a_port_that_nothing_maps_is_the_one_the_client_connected_to() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    gateway.get("a.com", "/");
    let port = gateway.address("web").port().to_string();
    assert_eq!(farm.last().field("x-forwarded-port"), Some(port.as_str()));
}

#[test]
fn the_transaction_id_is_32_hex_digits_new_for_each_request_and_the_same_everywhere() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).listeners(&[("web", "hostName: a.com")]));
    let mut client = gateway.client();
    client.get("a.com", "/1");
    client.get("a.com", "/2");
    let refused = client.get("b.com", "/3");
    let logged = gateway.wait_rows(3);
    let logged: Vec<_> = logged.iter().map(|row| row["properties"]["transactionId"].as_str().unwrap()).collect();
    let requests = farm.requests();
    assert_eq!(requests[0].field("x-appgw-trace-id"), Some(logged[0]));
    assert_eq!(requests[1].field("x-appgw-trace-id"), Some(logged[1]));
    assert_eq!(refused.field("x-appgw-trace-id"), Some(logged[2]));
    assert!(logged[0] != logged[1] && logged[1] != logged[2]);
    for id in logged {
        assert!(id.len() == 32 && id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')), "{id}");
    }
}

#[test]
fn host_is_the_clients_the_settings_or_the_servers() {
    let farm = Farm::echo(1);
    let rows = [
        ("requestTimeout: 20", "www.a.com:8080"),
        ("hostName: app.internal", "app.internal"),
        ("pickHostNameFromBackendAddress: true", "127.0.0.1"),
    ];
    let gateway = Gateway::start(&Document::new(&farm));
    for (settings, host) in rows {
        gateway.apply(&Document::new(&farm).settings(&farm, settings)).unwrap();
        gateway.get("www.a.com:8080", "/");
        assert_eq!(farm.last().field("host"), Some(host), "{settings}");
        assert_eq!(farm.last().field("x-original-host"), Some("www.a.com:8080"), "{settings}");
    }
}

/// The names of the fields that reach the server, without those the gateway adds and Host.
fn passed(farm: &Farm, gateway: &Gateway, fields: &str) -> Vec<String> {
    let answer = gateway.client().ask(&format!("GET / HTTP/1.1\r\nHost: a.com\r\n{fields}\r\n"));
    assert_eq!(answer.status, 200, "{fields:?}");
    let added = ["host", "x-forwarded-", "x-original-", "x-appgw-trace-id"];
    let mut names = farm.last().head.names();
    names.retain(|name| !added.iter().any(|start| name.starts_with(start)));
    names
}

#[test]
fn fields_of_the_connection_end_at_the_gateway() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    let rows: [(&str, &[&str]); 10] = [
        ("Connection: keep-alive\r\nKeep-Alive: timeout=5\r\nX-A: 1\r\n", &["x-a"]),
        ("Connection: x-b, X-C\r\nX-B: 1\r\nx-c: 1\r\nX-D: 1\r\n", &["x-d"]),
        ("Connection: cookie, authorization\r\nCookie: a=b\r\nAuthorization: x\r\n", &["cookie", "authorization"]),
        ("Proxy-Connection: keep-alive\r\nTE: trailers\r\nTrailer: x\r\n", &[]),
        ("Upgrade: websocket\r\nConnection: upgrade\r\nSec-WebSocket-Key: x\r\n", &["sec-websocket-key"]),
        ("Proxy-Authorization: x\r\nProxy-Authenticate: y\r\nHTTP2-Settings: z\r\n", &[]),
        ("Proxy: http://evil/\r\n", &[]),
        ("X_Under: 1\r\nX.Dot: 1\r\nX-Plain: 1\r\n", &["x-plain"]),
        ("X-Azure-JA4-Fingerprint: 1\r\nX-MSFT-Entra-Identity: 1\r\n", &[]),
        ("Via: 1.1 other\r\nForwarded: for=1.2.3.4\r\n", &["via", "forwarded"]),
    ];
    for (fields, expected) in rows {
        assert_eq!(passed(&farm, &gateway, fields), expected, "{fields:?}");
    }
}

#[test]
fn a_clients_own_forwarded_fields_are_replaced() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    gateway.client().ask(
        "GET /x HTTP/1.1\r\nHost: a.com\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Port: 1\r\nX-Original-Host: evil\r\n\
         X-Original-URL: /evil\r\nX-AppGW-Trace-Id: 1\r\n\r\n",
    );
    let got = farm.last();
    assert_eq!(got.field("x-forwarded-proto"), Some("http"));
    assert_ne!(got.field("x-forwarded-port"), Some("1"));
    assert_eq!(got.field("x-original-host"), Some("a.com"));
    assert_eq!(got.field("x-original-url"), Some("/x"));
    assert_ne!(got.field("x-appgw-trace-id"), Some("1"));
}

#[test]
fn a_trusted_proxys_forwarded_fields_are_believed() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).extension("trustedProxies: [127.0.0.0/8]"));
    let mut client = gateway.client();
    client.ask(
        "GET /x HTTP/1.1\r\nHost: a.com\r\nX-Forwarded-For: 203.0.113.5\r\nX-Forwarded-Proto: https\r\n\
         X-Forwarded-Port: 443\r\nX-Original-Host: shop.example\r\nX-AppGW-Trace-Id: 1\r\n\r\n",
    );
    let got = farm.last();
    let chain = format!("203.0.113.5, {}", client.address());
    assert_eq!(got.field("x-forwarded-for"), Some(chain.as_str()));
    assert_eq!(got.field("x-forwarded-proto"), Some("https"));
    assert_eq!(got.field("x-forwarded-port"), Some("443"));
    assert_eq!(got.field("x-original-host"), Some("shop.example"));
    assert_ne!(got.field("x-appgw-trace-id"), Some("1"), "the id is the gateway's in any case");
}

#[test]
fn forwarded_for_holds_the_plain_address_where_that_is_asked_for() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).extension("forwardedForPort: false"));
    gateway.get("a.com", "/");
    assert_eq!(farm.last().field("x-forwarded-for"), Some("127.0.0.1"));
}

#[test]
fn several_cookie_fields_become_one() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    gateway.client().ask("GET / HTTP/1.1\r\nHost: a.com\r\nCookie: a=1\r\nX-A: 1\r\nCookie: b=2\r\n\r\n");
    assert_eq!(farm.last().field("cookie"), Some("a=1; b=2"));
}

#[test]
fn the_target_of_an_absolute_form_replaces_host() {
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm).listeners(&[("web", "hostName: b.com")]));
    let answer = gateway.client().ask("GET http://b.com/x?y HTTP/1.1\r\nHost: a.com\r\n\r\n");
    assert_eq!(answer.status, 200);
    let got = farm.last();
    assert_eq!((got.target.as_str(), got.field("host")), ("/x?y", Some("b.com")));
}

#[test]
fn a_response_loses_the_fields_of_its_connection_and_no_other() {
    let farm = Farm::canned(
        1,
        "HTTP/1.1 200 OK\r\nServer: own/1\r\nConnection: x-a\r\nX-A: 1\r\nX_Under: 1\r\nKeep-Alive: timeout=5\r\n\
         Set-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 2\r\n\r\nok",
    );
    let gateway = Gateway::start(&Document::new(&farm));
    let answer = gateway.get("a.com", "/");
    let expected = "HTTP/1.1 200 OK\r\nServer: own/1\r\nX_Under: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n\
                    Content-Length: 2\r\n\r\n";
    assert_eq!((answer.head.text.as_str(), answer.text().as_str()), (expected, "ok"));
}
