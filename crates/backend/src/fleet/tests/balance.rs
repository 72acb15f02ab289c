//! Load distribution policies over the targets of a fleet.

use std::net::IpAddr;

use snapshot::{Algorithm, Distribution, Member, Pool, Share, Snapshot, Target};

use super::*;
use crate::balance::{Asked, Choice, Turns};

/// One pool for each list of members, with the weights given, and a policy over all.
fn several(pools: &[(&[&str], u32)], algorithm: Algorithm) -> (Snapshot, Distribution) {
    let mut snapshot = Snapshot::default();
    let settings = snapshot.settings.push(settings());
    let mut shares = Vec::new();
    for (number, (members, weight)) in pools.iter().enumerate() {
        let members = members.iter().map(|text| Member::Address(text.parse().unwrap())).collect();
        let pool = snapshot.pools.push(Pool { name: format!("pool-{number}").into(), members });
        let target = snapshot.targets.push(Target { pool, settings, probe: probe() });
        shares.push(Share { target, weight: *weight });
    }
    (snapshot, Distribution { name: "policy".into(), algorithm, shares })
}

fn judge_all(fleet: &Fleet, up: bool) {
    for target in fleet.targets() {
        for server in target.all().iter() {
            (0..2).for_each(|_| _ = target.take(server, probed(up)));
        }
    }
}

fn choose(fleet: &Fleet, distribution: &Distribution, turns: &Turns) -> Option<Choice> {
    let algorithm = distribution.algorithm;
    fleet.choose(distribution, &Asked { algorithm, turns, client: IpAddr::from([192, 0, 2, 7]), tried: &[] })
}

const POOLS: [(&[&str], u32); 2] = [(&["10.0.0.1", "10.0.0.2"], 3), (&["10.0.1.1"], 2)];

/// Rows: servers that are down; how many of 80 requests each pool gets.
#[test]
fn a_pools_share_is_its_weight_times_its_healthy_servers() {
    for (rule, down, expected) in [
        ("all healthy: 3 + 3 to 2", &[][..], Some([60, 20])),
        ("one of two down: 3 to 2", &["10.0.0.1"], Some([48, 32])),
        ("a whole pool down", &["10.0.1.1"], Some([80, 0])),
        ("only the other pool is up", &["10.0.0.1", "10.0.0.2"], Some([0, 80])),
        ("all down", &["10.0.0.1", "10.0.0.2", "10.0.1.1"], None),
    ] {
        let (snapshot, distribution) = several(&POOLS, Algorithm::RoundRobin);
        let fleet = Fleet::reconcile(None, &snapshot);
        judge_all(&fleet, true);
        for target in fleet.targets() {
            for server in target.all().iter().filter(|server| down.contains(&&*server.address.ip().to_string())) {
                (0..2).for_each(|_| _ = target.take(server, probed(false)));
            }
        }
        let turns = Turns::new(1);
        let mut shares = [0; 2];
        let chosen = (0..80).filter_map(|_| choose(&fleet, &distribution, &turns));
        chosen.for_each(|choice| shares[choice.target.index()] += 1);
        assert_eq!((shares.iter().sum::<i32>() > 0).then_some(shares), expected, "{rule}");
    }
}

#[test]
fn each_algorithm_chooses_a_server_of_the_target_it_names() {
    for algorithm in [Algorithm::RoundRobin, Algorithm::LeastConnections, Algorithm::IpHash] {
        let (snapshot, distribution) = several(&POOLS, algorithm);
        let fleet = Fleet::reconcile(None, &snapshot);
        judge_all(&fleet, true);
        let turns = Turns::default();
        for _ in 0..20 {
            let Choice { target, server } = choose(&fleet, &distribution, &turns).unwrap();
            assert!(fleet[target].eligible().iter().any(|other| other.id == server.id), "{algorithm:?}");
        }
    }
}

/// `l7-routing`, load distribution: an affinity cookie goes before the policy.
#[test]
fn a_cookie_finds_its_server_in_any_pool_of_the_policy() {
    let (snapshot, distribution) = several(&POOLS, Algorithm::IpHash);
    let fleet = Fleet::reconcile(None, &snapshot);
    judge_all(&fleet, true);
    for (at, target) in fleet.targets().iter().enumerate() {
        for server in target.all().iter() {
            let bound = fleet.bound(&distribution, &server.token).unwrap();
            assert_eq!((bound.target.index(), bound.server.id), (at, server.id));
        }
    }
    assert!(fleet.bound(&distribution, b"0123456789abcdef0123456789abcdef").is_none());
    judge_all(&fleet, false);
    assert!(fleet.bound(&distribution, &fleet.targets()[0].all()[0].token).is_none());
}

#[test]
fn a_policy_is_undecided_while_one_of_its_pools_is() {
    let (snapshot, distribution) = several(&POOLS, Algorithm::RoundRobin);
    let fleet = Fleet::reconcile(None, &snapshot);
    assert!(fleet.undecided(&distribution));
    for server in fleet.targets()[0].all().iter() {
        fleet.targets()[0].take(server, probed(false));
    }
    assert!(fleet.undecided(&distribution));
    judge_all(&fleet, false);
    assert!(!fleet.undecided(&distribution));
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_policy_ends_with_the_first_server_of_any_pool() {
    let (snapshot, distribution) = several(&POOLS, Algorithm::RoundRobin);
    let fleet = Fleet::reconcile(None, &snapshot);
    let began = tokio::time::Instant::now();
    let judged = Arc::clone(&fleet.targets()[1]);
    let judge = tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        judged.take(&judged.all()[0], probed(true));
    });
    fleet.decided(&distribution, Duration::from_secs(2)).await;
    assert_eq!(began.elapsed().as_millis(), 300);
    judge.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn waiting_for_a_policy_ends_when_nothing_can_come_or_with_patience() {
    let (snapshot, distribution) = several(&POOLS, Algorithm::RoundRobin);
    let fleet = Fleet::reconcile(None, &snapshot);
    let began = tokio::time::Instant::now();
    fleet.decided(&distribution, Duration::from_secs(2)).await;
    assert_eq!(began.elapsed().as_secs(), 2);
    judge_all(&fleet, false);
    fleet.decided(&distribution, Duration::from_secs(2)).await;
    assert_eq!(began.elapsed().as_secs(), 2);
}
