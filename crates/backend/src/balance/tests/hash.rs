//! By the client's address.

use std::net::{Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;

use super::*;

fn server_of(pools: &Pools, client: IpAddr) -> u64 {
    let turns = Turns::default();
    pick(pools, &Asked { client, ..asked(Algorithm::IpHash, &turns, &[]) }).unwrap().1.id
}

fn clients(count: u32) -> impl Iterator<Item = IpAddr> {
    (0..count).map(|number| IpAddr::from(Ipv4Addr::from_bits(0x0a00_0000 + number)))
}

fn without(pools: &Pools, gone: u64) -> Pools {
    let rest = |(servers, weight): &(Arc<Servers>, u32)| {
        (Arc::new(servers.iter().filter(|server| server.id != gone).cloned().collect()), *weight)
    };
    pools.iter().map(rest).collect()
}

#[test]
fn an_address_is_one_client_in_each_of_its_forms() {
    let pools = pools(&[(1, 16)]);
    for client in clients(64) {
        let IpAddr::V4(v4) = client else { unreachable!() };
        let mapped = IpAddr::V6(v4.to_ipv6_mapped());
        assert_eq!(server_of(&pools, client), server_of(&pools, mapped), "{client}");
    }
}

#[test]
fn the_whole_of_an_ipv6_address_counts() {
    let pools = pools(&[(1, 16)]);
    for (rule, address) in [
        ("the lower half", (|n| (0x2001_0db8_u128 << 96) | n) as fn(u128) -> u128),
        ("the upper half", |n| (0x2001_0db8_u128 << 96) | (n << 64)),
    ] {
        let seen: std::collections::BTreeSet<u64> =
            (1..200).map(|n| server_of(&pools, IpAddr::V6(Ipv6Addr::from_bits(address(n))))).collect();
        assert_eq!(seen.len(), 16, "{rule}");
    }
}

/// Servers of another process, or after a restart, have other ids.
#[test]
fn clients_find_the_same_servers_in_every_process() {
    let (one, two) = (pools(&[(1, 5), (3, 2)]), pools(&[(1, 5), (3, 2)]));
    let address = |pools: &Pools, client| {
        let turns = Turns::new(7);
        pick(pools, &Asked { client, ..asked(Algorithm::IpHash, &turns, &[]) }).unwrap().1.address
    };
    for client in clients(200) {
        assert_eq!(address(&one, client), address(&two, client));
    }
}

/// The order of servers in a pool does not matter.
#[test]
fn clients_stay_when_members_are_sorted_anew() {
    let pools = pools(&[(1, 9)]);
    let reversed: Pools =
        pools.iter().map(|(servers, weight)| (Arc::new(servers.iter().rev().cloned().collect()), *weight)).collect();
    assert!(clients(500).all(|client| server_of(&pools, client) == server_of(&reversed, client)));
}

#[test]
fn shares_follow_the_weights() {
    const CLIENTS: u32 = 40_000;
    for sizes in [&[(1, 4)][..], &[(90, 1), (10, 1)], &[(1, 3), (2, 3)], &[(100, 1), (1, 1)], &[(7, 2), (3, 5)]] {
        let pools = pools(sizes);
        let mut shares = wanted(&pools, 0);
        for client in clients(CLIENTS) {
            *shares.entry(server_of(&pools, client)).or_default() += 1;
        }
        let total = period(&pools) as f64;
        for (server, weight) in wanted(&pools, 1) {
            let part = weight as f64 / total;
            // Five standard deviations of independent draws.
            let tolerance = 5.0 * (part * (1.0 - part) * f64::from(CLIENTS)).sqrt();
            let (got, right) = (shares[&server] as f64, part * f64::from(CLIENTS));
            assert!((got - right).abs() <= tolerance, "{sizes:?}: {got} instead of {right}");
        }
    }
}

/// The clients of a lost server go to all the others by weight, not to one.
#[test]
fn the_clients_of_a_lost_server_are_spread() {
    let pools = pools(&[(1, 5)]);
    let gone = pools[0].0[2].id;
    let rest = without(&pools, gone);
    let mut shares = wanted(&rest, 0);
    for client in clients(10_000).filter(|client| server_of(&pools, *client) == gone) {
        *shares.entry(server_of(&rest, client)).or_default() += 1;
    }
    assert!(shares.values().all(|moved| (400..=600).contains(moved)), "{shares:?}");
}

proptest! {
    /// When a server goes, only its clients move; when it returns, they return.
    #[test]
    fn only_the_clients_of_a_lost_server_move(
        sizes in prop::collection::vec((1_u32..=100, 1_u8..6), 1..5),
        which in any::<prop::sample::Index>(),
        bits in prop::collection::vec(any::<u128>(), 40),
    ) {
        let pools = pools(&sizes);
        let ids: Vec<u64> = wanted(&pools, 1).into_keys().collect();
        prop_assume!(ids.len() > 1);
        let gone = ids[which.index(ids.len())];
        let rest = without(&pools, gone);
        for client in bits.into_iter().map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))) {
            let (before, after) = (server_of(&pools, client), server_of(&rest, client));
            prop_assert!(before == after || before == gone);
            prop_assert!(after != gone);
        }
    }

    /// A greater weight takes clients, and gives none away.
    #[test]
    fn a_greater_weight_only_draws_clients_to_it(
        weight in 1_u32..100,
        more in 1_u32..100,
        bits in prop::collection::vec(any::<u128>(), 40),
    ) {
        let before = pools(&[(weight, 1), (20, 3)]);
        let after: Pools = vec![(Arc::clone(&before[0].0), weight + more), before[1].clone()];
        let grown = before[0].0[0].id;
        for client in bits.into_iter().map(|bits| IpAddr::V6(Ipv6Addr::from_bits(bits))) {
            let (old, new) = (server_of(&before, client), server_of(&after, client));
            prop_assert!(old == new || new == grown);
        }
    }

    /// A further attempt goes where the client would go without the servers it was tried on.
    #[test]
    fn a_further_attempt_is_the_next_of_the_clients_own_order(bits in any::<u128>()) {
        let client = IpAddr::V6(Ipv6Addr::from_bits(bits));
        let pools = pools(&[(1, 3), (2, 3)]);
        let first = server_of(&pools, client);
        let turns = Turns::default();
        let second = pick(&pools, &Asked { client, ..asked(Algorithm::IpHash, &turns, &[first]) }).unwrap().1.id;
        prop_assert_eq!(second, server_of(&without(&pools, first), client));
    }
}
