//! What is true of every way to choose, and of each alone.

mod hash;
mod least;
mod turns;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::*;
use crate::fixtures::server;

/// Pools with a weight each, as `choose` takes them.
pub(super) type Pools = Vec<(Arc<Servers>, u32)>;

/// One pool for each weight with so many servers. Servers have addresses of their own.
pub(super) fn pools(weights_and_sizes: &[(u32, u8)]) -> Pools {
    let mut number = 0;
    let mut pool = |&(weight, size): &(u32, u8)| {
        let servers = (0..size).map(|_| {
            number += 1;
            Arc::new(server(&format!("10.0.{}.{}", number / 250, number % 250 + 1), None))
        });
        (Arc::new(servers.collect()), weight)
    };
    weights_and_sizes.iter().map(&mut pool).collect()
}

pub(super) fn asked<'a>(algorithm: Algorithm, turns: &'a Turns, tried: &'a [u64]) -> Asked<'a> {
    Asked { algorithm, turns, client: IpAddr::from([192, 0, 2, 1]), tried }
}

pub(super) fn pick(pools: &Pools, asked: &Asked<'_>) -> Option<(usize, Arc<Server>)> {
    choose(asked, pools.iter().map(|(servers, weight)| (servers, *weight)))
}

/// How often each server was chosen, by id.
pub(super) type Shares = BTreeMap<u64, u64>;

/// What the weights ask for, by id, in `periods` periods.
pub(super) fn wanted(pools: &Pools, periods: u64) -> Shares {
    let of_pool = |(servers, weight): &(Arc<Servers>, u32)| {
        let weight = u64::from(*weight) * periods;
        servers.iter().map(move |server| (server.id, weight)).collect::<Vec<_>>()
    };
    pools.iter().flat_map(of_pool).collect()
}

/// Picks in one period: the sum of the weights.
pub(super) fn period(pools: &Pools) -> u64 {
    wanted(pools, 1).values().sum()
}

pub(super) const ALL: [Algorithm; 3] = [Algorithm::RoundRobin, Algorithm::LeastConnections, Algorithm::IpHash];

#[test]
fn nothing_is_chosen_from_nothing() {
    let (none, empty, one) = (pools(&[]), pools(&[(1, 0), (9, 0)]), pools(&[(1, 0), (1, 1)]));
    let only = one[1].0[0].id;
    for algorithm in ALL {
        let turns = Turns::new(3);
        for (rule, pools, tried) in [
            ("no pool", &none, &[][..]),
            ("empty pools", &empty, &[]),
            ("no other server than the one that failed", &one, &[only]),
        ] {
            assert!(pick(pools, &asked(algorithm, &turns, tried)).is_none(), "{algorithm:?}: {rule}");
        }
        let found = pick(&one, &asked(algorithm, &turns, &[]));
        assert_eq!(found.map(|(share, server)| (share, server.id)), Some((1, only)), "{algorithm:?}");
    }
}

#[test]
fn a_further_attempt_goes_to_servers_that_were_not_tried_then_to_any_but_the_last() {
    let pools = pools(&[(1, 2), (100, 1)]);
    let all: Vec<u64> = wanted(&pools, 1).into_keys().collect();
    for algorithm in ALL {
        let turns = Turns::new(0);
        let mut tried = Vec::new();
        for _ in 0..3 {
            tried.push(pick(&pools, &asked(algorithm, &turns, &tried)).unwrap().1.id);
        }
        let mut seen = tried.clone();
        seen.sort_unstable();
        assert_eq!(seen, all, "{algorithm:?}: each once");
        for _ in 0..4 {
            let next = pick(&pools, &asked(algorithm, &turns, &tried)).unwrap().1.id;
            assert_ne!(Some(&next), tried.last(), "{algorithm:?}");
            tried.push(next);
        }
    }
}

/// Of two servers a dead one would otherwise be everybody's first.
#[test]
fn a_further_attempt_takes_no_turn() {
    let pools = pools(&[(1, 3)]);
    for algorithm in [Algorithm::RoundRobin, Algorithm::LeastConnections] {
        let (plain, retrying) = (Turns::new(0), Turns::new(0));
        for _ in 0..7 {
            let first = pick(&pools, &asked(algorithm, &plain, &[])).unwrap().1.id;
            let same = pick(&pools, &asked(algorithm, &retrying, &[])).unwrap().1.id;
            assert_eq!(first, same, "{algorithm:?}");
            pick(&pools, &asked(algorithm, &retrying, &[same])).unwrap();
        }
    }
}

#[test]
fn a_weight_of_nothing_counts_as_one() {
    let pools = pools(&[(0, 1), (1, 1)]);
    let turns = Turns::new(0);
    let first = pick(&pools, &asked(Algorithm::RoundRobin, &turns, &[])).unwrap().0;
    let second = pick(&pools, &asked(Algorithm::RoundRobin, &turns, &[])).unwrap().0;
    assert_eq!((first, second), (0, 1));
}
