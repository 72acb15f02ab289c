use std::time::Duration;

use snapshot::{HostHeader, Probe, Scheme, Settings};
use tls::connector::{ServerTls, Sni, Trust};

use super::*;
use crate::dns::NameState;
use crate::fixtures::{probe, settings, snapshot};
use crate::health::{Failure, Probed, State, Success};

fn probed(up: bool) -> Probed {
    let outcome = if up { Ok(Success::Status(200)) } else { Err(Failure::InvalidHttp { problem: "test" }) };
    Probed { started: Instant::now(), took: Duration::ZERO, outcome }
}

/// A fleet whose servers have been probed: up where `verdicts` says so.
fn running(members: &[&str], verdicts: &[bool]) -> Fleet {
    let fleet = Fleet::reconcile(None, &snapshot(members, settings(), probe()));
    let target = &fleet[TargetId(0)];
    for (server, up) in target.all().iter().zip(verdicts) {
        target.take(server, probed(*up));
    }
    fleet
}

fn eligible(fleet: &Fleet) -> Vec<String> {
    fleet[TargetId(0)].eligible().iter().map(|server| server.address.to_string()).collect()
}

const TWO: [&str; 2] = ["10.0.0.1", "10.0.0.2"];

#[test]
fn an_unchanged_target_is_the_same_object() {
    let old = running(&TWO, &[true, false]);
    let mut next = snapshot(&TWO, settings(), probe());
    next.identity.revision = 2;
    let new = Fleet::reconcile(Some(&old), &next);
    assert!(Arc::ptr_eq(&old.targets()[0], &new.targets()[0]));
}

#[test]
fn a_change_elsewhere_in_the_target_keeps_servers_with_their_health() {
    let old = running(&TWO, &[true, false]);
    let changed = Settings { request_timeout: Duration::from_secs(1), host: HostHeader::Server, ..settings() };
    let new = Fleet::reconcile(Some(&old), &snapshot(&TWO, changed, probe()));
    assert!(!Arc::ptr_eq(&old.targets()[0], &new.targets()[0]));
    for (before, after) in old.targets()[0].all().iter().zip(new.targets()[0].all().iter()) {
        assert!(Arc::ptr_eq(before, after));
    }
    assert_eq!(eligible(&new), ["10.0.0.1:80"]);
    assert!(!new.targets()[0].undecided());
}

#[test]
fn a_new_member_starts_undecided_beside_the_old_ones() {
    let old = running(&TWO, &[true, true]);
    let new = Fleet::reconcile(Some(&old), &snapshot(&["10.0.0.9", "10.0.0.2", "10.0.0.1"], settings(), probe()));
    assert_eq!(eligible(&new), ["10.0.0.2:80", "10.0.0.1:80"]);
    assert!(new.targets()[0].undecided());
}

#[test]
fn name_and_min_servers_of_a_probe_do_not_restart_it() {
    let old = running(&TWO, &[true, false]);
    let renamed = Probe { name: Some("other".into()), min_servers: 2, ..probe() };
    let new = Fleet::reconcile(Some(&old), &snapshot(&TWO, settings(), renamed));
    assert!(Arc::ptr_eq(&old.targets()[0].all()[1], &new.targets()[0].all()[1]));
    assert_eq!(eligible(&new), ["10.0.0.1:80", "10.0.0.2:80"]);
}

#[test]
fn a_changed_probe_restarts_verdicts_but_not_the_rotation_nor_connections() {
    let old = running(&TWO, &[true, false]);
    let other = Probe { path: "/other".into(), ..probe() };
    let new = Fleet::reconcile(Some(&old), &snapshot(&TWO, settings(), other));
    let (before, after) = (old.targets()[0].all(), new.targets()[0].all());
    assert!(before.iter().zip(after.iter()).all(|(before, after)| before.id == after.id));
    assert!(after.iter().all(|server| server.verdicts().state() == State::Unknown));
    assert_eq!(eligible(&new), ["10.0.0.1:80"]);

    // The first answer of the new probe decides, whatever the threshold.
    let target = &new.targets()[0];
    target.take(&after[0], probed(false));
    assert!(eligible(&new).is_empty());
    assert_eq!(eligible(&old), ["10.0.0.1:80"], "exchanges under way keep the list they started with");
}

#[test]
fn another_port_is_another_server() {
    let old = running(&TWO, &[true, true]);
    let new = Fleet::reconcile(Some(&old), &snapshot(&TWO, Settings { port: 81, ..settings() }, probe()));
    assert!(eligible(&new).is_empty());
    assert_ne!(old.targets()[0].all()[0].id, new.targets()[0].all()[0].id);
}

fn over_tls(change: impl FnOnce(&mut ServerTls)) -> Settings {
    let (trust, sni) = (Trust::WellKnown, Sni::Client);
    let mut tls = ServerTls { trust, check_chain: true, check_name: true, sni, alpn: Vec::new(), identity: None };
    change(&mut tls);
    Settings { scheme: Scheme::Https, tls: Some(Arc::new(tls)), ..settings() }
}

