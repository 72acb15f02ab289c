//! `@ipMatch`, `@ipMatchFromFile` and `@ipMatchF`: the value is an address of one of the networks.
//!
//! Argument: addresses or networks (`10.0.0.0/8`, `2001:db8::/32`) between commas; or the names of files with one on
//! each line, where blank lines and lines that begin with `#` say nothing.
//! Returns: false for a value that is no address. An IPv4 address inside IPv6 counts as IPv4, in networks too.
//! Example: `@ipMatch 127.0.0.1,::1`.

use std::net::IpAddr;

use super::{Environment, OperatorFault, pm};

/// The most networks of one rule.
const MAX_NETWORKS: usize = 100_000;

/// Networks as ranges of addresses, sorted and merged: one binary search however many there are.
#[derive(Debug)]
pub(super) struct Networks {
    v4: Ranges,
    v6: Ranges,
}

/// First and last address, both of them in; IPv4 as IPv6 holds it.
type Ranges = Vec<(u128, u128)>;

impl Networks {
    /// From the argument of `@ipMatch`.
    pub(super) fn from_argument(argument: &str) -> Result<Self, OperatorFault> {
        Self::new("ipMatch", argument.split(','))
    }

    /// From the files that the argument of `@ipMatchFromFile` names.
    pub(super) fn from_files(argument: &str, environment: &dyn Environment) -> Result<Self, OperatorFault> {
        let operator = "ipMatchFromFile";
        let fault = |file: &str, problem: String| OperatorFault::File { operator, file: file.to_owned(), problem };
        let mut networks = Vec::new();
        for file in argument.split_ascii_whitespace() {
            let bytes = environment.read(file).map_err(|problem| fault(file, problem))?;
            for line in pm::lines(&bytes) {
                let line = std::str::from_utf8(line).map_err(|_| fault(file, "it is not text".to_owned()))?;
                // What stands behind the address is a remark.
                networks.extend(line.split_ascii_whitespace().next().map(str::to_owned));
            }
        }
        Self::new(operator, networks.iter().map(String::as_str))
    }

    fn new<'a>(operator: &'static str, networks: impl Iterator<Item = &'a str>) -> Result<Self, OperatorFault> {
        let argument = |problem: String| OperatorFault::Argument { operator, problem };
        let mut ranges = Vec::new();
        for network in networks.map(str::trim).filter(|network| !network.is_empty()) {
            ranges.push(range(network).ok_or_else(|| argument(format!("\"{network}\" is no address or network")))?);
        }
        if ranges.is_empty() || ranges.len() > MAX_NETWORKS {
            return Err(argument(format!("{} networks; 1 to {MAX_NETWORKS} are possible", ranges.len())));
        }
        let (v4, v6) = ranges.into_iter().partition(|(first, last)| is_v4(*first) && is_v4(*last));
        Ok(Self { v4: merge(v4), v6: merge(v6) })
    }

    pub(super) fn matches(&self, value: &[u8]) -> bool {
        let address = std::str::from_utf8(value).ok().and_then(|text| text.trim().parse().ok());
        address.is_some_and(|address| {
            let number = number(address);
            let ranges = if is_v4(number) { &self.v4 } else { &self.v6 };
            let behind = ranges.partition_point(|(first, _)| *first <= number);
            behind.checked_sub(1).is_some_and(|place| number <= ranges[place].1)
        })
    }
}

/// Sorts ranges and joins those that overlap.
fn merge(mut ranges: Ranges) -> Ranges {
    ranges.sort_unstable();
    ranges.dedup_by(|next, kept| {
        let joins = next.0 <= kept.1;
        if joins {
            kept.1 = kept.1.max(next.1);
        }
        joins
    });
    ranges
}

/// Whether IPv6 holds an address of IPv4 under this number (RFC 4291, section 2.5.5.2).
fn is_v4(number: u128) -> bool {
    number >> 32 == 0xFFFF
}

/// The first and the last address of a network.
fn range(network: &str) -> Option<(u128, u128)> {
    let (address, length) = match network.split_once('/') {
        Some((address, length)) => (address, Some(length.parse::<u32>().ok()?)),
        None => (network, None),
    };
    let address: IpAddr = address.parse().ok()?;
    let bits: u32 = if address.is_ipv4() { 32 } else { 128 };
    let host = bits.checked_sub(length.unwrap_or(bits))?;
    let mask = u128::MAX.checked_shr(128 - host).unwrap_or(0);
    let number = number(address);
    Some((number & !mask, number | mask))
}

fn number(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => address.to_ipv6_mapped(),
        IpAddr::V6(address) => address,
    }
    .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_found_in_the_networks_that_hold_it() {
        let networks = Networks::from_argument("10.0.0.0/8, 192.0.2.7,2001:db8::/32,10.1.0.0/16,0.0.0.0/32").unwrap();
        for (value, wanted) in [
            ("10.255.255.255", true),
            ("11.0.0.0", false),
            ("192.0.2.7", true),
            ("192.0.2.8", false),
            ("::ffff:10.0.0.1", true),
            ("2001:db8:ffff::", true),
            ("2001:db9::", false),
            ("10.0.0", false),
            ("", false),
        ] {
            assert_eq!(networks.matches(value.as_bytes()), wanted, "{value}");
        }
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for argument in ["", "10.0.0.0/33", "::/129", "example.org", "10.0.0.1;10.0.0.2", "10.0.0.0/-1"] {
            assert!(Networks::from_argument(argument).is_err(), "{argument}");
        }
    }

    #[test]
    fn a_network_holds_addresses_of_its_own_family() {
        let v6 = Networks::from_argument("::/0").unwrap();
        assert!(v6.matches(b"::1") && !v6.matches(b"127.0.0.1"));
        let v4 = Networks::from_argument("0.0.0.0/0").unwrap();
        assert!(v4.matches(b"127.0.0.1") && v4.matches(b"::ffff:127.0.0.1") && !v4.matches(b"::1"));
    }
}
