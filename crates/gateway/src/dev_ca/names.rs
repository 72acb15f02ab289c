//! Which names a certificate of the dev CA bears, and for which of them clients will take it.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Domains that nobody can own: names in them mean this machine, or nothing.
/// Sources: RFC 6761 (localhost, test, example) and the ICANN resolution of 2024-07-29 (internal).
pub(super) const DOMAINS: [&str; 4] = ["localhost", "test", "example", "internal"];

/// The same in words.
pub const REACH: &str = "names in localhost, test, example and internal, and loopback addresses";

/// A listener for any host is tried out by these.
const ANY_HOST: [Name; 3] = [
    Name::Dns(Cow::Borrowed("localhost")),
    Name::Address(IpAddr::V4(Ipv4Addr::LOCALHOST)),
    Name::Address(IpAddr::V6(Ipv6Addr::LOCALHOST)),
];

/// Longest name and longest label of the DNS, in bytes.
const NAME: usize = 253;
const LABEL: usize = 63;

/// What a certificate is issued for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Names {
    /// What it bears; never empty.
    pub(super) borne: Vec<Name>,
    /// What was asked for and is beyond the reach of the authority.
    beyond: Vec<Name>,
}

/// One name of a certificate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Name {
    /// A host, or a wildcard for one label; lower case.
    Dns(Cow<'static, str>),
    /// An address.
    Address(IpAddr),
}

impl Names {
    /// The names for the hosts of a listener; none, or `localhost`, for one that takes any host. Wildcards that
    /// certificates do not know (`shop-?.example`) are left out, and so is `*.localhost`: clients accept no wildcard
    /// for a whole top-level domain, and some refuse a certificate that has one.
    pub(super) fn of(hosts: &[String]) -> Self {
        let mut names: Vec<Name> = hosts.iter().filter_map(|host| Name::read(host)).collect();
        names.sort();
        names.dedup();
        // Asked for where a listener takes any host.
        if names.is_empty() || names == [ANY_HOST[0].clone()] {
            return Self { borne: ANY_HOST.to_vec(), beyond: Vec::new() };
        }
        let (within, beyond): (Vec<_>, Vec<_>) = names.into_iter().partition(Name::is_within_reach);
        // One name beyond its reach makes clients refuse the certificate for all its names.
        let borne = if within.is_empty() { beyond.clone() } else { within };
        Self { borne, beyond }
    }

    /// What the developer should know of them.
    pub(super) fn note(&self) -> Option<String> {
        if self.beyond.is_empty() {
            return None;
        }
        let beyond: Vec<String> = self.beyond.iter().map(ToString::to_string).collect();
        Some(format!(
            "the dev CA speaks only for {REACH}: clients refuse its certificate for {} even if they trust it",
            beyond.join(", ")
        ))
    }
}

impl Name {
    fn read(host: &str) -> Option<Self> {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if let Ok(address) = host.parse() {
            return Some(Self::Address(address));
        }
        let plain = host.strip_prefix("*.").filter(|rest| rest.contains('.')).unwrap_or(&host);
        let is_label = |label: &str| {
            (1..=LABEL).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        (host.len() <= NAME && plain.split('.').all(is_label)).then(|| Self::Dns(host.into()))
    }

    fn is_within_reach(&self) -> bool {
        match self {
            Self::Dns(name) => DOMAINS
                .iter()
                .any(|domain| name.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))),
            Self::Address(address) => address.is_loopback(),
        }
    }
}

impl std::fmt::Display for Name {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Dns(name) => name.fmt(out),
            Self::Address(address) => address.fmt(out),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_bears_the_names_it_can_and_leaves_out_those_that_would_spoil_it() {
        // Hosts of the listener, names of the certificate, whether something is said.
        let any = "localhost 127.0.0.1 ::1";
        let rows: [(&str, &str, bool); 14] = [
            ("", any, false),
            ("localhost", any, false),
            ("shop.localhost", "shop.localhost", false),
            ("Shop.Localhost.", "shop.localhost", false),
            ("b.test a.test a.test", "a.test b.test", false),
            ("*.shop.example", "*.shop.example", false),
            ("127.0.0.7", "127.0.0.7", false),
            // No certificate can say these.
            ("*", any, false),
            ("*.localhost", any, false),
            ("shop-?.example", any, false),
            ("a*.example b.example", "b.example", false),
            // Refused in any case; it shows the right name all the same.
            ("shop.contoso.com", "shop.contoso.com", true),
            ("shop.contoso.com shop.localhost", "shop.localhost", true),
            ("notlocalhost 10.0.0.1", "notlocalhost 10.0.0.1", true),
        ];
        for (hosts, expected, is_said) in rows {
            let hosts: Vec<String> = hosts.split_whitespace().map(str::to_owned).collect();
            let names = Names::of(&hosts);
            let mut borne: Vec<String> = names.borne.iter().map(ToString::to_string).collect();
            let mut expected: Vec<&str> = expected.split(' ').collect();
            borne.sort();
            expected.sort_unstable();
            assert_eq!(borne, expected, "{hosts:?}");
            assert_eq!(names.note().is_some(), is_said, "{hosts:?}");
        }
    }

    #[test]
    fn what_is_said_names_the_hosts_that_clients_refuse() {
        let note = Names::of(&["shop.contoso.com".to_owned(), "a.localhost".to_owned()]).note().unwrap();
        assert!(note.contains("for shop.contoso.com even"), "{note}");
    }
}