#[test]
fn servers_that_are_spoken_to_in_another_way_are_others_and_stay_in_the_rotation() {
    let unnamed = |tls: &mut ServerTls| tls.check_name = false;
    for (rule, before, after, are_the_same) in [
        ("nothing changed", over_tls(|_| {}), over_tls(|_| {}), true),
        ("TLS is new", settings(), over_tls(|_| {}), false),
        ("TLS is gone", over_tls(|_| {}), settings(), false),
        ("TLS is another", over_tls(|_| {}), over_tls(unnamed), false),
    ] {
        let fleet = |previous: Option<&Fleet>, settings| {
            // Something else changes in any case, so that the target is made anew.
            let timeout = Duration::from_secs(if previous.is_some() { 1 } else { 2 });
            let settings = Settings { request_timeout: timeout, ..settings };
            Fleet::reconcile(previous, &snapshot(&["10.0.0.1"], settings, probe()))
        };
        let old = fleet(None, before);
        old.targets()[0].take(&old.targets()[0].all()[0], probed(true));
        let new = fleet(Some(&old), after);
        let id = |fleet: &Fleet| fleet.targets()[0].all()[0].id;
        assert_eq!(id(&old) == id(&new), are_the_same, "{rule}");
        assert_eq!(eligible(&new), ["10.0.0.1:80"], "{rule}");
    }
}

#[test]
fn a_target_makes_tls_connections_when_its_settings_say_so() {
    let fleet = |settings| Fleet::reconcile(None, &snapshot(&["10.0.0.1"], settings, probe()));
    assert!(fleet(settings()).targets()[0].connector().is_none());
    assert!(fleet(over_tls(|_| {})).targets()[0].connector().is_some());
}

#[test]
fn a_target_whose_tls_cannot_be_prepared_has_no_live_server_and_waits_for_none() {
    let garbage = |tls: &mut ServerTls| tls.trust = Trust::Roots(vec![b"garbage".to_vec().into()]);
    let probe = Probe { min_servers: 2, ..probe() };
    let fleet = Fleet::reconcile(None, &snapshot(&TWO, over_tls(garbage), probe));
    let target = &fleet.targets()[0];
    assert!(!target.undecided());
    target.take(&target.all()[0], probed(true));
    assert!(eligible(&fleet).is_empty());
    target.retire();
    assert!(eligible(&fleet).is_empty());
    assert!(target.connector().is_none());
}

#[test]
fn a_renamed_target_presumes_servers_up_that_were() {
    let old = running(&TWO, &[true, false]);
    let renamed = Settings { name: "other".into(), ..settings() };
    let new = Fleet::reconcile(Some(&old), &snapshot(&TWO, renamed, probe()));
    assert_eq!(eligible(&new), ["10.0.0.1:80"]);
    assert_ne!(old.targets()[0].all()[0].id, new.targets()[0].all()[0].id);
}

#[test]
fn addresses_of_a_name_are_taken_over() {
    let old = running(&["a.example"], &[]);
    let state = NameState { addresses: vec![[10, 0, 0, 7].into()], answered: true, ..NameState::default() };
    old.targets()[0].take_name("a.example", &state, Instant::now());
    old.targets()[0].take(&old.targets()[0].all()[0], probed(true));
    let new = Fleet::reconcile(Some(&old), &snapshot(&["10.0.0.1", "a.example"], settings(), probe()));
    assert_eq!(eligible(&new), ["10.0.0.7:80"]);
    assert!(Arc::ptr_eq(&old.targets()[0].all()[0], &new.targets()[0].all()[1]));
}

#[test]
fn two_names_with_one_address_are_two_servers() {
    let fleet = running(&["a.example", "b.example", "10.0.0.7"], &[]);
    let state = NameState { addresses: vec![[10, 0, 0, 7].into()], answered: true, ..NameState::default() };
    fleet.targets()[0].take_name("a.example", &state, Instant::now());
    fleet.targets()[0].take_name("b.example", &state, Instant::now());
    let hosts: Vec<_> = fleet.targets()[0].all().iter().map(|server| server.host.to_string()).collect();
    assert_eq!(hosts, ["a.example", "b.example", "10.0.0.7"]);
}

#[test]
fn the_report_shows_verdicts_reasons_and_ages() {
    use observe::status::Health;

    let fleet = running(&["10.0.0.1", "10.0.0.2", "10.0.0.3", "a.example"], &[true, false]);
    let error = NameState { answered: true, error: Some("no such name".into()), ..NameState::default() };
    fleet.targets()[0].take_name("a.example", &error, Instant::now());
    let report = fleet.report(Instant::now() + Duration::from_secs(3));
    let target = &report.targets[0];
    assert_eq!((&*target.pool, &*target.settings), ("pool", "plain"));
    let seen: Vec<_> = target.servers.iter().map(|server| (server.health, server.code, server.in_rotation)).collect();
    assert_eq!(
        seen,
        [
            (Health::Healthy, "Success", true),
            (Health::Unhealthy, "InvalidHttp", false),
            (Health::Unknown, "NotProbed", false)
        ]
    );
    assert_eq!(target.servers[0].reason, "Success. Received 200 status code");
    assert!(target.servers[0].last_probe_seconds_ago.unwrap() >= 3.0);
    assert_eq!(target.servers[2].last_probe_seconds_ago, None);
    assert_eq!((target.names[0].code, target.names[0].addresses.len()), ("DnsFailure", 0));
    assert!(target.names[0].error.as_ref().unwrap().contains("a.example cannot be resolved: no such name"));
}

mod balance;
mod bytes;
mod draining;
