//! The system's configuration of its resolver: name servers and search domains.
//!
//! Source: resolv.conf(5). Its options are not followed: a name with a dot is always meant whole (`ndots:1`), and times
//! and retries are our own.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Servers that are used.
const MAX_SERVERS: usize = 8;
/// Search domains that are used.
const MAX_SEARCH: usize = 8;
const PORT: u16 = 53;

/// What it says.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Configuration {
    servers: Vec<IpAddr>,
    pub(super) search: Vec<String>,
}

impl Configuration {
    pub(super) fn parse(text: &str) -> Self {
        let mut all = Self::default();
        for line in text.lines().filter(|line| !line.starts_with(['#', ';'])) {
            let mut words = line.split_ascii_whitespace();
            match words.next() {
                // One that names a network interface cannot be asked.
                Some("nameserver") => {
                    all.servers.extend(words.next().and_then(|address| address.parse::<IpAddr>().ok()))
                }
                // The last of these lines counts.
                Some("domain") => all.search = words.take(1).map(str::to_owned).collect(),
                Some("search") => all.search = words.take(MAX_SEARCH).map(str::to_owned).collect(),
                _ => {}
            }
        }
        all.servers.truncate(MAX_SERVERS);
        // The root is searched last of all anyway.
        all.search.retain(|domain| domain != ".");
        all
    }

    /// The name servers; this machine, where none is named.
    pub(super) fn servers(&self) -> Vec<SocketAddr> {
        if self.servers.is_empty() {
            return vec![SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT)];
        }
        self.servers.iter().map(|address| SocketAddr::new(*address, PORT)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_and_search_domains_are_read() {
        let many: String = (0..20).map(|number| format!("nameserver 10.0.0.{number}\n")).collect();
        let rows: [(&str, &[&str], &[&str]); 6] = [
            ("", &["127.0.0.1:53"], &[]),
            (
                "# nameserver 10.0.0.1\n; nameserver 10.0.0.2\nnameserver 10.0.0.3\nnameserver\t2001:db8::1 # more\n",
                &["10.0.0.3:53", "[2001:db8::1]:53"],
                &[],
            ),
            ("nameserver fe80::1%eth0\nnameserver nonsense\nnameserver\n", &["127.0.0.1:53"], &[]),
            ("domain a.example\nsearch b.example c.example .\n", &["127.0.0.1:53"], &["b.example", "c.example"]),
            ("search b.example\ndomain a.example rest\noptions ndots:5\n", &["127.0.0.1:53"], &["a.example"]),
            (
                &many,
                &[
                    "10.0.0.0:53",
                    "10.0.0.1:53",
                    "10.0.0.2:53",
                    "10.0.0.3:53",
                    "10.0.0.4:53",
                    "10.0.0.5:53",
                    "10.0.0.6:53",
                    "10.0.0.7:53",
                ],
                &[],
            ),
        ];
        for (text, servers, search) in rows {
            let configuration = Configuration::parse(text);
            let found: Vec<_> = configuration.servers().iter().map(ToString::to_string).collect();
            assert_eq!(
                (found.as_slice(), configuration.search.as_slice()),
                (
                    &*servers.iter().map(ToString::to_string).collect::<Vec<_>>(),
                    &*search.iter().map(ToString::to_string).collect::<Vec<_>>()
                ),
                "{text}"
            );
        }
    }
}
