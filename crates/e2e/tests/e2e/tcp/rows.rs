//! The log of sessions: one row for each, written when it ends, with what passed on either side.
//!
//! Source: Azure, monitor-application-gateway-reference, "TLS/TCP proxy logs".

use std::time::Duration;

use e2e::gateway::rows;
use e2e::wait::until_true;
use e2e::{End, Folder, Gateway, Sides, talk};

use super::each;

#[test]
fn a_row_has_the_names_addresses_times_and_tls_of_its_session() {
    for sides in Sides::ALL {
        let farm = sides.farm(1, talk::greet(b"hello"));
        let gateway = Gateway::start(&sides.document(&farm));
        let mut client = sides.connect(&gateway);
        let address = client.local();
        client.expect("hello");
        client.finish();
        client.expect_end(End::Fin);
        let session = gateway.session_row();
        session.check("200", "closed", 0, 5);
        let row = &session.row;
        for (key, value) in [
            ("listenerName", "web"),
            ("ruleName", "rule"),
            ("backendPoolName", "pool"),
            ("backendSettingName", "bytes"),
            ("category", "ApplicationGatewayAccessLog"),
        ] {
            assert_eq!(row[key], value, "{sides}: {row}");
        }
        // Azure says TCP of TLS sessions as well.
        let server = farm.address(0).to_string();
        let version = |tls: bool| if tls { "TLSv1.3" } else { "" };
        for (key, value) in [
            ("protocol", "TCP"),
            ("clientIP", "127.0.0.1"),
            ("serverRouted", server.as_str()),
            ("sslProtocol", version(sides.client_tls)),
        ] {
            assert_eq!(session.property(key), value, "{sides}: {row}");
        }
        assert_eq!(session.property("clientPort"), address.port(), "{sides}: {row}");
        assert_eq!(session.property("attempts"), 1, "{sides}: {row}");
        let behind = session.property("backendSslProtocol").as_str().unwrap_or_default();
        assert_eq!(behind, version(sides.server_tls), "{sides}: {row}");
        let cipher = session.property("sslCipher").as_str().unwrap();
        assert_eq!(cipher.starts_with("TLS_"), sides.client_tls, "{sides}: {row}");
        let name = session.property("sni").as_str().unwrap_or_default();
        assert_eq!(name, if sides.client_tls { "a.com" } else { "" }, "{sides}: {row}");
        let seconds = |key: &str| session.property(key).as_str().unwrap().parse::<f64>().unwrap();
        let (whole, server_side) = (seconds("sessionTime"), seconds("upstreamSessionTime"));
        assert!((0.0..10.0).contains(&whole) && server_side <= whole + 0.001, "{sides}: {row}");
        assert!(seconds("connectTime") <= whole + 0.001 && seconds("firstByteTime") <= whole + 0.001, "{sides}: {row}");
    }
}

#[test]
fn times_are_those_of_either_side() {
    let farm = Sides::TCP.farm(1, talk::echo);
    let gateway = Gateway::start(&Sides::TCP.document(&farm));
    let mut client = Sides::TCP.connect(&gateway);
    assert_eq!(client.poll(Duration::from_millis(1_200)), Ok(false));
    client.finish();
    client.expect_end(End::Fin);
    let row = gateway.session_row();
    for key in ["sessionTime", "upstreamSessionTime"] {
        let seconds: f64 = row.property(key).as_str().unwrap().parse().unwrap();
        assert!((1.1..8.0).contains(&seconds), "{key}: {seconds}");
    }
}

/// Bytes that were read and could not be given on differ between the sides; nothing else does.
#[test]
fn what_was_received_and_could_not_be_sent_on_shows_in_the_counters() {
    let farm = Sides::TCP.farm(1, |peer| {
        peer.wire.exactly(5, |_| {})?;
        peer.reset()
    });
    let gateway = Gateway::start(&Sides::TCP.document(&farm));
    let mut client = Sides::TCP.connect(&gateway);
    client.send("hello").unwrap();
    client.expect_end(End::Reset);
    let row = gateway.session_row();
    assert!(row.received >= row.upstream_sent && row.upstream_sent <= 5, "{}", row.row);
    assert_eq!((row.sent, row.upstream_received), (0, 0), "{}", row.row);
}

