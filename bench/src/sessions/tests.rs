//! The load against the servers, with the relay between them and without.

use std::net::{Ipv4Addr, SocketAddrV4, TcpStream};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use anyhow::Result;

use super::client::run;
use super::server::{ServersSpec, serve};
use super::{SessionsSpec, Task};
use crate::account::Watched;
use crate::backends::free_port;
use crate::certificate::Certificate;
use crate::load::LoadReport;
use crate::relay::{RelaySpec, relay_until};

/// Something that listens, in a thread that is told to end.
struct Serving {
    address: SocketAddrV4,
    told: Arc<AtomicBool>,
    thread: Option<JoinHandle<Result<()>>>,
}

impl Serving {
    fn start(serve: impl FnOnce(SocketAddrV4, &AtomicBool) -> Result<()> + Send + 'static) -> Serving {
        let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, free_port().unwrap());
        let told = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&told);
        let thread = std::thread::spawn(move || serve(address, &flag));
        while TcpStream::connect(address).is_err() {
            assert!(!thread.is_finished(), "it does not serve");
            std::thread::yield_now();
        }
        Serving { address, told, thread: Some(thread) }
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.told.store(true, Ordering::Relaxed);
        drop(TcpStream::connect(self.address));
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.unwrap().unwrap().unwrap();
        }
    }
}

/// Servers in plain text or with TLS.
fn servers(tls: bool) -> Serving {
    let folder = folder(if tls { "tls" } else { "plain" });
    Serving::start(move |address, told| {
        let Certificate { certificate, key, .. } = Certificate::make(&folder)?;
        let (plain, tls) = if tls { (vec![], vec![address]) } else { (vec![address], vec![]) };
        let ended = serve(&ServersSpec { plain, tls, certificate, key, seconds: 60 }, told);
        std::fs::remove_dir_all(&folder)?;
        ended
    })
}

fn folder(name: &str) -> PathBuf {
    static NEXT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("gatehouse-bench-test-{}-{name}-{number}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

/// The relay before a server.
fn relay(member: SocketAddrV4) -> Serving {
    Serving::start(move |address, told| relay_until(&RelaySpec { address, members: vec![member], seconds: 60 }, told))
}

fn spec(target: SocketAddrV4, task: Task, tls: bool) -> SessionsSpec {
    // More of each stream than is compared.
    let counted = if task.streams() { 40_000 } else { 200 };
    let watched = Watched::default();
    SessionsSpec { target, connections: 2, task, warmup: 20, counted, tls, idle: 0, watched, seconds: 60 }
}

#[test]
fn every_task_comes_to_its_end() {
    let tasks = [Task::Download, Task::Upload, Task::Both, Task::RoundTrips, Task::Short];
    for (tls, relayed) in [(false, false), (true, false), (false, true), (true, true)] {
        let servers = servers(tls);
        let between = relayed.then(|| relay(servers.address));
        let target = between.as_ref().map_or(servers.address, |relay| relay.address);
        for task in tasks {
            let report = run(&spec(target, task, tls));
            let report = report.unwrap_or_else(|error| panic!("{task:?}, tls {tls}, relayed {relayed}: {error:#}"));
            assert_eq!(report.requests, if task.streams() { 40_000 } else { 200 });
            assert_eq!(report.p99_us > 0.0, !task.streams());
        }
    }
}

#[test]
fn every_connection_of_a_load_with_tls_has_a_full_handshake() {
    let servers = servers(true);
    let LoadReport { handshakes, .. } = run(&spec(servers.address, Task::RoundTrips, true)).unwrap();
    assert_eq!((handshakes.full, handshakes.resumed), (2, 0));
}

#[test]
fn idle_sessions_are_still_open_at_the_end() {
    let servers = servers(false);
    let report = run(&SessionsSpec { idle: 100, ..spec(servers.address, Task::RoundTrips, false) }).unwrap();
    assert_eq!(report.idle.map(|idle| idle.connections), Some(100));
}

/// A server that sends, or answers, something else than it should.
fn liar(answer: &'static [u8]) -> Serving {
    Serving::start(move |address, told| {
        let listener = std::net::TcpListener::bind(address)?;
        while !told.load(Ordering::Relaxed) {
            let (mut stream, _) = listener.accept()?;
            // A client that has seen enough may be gone.
            let _ = std::io::Read::read(&mut stream, &mut [0; 64]);
            let _ = std::io::Write::write_all(&mut stream, answer);
        }
        Ok(())
    })
}

#[test]
fn wrong_bytes_end_the_load() {
    let liar = liar(&[b'x'; 64]);
    for (task, problem) in [(Task::Download, "wrong bytes"), (Task::RoundTrips, "an answer that differs")] {
        let error = run(&SessionsSpec { connections: 1, ..spec(liar.address, task, false) }).unwrap_err();
        assert!(format!("{error:#}").contains(problem), "{error:#}");
    }
}

#[test]
fn a_session_that_is_closed_early_ends_the_load() {
    let cutter = liar(b"");
    let error = run(&SessionsSpec { connections: 1, ..spec(cutter.address, Task::RoundTrips, false) }).unwrap_err();
    assert!(format!("{error:#}").contains("closed a session"), "{error:#}");
}
