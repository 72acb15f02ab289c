//! Answers that change: new addresses take over, old ones finish what they have, the others are left alone.

use std::collections::HashSet;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use e2e::{Client, Gate, Peer, Request};

use super::*;

/// Half of an answer at once, the rest when the gate opens.
fn halting(gate: &Gate, count: usize) -> Farm {
    let gate = gate.clone();
    Farm::start(count, move |peer: &mut Peer, request: &Request| -> io::Result<()> {
        if request.target != "/slow" {
            return peer.echo(request);
        }
        peer.send(format!("HTTP/1.1 200 OK\r\nX-Server: {}\r\nContent-Length: 8\r\n\r\nhalf", peer.server))?;
        gate.wait();
        peer.send("half")
    })
}

/// Begins a slow answer of a server and reads its head.
fn slow(gateway: &Gateway, server: &str) -> Client {
    until("an answer of this server", || {
        let mut client = gateway.client();
        client.send("GET /slow HTTP/1.1\r\nHost: a.com\r\n\r\n");
        let head = client.try_head().unwrap();
        (head.field("x-server") == Some(server)).then_some(client)
    })
}

#[test]
fn new_requests_go_to_the_new_addresses_within_the_life_of_the_answer() {
    let farm = Farm::echo(3);
    let (server, folder) = (NameServer::start(always(at(&farm, &[0, 1], 1))), Folder::new());
    let gateway = start(&document(&farm, &["shop.example"]), &server, &folder);
    for servers in [[1, 2], [0, 2], [0, 1]] {
        server.follow(always(at(&farm, &servers, 1)));
        wait_servers(&gateway, &farm, &servers);
        let seen = farm.requests().len();
        let mut client = gateway.client();
        assert!((0..8).all(|_| client.get("a.com", "/").status == 200));
        let asked: HashSet<_> = farm.requests()[seen..].iter().map(|request| request.server).collect();
        assert_eq!(asked, HashSet::from(servers));
    }
}

#[test]
fn no_request_fails_while_addresses_come_and_go() {
    let farm = Farm::echo(4);
    let (server, folder) = (NameServer::start(always(at(&farm, &[0, 1], 0))), Folder::new());
    let gateway = start(&document(&farm, &["shop.example"]), &server, &folder);
    let stop = Arc::new(AtomicBool::new(false));
    let threads: Vec<_> = (0..4)
        .map(|_| {
            let (mut client, stop) = (gateway.client(), Arc::clone(&stop));
            std::thread::spawn(move || {
                while !stop.load(Ordering::SeqCst) {
                    assert_eq!(client.get("a.com", "/").status, 200, "no request fails");
                }
            })
        })
        .collect();
    for servers in [[1, 2], [2, 3], [0, 1], [2, 3]] {
        server.follow(always(at(&farm, &servers, 0)));
        wait_servers(&gateway, &farm, &servers);
    }
    stop.store(true, Ordering::SeqCst);
    threads.into_iter().for_each(|thread| thread.join().expect("no request fails"));
}

/// The heart of it: a server whose address stays is not touched, however often the answer changes around it.
#[test]
fn what_runs_at_an_address_that_stays_is_left_alone_and_what_runs_at_one_that_goes_is_drained() {
    let gate = Gate::new();
    let farm = halting(&gate, 4);
    let (server, folder) = (NameServer::start(always(at(&farm, &[0, 1], 1))), Folder::new());
    let gateway = start(&document(&farm, &["shop.example"]), &server, &folder);
    let ids = |gateway: &Gateway| gateway.running().current().fleet.server_ids();
    let first = ids(&gateway)[0];
    let (mut stays, mut goes) = (slow(&gateway, "0"), slow(&gateway, "1"));

    for servers in [[0, 2], [0, 3], [0, 2], [0, 3]] {
        server.follow(always(at(&farm, &servers, 1)));
        wait_servers(&gateway, &farm, &servers);
        assert!(ids(&gateway).contains(&first), "the server is the one it was");
    }
    // The drain timeout is a second; the answer of the server that went was cut long ago.
    assert!(goes.wire.exactly(8, |_| {}).is_err(), "cut in the middle");
    gate.open();
    let mut body = Vec::new();
    stays.wire.exactly(8, |bytes| body.extend_from_slice(bytes)).unwrap();
    assert_eq!(body, b"halfhalf");
    assert_eq!(stays.get("a.com", "/").status, 200);
}

#[test]
fn what_runs_at_an_address_that_comes_back_in_time_goes_on() {
    let gate = Gate::new();
    let farm = halting(&gate, 2);
    let (server, folder) = (NameServer::start(always(at(&farm, &[0, 1], 1))), Folder::new());
    let long = DRAINING.replace("drainTimeoutInSec: 1", "drainTimeoutInSec: 60");
    let gateway = start(&document(&farm, &["shop.example"]).settings(&farm, &long), &server, &folder);
    let mut client = slow(&gateway, "1");
    server.follow(always(at(&farm, &[0], 1)));
    wait_servers(&gateway, &farm, &[0]);
    let health = serde_json::to_string(&gateway.status().health).unwrap();
    assert!(health.contains("Draining"), "{health}");
    server.follow(always(at(&farm, &[0, 1], 1)));
    wait_servers(&gateway, &farm, &[0, 1]);
    gate.open();
    client.wire.exactly(8, |_| {}).unwrap();
}

#[test]
fn an_answer_is_asked_for_again_before_its_life_ends_but_not_more_often_than_every_second() {
    let farm = Farm::echo(1);
    for (ttl, least, most) in [(0, 990, 1500), (1, 990, 1500), (3, 2390, 3000)] {
        let (server, folder) = (NameServer::start(always(at(&farm, &[0], ttl))), Folder::new());
        let _gateway = start(&document(&farm, &["shop.example"]), &server, &folder);
        let times = until("four look-ups", || {
            let asked = server.asked("shop.example").into_iter();
            let times: Vec<_> = asked.filter(|(_, asked)| asked.kind == e2e::dns::A).map(|(at, _)| at).collect();
            (times.len() >= 4).then_some(times)
        });
        let pauses: Vec<_> = times.windows(2).map(|pair| (pair[1] - pair[0]).as_millis()).collect();
        assert!(pauses.iter().all(|pause| *pause >= least), "{ttl}: {pauses:?}");
        // A machine that is busy may be late once, hardly every time.
        assert!(pauses.iter().any(|pause| *pause <= most), "{ttl}: {pauses:?}");
    }
}
