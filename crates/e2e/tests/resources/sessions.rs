//! What sessions of TCP and TLS take, and that they give it back.
#![allow(clippy::print_stdout, reason = "figures, for whoever asks for them with --nocapture")]

use std::path::Path;
use std::time::Instant;

use e2e::apart::apart;
use e2e::crowd::Crowd;
use e2e::stream::{self, pieces};
use e2e::wait::until_true;
use e2e::{Document, End, Gate, Gateway, Hear, Sides, Wire, talk};

use super::{MIB, alone, descriptors, memory};

/// Descriptors that belong to pipes.
fn pipes() -> usize {
    let entries = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let links = entries.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    links.filter(|link| link.to_string_lossy().starts_with("pipe:")).count()
}

/// The most that a process may have open.
fn most_descriptors() -> usize {
    let text = std::fs::read_to_string("/proc/self/limits").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
    line.split_whitespace().next().unwrap().parse().unwrap_or(usize::MAX)
}

const CROWD: &str = env!("CARGO_BIN_EXE_crowd");

/// A gateway in front of servers in another process, for as many clients as come.
fn crowded(port: u16, client_tls: bool) -> Gateway {
    let sides = Sides { client_tls, server_tls: false };
    let certificate = if client_tls { "sslCertificate: front" } else { "" };
    let document = sides
        .trusting(Document::empty())
        .section("httpListeners", "[]")
        .section("requestRoutingRules", "[]")
        .section("backendHttpSettingsCollection", "[]")
        .byte_listeners(&[("web", 1433, sides.listener(), certificate)])
        .section("backendAddressPools", "[{name: pool, backendAddresses: [{ipAddress: 127.0.0.1}]}]")
        .section("backendSettingsCollection", format!("[{{name: bytes, port: {port}, protocol: Tcp, timeout: 600}}]"))
        .byte_rules(&[("rule", "web", "pool", "bytes")])
        .limit("maxConnections: 100000")
        .limit("maxConnectionsPerClient: 100000");
    Gateway::start(&document)
}

fn sessions(gateway: &Gateway) -> u64 {
    gateway.status().counters.sessions_current
}

/// How many ends of a crowd's sessions the log knows, by reason.
fn ends(gateway: &Gateway, reason: &str) -> u64 {
    let ended = gateway.status().counters.sessions_ended;
    ended.iter().find(|ended| ended.reason == reason).map_or(0, |ended| ended.count)
}

/// As many sessions as the process has descriptors for, two for each; all of them talk, rest, and leave at once. Then
/// again, which takes no more than before.
#[test]
fn as_many_sessions_as_there_are_descriptors_take_little_and_leave_nothing() {
    let _alone = alone();
    apart("sessions::as_many_sessions_as_there_are_descriptors_take_little_and_leave_nothing", as_many_as_possible);
}

fn as_many_as_possible() {
    let count = ((most_descriptors() - 500) / 2).min(12_000);
    let (_servers, port) = Crowd::servers(Path::new(CROWD));
    let gateway = crowded(port, false);
    Sides::TCP.connect(&gateway).finish();
    until_true("the first session to be over", || sessions(&gateway) == 0);
    let before = (memory(), descriptors());
    let mut most = Vec::new();
    for (round, leaving) in ["leave", "reset", "end"].into_iter().enumerate() {
        // The last round is a small one: its clients wait for each other's ends.
        let count = if leaving == "end" { count / 5 } else { count };
        let began = Instant::now();
        let mut crowd = Crowd::clients(Path::new(CROWD), gateway.address("web"), count, false);
        until_true("all sessions to have begun", || sessions(&gateway) == count as u64);
        let connected = began.elapsed();
        crowd.tell("talk");
        crowd.tell("talk");
        let talked = began.elapsed() - connected;
        let each = memory().saturating_sub(before.0) / count;
        println!("{count} sessions: connected in {connected:?}, talked twice in {talked:?}, {each} bytes each");
        if round == 0 {
            assert!(each < 16 * 1024, "{each} bytes for an idle session");
        }
        most.push(memory());
        let began = Instant::now();
        match leaving {
            "leave" => crowd.leave(),
            other => crowd.tell(other),
        }
        until_true("all sessions to be over", || sessions(&gateway) == 0);
        println!("all of them left ({leaving}) in {:?}", began.elapsed());
        until_true("their descriptors to be closed", || descriptors() <= before.1 + 4);
        if round > 0 {
            assert!(most[round] < most[0] + 8 * MIB, "{most:?}: more with every crowd");
        }
    }
    assert_eq!(ends(&gateway, "client_reset"), count as u64);
    assert_eq!(ends(&gateway, "closed"), 1 + (count + count / 5) as u64);
}

#[test]
fn idle_sessions_under_tls_take_little() {
    let _alone = alone();
    apart("sessions::idle_sessions_under_tls_take_little", idle_under_tls);
}

