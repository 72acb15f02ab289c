use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use snapshot::{Probe, Scheme, Settings, Target, TargetId};
use tokio::time::Instant;

use super::*;
use crate::fixtures::{Zone, bytes, probe, settings, snapshot};
use crate::health::{Failure, Outcome, State as Health, Step, Success};
use crate::server::Server;

/// Servers in virtual time: what each address, with its port or without, answers and how long it takes, and when it
/// was asked.
#[derive(Default)]
struct World {
    answers: Mutex<HashMap<String, (Duration, Outcome)>>,
    asked: Mutex<Vec<(SocketAddr, Instant)>>,
    changes: Mutex<Vec<(u128, String, Health)>>,
    zone: Arc<Zone>,
}

const SECOND: Duration = Duration::from_secs(1);
const MS: Duration = Duration::from_millis(1);

fn refused() -> Outcome {
    Err(Failure::InvalidHttp { problem: "refused" })
}

impl World {
    fn set(&self, ip: &str, took: Duration, outcome: Outcome) {
        self.answers.lock().unwrap().insert(ip.to_owned(), (took, outcome));
    }

    fn ask(&self, server: &Server) -> (Duration, Outcome) {
        self.asked.lock().unwrap().push((server.address, Instant::now()));
        let answers = self.answers.lock().unwrap();
        let answer = [server.address.to_string(), server.address.ip().to_string()];
        answer.iter().find_map(|key| answers.get(key)).cloned().unwrap_or((MS, Ok(Success::Status(200))))
    }

    /// Probes of an address so far.
    fn probes(&self, ip: &str) -> usize {
        self.asked.lock().unwrap().iter().filter(|(asked, _)| asked.ip().to_string() == ip).count()
    }

    /// Probes of a port so far.
    fn probes_of_port(&self, port: u16) -> usize {
        self.asked.lock().unwrap().iter().filter(|(asked, _)| asked.port() == port).count()
    }

    /// Changes since the last call: whole seconds since `start`, address, state.
    fn changes(&self) -> Vec<(u128, String, Health)> {
        std::mem::take(&mut self.changes.lock().unwrap())
    }
}

fn runner(world: &Arc<World>) -> ProbeRunner {
    let (asked, told, start) = (Arc::clone(world), Arc::clone(world), Instant::now());
    let on_change = move |change: &HealthChange| {
        let entry = (start.elapsed().as_secs().into(), change.address.ip().to_string(), change.state);
        told.changes.lock().unwrap().push(entry);
    };
    let prober = Prober::Scripted(Box::new(move |server| asked.ask(server)));
    let zone = Resolving::by(Arc::clone(&world.zone) as Arc<_>);
    let mut runner = ProbeRunner::with_prober(Handle::current(), zone, Box::new(on_change), prober);
    // It is shortened at random; these tests count intervals.
    Arc::get_mut(&mut runner.context).unwrap().shorten_first_interval = false;
    runner
}

fn fleet(members: &[&str], probe: Probe) -> Fleet {
    Fleet::reconcile(None, &snapshot(members, settings(), probe))
}

fn eligible(fleet: &Fleet) -> Vec<String> {
    fleet[TargetId(0)].eligible().iter().map(|server| server.address.ip().to_string()).collect()
}

#[tokio::test(start_paused = true)]
async fn every_server_is_probed_at_once_and_then_every_interval() {
    let world = Arc::new(World::default());
    let (runner, fleet) = (runner(&world), fleet(&["10.0.0.1", "10.0.0.2"], probe()));
    runner.reconcile(&fleet);
    tokio::time::sleep(MS * 2).await;
    assert_eq!(eligible(&fleet), ["10.0.0.1", "10.0.0.2"]);
    tokio::time::sleep(SECOND * 20).await;
    assert_eq!((world.probes("10.0.0.1"), world.probes("10.0.0.2")), (5, 5));
}

/// Azure, "Health probes overview": a server is probed under each of its settings.
#[tokio::test(start_paused = true)]
async fn a_server_under_several_settings_is_probed_for_each_in_its_own_time() {
    let world = Arc::new(World::default());
    let mut snapshot = snapshot(&["10.0.0.1"], settings(), Probe { interval: SECOND * 10, ..probe() });
    let pool = snapshot.targets[TargetId(0)].pool;
    for (scheme, port, interval) in [(Scheme::Tcp, 5432, 5), (Scheme::Tls, 5433, 20)] {
        let settings = snapshot.settings.push(Settings { name: format!("{port}").into(), port, ..bytes(scheme) });
        snapshot.targets.push(Target { pool, settings, probe: Probe { interval: SECOND * interval, ..probe() } });
    }
    world.set("10.0.0.1:5432", MS, Ok(Success::Connection));
    world.set("10.0.0.1:80", MS, refused());
    let (runner, fleet) = (runner(&world), Fleet::reconcile(None, &snapshot));
    runner.reconcile(&fleet);
    tokio::time::sleep(SECOND * 59).await;
    assert_eq!([80, 5432, 5433].map(|port| world.probes_of_port(port)), [6, 12, 3]);
    let in_rotation = |target| fleet[TargetId(target)].eligible().len();
    assert_eq!([in_rotation(0), in_rotation(1)], [0, 1]);

    world.set("10.0.0.1:5432", MS, refused());
    tokio::time::sleep(SECOND * 11).await;
    assert_eq!(in_rotation(1), 0);
    let ends: Vec<_> = [0, 1].map(|target| fleet[TargetId(target)].all()[0].cut_at().is_some()).into();
    assert_eq!(ends, [false, true], "sessions end, requests may finish");
}

