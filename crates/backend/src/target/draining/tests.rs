//! Draining inside one target: names whose addresses change, and servers that probes find unhealthy.

use std::time::Duration;

use snapshot::{Probe, Settings};

use super::*;
use crate::dns::NameState;
use crate::fixtures;
use crate::fleet::Fleet;
use crate::health::{Failure, Probed, Success};

const SECOND: Duration = Duration::from_secs(1);

fn target(members: &[&str], settings: Settings, probe: Probe) -> Arc<LiveTarget> {
    let fleet = Fleet::reconcile(None, &fixtures::snapshot(members, settings, probe));
    Arc::clone(&fleet.targets()[0])
}

fn named() -> Arc<LiveTarget> {
    target(&["a.example"], fixtures::settings(), fixtures::probe())
}

fn resolve(target: &LiveTarget, last_bytes: &[u8], now: Instant) {
    let addresses = last_bytes.iter().map(|last| IpAddr::from([10, 0, 0, *last])).collect();
    let state = NameState { addresses, answered: true, ..NameState::default() };
    target.take_name("a.example", &state, now);
}

fn judge(target: &LiveTarget, server: &Server, up: bool, at: Instant) {
    let outcome = if up { Ok(Success::Status(200)) } else { Err(Failure::InvalidHttp { problem: "test" }) };
    target.take(server, Probed { started: at, took: Duration::ZERO, outcome });
}

fn up(target: &LiveTarget, at: Instant) {
    for server in target.all().iter() {
        judge(target, server, true, at);
    }
}

/// Seconds from `from` to the server's cut.
fn cut_in(server: &Server, from: Instant) -> Option<u64> {
    // Stored in milliseconds.
    server.cut_at().map(|at| (at + Duration::from_millis(1)).duration_since(from).as_secs())
}

fn addresses(servers: &[Arc<Server>]) -> Vec<String> {
    servers.iter().map(|server| server.address.ip().to_string()).collect()
}

#[test]
fn an_address_that_its_name_no_longer_has_drains_like_a_removed_member() {
    let (target, now) = (named(), Instant::now());
    resolve(&target, &[1, 2], now);
    up(&target, now);
    let gone = Arc::clone(&target.all()[0]);
    resolve(&target, &[2, 3], now);

    assert_eq!(addresses(&target.eligible()), ["10.0.0.2", "10.0.0.3"], "no new requests");
    assert_eq!((cut_in(&gone, now), gone.is_leaving()), (Some(30), true));
    assert_eq!(target.leaving().iter().map(|leaving| leaving.server.id).collect::<Vec<_>>(), [gone.id]);
    assert!(target.all().iter().all(|server| server.cut_at().is_none()), "the others go on");
    let bound = |seconds| target.bound_at(&gone.token, || now + SECOND * seconds).map(|server| server.id);
    assert_eq!(bound(29), Some(gone.id), "its clients still reach it");
    assert_eq!(bound(30), None);
}

#[test]
fn an_address_that_returns_in_time_goes_on() {
    let (target, now) = (named(), Instant::now());
    resolve(&target, &[1, 2], now);
    up(&target, now);
    let gone = Arc::clone(&target.all()[0]);
    let under_way = gone.busy();
    resolve(&target, &[2], now);
    resolve(&target, &[1, 2], now + SECOND);

    let back = Arc::clone(&target.all()[0]);
    assert_eq!((back.id, back.active(), back.cut_at()), (gone.id, 1, None));
    assert_eq!(under_way.server().cut_at(), None, "requests under way are not cut either");
    assert_eq!(addresses(&target.eligible()), ["10.0.0.1", "10.0.0.2"]);
    assert!(target.leaving().is_empty());
    // Nothing was probed while it was away: the first answer decides.
    judge(&target, &back, false, now);
    assert_eq!(addresses(&target.eligible()), ["10.0.0.2"]);
}

#[test]
fn a_server_that_was_down_takes_no_bound_requests_while_it_drains() {
    let (target, now) = (named(), Instant::now());
    resolve(&target, &[1, 2], now);
    up(&target, now);
    let gone = Arc::clone(&target.all()[0]);
    for _ in 0..2 {
        judge(&target, &gone, false, now);
    }
    resolve(&target, &[2], now);
    assert!(target.bound_at(&gone.token, || now).is_none());
    assert_eq!(cut_in(&gone, now), Some(30), "what it has under way may still end");
    resolve(&target, &[1, 2], now);
    assert_eq!(addresses(&target.eligible()), ["10.0.0.2"], "and it does not return healthy");
}

