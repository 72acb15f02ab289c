//! Memory and descriptors of the process: these tests share it with no others and run one at a time.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::sync::{Mutex, MutexGuard, PoisonError};

use e2e::wait::until_true;
use e2e::{Client, Document, Farm, Gateway};

fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Resident memory in bytes.
fn memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

const MIB: usize = 1 << 20;

/// Tolerances: 8 MiB, a fiftieth of what 900 kept configurations with their tables would take; 4 descriptors, since a
/// probe may be under way at either moment.
#[test]
fn a_thousand_changes_leave_memory_and_descriptors_as_they_were() {
    let _alone = alone();
    let farm = Farm::echo(4);
    let rules: Vec<String> = (0..80).map(|number| format!("/path/{number}/*")).collect();
    let rules: Vec<(&str, &str, &str)> = rules.iter().map(|path| ("rule", path.as_str(), "pool")).collect();
    let rules: Vec<(String, &str, &str)> = rules
        .iter()
        .enumerate()
        .map(|(number, (name, path, pool))| (format!("{name}{number}"), *path, *pool))
        .collect();
    let rules: Vec<(&str, &str, &str)> = rules.iter().map(|(name, path, pool)| (name.as_str(), *path, *pool)).collect();
    let version = |number: usize| {
        Document::new(&farm).pool_of(&farm, if number.is_multiple_of(2) { 0..2 } else { 1..4 }).paths("pool", &rules)
    };
    let gateway = Gateway::start(&version(0));
    let mut client = gateway.client();
    let mut change = |number: usize| {
        gateway.apply(&version(number)).unwrap();
        assert_eq!(client.get("a.com", "/path/7/x").status, 200);
    };
    (1..=100).for_each(&mut change);
    let before = (memory(), descriptors());
    (101..=1000).for_each(&mut change);
    until_true("memory and descriptors as before", || memory() < before.0 + 8 * MIB && descriptors() <= before.1 + 4);
}

/// 50 MB are on their way to a client that does not read; the gateway holds a few buffers of them.
#[test]
fn a_slow_reader_of_a_large_answer_costs_no_memory() {
    let _alone = alone();
    const SIZE: usize = 50 * MIB;
    let farm = Farm::start(1, |peer, _| {
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n"))?;
        let block = vec![7; MIB];
        (0..SIZE / MIB).try_for_each(|_| peer.send(&block))
    });
    let gateway = Gateway::start(&Document::new(&farm));
    gateway.get("a.com", "/warm-up");
    let before = memory();
    let mut clients: Vec<Client> = (0..4).map(|_| gateway.client()).collect();
    let mut most = 0;
    for client in &mut clients {
        client.send("GET / HTTP/1.1\r\nHost: a.com\r\n\r\n");
        assert_eq!(client.try_head().unwrap().head.length(), Some(SIZE));
    }
    // Everyone reads a little at a time, so that every answer is under way for the whole time.
    let mut left = SIZE;
    while left > 0 {
        let piece = left.min(MIB);
        for client in &mut clients {
            client.wire.exactly(piece, |_| {}).unwrap();
        }
        left -= piece;
        most = most.max(memory().saturating_sub(before));
    }
    assert!(most < 24 * MIB, "{most} bytes more while 200 MiB passed");
}

/// A client that connects, asks and leaves, a thousand times, leaves nothing behind.
#[test]
fn connections_that_came_and_went_leave_no_descriptors() {
    let _alone = alone();
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::new(&farm));
    gateway.get("a.com", "/");
    let before = descriptors();
    for _ in 0..1000 {
        gateway.get("a.com", "/");
    }
    until_true("all descriptors to be given back", || descriptors() <= before + 4);
    until_true("no client connection to be counted", || gateway.status().counters.client_connections_current == 0);
}