fn idle_under_tls() {
    const COUNT: usize = 1_500;
    let (_servers, port) = Crowd::servers(Path::new(CROWD));
    let gateway = crowded(port, true);
    let before = memory();
    let mut crowd = Crowd::clients(Path::new(CROWD), gateway.address("web"), COUNT, true);
    crowd.tell("talk");
    let each = memory().saturating_sub(before) / COUNT;
    println!("{COUNT} sessions under TLS: {each} bytes each");
    assert!(each < 40 * 1024, "{each} bytes for an idle session");
    crowd.leave();
    until_true("all sessions to be over", || sessions(&gateway) == 0);
}

/// A stream of many MiB to a reader that takes its time costs the gateway a few buffers, not the stream.
#[test]
fn readers_that_stop_cost_no_memory() {
    let _alone = alone();
    const LENGTH: usize = 48 * MIB;
    for sides in Sides::ALL {
        let farm = sides.farm(1, |peer| {
            let (mut say, _hear) = peer.split();
            stream::send(&mut say, 1, LENGTH, 100_000).map(drop)
        });
        let gateway = Gateway::start(&sides.document(&farm));
        let mut clients: Vec<Hear> = (0..4).map(|_| sides.connect(&gateway).split().1).collect();
        let mut block = vec![0; MIB];
        let (before, mut most, mut left) = (memory(), 0, clients.len());
        // Everyone reads a little at a time, so that every stream is under way for the whole time.
        while left > 0 {
            left = clients.iter_mut().map(|client| client.read(&mut block).unwrap()).filter(|&count| count > 0).count();
            most = most.max(memory().saturating_sub(before));
        }
        println!("{sides}: {} KiB more while {} MiB passed", most / 1024, 4 * LENGTH / MIB);
        assert!(most < 16 * MIB, "{sides}: {most} bytes more");
    }
}

/// Sessions of every kind and end, over and over, with streams that go through pipes: nothing stays behind.
#[test]
fn sessions_that_came_and_went_leave_memory_descriptors_and_pipes_as_they_were() {
    let _alone = alone();
    for sides in Sides::ALL {
        let farm = sides.farm(1, talk::echo);
        let gateway = Gateway::start(&sides.document(&farm));
        let mut number = 0;
        let mut some = |count: usize| {
            for _ in 0..count {
                number += 1;
                let mut client = sides.connect(&gateway);
                for piece in pieces(number, if number % 10 == 0 { 2 * MIB } else { 2_000 }, 200_000) {
                    client.send(piece).unwrap();
                    client.expect(piece);
                }
                match number % 3 {
                    0 => client.reset(),
                    1 => drop(client),
                    _ => {
                        client.finish();
                        client.expect_end(End::Fin);
                    }
                }
            }
            until_true("all sessions to be over", || sessions(&gateway) == 0);
        };
        some(40);
        let before = (memory(), descriptors(), pipes());
        some(80);
        println!(
            "{sides}: memory, descriptors and pipes were {before:?}, and are {:?}",
            (memory(), descriptors(), pipes())
        );
        until_true("memory, descriptors and pipes as before", || {
            memory() < before.0 + 8 * MIB && descriptors() <= before.1 + 4 && pipes() <= before.2 + 4
        });
        // Two workers keep eight empty pipes at most, of two ends each.
        assert!(pipes() <= 32 + before_any(), "{} ends of pipes", pipes());
    }
}

/// Ends of pipes that are not the gateway's.
fn before_any() -> usize {
    4
}

/// Many streams at once, more than there are pipes for: each flows, and what is kept afterwards is little.
#[test]
fn more_streams_than_pipes_flow_all_the_same() {
    let _alone = alone();
    const STREAMS: usize = 150;
    const LENGTH: usize = 4 * MIB;
    let gate = Gate::new();
    let go = gate.clone();
    let farm = Sides::TCP.farm(1, move |peer| {
        let (mut say, _hear) = peer.split();
        let half = LENGTH / 2;
        for piece in pieces(1, half, 100_000) {
            say.send(piece)?;
        }
        // All of them are in the middle at once.
        go.wait();
        stream::send(&mut say, 2, half, 100_000).map(drop)
    });
    let gateway = Gateway::start(&Sides::TCP.document(&farm));
    let mut clients: Vec<Wire> = (0..STREAMS).map(|_| Sides::TCP.connect(&gateway)).collect();
    for client in &mut clients {
        let mut sum = stream::Adder::default();
        client.exactly(LENGTH / 2, |piece| sum.add(piece)).unwrap();
        assert_eq!(sum.sum(), of(1, LENGTH / 2));
    }
    gate.open();
    for client in clients {
        let (_say, mut hear) = client.split();
        assert_eq!(stream::hear(&mut hear), Ok((of(2, LENGTH / 2), End::Fin)));
    }
    until_true("all sessions to be over", || sessions(&gateway) == 0);
    assert!(pipes() <= 32 + before_any(), "{} ends of pipes", pipes());
}

fn of(seed: u64, length: usize) -> stream::Sum {
    let mut sum = stream::Adder::default();
    pieces(seed, length, 100_000).for_each(|piece| sum.add(piece));
    sum.sum()
}
