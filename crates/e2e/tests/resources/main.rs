//! Memory and descriptors of the process: these tests share it with no others and run one at a time.
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod sessions;

use std::sync::{Mutex, MutexGuard, PoisonError};

use e2e::h2::frame::{Frame, code, flag, setting};
use e2e::h2::{get, hpack};
use e2e::wait::until_true;
use e2e::{Ca, Client, Document, Farm, Gateway, H2, Tls};

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

/// What the memory of the process may grow by for reasons that are the test's own, which runs in it: its buffers, the
/// pages of its code that were not needed before, what the allocator keeps for each thread. Measured: up to 26 MiB on a
/// busy machine. What the tests would find is hundreds.
const OURS: usize = 36 * MIB;

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
    assert!(most < OURS, "{most} bytes more while 200 MiB passed");
}

/// Twenty uploads of 20 MB each come slowly and all at once: what is taken in lies in files, and leaves nothing behind.
#[test]
fn slow_uploads_cost_no_memory() {
    let _alone = alone();
    const SIZE: usize = 20 * MIB;
    let farm = Farm::start(1, |peer, request| {
        let mut count = 0;
        peer.body_with(request, |piece| count += piece.len())?;
        peer.send(format!("HTTP/1.1 200 OK\r\nX-Count: {count}\r\nContent-Length: 0\r\n\r\n"))
    });
    let gateway = Gateway::start(&Document::new(&farm));
    gateway.get("a.com", "/warm-up");
    let (before, open) = (memory(), descriptors());
    let mut clients: Vec<Client> = (0..20).map(|_| gateway.client()).collect();
    for client in &mut clients {
        client.send(format!("POST / HTTP/1.1\r\nHost: a.com\r\nContent-Length: {SIZE}\r\n\r\n"));
    }
    let block = vec![7; MIB];
    let mut most = 0;
    for number in 0..20 {
        for client in &mut clients {
            client.send(if number < 19 { &block[..] } else { &block[1..] });
        }
        most = most.max(memory().saturating_sub(before));
    }
    assert!(most < 24 * MIB, "{most} bytes more while 400 MB were taken in");
    assert_eq!(farm.requests().len(), 1, "no server has been asked");
    for client in &mut clients {
        client.send([7]);
        assert_eq!(client.answer().field("x-count"), Some(SIZE.to_string().as_str()));
    }
    drop(clients);
    until_true("all files to be closed", || descriptors() <= open + 4);
    let name = format!("gatehouse-{}-", std::process::id());
    let left = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten();
    assert!(left.map(|entry| entry.file_name()).all(|left| !left.to_string_lossy().starts_with(&name)));
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

const STUCK: usize = 200;

/// Streams without room, 200 of them, and answers of this size on the way to them: what the process takes then.
fn with_stuck_streams(size: usize, change: impl FnOnce(Document) -> Document) -> usize {
    let farm = Farm::start(1, move |peer, _| {
        peer.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {size}\r\n\r\n"))?;
        let block = vec![7; 16 * 1024];
        (0..size / block.len()).try_for_each(|_| peer.send(&block))
    });
    let document = Document::https(&farm, &Ca::root("root").server(&["a.com"]));
    let gateway = Gateway::start(&change(document));
    let mut clients: Vec<H2> = (0..STUCK / 100)
        .map(|_| {
            let mut h2 = H2::silent(gateway.address("web"));
            h2.generous = false;
            let mut h2 = h2.begun(&[(setting::INITIAL_WINDOW_SIZE, 0)]);
            h2.frame(&Frame::window_update(0, 1 << 30));
            let streams: Vec<u32> = (0..100).map(|_| h2.request(&get("/"))).collect();
            streams.into_iter().for_each(|stream| assert_eq!(h2.head(stream).status(), 200));
            h2
        })
        .collect();
    // Whatever is to be read ahead is read by now, or within a moment.
    let mut most = 0;
    for _ in 0..20 {
        clients.iter_mut().for_each(H2::expect_pong);
        most = most.max(memory());
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    most
}

/// How large answers are makes no difference when nobody takes them. Between the gateway and its server lies what the
/// system keeps, which is not counted here.
#[test]
fn answers_to_streams_without_room_cost_the_same_whatever_their_size() {
    let _alone = alone();
    with_stuck_streams(64 * 1024, Document::streaming);
    let small = with_stuck_streams(64 * 1024, Document::streaming);
    let large = with_stuck_streams(8 * MIB, Document::streaming);
    assert!(large < small + OURS, "{} MiB, and {} MiB for large ones", small / MIB, large / MIB);
    // With buffering, what is read ahead comes on top.
    let ahead = with_stuck_streams(8 * MIB, |document| document.limit("bufferedResponseBytes: 131072"));
    assert!(ahead < small + OURS + STUCK * 131_072, "{} MiB, and {} MiB read ahead", small / MIB, ahead / MIB);
}

#[test]
fn floods_leave_memory_and_descriptors_as_they_were() {
    let _alone = alone();
    let farm = Farm::echo(1);
    let gateway = Gateway::start(&Document::https(&farm, &Ca::root("root").server(&["a.com"])));
    let flood = || {
        let mut h2 = gateway.h2();
        h2.flood(5_000, |number| {
            let stream = u32::try_from(number * 2 + 1).unwrap();
            let request = Frame::headers(stream, flag::END, hpack::block(&get("/reset")));
            [request.bytes(), Frame::reset(stream, code::CANCEL).bytes()].concat()
        });
        let mut h2 = gateway.h2();
        h2.frame(&Frame::headers(1, flag::END_STREAM, hpack::block(&get("/"))));
        let piece = Frame::continuation(1, 0, hpack::block(&[("x-a", &"x".repeat(8_000))])).bytes();
        h2.flood(5_000, |_| piece.clone());
        let mut h2 = gateway.h2();
        h2.flood(5_000, |_| Frame::ping(*b"flooding").bytes());
    };
    (0..3).for_each(|_| flood());
    let before = (memory(), descriptors());
    (0..10).for_each(|_| flood());
    until_true("memory and descriptors as before", || memory() < before.0 + 8 * MIB && descriptors() <= before.1 + 4);
    assert_eq!(gateway.h2().get("/").status(), 200);
}

#[test]
fn handshakes_and_new_certificates_leave_memory_and_descriptors_as_they_were() {
    let _alone = alone();
    let farm = Farm::echo(1);
    let root = Ca::root("root");
    let certificates = [root.server(&["a.com"]), root.server(&["a.com"])];
    let gateway = Gateway::start(&Document::https(&farm, &certificates[0]));
    let change = |number: usize| {
        gateway.apply(&Document::https(&farm, &certificates[number % 2])).unwrap();
        for tls in [Tls::new().tls12(), Tls::new().tls13()] {
            assert_eq!(gateway.secure(&tls).client.get("a.com", "/").status, 200);
        }
    };
    (1..=100).for_each(change);
    let before = (memory(), descriptors());
    (101..=400).for_each(change);
    until_true("memory and descriptors as before", || memory() < before.0 + 8 * MIB && descriptors() <= before.1 + 4);
}
