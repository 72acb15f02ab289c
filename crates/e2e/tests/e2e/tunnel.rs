//! The bytes of a tunnel: how they flow, and what ends it.

use std::time::{Duration, Instant};

use e2e::gateway::within;
use e2e::wait::until_true;
use e2e::websocket::{echo, expect, farm, open, say};
use e2e::{Document, Gate, Gateway, Start, Wire};
use sha2::{Digest, Sha256};

/// Bytes that repeat nowhere at a round distance.
fn block(number: usize) -> Vec<u8> {
    (0..65_521).map(|at| (at * 31 + number * 17 + at / 251) as u8).collect()
}

const BLOCKS: usize = 400;

fn send_blocks(wire: &mut Wire, from: usize) -> String {
    let mut hash = Sha256::new();
    for number in from..from + BLOCKS {
        let block = block(number);
        hash.update(&block);
        wire.send(&block).unwrap();
    }
    shown(hash)
}

fn read_blocks(wire: &mut Wire) -> String {
    let mut hash = Sha256::new();
    wire.exactly(BLOCKS * 65_521, |piece| hash.update(piece)).unwrap();
    shown(hash)
}

fn shown(hash: Sha256) -> String {
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Both ends send 26 MB at once and read what the other sends.
#[test]
fn much_flows_both_ways_at_once_and_whole() {
    let farm = farm(|peer, _| {
        let mut back = Wire::new(peer.wire.stream().try_clone()?);
        let sender = std::thread::spawn(move || send_blocks(&mut back, BLOCKS));
        let heard = read_blocks(&mut peer.wire);
        let said = sender.join().unwrap();
        peer.send(format!("{heard} {said}"))?;
        e2e::peer::close()
    });
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    open(&mut client, "/");
    let mut out = Wire::new(client.wire.stream().try_clone().unwrap());
    let sender = std::thread::spawn(move || send_blocks(&mut out, 0));
    let heard = read_blocks(&mut client.wire);
    let said = sender.join().unwrap();
    assert_eq!(String::from_utf8(client.wire.rest().unwrap()).unwrap(), format!("{said} {heard}"));
    drop(client);
    let row = &gateway.wait_rows(1)[0]["properties"];
    let least = (BLOCKS * 65_521) as u64;
    for name in ["sentBytes", "receivedBytes"] {
        assert!(row[name].as_u64().unwrap() > least, "{row}");
    }
}

#[test]
fn an_end_that_has_said_all_still_hears_the_other() {
    // The client ends first: the server hears the end, and says its word after it.
    let server = farm(|peer, _| {
        let heard = peer.wire.rest()?;
        peer.send([b"heard ", &*heard].concat())?;
        e2e::peer::close()
    });
    let gateway = Gateway::start(&Document::new(&server));
    let mut client = gateway.client();
    open(&mut client, "/");
    client.send("goodbye");
    client.wire.finish();
    assert_eq!(client.wire.rest().unwrap(), b"heard goodbye");
    assert_eq!(gateway.wait_rows(1)[0]["properties"]["httpStatus"], 101);

    // The server ends first.
    let gate = Gate::new();
    let done = gate.clone();
    let server = farm(move |peer, _| {
        peer.send("goodbye")?;
        peer.wire.finish();
        assert_eq!(peer.wire.rest()?, b"heard");
        done.open();
        e2e::peer::close()
    });
    let gateway = Gateway::start(&Document::new(&server));
    let mut client = gateway.client();
    open(&mut client, "/");
    assert_eq!(client.wire.rest().unwrap(), b"goodbye");
    client.send("heard");
    client.wire.finish();
    gate.wait();
}

/// Frames are not looked at: a close frame with its code passes as it is.
#[test]
fn close_frames_pass_with_their_codes() {
    const FROM_CLIENT: &[u8] = &[0x88, 0x82, 1, 2, 3, 4, 0x03 ^ 1, 0xe9 ^ 2];
    const FROM_SERVER: &[u8] = &[0x88, 0x02, 0x03, 0xe9];
    let farm = farm(|peer, _| {
        let mut heard = Vec::new();
        peer.wire.exactly(FROM_CLIENT.len(), |piece| heard.extend_from_slice(piece))?;
        assert_eq!(heard, FROM_CLIENT);
        peer.send(FROM_SERVER)?;
        e2e::peer::close()
    });
    let gateway = Gateway::start(&Document::new(&farm));
    let mut client = gateway.client();
    open(&mut client, "/");
    client.send(FROM_CLIENT);
    assert_eq!(client.wire.rest().unwrap(), FROM_SERVER);
}

/// Source: Azure, "WebSocket support in Application Gateway": the request timeout is that of silence.
#[test]
fn silence_ends_a_tunnel_and_a_word_now_and_then_does_not() {
    let farm = farm(|peer, _| {
        for number in 0..8 {
            std::thread::sleep(Duration::from_millis(400));
            peer.send(number.to_string())?;
        }
        peer.hold()
    });
    let gateway = Gateway::start(&Document::new(&farm).settings(&farm, "requestTimeout: 2"));
    let mut client = gateway.client();
    let began = Instant::now();
    open(&mut client, "/");
    expect(&mut client, "01234567");
    client.expect_end();
    // Eight words with their pauses, and then the silence; how much later that is seen is up to the machine.
    assert!(began.elapsed() >= Duration::from_millis(8 * 400 + 1900), "{:?}", began.elapsed());
    until_true("the server's end to be closed", || farm.left() == 1);
    let row = &gateway.wait_rows(1)[0]["properties"];
    assert_eq!((&row["httpStatus"], &row["reason"]), (&101.into(), &"tunnel_idle".into()), "{row}");
}

#[test]
fn a_tunnel_outlives_changes_that_do_not_touch_it() {
    let farm = farm(echo);
    let document = Document::new(&farm);
    let gateway = Gateway::start(&document);
    let mut client = gateway.client();
    open(&mut client, "/");
    for number in 0..5 {
        let name = format!("rule-{number}");
        let rule = format!(
            "{{name: {name}, priority: 10, httpListener: web, backendAddressPool: pool, backendHttpSettings: http}}"
        );
        gateway.apply(&document.clone().rules(&[&rule])).unwrap();
        say(&mut client, &name);
        assert_eq!(gateway.get("a.com", "/").status, 200);
    }
    drop(client);
    let rows = gateway.wait_rows(6);
    let row = rows.iter().find(|row| row["properties"]["httpStatus"] == 101).unwrap();
    assert_eq!(row["ruleName"], "rule", "the rule that it came by");
}

#[test]
fn a_tunnel_of_a_listener_that_is_gone_is_cut_when_its_time_is_over() {
    let farm = farm(echo);
    let document = Document::new(&farm).limit("drainTimeoutInSec: 1");
    let gateway = Gateway::start(&document);
    let mut client = gateway.client();
    open(&mut client, "/");
    let other = document
        .section("frontendPorts", "[{name: p81, port: 81}]")
        .section("httpListeners", "[{name: web, frontendIPConfiguration: feip, frontendPort: p81, protocol: Http}]")
        .port(81, "0");
    gateway.apply(&other).unwrap();
    say(&mut client, "still here");
    within(Duration::from_secs(4), "the end", || client.expect_end());
    let row = &gateway.wait_rows(1)[0]["properties"];
    assert_eq!((&row["httpStatus"], &row["reason"]), (&101.into(), &"drained".into()), "{row}");
}

#[test]
fn a_gateway_that_ends_cuts_its_tunnels_within_its_grace_and_logs_them() {
    let farm = farm(echo);
    let gateway = Start::workers(1).run(&Document::new(&farm).limit("shutdownGraceInSec: 2"));
    let log = gateway.log().clone();
    let kept = e2e::Folder::new();
    let mut client = gateway.client();
    open(&mut client, "/");
    say(&mut client, "hello");
    let copy = kept.path("access.log");
    std::fs::hard_link(&log, &copy).unwrap();
    let ending = gateway.stop_apart();
    within(Duration::from_secs(4), "the end", || client.expect_end());
    assert!(ending.join().unwrap(), "the tunnel had ended in time");
    let rows = e2e::gateway::rows(&std::fs::read_to_string(&copy).unwrap());
    assert_eq!((rows.len(), &rows[0]["properties"]["httpStatus"]), (1, &101.into()));
}