#[test]
fn servers_are_let_go_when_their_time_is_over() {
    let (target, now) = (named(), Instant::now());
    resolve(&target, &[1, 2, 3], now);
    let first = Arc::downgrade(&target.all()[0]);
    resolve(&target, &[2, 3], now);
    resolve(&target, &[3], now + SECOND * 10);
    let listed = |at| {
        target.settle(now + SECOND * at);
        addresses(&target.leaving().iter().map(|leaving| Arc::clone(&leaving.server)).collect::<Vec<_>>())
    };
    assert_eq!(listed(29), ["10.0.0.1", "10.0.0.2"]);
    assert_eq!(listed(30), ["10.0.0.2"]);
    assert!(listed(40).is_empty());
    assert_eq!(first.strong_count(), 0, "nothing keeps it in memory");
}

/// Rows of the affinity section of the layer 7 reference: who the cookie of the first server leads to.
#[test]
fn a_cookie_leads_to_its_server_as_long_as_that_may_take_it() {
    let now = Instant::now();
    for (rule, change, is_bound) in [
        ("healthy", (|_, _| {}) as fn(&LiveTarget, Instant), true),
        ("unhealthy", |target, now| (0..2).for_each(|_| judge(target, &target.all()[0], false, now)), false),
        ("one failed probe is not unhealthy", |target, now| judge(target, &target.all()[0], false, now), true),
        ("draining", |target, now| resolve(target, &[2], now), true),
        ("gone", |target, now| resolve(target, &[2], now - SECOND * 30), false),
        (
            "no longer resolved, and back",
            |target, now| {
                resolve(target, &[2], now);
                resolve(target, &[2, 1], now);
            },
            true,
        ),
    ] {
        let target = named();
        resolve(&target, &[1, 2], now);
        up(&target, now);
        let first = Arc::clone(&target.all()[0]);
        change(&target, now);
        let bound = target.bound_at(&first.token, || now).map(|server| server.id);
        assert_eq!(bound, is_bound.then_some(first.id), "{rule}");
        assert!(target.bound_at(b"0123456789abcdef0123456789abcdef", || now).is_none(), "{rule}: a foreign value");
        assert!(target.bound_at(b"", || now).is_none(), "{rule}: no value");
    }
}

#[test]
fn no_cookie_leads_to_a_server_without_a_verdict() {
    let (target, now) = (named(), Instant::now());
    resolve(&target, &[1], now);
    let server = Arc::clone(&target.all()[0]);
    assert!(target.bound_at(&server.token, || now).is_none());
}

/// Rows: whether settings drain unhealthy servers, `minServers`, verdicts of two servers in order; the seconds after
/// which work at the first is cut.
#[test]
fn work_at_unhealthy_servers_ends_where_draining_is_asked_for() {
    let now = Instant::now();
    for (rule, drains, min, verdicts, expected) in [
        ("healthy", true, 0, &[true, true][..], None),
        ("unhealthy", true, 0, &[true, false, false], Some(20)),
        ("unhealthy without draining", false, 0, &[true, false, false], None),
        ("one failure is not enough", true, 0, &[true, false], None),
        ("unhealthy and well again", true, 0, &[true, false, false, true], None),
        ("unhealthy ever since the start", true, 0, &[false], Some(20)),
        ("kept in for want of others", true, 1, &[true, false, false], None),
    ] {
        let settings = Settings { drains_unhealthy: drains, drain_timeout: SECOND * 20, ..fixtures::settings() };
        let target = target(&["10.0.0.1"], settings, Probe { min_servers: min, ..fixtures::probe() });
        let server = Arc::clone(&target.all()[0]);
        for up in verdicts {
            judge(&target, &server, *up, now);
        }
        assert_eq!(cut_in(&server, now), expected, "{rule}");
        assert!(!server.is_leaving(), "{rule}: it was not removed");
    }
}

/// The time counts from the verdict; what later probes find does not move it.
#[test]
fn the_end_of_work_at_an_unhealthy_server_is_not_put_off() {
    let now = Instant::now();
    let settings = Settings { drains_unhealthy: true, ..fixtures::settings() };
    let target = target(&["10.0.0.1", "10.0.0.2"], settings, fixtures::probe());
    let server = Arc::clone(&target.all()[0]);
    for second in [0, 5, 10] {
        judge(&target, &server, false, now + SECOND * second);
    }
    judge(&target, &target.all()[1], true, now + SECOND * 15);
    assert_eq!(cut_in(&server, now), Some(30));
    assert!(!server.is_cut(now + SECOND * 29) && server.is_cut(now + SECOND * 30));
}
