//! The hosts file: an address in each line, and the names that have it.
//!
//! Source: hosts(5).

use std::collections::HashMap;
use std::net::IpAddr;

/// Names with their addresses.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Hosts(HashMap<Box<str>, Vec<IpAddr>>);

impl Hosts {
    pub(super) fn parse(text: &str) -> Self {
        let mut names: HashMap<Box<str>, Vec<IpAddr>> = HashMap::new();
        for line in text.lines() {
            let line = line.split('#').next().unwrap_or_default();
            let mut words = line.split_ascii_whitespace();
            let Some(address) = words.next().and_then(|address| address.parse::<IpAddr>().ok()) else { continue };
            for name in words {
                names.entry(super::normal(name).into()).or_default().push(address);
            }
        }
        Self(names)
    }

    pub(super) fn find(&self, name: &str) -> Option<&[IpAddr]> {
        self.0.get(name).map(Vec::as_slice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_the_addresses_of_all_lines_that_list_it() {
        let hosts = Hosts::parse(
            "\u{feff}# the first line\n127.0.0.1\tlocalhost\n10.0.0.1  Shop.Example. shop # 10.0.0.9 hidden\n\n\
             ::1 shop\r\n10.0.0.2 shop#hidden\nnonsense shop\nfe80::1%eth0 shop\n10.0.0.3",
        );
        let rows: [(&str, Option<&[&str]>); 5] = [
            ("localhost", Some(&["127.0.0.1"])),
            ("shop.example", Some(&["10.0.0.1"])),
            ("shop", Some(&["10.0.0.1", "::1", "10.0.0.2"])),
            ("hidden", None),
            ("10.0.0.3", None),
        ];
        for (name, expected) in rows {
            let found = hosts.find(name).map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(
                found.as_deref(),
                expected.map(|all| all.iter().map(ToString::to_string).collect::<Vec<_>>()).as_deref(),
                "{name}"
            );
        }
    }
}
