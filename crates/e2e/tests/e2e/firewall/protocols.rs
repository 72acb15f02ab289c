//! The firewall over every protocol that requests come in: HTTP/2, TLS, WebSocket; and the bytes it leaves alone.
//!
//! Source: Azure, `application-gateway-waf-faq`, `tcp-tls-proxy-overview`, read 2026-11-22.

use e2e::h2::frame::{Frame, flag};
use e2e::h2::hpack::block;
use e2e::h2::post;
use e2e::websocket::{self, open, request, say};
use e2e::{Ca, Client, Document, Farm, Gateway, H2, Tls};
use serde_json::json;

use super::{ATTACK, actions, get, refusing, told};

fn secure(farm: &Farm) -> Gateway {
    let document = Document::https(farm, &Ca::root("root").server(&["a.com"]));
    Gateway::start(&document.guarded("Prevention", json!({}), json!([])))
}

/// Begins a form.
fn begun(h2: &mut H2) -> u32 {
    let stream = h2.stream();
    let fields = [&post("/form")[..], &[("content-type", "application/x-www-form-urlencoded")]].concat();
    h2.frame(&Frame::headers(stream, flag::END_HEADERS, block(&fields)));
    stream
}

#[test]
fn a_block_ends_its_stream_and_no_other() {
    let farm = Farm::echo(1);
    let gateway = secure(&farm);
    let mut h2 = gateway.h2();
    let open = begun(&mut h2);
    h2.frame(&Frame::data(open, 0, "a="));
    let blocked = h2.get(ATTACK);
    assert_eq!((blocked.status(), blocked.ended, blocked.text().contains("403 Forbidden")), (403, true, true));
    let (rows, access) = told(&gateway, 1);
    assert_eq!(actions(&rows).last().unwrap().0, "Blocked");
    assert_eq!(
        (&rows[0]["properties"]["hostname"], &access["properties"]["httpVersion"]),
        (&json!("a.com"), &json!("HTTP/2.0"))
    );
    assert_eq!(h2.get("/?q=1").status(), 200);
    h2.frame(&Frame::data(open, flag::END_STREAM, "hello"));
    h2.expect_status(open, 200);
    assert_eq!(farm.last().body, b"a=hello", "what was held goes on whole");
    h2.expect_pong();
}

#[test]
fn content_of_a_stream_is_seen_in_whatever_frames_it_comes() {
    let farm = Farm::echo(1);
    let gateway = secure(&farm);
    let mut h2 = gateway.h2();
    const CONTENT: &[u8] = b"a=1&q=%3Cscript%3Ealert(1)%3C/script%3E";
    for size in [1, 10, CONTENT.len()] {
        let stream = begun(&mut h2);
        for piece in CONTENT.chunks(size) {
            h2.frame(&Frame::data(stream, 0, piece));
        }
        h2.frame(&Frame::data(stream, flag::END_STREAM, []));
        let answer = h2.answer(stream);
        assert!(answer.ended && answer.status() == 403, "frames of {size}: {answer:?}");
    }
    assert!(farm.requests().is_empty());
    // More than one window of content, and less than the policy allows.
    let long = [&b"a="[..], &vec![b'x'; 120_000]].concat();
    let stream = begun(&mut h2);
    h2.upload(stream, &long);
    h2.expect_status(stream, 200);
    assert!(farm.last().body == long, "it arrives as it was");
    // More than it allows: refused, and the streams beside it do not feel it.
    let stream = begun(&mut h2);
    h2.upload_while_room(stream, 200_000, std::time::Duration::from_millis(200));
    assert_eq!(h2.head(stream).status(), 403);
    assert_eq!(h2.get("/").status(), 200);
}

#[test]
fn requests_under_tls_are_looked_at() {
    let farm = Farm::echo(1);
    let gateway = secure(&farm);
    let mut client = gateway.secure(&Tls::new()).client;
    assert_eq!(get(&mut client, ATTACK).status, 403);
    assert_eq!(get(&mut client, "/").status, 200);
}

#[test]
fn the_wish_for_a_tunnel_is_looked_at_and_what_goes_through_it_is_not() {
    let farm = websocket::farm(websocket::echo);
    let gateway = Gateway::start(&Document::new(&farm).guarded("Prevention", json!({}), json!([])));
    let mut client: Client = gateway.client();
    assert_eq!(client.ask(&request(ATTACK)).status, 403);
    assert!(farm.requests().is_empty());
    open(&mut client, "/chat?room=1");
    say(&mut client, "q=<script>alert(1)</script>");
    say(&mut client, "1' OR '1'='1' UNION SELECT password FROM users--");
    client.wire.finish();
    client.expect_end();
    let (rows, access) = told(&gateway, 2);
    assert_eq!((rows.len(), &access["properties"]["httpStatus"]), (0, &json!(101)));
    assert_eq!(access["properties"]["WAFMode"], "Prevention");
    assert_eq!(gateway.status().counters.firewall_requests, 2);
}

#[test]
fn bytes_of_a_tcp_listener_are_not_looked_at() {
    let bytes = Farm::bytes(1, None, |peer| {
        let text = peer.wire.some(4096)?;
        peer.send(text)
    });
    let farm = Farm::echo(1);
    let all = json!([refusing("all", 1, ("RequestUri", ""), "Contains", "/")]);
    let pools = [("pool", farm.members([0])), ("bytes", bytes.members([0]))];
    let pools: Vec<_> =
        pools.iter().map(|(name, members)| format!("{{name: {name}, backendAddresses: {members}}}")).collect();
    let document = Document::new(&farm)
        .section("backendAddressPools", format!("[{}]", pools.join(", ")))
        .byte_listeners(&[("tcp", 5000, "Tcp", "")])
        .byte_rules(&[("bytes", "tcp", "bytes", "bytes")])
        .byte_settings(&bytes, &[("bytes", "Tcp", "")])
        .section("frontendPorts", "[{name: p80, port: 80}, {name: p5000, port: 5000}]")
        .port(80, "0")
        .section(
            "requestRoutingRules",
            "[{name: web, priority: 99, httpListener: web, backendAddressPool: pool, backendHttpSettings: http}]",
        )
        .guarded("Prevention", json!({}), all);
    let gateway = Gateway::start(&document);
    let mut client = Client::connect(gateway.address("tcp"));
    let attack = format!("GET {ATTACK} HTTP/1.1\r\nHost: a.com\r\n\r\n");
    client.send(&attack);
    client.wire.expect(&attack);
    drop(client);
    gateway.wait_rows(1);
    assert!(gateway.firewall_rows().is_empty());
    assert_eq!(get(&mut gateway.client(), ATTACK).status, 403, "the listener beside it is guarded");
    assert_eq!(gateway.status().counters.firewall_requests, 1);
}
