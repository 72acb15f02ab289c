//! Which addresses of an answer are used.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use super::MAX_ADDRESSES;

/// Addresses that are listed in a text before it says how many more there are.
const LISTED: usize = 8;

/// Parts addresses that a server can have from those that none has: 0.0.0.0 and ::, multicast, broadcast, and addresses
/// of one link that do not say of which. An IPv4 address that is dressed as IPv6 counts as what it is.
pub(super) fn usable(addresses: impl IntoIterator<Item = IpAddr>) -> (Vec<IpAddr>, Vec<IpAddr>) {
    addresses.into_iter().map(|address| address.to_canonical()).partition(|address| can_be_a_server(*address))
}

fn can_be_a_server(address: IpAddr) -> bool {
    let is_of_a_link = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
    !address.is_unspecified() && !address.is_multicast() && address != Ipv4Addr::BROADCAST && !is_of_a_link
}

/// At most so many of the addresses, sorted, each once: those in use, then the lowest. However a server shuffles an
/// answer that is too long, the choice stays the same.
pub(super) fn chosen(addresses: impl IntoIterator<Item = IpAddr>, in_use: &[IpAddr]) -> (Vec<IpAddr>, usize) {
    let all: BTreeSet<IpAddr> = addresses.into_iter().collect();
    let is_used = |address: &IpAddr| in_use.contains(address);
    let used = all.iter().copied().filter(is_used);
    let others = all.iter().copied().filter(|address| !is_used(address));
    let mut chosen: Vec<_> = used.chain(others).take(MAX_ADDRESSES).collect();
    chosen.sort_unstable();
    (chosen, all.len())
}

/// Prints some addresses, not too many.
pub(super) fn list(f: &mut fmt::Formatter<'_>, addresses: &[IpAddr]) -> fmt::Result {
    for (at, address) in addresses.iter().take(LISTED).enumerate() {
        write!(f, "{}{address}", if at > 0 { ", " } else { "" })?;
    }
    match addresses.len().saturating_sub(LISTED) {
        0 => Ok(()),
        more => write!(f, " and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_no_server_can_have_are_left_out() {
        let rows = [
            ("10.0.0.1", Some("10.0.0.1")),
            ("127.0.0.1", Some("127.0.0.1")),
            ("169.254.10.1", Some("169.254.10.1")),
            ("0.0.0.0", None),
            ("224.0.0.1", None),
            ("239.255.255.255", None),
            ("255.255.255.255", None),
            ("::", None),
            ("::1", Some("::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("ff02::1", None),
            ("fe80::1", None),
            ("::ffff:10.0.0.1", Some("10.0.0.1")),
            ("::ffff:0.0.0.0", None),
        ];
        for (address, expected) in rows {
            let (used, unusable) = usable([address.parse().unwrap()]);
            assert_eq!(used.first().map(ToString::to_string).as_deref(), expected, "{address}");
            assert_eq!(unusable.len(), usize::from(expected.is_none()));
        }
    }

    #[test]
    fn the_choice_among_too_many_stays_however_they_are_shuffled() {
        let many =
            |numbers: std::ops::Range<u32>| numbers.map(|number| IpAddr::from(Ipv4Addr::from(0x0A00_0000 + number)));
        let (first, count) = chosen(many(100..1100).rev(), &[]);
        assert_eq!((first.len(), count), (MAX_ADDRESSES, 1000));
        assert!(first.is_sorted());
        assert_eq!(chosen(many(600..1100).chain(many(100..600)), &first), (first.clone(), 1000));
        // Lower ones that come later do not push out what is in use.
        assert_eq!(chosen(many(0..1100), &first).0, first);
        // What is gone from the answer goes, and nothing else.
        let (fewer, _) = chosen(many(0..1100).filter(|address| *address != first[0]), &first);
        assert_eq!(fewer.iter().filter(|address| first.contains(address)).count(), MAX_ADDRESSES - 1);
        assert!(!fewer.contains(&first[0]));
    }
}
