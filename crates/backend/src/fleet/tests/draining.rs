//! What a change of configuration does to servers and to what they have under way.

use std::net::IpAddr;
use std::time::Instant;

use observe::status::Health;
use snapshot::{AffinityKey, Snapshot};

use super::*;
use crate::server::Server;

const SECOND: Duration = Duration::from_secs(1);

/// All servers of these members probed up.
fn up(members: &[&str], settings: Settings) -> Fleet {
    let fleet = Fleet::reconcile(None, &snapshot(members, settings, probe()));
    for server in fleet.targets()[0].all().iter() {
        fleet.targets()[0].take(server, probed(true));
    }
    fleet
}

fn cut_in(server: &Server, from: Instant) -> Option<u64> {
    // Stored in milliseconds.
    server.cut_at().map(|at| (at + Duration::from_millis(1)).duration_since(from).as_secs())
}

fn strict(mut snapshot: Snapshot) -> Snapshot {
    snapshot.options.azure_strict = true;
    snapshot
}

/// Addresses, seconds left, requests under way; of servers the report calls draining.
fn draining(fleet: &Fleet, now: Instant) -> Vec<(String, u64, u32)> {
    let servers = fleet.report(now).targets.into_iter().flat_map(|target| target.servers);
    let row = |server: observe::status::ServerHealth| {
        let left = server.draining_seconds_left.unwrap() + 0.001;
        (server.address.to_string(), left as u64, server.active)
    };
    servers.filter(|server| server.health == Health::Draining).map(row).collect()
}

/// The worked example of the layer 7 reference: affinity and draining.
#[test]
fn a_client_bound_to_a_removed_member_reaches_it_until_the_drain_timeout() {
    let old = up(&TWO, settings());
    let (m1, m2) = (Arc::clone(&old[TargetId(0)].all()[0]), Arc::clone(&old[TargetId(0)].all()[1]));
    let now = Instant::now();
    let new = Fleet::reconcile_at(Some(&old), &snapshot(&TWO[1..], settings(), probe()), now);
    let target = &new[TargetId(0)];

    assert_eq!(eligible(&new), ["10.0.0.2:80"], "new clients go to M2");
    assert_eq!(target.bound(&m1.token).map(|server| server.id), Some(m1.id), "its own clients keep reaching M1");
    assert_eq!(target.bound(&m2.token).map(|server| server.id), Some(m2.id));
    assert!(Arc::ptr_eq(&target.all()[0], &m2) && m2.cut_at().is_none(), "M2 goes on as it was");
    assert_eq!(cut_in(&m1, now), Some(30));
    assert!(m1.is_cut(now + SECOND * 30) && !m1.is_cut(now + SECOND * 29));

    new.settle(now + SECOND * 30);
    assert!(target.bound(&m1.token).is_none(), "after it the cookie is replaced");
}

/// Rows: how the configuration changes; seconds until work at the first server is cut.
#[test]
fn only_what_was_removed_drains() {
    let later = |seconds| Settings { drain_timeout: SECOND * seconds, ..settings() };
    for (rule, next, expected) in [
        ("nothing changes", snapshot(&TWO, settings(), probe()), None),
        ("the other is removed", snapshot(&TWO[..1], settings(), probe()), None),
        ("it is removed", snapshot(&TWO[1..], settings(), probe()), Some(30)),
        ("all are removed", snapshot(&[], settings(), probe()), Some(30)),
        ("one is added", snapshot(&["10.0.0.1", "10.0.0.2", "10.0.0.3"], settings(), probe()), None),
        ("a timeout changes", snapshot(&TWO, Settings { request_timeout: SECOND, ..settings() }, probe()), None),
        ("the probe changes", snapshot(&TWO, settings(), Probe { path: "/b".into(), ..probe() }), None),
        ("it is removed with a new drain timeout", snapshot(&TWO[1..], later(300), probe()), Some(300)),
        ("it is removed at the shortest drain timeout", snapshot(&TWO[1..], later(1), probe()), Some(1)),
        ("only the drain timeout changes", snapshot(&TWO, later(300), probe()), None),
        ("the port changes", snapshot(&TWO, Settings { port: 81, ..settings() }, probe()), Some(30)),
        ("TLS begins", snapshot(&TWO, over_tls(|_| {}), probe()), Some(30)),
        (
            "the settings get another name",
            snapshot(&TWO, Settings { name: "b".into(), ..settings() }, probe()),
            Some(30),
        ),
        ("the target is gone", Snapshot::default(), Some(30)),
        ("strict: nothing changes", strict(snapshot(&TWO, settings(), probe())), Some(30)),
        ("strict: the other is removed", strict(snapshot(&TWO[..1], settings(), probe())), Some(30)),
    ] {
        let old = up(&TWO, settings());
        let first = Arc::clone(&old[TargetId(0)].all()[0]);
        let now = Instant::now();
        let _new = Fleet::reconcile_at(Some(&old), &next, now);
        assert_eq!(cut_in(&first, now), expected, "{rule}");
    }
}

