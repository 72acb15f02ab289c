//! Least connections.

use proptest::prelude::*;

use super::*;
use crate::server::Busy;

fn next(pools: &Pools, turns: &Turns) -> (usize, Arc<Server>) {
    pick(pools, &asked(Algorithm::LeastConnections, turns, &[])).unwrap()
}

/// Rows: weights of servers and requests under way there; the one that gets the next request.
#[test]
fn the_least_loaded_for_its_weight_is_next() {
    for (rule, servers, expected) in [
        ("fewest requests", &[(1, 3), (1, 1), (1, 2)][..], 1),
        ("none beats some", &[(100, 1), (1, 0)], 1),
        ("4 of 2 is as much as 2 of 1, and 3 of 2 is less", &[(1, 2), (2, 3)], 1),
        ("5 of 2 is more than 2 of 1", &[(1, 2), (2, 5)], 0),
        ("a tie goes to the one whose turn it is: the heavier", &[(1, 1), (3, 3)], 1),
        ("without requests it is round robin", &[(1, 0), (1, 0)], 0),
        ("large numbers", &[(100, 400_000), (99, 395_999)], 1),
    ] {
        let weights: Vec<_> = servers.iter().map(|(weight, _)| (*weight, 1)).collect();
        let pools = pools(&weights);
        let busy = |((servers, _), (_, active)): (&(Arc<Servers>, u32), &(u32, u32))| {
            (0..*active).map(|_| servers[0].busy()).collect::<Vec<_>>()
        };
        let under_way: Vec<_> = pools.iter().zip(servers).map(busy).collect();
        assert_eq!(next(&pools, &Turns::new(0)).0, expected, "{rule}");
        drop(under_way);
    }
}

#[test]
fn a_server_that_is_busy_for_long_does_not_get_all_turns_when_it_is_free() {
    let pools = pools(&[(1, 3)]);
    let turns = Turns::new(0);
    let slow: Vec<Busy> = (0..50).map(|_| pools[0].0[0].busy()).collect();
    let mut others = wanted(&pools, 0);
    for _ in 0..1000 {
        *others.entry(next(&pools, &turns).1.id).or_default() += 1;
    }
    assert_eq!(others.into_values().collect::<Vec<_>>(), [0, 500, 500]);
    drop(slow);
    let mut shares = wanted(&pools, 0);
    for _ in 0..30 {
        *shares.entry(next(&pools, &turns).1.id).or_default() += 1;
    }
    let first = shares[&pools[0].0[0].id];
    assert!((9..=11).contains(&first), "{first} of 30 go to the one that was busy");
}

/// Each worker chooses by what all of them have under way.
#[test]
fn workers_see_the_requests_of_the_others() {
    let pools = pools(&[(1, 4)]);
    let workers: Vec<Turns> = (0..4).map(Turns::new).collect();
    let mut under_way = Vec::new();
    for request in 0..40 {
        under_way.push(next(&pools, &workers[request % 4]).1.busy());
    }
    let active: Vec<u32> = pools[0].0.iter().map(|server| server.active()).collect();
    assert_eq!(active, [10; 4]);
}

proptest! {
    /// With nothing under way it is round robin by weight, pick for pick.
    #[test]
    fn idle_servers_take_turns_by_weight(
        sizes in prop::collection::vec((1_u32..=100, 1_u8..5), 1..5),
        offset in 0_usize..200,
    ) {
        let pools = pools(&sizes);
        let (least, round) = (Turns::new(offset), Turns::new(offset));
        for _ in 0..period(&pools) * 2 {
            let robin = pick(&pools, &asked(Algorithm::RoundRobin, &round, &[])).unwrap();
            prop_assert_eq!(next(&pools, &least).1.id, robin.1.id);
        }
    }

    /// It is the naive minimum, whatever is under way.
    #[test]
    fn no_other_server_is_less_loaded(loads in prop::collection::vec((1_u32..=100, 0_u32..60), 1..12)) {
        let weights: Vec<_> = loads.iter().map(|(weight, _)| (*weight, 1)).collect();
        let pools = pools(&weights);
        let busy = |((servers, _), (_, active)): (&(Arc<Servers>, u32), &(u32, u32))| {
            (0..*active).map(|_| servers[0].busy()).collect::<Vec<_>>()
        };
        let under_way: Vec<_> = pools.iter().zip(&loads).map(busy).collect();
        let (chosen, _) = next(&pools, &Turns::new(0));
        let load = |(weight, active): (u32, u32)| f64::from(active) / f64::from(weight);
        let least = loads.iter().map(|load_of| load(*load_of)).fold(f64::INFINITY, f64::min);
        prop_assert!((load(loads[chosen]) - least).abs() < 1e-12);
        drop(under_way);
    }

    /// Requests that stay: as many at each server as its weight asks for, but for one.
    #[test]
    fn requests_that_stay_are_spread_by_weight(sizes in prop::collection::vec((1_u32..=20, 1_u8..4), 1..4)) {
        let pools = pools(&sizes);
        let turns = Turns::new(0);
        let under_way: Vec<Busy> = (0..period(&pools) * 3).map(|_| next(&pools, &turns).1.busy()).collect();
        for (servers, weight) in &pools {
            for server in servers.iter() {
                prop_assert!(server.active().abs_diff(weight * 3) <= 1);
            }
        }
        drop(under_way);
    }
}
