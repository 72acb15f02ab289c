//! Which server a session gets, and what happens when it cannot be had.
//!
//! Source: Azure, tcp-tls-proxy-overview: round robin over healthy servers. Parity: further attempts and what clients
//! see when there is no server are not described there; docs/parity.md says what is done here.

use std::time::{Duration, Instant};

use e2e::gateway::within;
use e2e::sides::SERVER_NAME;
use e2e::{BlackHole, Ca, Document, End, Farm, Gateway, Sides, Start, TlsServer, talk};

use super::each;

fn start(document: &Document) -> Gateway {
    Start::workers(1).run(document)
}

/// The server that answers, by its own word.
#[track_caller]
fn server(sides: Sides, gateway: &Gateway) -> usize {
    let mut client = sides.connect(gateway);
    let name = client.some(1).unwrap();
    // What is said to it comes to it, whatever was tried before.
    client.send("hello").unwrap();
    client.expect("hello");
    client.finish();
    client.expect_end(End::Fin);
    usize::from(name[0] - b'0')
}

#[test]
fn servers_take_turns() {
    let farm = Sides::TCP.farm(3, talk::name);
    let gateway = start(&Sides::TCP.document(&farm));
    let servers: Vec<_> = (0..9).map(|_| server(Sides::TCP, &gateway)).collect();
    assert_eq!(servers[..3], servers[3..6], "{servers:?}");
    assert_eq!(servers[..3], servers[6..], "{servers:?}");
    assert_eq!(farm.visits_by_server(), [3, 3, 3]);
}

#[test]
fn servers_that_are_added_get_sessions_and_servers_that_are_removed_get_none() {
    let farm = Sides::TCP.farm(4, talk::name);
    let document = Sides::TCP.document(&farm);
    let gateway = start(&document.clone().pool_of(&farm, 0..3));
    for (servers, expected) in [(vec![0, 2], [3, 0, 3, 0]), (vec![0, 2, 3], [2, 0, 2, 2]), (vec![1], [0, 6, 0, 0])] {
        gateway.apply(&document.clone().pool_of(&farm, servers.iter().copied())).unwrap();
        gateway.settle();
        let before = farm.visits_by_server();
        for _ in 0..6 {
            server(Sides::TCP, &gateway);
        }
        let got: Vec<_> = farm.visits_by_server().iter().zip(before).map(|(now, before)| now - before).collect();
        assert_eq!(got, expected, "with the servers {servers:?}");
    }
}

#[test]
fn a_server_that_refuses_connections_costs_no_session() {
    for sides in Sides::ALL {
        let mut farm = sides.farm(3, talk::name);
        let gateway = start(&sides.document(&farm));
        // Probes go elsewhere: it still counts as healthy.
        farm.kill(1);
        let servers: Vec<_> = (0..6).map(|_| server(sides, &gateway)).collect();
        assert!(servers.iter().all(|&server| server != 1), "{sides}: {servers:?}");
        let rows = gateway.session_rows(6);
        rows.iter().for_each(|row| row.check("200", "closed", 5, 6));
        let mut attempts: Vec<_> = rows.iter().map(|row| row.property("attempts").as_u64().unwrap()).collect();
        attempts.sort_unstable();
        assert_eq!(attempts, [1, 1, 1, 1, 2, 2], "{sides}: every third turn is that of the dead server");
    }
}

#[test]
fn a_server_whose_connections_are_swallowed_costs_the_connect_timeout() {
    each(|sides| {
        let mut farm = sides.farm(2, talk::name);
        let gateway = start(&sides.document(&farm).limit("connectTimeoutInSec: 1"));
        farm.kill(0);
        let _hole = BlackHole::at(farm.address(0));
        let began = Instant::now();
        assert_eq!([server(sides, &gateway), server(sides, &gateway)], [1, 1], "{sides}");
        let took = began.elapsed();
        assert!((Duration::from_secs(1)..Duration::from_secs(5)).contains(&took), "{sides}: {took:?}");
        let attempts: u64 = gateway.session_rows(2).iter().map(|row| row.property("attempts").as_u64().unwrap()).sum();
        assert_eq!(attempts, 3, "{sides}");
    });
}