#[test]
fn a_server_that_is_added_again_in_time_goes_on() {
    for (rule, between, next) in [
        ("a member", snapshot(&TWO[1..], settings(), probe()), snapshot(&TWO, settings(), probe())),
        ("a target", Snapshot::default(), snapshot(&TWO, settings(), probe())),
        ("a target with more members", Snapshot::default(), snapshot(&["10.0.0.1", "b.example"], settings(), probe())),
    ] {
        let old = up(&TWO, settings());
        let first = Arc::clone(&old[TargetId(0)].all()[0]);
        let under_way = first.busy();
        let now = Instant::now();
        let without = Fleet::reconcile_at(Some(&old), &between, now);
        let again = Fleet::reconcile_at(Some(&without), &next, now + SECOND * 10);
        let back = again[TargetId(0)].all()[0].clone();
        assert_eq!((back.id, back.active(), back.cut_at()), (first.id, 1, None), "{rule}");
        assert_eq!(under_way.server().cut_at(), None, "{rule}");
        assert!(eligible(&again).contains(&"10.0.0.1:80".to_owned()), "{rule}: presumed up as it was");
        assert!(draining(&again, now + SECOND * 10).iter().all(|(address, ..)| address != "10.0.0.1:80"), "{rule}");

        let late = Fleet::reconcile_at(Some(&old), &between, now);
        let late = Fleet::reconcile_at(Some(&late), &next, now + SECOND * 30);
        assert_ne!(late[TargetId(0)].all()[0].id, first.id, "{rule}, too late");
    }
}

#[test]
fn draining_servers_outlast_further_changes_and_keep_their_time() {
    let old = up(&TWO, settings());
    let first = Arc::clone(&old[TargetId(0)].all()[0]);
    let now = Instant::now();
    let mut fleet = Fleet::reconcile_at(Some(&old), &snapshot(&TWO[1..], settings(), probe()), now);
    for second in 1..=3 {
        let changed = Settings { request_timeout: SECOND * second, ..settings() };
        fleet = Fleet::reconcile_at(Some(&fleet), &snapshot(&TWO[1..], changed, probe()), now + SECOND * second);
    }
    assert_eq!(fleet[TargetId(0)].bound(&first.token).map(|server| server.id), Some(first.id));
    assert_eq!(draining(&fleet, now + SECOND * 3), [("10.0.0.1:80".to_owned(), 27, 0)]);
    assert_eq!(cut_in(&first, now), Some(30));
}

/// Its old connections are of another kind, and so would be the new ones that its client asks for.
#[test]
fn no_cookie_leads_to_a_draining_server_that_was_spoken_to_in_another_way() {
    let old = up(&TWO, settings());
    let first = Arc::clone(&old[TargetId(0)].all()[0]);
    let now = Instant::now();
    let over_tls = Fleet::reconcile_at(Some(&old), &snapshot(&TWO[1..], over_tls(|_| {}), probe()), now);
    assert!(over_tls[TargetId(0)].bound(&first.token).is_none());
    assert_eq!(cut_in(&first, now), Some(30));
    // Nor is it taken back when it is named again, over TLS.
    let back = Fleet::reconcile_at(Some(&over_tls), &snapshot(&TWO, super::over_tls(|_| {}), probe()), now);
    assert!(back[TargetId(0)].all().iter().all(|server| server.id != first.id));
    assert_eq!(cut_in(&first, now), Some(30));
}

#[test]
fn unhealthy_servers_drain_from_the_change_that_asks_for_it() {
    let asked = Settings { drains_unhealthy: true, drain_timeout: SECOND * 5, ..settings() };
    let old = running(&TWO, &[true, false]);
    let down = Arc::clone(&old[TargetId(0)].all()[1]);
    let now = Instant::now();
    let on = Fleet::reconcile_at(Some(&old), &snapshot(&TWO, asked, probe()), now);
    assert_eq!(cut_in(&down, now), Some(5));
    let report = on.report(now).targets[0].servers[1].clone();
    assert_eq!((report.health, report.draining_seconds_left.is_some()), (Health::Unhealthy, true));
    let _off = Fleet::reconcile_at(Some(&on), &snapshot(&TWO, settings(), probe()), now + SECOND);
    assert_eq!(cut_in(&down, now), None, "and no longer after the change that takes it back");
}

/// As Azure does it: each change ends what is under way, also at servers that stay.
#[test]
fn a_strict_change_cuts_what_is_under_way_and_nothing_that_comes_after() {
    let old = up(&TWO, settings());
    let before = Arc::clone(&old[TargetId(0)].all()[0]);
    let now = Instant::now();
    let new = Fleet::reconcile_at(Some(&old), &strict(snapshot(&TWO, settings(), probe())), now);
    let after = Arc::clone(&new[TargetId(0)].all()[0]);
    assert_eq!((cut_in(&before, now), after.cut_at()), (Some(30), None));
    assert_eq!((after.id, after.token), (before.id, before.token), "connections and cookies stay");
    assert_eq!(eligible(&new), ["10.0.0.1:80", "10.0.0.2:80"], "verdicts too");
    assert!(after.verdicts().last().is_some(), "the rhythm of its probes goes on");

    // The next change does not put off the first end.
    let third = Fleet::reconcile_at(Some(&new), &strict(snapshot(&TWO, settings(), probe())), now + SECOND * 9);
    assert_eq!((cut_in(&before, now), cut_in(&after, now)), (Some(30), Some(39)));
    assert_eq!(third[TargetId(0)].all()[0].cut_at(), None);
}

