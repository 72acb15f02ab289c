//! A list of bad addresses: one address or network a line, `#` begins a comment.

use std::net::IpAddr;

use firewall::managed::bots::Reputation;

use crate::compile::options::network;

/// Addresses and networks in one list.
const MOST: usize = 1_000_000;

/// Networks as ranges of numbers, sorted, none within another. IPv4 inside IPv6 is IPv4.
#[derive(Debug, Default)]
pub(super) struct BadAddresses {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

/// What is wrong with a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotAList {
    /// A line that is no address; lines count from 1.
    Line(usize, String),
    /// There are too many.
    TooLong,
}

impl BadAddresses {
    /// Reads a list.
    pub(super) fn parse(text: &[u8]) -> Result<Self, NotAList> {
        let mut list = Self::default();
        for (number, line) in (1..).zip(text.split(|byte| *byte == b'\n')) {
            let line = String::from_utf8_lossy(line);
            let entry = line.split('#').next().unwrap_or_default().trim();
            if entry.is_empty() {
                continue;
            }
            let Some((address, length)) = network(entry) else {
                return Err(NotAList::Line(number, entry.chars().take(60).collect()));
            };
            list.add(address, length);
            if list.len() > MOST {
                return Err(NotAList::TooLong);
            }
        }
        list.v4 = joined(list.v4);
        list.v6 = joined(list.v6);
        Ok(list)
    }

    fn len(&self) -> usize {
        self.v4.len() + self.v6.len()
    }

    fn add(&mut self, address: IpAddr, length: u8) {
        match address {
            IpAddr::V4(address) => {
                let hosts = u32::MAX.checked_shr(length.into()).unwrap_or(0);
                let first = address.to_bits() & !hosts;
                self.v4.push((first, first | hosts));
            }
            IpAddr::V6(address) => match (address.to_ipv4_mapped(), length.checked_sub(96)) {
                (Some(inner), Some(length)) => self.add(inner.into(), length),
                _ => {
                    let hosts = u128::MAX.checked_shr(length.into()).unwrap_or(0);
                    let first = address.to_bits() & !hosts;
                    self.v6.push((first, first | hosts));
                }
            },
        }
    }
}

impl Reputation for BadAddresses {
    fn is_malicious(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => holds(&self.v4, address.to_bits()),
            IpAddr::V6(address) => holds(&self.v6, address.to_bits()),
        }
    }
}

/// Sorted, without those within others: networks overlap only where one holds the other.
fn joined<N: Copy + Ord>(mut ranges: Vec<(N, N)>) -> Vec<(N, N)> {
    ranges.sort_unstable_by_key(|(first, last)| (*first, std::cmp::Reverse(*last)));
    ranges.dedup_by(|next, before| next.1 <= before.1);
    ranges.shrink_to_fit();
    ranges
}

fn holds<N: Copy + Ord>(ranges: &[(N, N)], address: N) -> bool {
    let behind = ranges.partition_point(|(first, _)| *first <= address);
    let range = behind.checked_sub(1).and_then(|place| ranges.get(place));
    range.is_some_and(|(_, last)| address <= *last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_networks_are_found() {
        let list = "# bad\n192.0.2.1\n10.0.0.0/8 # net\n10.1.0.0/16\r\n\n2001:db8::/32\n::ffff:198.51.100.0/120\n";
        let list = BadAddresses::parse(list.as_bytes()).unwrap();
        assert_eq!(list.len(), 4, "{list:?}");
        for (address, expected) in [
            ("192.0.2.1", true),
            ("::ffff:192.0.2.1", true),
            ("192.0.2.0", false),
            ("192.0.2.2", false),
            ("10.0.0.0", true),
            ("10.255.255.255", true),
            ("10.1.255.1", true),
            ("9.255.255.255", false),
            ("11.0.0.0", false),
            ("198.51.100.7", true),
            ("198.51.101.0", false),
            ("2001:db8:ffff::1", true),
            ("2001:db7:ffff::1", false),
            ("2001:db9::", false),
        ] {
            assert_eq!(list.is_malicious(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn the_whole_of_a_family_is_a_network_too() {
        let list = BadAddresses::parse(b"0.0.0.0/0").unwrap();
        assert!(list.is_malicious("255.255.255.255".parse().unwrap()));
        assert!(!list.is_malicious("::1".parse().unwrap()));
        assert!(BadAddresses::parse(b"::/0").unwrap().is_malicious("2001:db8::1".parse().unwrap()));
        assert!(!BadAddresses::parse(b"").unwrap().is_malicious("192.0.2.1".parse().unwrap()));
    }

    #[test]
    fn what_is_no_address_is_told_with_its_line() {
        for (text, line, found) in
            [("192.0.2.1\n\nx y", 3, "x y"), ("10.0.0.0/33", 1, "10.0.0.0/33"), ("# a\n\u{fffd}", 2, "\u{fffd}")]
        {
            let error = BadAddresses::parse(text.as_bytes()).unwrap_err();
            assert_eq!(error, NotAList::Line(line, found.to_owned()), "{text}");
        }
    }

    #[test]
    fn a_list_has_an_end() {
        let list = |length: u32| (0..length).map(|bits| format!("{}\n", std::net::Ipv4Addr::from(bits))).collect();
        let fits: String = list(MOST as u32);
        assert!(BadAddresses::parse(fits.as_bytes()).is_ok());
        let long: String = list(MOST as u32 + 1);
        assert_eq!(BadAddresses::parse(long.as_bytes()).unwrap_err(), NotAList::TooLong);
    }
}
