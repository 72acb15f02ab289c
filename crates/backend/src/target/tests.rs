use std::time::Instant;

use super::*;
use crate::fixtures;
use crate::fleet::Fleet;
use crate::health::{Failure, Success};

fn target(members: &[&str], min_servers: u32) -> Arc<LiveTarget> {
    let probe = Probe { min_servers, ..fixtures::probe() };
    let fleet = Fleet::reconcile(None, &fixtures::snapshot(members, fixtures::settings(), probe));
    Arc::clone(&fleet.targets()[0])
}

fn probed(up: bool) -> Probed {
    let outcome = if up { Ok(Success::Status(200)) } else { Err(Failure::InvalidHttp { problem: "test" }) };
    Probed { started: Instant::now(), took: Duration::ZERO, outcome }
}

fn judge(target: &LiveTarget, verdicts: &[bool]) {
    for (server, up) in target.all().iter().zip(verdicts) {
        target.take(server, probed(*up));
    }
}

fn eligible(target: &LiveTarget) -> Vec<String> {
    target.eligible().iter().map(|server| server.address.ip().to_string()).collect()
}

const THREE: [&str; 3] = ["10.0.0.1", "10.0.0.2", "10.0.0.3"];

#[test]
fn no_server_is_eligible_before_its_first_good_probe() {
    let target = target(&THREE, 0);
    assert!(eligible(&target).is_empty() && target.undecided());
    target.take(&target.all()[1], probed(true));
    assert_eq!(eligible(&target), ["10.0.0.2"]);
    assert!(target.undecided());
}

/// A request that waits for a verdict while its configuration is replaced must not wait in vain.
#[test]
fn servers_without_a_verdict_take_the_requests_of_a_target_that_is_gone() {
    let target = target(&THREE, 0);
    target.take(&target.all()[1], probed(false));
    target.retire();
    assert_eq!(eligible(&target), ["10.0.0.1", "10.0.0.3"]);
    assert!(!target.undecided());
}

#[test]
fn eligible_servers_stand_in_pool_order() {
    let target = target(&THREE, 0);
    for index in [2, 0, 1] {
        target.take(&target.all()[index], probed(true));
    }
    assert_eq!(eligible(&target), THREE);
    assert!(!target.undecided());
}

#[test]
fn min_servers_keeps_the_first_members_in_when_too_few_are_healthy() {
    for (min, verdicts, expected) in [
        (0, [false, false, false], &[][..]),
        (1, [false, false, false], &["10.0.0.1"]),
        (2, [false, false, false], &["10.0.0.1", "10.0.0.2"]),
        (2, [false, false, true], &["10.0.0.1", "10.0.0.2", "10.0.0.3"]),
        (2, [false, true, true], &["10.0.0.2", "10.0.0.3"]),
        (9, [false, false, false], &THREE),
    ] {
        let target = target(&THREE, min);
        judge(&target, &verdicts);
        assert_eq!(eligible(&target), expected, "minServers {min}, {verdicts:?}");
        let healthy = target.all().iter().filter(|server| server.verdicts().state() == State::Up).count();
        assert_eq!(healthy, verdicts.iter().filter(|up| **up).count(), "verdicts stay true");
    }
}

#[test]
fn a_change_is_reported_once_with_the_rotation_after_it() {
    let target = target(&THREE, 0);
    let server = Arc::clone(&target.all()[0]);
    let change = target.take(&server, probed(true)).unwrap();
    assert_eq!((change.state, change.in_rotation), (State::Up, (1, 3)));
    assert_eq!(target.take(&server, probed(true)), None);
    assert_eq!(target.take(&server, probed(false)), None);
    let change = target.take(&server, probed(false)).unwrap();
    assert_eq!((change.state, change.in_rotation), (State::Down, (0, 3)));
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_decision_ends_with_the_first_eligible_server() {
    let target = target(&THREE, 0);
    let judged = Arc::clone(&target);
    let began = tokio::time::Instant::now();
    let judge = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(100)).await;
        judged.take(&judged.all()[0], probed(false));
        tokio::time::sleep(Duration::from_millis(100)).await;
        judged.take(&judged.all()[1], probed(true));
    });
    target.decided(Duration::from_secs(2)).await;
    assert_eq!(began.elapsed().as_millis(), 200);
    judge.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_when_every_server_is_down() {
    let target = target(&THREE, 0);
    judge(&target, &[false; 3]);
    let began = tokio::time::Instant::now();
    target.decided(Duration::from_secs(2)).await;
    assert_eq!(began.elapsed(), Duration::ZERO);
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_at_once_for_an_empty_pool() {
    let target = target(&[], 0);
    let began = tokio::time::Instant::now();
    target.decided(Duration::from_secs(2)).await;
    assert_eq!((began.elapsed(), target.undecided()), (Duration::ZERO, false));
}

#[tokio::test(start_paused = true)]
async fn waiting_ends_with_patience() {
    let target = target(&["a.example"], 0);
    let began = tokio::time::Instant::now();
    target.decided(Duration::from_secs(2)).await;
    assert_eq!(began.elapsed().as_secs(), 2);
}

#[test]
fn a_new_address_of_a_name_starts_in_the_rotation_when_an_old_one_was_up() {
    let target = target(&["a.example"], 0);
    let state = |addresses: &[[u8; 4]]| NameState {
        addresses: addresses.iter().copied().map(IpAddr::from).collect(),
        answered: true,
        ..NameState::default()
    };
    target.take_name("a.example", &state(&[[10, 0, 0, 1]]), Instant::now());
    assert!(eligible(&target).is_empty());
    judge(&target, &[true]);
    let first = target.all()[0].id;

    target.take_name("a.example", &state(&[[10, 0, 0, 1], [10, 0, 0, 2]]), Instant::now());
    assert_eq!(eligible(&target), ["10.0.0.1", "10.0.0.2"]);
    assert_eq!(target.all()[0].id, first, "a server whose address stayed goes on");

    target.take_name("a.example", &state(&[[10, 0, 0, 2]]), Instant::now());
    assert_eq!(eligible(&target), ["10.0.0.2"]);
}