#[test]
fn counters_move_while_bytes_do() {
    for sides in Sides::ALL {
        let farm = sides.farm(1, talk::echo);
        let gateway = Gateway::start(&sides.document(&farm));
        let mut client = sides.connect(&gateway);
        let counters = || gateway.status().counters;
        until_true("the session to be counted", || counters().sessions_current == 1);
        assert_eq!((counters().session_received_bytes, counters().session_sent_bytes), (0, 0), "{sides}");
        for round in 1..=3 {
            client.send([7; 1000]).unwrap();
            client.expect([7; 1000]);
            let expected = round * 1000;
            until_true("the bytes to be counted", || {
                (counters().session_received_bytes, counters().session_sent_bytes) == (expected, expected)
            });
        }
        assert!(gateway.rows().is_empty(), "{sides}: no row before the end");
        client.finish();
        client.expect_end(End::Fin);
        gateway.session_row().check("200", "closed", 3000, 3000);
        until_true("the session to be counted out", || counters().sessions_current == 0);
        let ended = counters();
        assert_eq!((ended.sessions, ended.backend_sessions), (1, 1), "{sides}");
        let reasons: Vec<_> = ended.sessions_ended.iter().map(|ended| (ended.reason.as_str(), ended.count)).collect();
        assert_eq!(reasons, [("closed", 1)], "{sides}");
        assert_eq!((ended.requests, ended.received_bytes, ended.sent_bytes), (0, 0, 0), "{sides}: these are of HTTP");
        assert_eq!((ended.client_connections, ended.backend_connections), (1, 1), "{sides}");
    }
}

/// Many sessions, each ending in its own way, a row for each; also for those that the end of the gateway cuts.
#[test]
fn every_session_has_one_row_and_the_last_ones_are_written_before_the_end() {
    each(|sides| {
        let farm = sides.farm(2, talk::echo);
        let gateway = Gateway::start(&sides.document(&farm));
        let mut stays = Vec::new();
        for number in 0..40_usize {
            let mut client = sides.connect(&gateway);
            let word = vec![b'x'; number];
            client.send(&word).unwrap();
            client.expect(&word);
            match number % 4 {
                0 => {
                    client.finish();
                    client.expect_end(End::Fin);
                }
                1 => client.reset(),
                2 => drop(client),
                _ => stays.push(client),
            }
        }
        gateway.wait_rows(30);
        // The folder goes with the gateway; a second name keeps the file.
        let kept = Folder::new();
        std::fs::hard_link(gateway.log(), kept.path("log")).unwrap();
        let stopping = gateway.stop_apart();
        // The grace of a second passes; then nobody is waited for.
        stopping.join().unwrap();
        let rows = rows(&std::fs::read_to_string(kept.path("log")).unwrap());
        let mut bytes: Vec<_> = rows.iter().map(|row| row["properties"]["receivedBytes"].as_u64().unwrap()).collect();
        bytes.sort_unstable();
        assert_eq!(bytes, (0..40).collect::<Vec<u64>>(), "{sides}");
        let reason = |row: &serde_json::Value| row["properties"]["endReason"].as_str().unwrap().to_owned();
        for (end, count) in [("client_reset", 10), ("shutdown", 10)] {
            let found = rows.iter().filter(|row| reason(row) == end).count();
            assert_eq!(found, count, "{sides}: {end} in {:?}", rows.iter().map(reason).collect::<Vec<_>>());
        }
        drop(stays);
    });
}

/// Sessions may last for days; on request the log tells of them before they end.
#[test]
fn a_session_that_goes_on_is_logged_as_often_as_asked() {
    for sides in Sides::ALL {
        let farm = sides.farm(1, talk::echo);
        let gateway = Gateway::start(&sides.document(&farm).extension("sessionLogIntervalInSec: 1"));
        let mut client = sides.connect(&gateway);
        client.send("hello").unwrap();
        client.expect("hello");
        let rows = gateway.wait_rows(2);
        for row in &rows[..2] {
            let told = &row["properties"];
            assert_eq!((&told["serverStatus"], &told["receivedBytes"]), (&"".into(), &5.into()), "{sides}: {row}");
            assert!(told.get("endReason").is_none(), "{sides}: {row}");
        }
        client.finish();
        client.expect_end(End::Fin);
        until_true("the last row", || {
            gateway.rows().last().is_some_and(|row| row["properties"]["endReason"] == "closed")
        });
    }
}
