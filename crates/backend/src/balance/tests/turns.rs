//! Round robin by weight.

use proptest::prelude::*;

use super::*;

fn run(pools: &Pools, turns: &Turns, picks: u64) -> Shares {
    let mut shares: Shares = wanted(pools, 0);
    for _ in 0..picks {
        *shares.entry(pick(pools, &asked(Algorithm::RoundRobin, turns, &[])).unwrap().1.id).or_default() += 1;
    }
    shares
}

/// Pool of each pick in one period, as letters.
fn letters(pools: &Pools, turns: &Turns) -> String {
    let letter = |share: usize| char::from(b'a' + u8::try_from(share).unwrap());
    let one = |_| letter(pick(pools, &asked(Algorithm::RoundRobin, turns, &[])).unwrap().0);
    (0..period(pools)).map(one).collect()
}

/// `l7-routing`, load distribution: a pool's share is its weight times the number of its servers.
#[test]
fn picks_are_spread_and_not_in_a_row() {
    for (rule, sizes, expected) in [
        ("equal weights take turns", &[(1, 1), (1, 1), (1, 1)][..], "abc"),
        ("a heavy one is spread", &[(5, 1), (1, 1), (1, 1)], "aabacaa"),
        ("9 to 1", &[(9, 1), (1, 1)], "aaaaabaaaa"),
        ("weights with a common divisor repeat", &[(4, 1), (2, 1)], "abaaba"),
        ("a pool counts once for each server", &[(1, 3), (1, 1)], "aaab"),
        ("an empty pool gets nothing", &[(50, 0), (1, 2)], "bb"),
    ] {
        let pools = pools(sizes);
        let turns = Turns::new(0);
        let first = letters(&pools, &turns);
        assert_eq!(first, expected, "{rule}");
        assert_eq!(letters(&pools, &turns), first, "{rule}, once more");
    }
}

#[test]
fn workers_begin_at_different_places() {
    let pools = pools(&[(1, 4)]);
    let first = |offset| pick(&pools, &asked(Algorithm::RoundRobin, &Turns::new(offset), &[])).unwrap().1.id;
    let begun: Vec<u64> = (0..4).map(first).collect();
    assert_eq!(begun, wanted(&pools, 1).into_keys().collect::<Vec<_>>());
    assert_eq!(first(4), first(0), "a whole period ahead is not ahead");
}

#[test]
fn the_next_configuration_goes_on_with_the_turns() {
    let pools = pools(&[(1, 3)]);
    let turns = Turns::new(0);
    let next = |turns: &Turns| pick(&pools, &asked(Algorithm::RoundRobin, turns, &[])).unwrap().1.id;
    let first = next(&turns);
    let carried = turns.carried();
    assert_ne!(next(&carried), first);
    assert_eq!(next(&turns.carried()), next(&turns), "the copy does not move the original");
}

/// When the order of the servers changes, each keeps its own standing.
#[test]
fn turns_follow_servers_and_not_places() {
    let mut pools = pools(&[(1, 3)]);
    let turns = Turns::new(0);
    let next = |pools: &Pools| pick(pools, &asked(Algorithm::RoundRobin, &turns, &[])).unwrap().1.id;
    let (one, two) = (next(&pools), next(&pools));
    let reversed: Servers = pools[0].0.iter().rev().cloned().collect();
    pools[0].0 = Arc::new(reversed);
    let three = next(&pools);
    assert!(three != one && three != two, "the one that had no turn yet");
}

/// A server that had a hundred turns to come under its old weight gets them no more.
#[test]
fn a_smaller_weight_counts_at_once() {
    let mut pools = pools(&[(100, 1), (100, 1)]);
    let turns = Turns::new(0);
    run(&pools, &turns, 101);
    pools[0].1 = 1;
    pools[1].1 = 1;
    let shares = run(&pools, &turns, 20);
    assert!(shares.values().all(|picks| (8..=12).contains(picks)), "{shares:?}");
}

fn sizes() -> impl Strategy<Value = Vec<(u32, u8)>> {
    prop::collection::vec((1_u32..=100, 0_u8..6), 1..6).prop_filter("a server", |all| all.iter().any(|pool| pool.1 > 0))
}

proptest! {
    /// From wherever a worker begins, and in the next period as well.
    #[test]
    fn shares_are_exact_over_every_period(sizes in sizes(), offset in 0_usize..300) {
        let pools = pools(&sizes);
        let turns = Turns::new(offset);
        for _ in 0..2 {
            prop_assert_eq!(run(&pools, &turns, period(&pools)), wanted(&pools, 1));
        }
    }

    /// At no time is a server far from its share, so picks are spread.
    #[test]
    fn shares_are_nearly_right_at_any_time(sizes in sizes(), picks in 1_u64..500) {
        let pools = pools(&sizes);
        let shares = run(&pools, &Turns::new(0), picks);
        let (total, weights) = (period(&pools) as f64, wanted(&pools, 1));
        for (server, got) in shares {
            let right = weights[&server] as f64 * picks as f64 / total;
            prop_assert!((got as f64 - right).abs() < 4.0, "{got} instead of {right}");
        }
    }

    /// Each worker has the same part of the requests; together they are as fair as one, and long before a period ends.
    #[test]
    fn the_turns_of_all_workers_together_are_fair(size in 2_u8..8, workers in 2_usize..16, rounds in 1_u64..8) {
        let pools = pools(&[(1, size)]);
        let mut sum = wanted(&pools, 0);
        for worker in 0..workers {
            for (server, picks) in run(&pools, &Turns::new(worker), rounds) {
                *sum.entry(server).or_default() += picks;
            }
        }
        let all = rounds * u64::try_from(workers).unwrap();
        let fair = all / u64::from(size);
        let (least, most) = (sum.values().min().copied(), sum.values().max().copied());
        // Workers beyond a multiple of the servers are not spread over their period as a whole.
        let off = u64::from(size);
        prop_assert!(least >= Some(fair.saturating_sub(off)) && most <= Some(fair + off), "{sum:?} of {all}");
        if workers % usize::from(size) == 0 {
            prop_assert_eq!(least, most);
        }
    }

    /// Servers come and go; what follows is fair again within one period.
    #[test]
    fn a_change_of_servers_does_not_make_turns_unfair(
        sizes in sizes(),
        before in 0_u64..200,
        keep in prop::collection::vec(any::<bool>(), 30),
    ) {
        let full = pools(&sizes);
        let mut keep = keep.into_iter().cycle();
        let kept = full.iter().map(|(servers, weight)| {
            let servers: Servers = servers.iter().filter(|_| keep.next() == Some(true)).cloned().collect();
            (Arc::new(servers), *weight)
        });
        let kept: Pools = kept.collect();
        prop_assume!(period(&kept) > 0);
        let turns = Turns::new(0);
        run(&full, &turns, before);
        for pools in [&kept, &full] {
            let shares = run(pools, &turns, period(pools) * 2);
            for (server, right) in wanted(pools, 2) {
                // It is owed two picks at most before, and two after.
                prop_assert!(shares[&server].abs_diff(right) <= 4, "{} instead of {right}", shares[&server]);
            }
        }
    }
}