/// A server that does not shake hands is no better than one that is not there.
#[test]
fn a_server_whose_handshake_fails_costs_no_session() {
    let sides = Sides { client_tls: false, server_tls: true };
    let stranger = Ca::root("stranger").server(&[SERVER_NAME]);
    let farm = sides.farm(2, talk::name);
    farm.set_tls(0, &TlsServer::new(&stranger));
    let gateway = start(&sides.document(&farm));
    assert_eq!([server(sides, &gateway), server(sides, &gateway)], [1, 1]);
    gateway.session_rows(2).iter().for_each(|row| row.check("200", "closed", 5, 6));
}

#[test]
fn three_servers_are_tried_and_then_the_client_is_reset() {
    for sides in Sides::ALL {
        let mut farm = sides.farm(5, talk::name);
        let gateway = start(&sides.document(&farm));
        (0..5).for_each(|server| farm.kill(server));
        sides.expect_reset(&gateway);
        let row = gateway.session_row();
        row.check("502", "connect_failed", 0, 0);
        assert_eq!(row.property("attempts"), 3, "{sides}");
        assert!((0..5).any(|server| farm.address(server).to_string() == row.server), "{sides}: {}", row.row);
    }
}

#[test]
fn a_session_whose_servers_are_all_swallowed_says_so() {
    let mut farm = Sides::TCP.farm(1, talk::name);
    let gateway = start(&Sides::TCP.document(&farm).limit("connectTimeoutInSec: 1"));
    farm.kill(0);
    let _hole = BlackHole::at(farm.address(0));
    within(Duration::from_secs(5), "the connect timeout", || Sides::TCP.expect_reset(&gateway));
    gateway.session_row().check("502", "connect_timeout", 0, 0);
}

#[test]
fn a_server_whose_certificate_is_refused_is_502_and_the_log_says_why() {
    let sides = Sides { client_tls: false, server_tls: true };
    let rows: [(&str, fn() -> TlsServer); 2] = [
        ("backend_certificate_chain", || TlsServer::new(&Ca::root("stranger").server(&[SERVER_NAME]))),
        ("backend_certificate_name", || TlsServer::new(e2e::sides::front())),
    ];
    for (reason, tls) in rows {
        let farm = sides.farm(1, talk::name);
        farm.set_tls(0, &tls());
        let gateway = start(&sides.document(&farm));
        sides.expect_reset(&gateway);
        let row = gateway.session_row();
        row.check("502", reason, 0, 0);
        assert_eq!(row.server, farm.address(0).to_string(), "the last one tried");
    }
}

/// The client's connection is made, its handshake too, and then it is reset; the log has a row without a server.
#[test]
fn without_a_healthy_server_clients_are_reset_until_one_is_well_again() {
    for sides in Sides::ALL {
        let mut farm = sides.farm(2, talk::name);
        (0..2).for_each(|server| farm.set_well(server, false));
        let probe = "interval: 1, timeout: 1, unhealthyThreshold: 1";
        let settings = [sides.setting("bytes", "timeout: 20")];
        let gateway = start(&sides.document(&farm).byte_settings_probed(&farm, &settings, probe));
        sides.expect_reset(&gateway);
        let row = gateway.session_row();
        row.check("502", "no_live_server", 0, 0);
        assert_eq!((row.server.as_str(), &row.row["listenerName"]), ("", &"web".into()), "{sides}: {}", row.row);
        farm.set_well(1, true);
        // One good probe is enough.
        e2e::until("the server to be back", || {
            // Reset once more, or served.
            let mut client = sides.try_connect(&gateway).ok()?;
            (client.some(1).ok()? == b"1").then_some(())
        });
    }
}

#[test]
fn an_empty_pool_resets_its_clients() {
    for sides in Sides::ALL {
        let farm = sides.farm(1, talk::name);
        let gateway = start(&sides.document(&farm).pool_of(&farm, []));
        sides.expect_reset(&gateway);
        let row = gateway.session_row();
        row.check("502", "no_live_server", 0, 0);
        assert_eq!(row.server, "", "{sides}");
    }
}

/// Nobody is bound to a server: the next session of the same client goes to the next one.
#[test]
fn nothing_of_a_session_is_kept_for_the_next_one() {
    let farm: Farm = Sides::TCP.farm(1, talk::name);
    let gateway = start(&Sides::TCP.document(&farm));
    for _ in 0..5 {
        server(Sides::TCP, &gateway);
    }
    let mut sources: Vec<_> = farm.visits().iter().filter_map(|visit| visit.from).collect();
    sources.sort_unstable();
    sources.dedup();
    assert_eq!(sources.len(), 5, "a connection for each session");
    e2e::wait::until_true("all of them to be closed", || gateway.status().counters.backend_connections_current == 0);
}