#[tokio::test(start_paused = true)]
async fn detection_takes_whole_intervals() {
    // Azure, "Health probes overview": on v2 retries wait a whole interval. Interval, timeout, threshold; how the
    // server fails right after a good probe; seconds until it is down.
    let hang = (SECOND * 86_400, Ok(Success::Status(200)));
    for (interval, timeout, threshold, failure, expected) in [
        (30, 30, 3, (MS, refused()), 90),
        (30, 30, 3, hang.clone(), 120),
        (5, 4, 2, (MS, refused()), 10),
        (5, 4, 1, hang, 9),
    ] {
        let world = Arc::new(World::default());
        let times = (SECOND * interval, SECOND * timeout);
        let question = Probe { interval: times.0, timeout: times.1, unhealthy_threshold: threshold, ..probe() };
        let (runner, fleet) = (runner(&world), fleet(&["10.0.0.1"], question));
        runner.reconcile(&fleet);
        tokio::time::sleep(MS * 2).await;
        world.set("10.0.0.1", failure.0, failure.1);
        tokio::time::sleep(SECOND * 200).await;
        let address = || "10.0.0.1".to_owned();
        let changes = [(0, address(), Health::Up), (expected, address(), Health::Down)];
        assert_eq!(world.changes(), changes, "{interval}/{timeout}/{threshold}");
        assert!(eligible(&fleet).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_returns_with_one_good_probe() {
    let world = Arc::new(World::default());
    world.set("10.0.0.1", MS, refused());
    let (runner, fleet) = (runner(&world), fleet(&["10.0.0.1"], probe()));
    runner.reconcile(&fleet);
    tokio::time::sleep(SECOND * 11).await;
    assert!(eligible(&fleet).is_empty());
    world.set("10.0.0.1", MS, Ok(Success::Status(200)));
    tokio::time::sleep(SECOND * 5).await;
    assert_eq!(eligible(&fleet), ["10.0.0.1"]);
    let address = || "10.0.0.1".to_owned();
    assert_eq!(world.changes(), [(0, address(), Health::Down), (15, address(), Health::Up)]);
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_takes_longer_than_its_interval_does_not_overlap_the_next() {
    let world = Arc::new(World::default());
    world.set("10.0.0.1", SECOND * 7, Ok(Success::Status(200)));
    let (runner, fleet) = (runner(&world), fleet(&["10.0.0.1"], Probe { timeout: SECOND * 9, ..probe() }));
    runner.reconcile(&fleet);
    tokio::time::sleep(SECOND * 22).await;
    let asked: Vec<_> = world.asked.lock().unwrap().iter().map(|(_, at)| *at).collect();
    let gaps: Vec<_> = asked.windows(2).map(|pair| (pair[1] - pair[0]).as_secs()).collect();
    assert_eq!(gaps, [7, 7, 7]);
}

#[tokio::test(start_paused = true)]
async fn a_probe_without_an_answer_times_out() {
    let world = Arc::new(World::default());
    world.set("10.0.0.1", SECOND * 100, Ok(Success::Status(200)));
    let (runner, fleet) = (runner(&world), fleet(&["10.0.0.1"], probe()));
    runner.reconcile(&fleet);
    tokio::time::sleep(SECOND * 4 + MS * 2).await;
    let server = Arc::clone(&fleet[TargetId(0)].all()[0]);
    let last = server.verdicts().last().cloned().unwrap();
    assert_eq!(last.outcome, Err(Failure::Timeout { after: SECOND * 4, doing: Step::Connect }));
    // Virtual timers have a grain of a millisecond.
    assert_eq!(last.took.as_secs(), 4);
}

#[tokio::test(start_paused = true)]
async fn an_unchanged_target_is_not_disturbed_by_a_reload() {
    let world = Arc::new(World::default());
    let (runner, old) = (runner(&world), fleet(&["10.0.0.1"], probe()));
    runner.reconcile(&old);
    tokio::time::sleep(SECOND * 3).await;
    let new = Fleet::reconcile(Some(&old), &snapshot(&["10.0.0.1"], settings(), probe()));
    runner.reconcile(&new);
    tokio::time::sleep(SECOND).await;
    assert_eq!(world.probes("10.0.0.1"), 1);
    tokio::time::sleep(SECOND * 2).await;
    assert_eq!(world.probes("10.0.0.1"), 2);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_is_taken_over_keeps_its_rhythm() {
    let world = Arc::new(World::default());
    let (runner, old) = (runner(&world), fleet(&["10.0.0.1"], probe()));
    runner.reconcile(&old);
    tokio::time::sleep(SECOND * 3).await;
    let changed = Settings { request_timeout: SECOND, ..settings() };
    let new = Fleet::reconcile(Some(&old), &snapshot(&["10.0.0.1", "10.0.0.2"], changed, probe()));
    runner.reconcile(&new);
    tokio::time::sleep(SECOND).await;
    assert_eq!((world.probes("10.0.0.1"), world.probes("10.0.0.2")), (1, 1));
    assert_eq!(eligible(&new), ["10.0.0.1", "10.0.0.2"]);
    tokio::time::sleep(SECOND * 2).await;
    assert_eq!((world.probes("10.0.0.1"), world.probes("10.0.0.2")), (2, 1));
}

#[tokio::test(start_paused = true)]
async fn what_was_removed_is_not_probed_any_more() {
    let world = Arc::new(World::default());
    let (runner, old) = (runner(&world), fleet(&["10.0.0.1", "10.0.0.2"], probe()));
    runner.reconcile(&old);
    tokio::time::sleep(SECOND).await;
    let new = Fleet::reconcile(Some(&old), &snapshot(&["10.0.0.2"], settings(), probe()));
    runner.reconcile(&new);
    tokio::time::sleep(SECOND * 60).await;
    assert_eq!(world.probes("10.0.0.1"), 1);
    assert!(world.probes("10.0.0.2") > 10);
    runner.stop();
    let before = world.probes("10.0.0.2");
    tokio::time::sleep(SECOND * 60).await;
    assert_eq!(world.probes("10.0.0.2"), before);
}

/// It keeps its place in the report until its time is over, and comes back with a probe of its own.
#[tokio::test(start_paused = true)]
async fn a_draining_server_is_not_probed_and_is_let_go_in_time() {
    let world = Arc::new(World::default());
    let (runner, old) = (runner(&world), fleet(&["10.0.0.1", "10.0.0.2"], probe()));
    runner.reconcile(&old);
    tokio::time::sleep(SECOND).await;
    let removed = Arc::downgrade(&old[TargetId(0)].all()[0]);
    let now = || Instant::now().into_std();
    let new = Fleet::reconcile_at(Some(&old), &snapshot(&["10.0.0.2"], settings(), probe()), now());
    drop(old);
    runner.reconcile(&new);
    tokio::time::sleep(SECOND * 29).await;
    assert_eq!((world.probes("10.0.0.1"), removed.strong_count()), (1, 1));
    tokio::time::sleep(SECOND * 2).await;
    assert_eq!(removed.strong_count(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_returns_while_it_drains_is_probed_at_once() {
    let world = Arc::new(World::default());
    let (runner, old) = (runner(&world), fleet(&["10.0.0.1", "10.0.0.2"], probe()));
    runner.reconcile(&old);
    tokio::time::sleep(SECOND).await;
    let now = || Instant::now().into_std();
    let without = Fleet::reconcile_at(Some(&old), &snapshot(&["10.0.0.2"], settings(), probe()), now());
    runner.reconcile(&without);
    tokio::time::sleep(SECOND * 20).await;
    world.set("10.0.0.1", MS, refused());
    let again = Fleet::reconcile_at(Some(&without), &snapshot(&["10.0.0.1", "10.0.0.2"], settings(), probe()), now());
    runner.reconcile(&again);
    assert_eq!(eligible(&again), ["10.0.0.1", "10.0.0.2"], "presumed up as it was");
    tokio::time::sleep(MS * 5).await;
    assert_eq!((world.probes("10.0.0.1"), eligible(&again)), (2, vec!["10.0.0.2".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn a_name_becomes_servers_and_follows_its_addresses() {
    let world = Arc::new(World::default());
    world.zone.set("a.example", &["10.0.0.1", "10.0.0.2"], 30);
    let (runner, fleet) = (runner(&world), fleet(&["10.0.0.9", "a.example"], probe()));
    runner.reconcile(&fleet);
    tokio::time::sleep(MS * 5).await;
    assert_eq!(eligible(&fleet), ["10.0.0.9", "10.0.0.1", "10.0.0.2"]);

    world.zone.set("a.example", &["10.0.0.2", "10.0.0.3"], 30);
    tokio::time::sleep(SECOND * 31).await;
    assert_eq!(eligible(&fleet), ["10.0.0.9", "10.0.0.2", "10.0.0.3"]);
    let probes = world.probes("10.0.0.1");
    tokio::time::sleep(SECOND * 60).await;
    assert_eq!(world.probes("10.0.0.1"), probes, "an address that is gone is not probed any more");
    assert!(world.probes("10.0.0.3") >= 12);
}

#[tokio::test(start_paused = true)]
async fn a_name_that_does_not_resolve_is_decided_without_servers() {
    let world = Arc::new(World::default());
    let (runner, fleet) = (runner(&world), fleet(&["nowhere.example"], probe()));
    runner.reconcile(&fleet);
    assert!(fleet[TargetId(0)].undecided());
    let began = Instant::now();
    fleet[TargetId(0)].decided(SECOND * 2).await;
    assert!(began.elapsed() < SECOND && !fleet[TargetId(0)].undecided());
    let report = fleet.report(Instant::now().into_std());
    assert_eq!(report.targets[0].names[0].code, "DnsFailure");
}

#[tokio::test(start_paused = true)]
async fn a_name_keeps_its_addresses_and_health_across_configurations() {
    let world = Arc::new(World::default());
    world.zone.set("a.example", &["10.0.0.1"], 300);
    let (runner, old) = (runner(&world), fleet(&["a.example"], probe()));
    runner.reconcile(&old);
    tokio::time::sleep(SECOND).await;
    world.zone.fail("a.example", "server failure");
    let new = Fleet::reconcile(Some(&old), &snapshot(&["a.example", "10.0.0.9"], settings(), probe()));
    assert_eq!(eligible(&new), ["10.0.0.1"]);
    runner.reconcile(&new);
    tokio::time::sleep(SECOND).await;
    assert_eq!(eligible(&new), ["10.0.0.1", "10.0.0.9"]);
    assert_eq!(world.zone.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn no_more_than_256_probes_run_at_once() {
    let world = Arc::new(World::default());
    let members: Vec<_> = (0..300).map(|n| format!("10.0.{}.{}", n / 200, n % 200)).collect();
    for ip in &members {
        world.set(ip, SECOND * 3, Ok(Success::Status(200)));
    }
    let members: Vec<_> = members.iter().map(String::as_str).collect();
    let (runner, fleet) = (runner(&world), fleet(&members, probe()));
    runner.reconcile(&fleet);
    tokio::time::sleep(SECOND).await;
    assert_eq!(world.asked.lock().unwrap().len(), MAX_CONCURRENT);
    tokio::time::sleep(SECOND * 3).await;
    assert_eq!(world.asked.lock().unwrap().len(), 300);
}

#[tokio::test(start_paused = true)]
async fn many_servers_are_first_probed_within_200_milliseconds_but_not_together() {
    let world = Arc::new(World::default());
    let members: Vec<_> = (0..100).map(|last| format!("10.0.0.{last}")).collect();
    let (runner, fleet) = (runner(&world), fleet(&members.iter().map(String::as_str).collect::<Vec<_>>(), probe()));
    runner.reconcile(&fleet);
    tokio::time::sleep(MS * 201).await;
    let mut times: Vec<_> = world.asked.lock().unwrap().iter().map(|(_, at)| *at).collect();
    assert_eq!(times.len(), 100);
    times.dedup();
    assert!(times.len() > 20);
}

#[tokio::test]
async fn a_probe_over_the_network_puts_a_server_into_rotation() {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let answered = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&answered);
    let server = tokio::spawn(async move {
        loop {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                stream.read_buf(&mut request).await.unwrap();
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
            count.fetch_add(1, Ordering::Relaxed);
        }
    });
    let changes = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&changes);
    let on_change = move |change: &HealthChange| told.lock().unwrap().push(change.to_string());
    let runner = ProbeRunner::new(Handle::current(), Resolving::by(Arc::new(Zone::default())), on_change);
    let next = snapshot(&["127.0.0.1"], Settings { port, ..settings() }, probe());
    let fleet = Fleet::reconcile(None, &next);
    runner.reconcile(&fleet);
    fleet[TargetId(0)].decided(Duration::from_secs(20)).await;
    assert_eq!(eligible(&fleet), ["127.0.0.1"]);
    assert_eq!(answered.load(Ordering::Relaxed), 1);
    let line =
        format!("server 127.0.0.1:{port} of pool/plain is up: Success. Received 200 status code (1 of 1 in rotation)");
    // The waiter wakes before the change is told; both happen in the same step of this one-thread runtime.
    tokio::task::yield_now().await;
    assert_eq!(*changes.lock().unwrap(), [line]);
    server.abort();
}