#[test]
fn the_report_lists_draining_servers_until_their_time_is_over() {
    let old = up(&TWO, settings());
    let under_way = old[TargetId(0)].all()[0].busy();
    let now = Instant::now();
    let new = Fleet::reconcile_at(Some(&old), &snapshot(&TWO[1..], settings(), probe()), now);
    assert_eq!(draining(&new, now + SECOND * 18), [("10.0.0.1:80".to_owned(), 12, 1)]);
    let report = new.report(now).targets;
    let servers: Vec<_> = report[0].servers.iter().map(|server| (server.code, server.in_rotation)).collect();
    assert_eq!(servers, [("Success", true), ("Draining", false)]);
    assert!(draining(&new, now + SECOND * 30).is_empty());
    drop(under_way);
}

#[test]
fn the_report_lists_targets_that_are_gone_while_their_servers_drain() {
    let old = up(&TWO, settings());
    let now = Instant::now();
    let gone = Fleet::reconcile_at(Some(&old), &Snapshot::default(), now);
    let report = gone.report(now + SECOND * 10).targets;
    assert_eq!((report.len(), &*report[0].pool, report[0].servers.len()), (1, "pool", 2));
    assert!(gone.report(now + SECOND * 30).targets.is_empty());
    // The next change takes them along, the one after their time does not.
    let next = Fleet::reconcile_at(Some(&gone), &Snapshot::default(), now + SECOND * 20);
    assert_eq!(draining(&next, now + SECOND * 20).len(), 2);
    let last = Fleet::reconcile_at(Some(&next), &Snapshot::default(), now + SECOND * 30);
    assert!(last.departed().is_empty());
}

/// Azure's service was never seen to say `Draining`.
#[test]
fn the_report_of_a_strict_gateway_lists_no_draining_servers() {
    let old = up(&TWO, settings());
    let now = Instant::now();
    let new = Fleet::reconcile_at(Some(&old), &strict(snapshot(&TWO[1..], settings(), probe())), now);
    assert_eq!(new.report(now).targets[0].servers.len(), 1);
    let gone = Fleet::reconcile_at(Some(&new), &strict(Snapshot::default()), now);
    assert!(gone.report(now).targets.is_empty());
}

#[test]
fn targets_that_are_gone_leave_the_memory_after_their_time() {
    let old = up(&TWO, settings());
    let server = Arc::downgrade(&old[TargetId(0)].all()[0]);
    let now = Instant::now();
    let gone = Fleet::reconcile_at(Some(&old), &Snapshot::default(), now);
    drop(old);
    gone.settle(now + SECOND * 29);
    assert!(server.strong_count() > 0);
    gone.settle(now + SECOND * 30);
    assert_eq!(server.strong_count(), 0);
}

#[test]
fn connections_to_draining_servers_are_still_wanted() {
    let old = up(&TWO, settings());
    let ids: Vec<u64> = old[TargetId(0)].all().iter().map(|server| server.id).collect();
    let new = Fleet::reconcile(Some(&old), &snapshot(&TWO[1..], settings(), probe()));
    assert_eq!(new.server_ids(), [ids[1], ids[0]]);
    new.settle(Instant::now() + SECOND * 31);
    assert_eq!(new.server_ids(), [ids[1]]);
}

#[test]
fn another_secret_makes_other_cookies_and_touches_nothing_else() {
    let with = |secret: &'static [u8]| {
        let mut snapshot = snapshot(&TWO, settings(), probe());
        snapshot.options.affinity_key = AffinityKey(Arc::from(secret));
        snapshot
    };
    let old = Fleet::reconcile(None, &with(b"one"));
    old[TargetId(0)].take(&old[TargetId(0)].all()[0], probed(true));
    let before = Arc::clone(&old[TargetId(0)].all()[0]);
    let new = Fleet::reconcile(Some(&old), &with(b"two"));
    let after = Arc::clone(&new[TargetId(0)].all()[0]);
    assert_ne!(before.token, after.token);
    assert!(new[TargetId(0)].bound(&before.token).is_none(), "a cookie made with the old secret is foreign");
    assert_eq!(new[TargetId(0)].bound(&after.token).map(|server| server.id), Some(before.id));
    assert_eq!((before.cut_at(), eligible(&new)), (None, vec!["10.0.0.1:80".to_owned()]));
}

/// Gateways that run the same document with the same secret know each other's cookies.
#[test]
fn cookies_are_good_at_another_gateway_with_the_same_secret() {
    let (one, two) = (up(&TWO, settings()), up(&TWO, settings()));
    let token = one[TargetId(0)].all()[1].token;
    let bound = two[TargetId(0)].bound(&token).map(|server| server.address.ip());
    assert_eq!(bound, Some(IpAddr::from([10, 0, 0, 2])));
}
