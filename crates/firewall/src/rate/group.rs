//! What a rate limit counts by.
//!
//! Source: Azure, `rate-limiting-overview`. Which element of `X-Forwarded-For` counts is not said there: here it is the
//! leftmost that is an address, and where there is none, the client of the connection.

use std::net::{IpAddr, SocketAddr};

use crate::geo::{Countries, Country};
use crate::request::Request;

/// What a rate limit counts by (`groupByUserSession`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum GroupBy {
    /// `ClientAddr`: the client of the connection.
    #[default]
    Client,
    /// `GeoLocation`: the country of the client.
    Country,
    /// `None`: all requests together.
    Everything,
    /// `ClientAddrXFFHeader`: the address that `X-Forwarded-For` gives.
    ForwardedClient,
    /// `GeoLocationXFFHeader`: the country of that address.
    ForwardedCountry,
}

/// Requests that are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Group {
    /// Those of an address. IPv4 inside IPv6 is IPv4.
    Address(IpAddr),
    /// Those of a country.
    Country(Country),
    /// All of them.
    Everything,
}

impl GroupBy {
    /// The group of a request.
    #[must_use]
    pub fn group(self, request: &Request<'_>, countries: &dyn Countries) -> Group {
        let client = request.client.to_canonical();
        match self {
            Self::Client => Group::Address(client),
            Self::Country => Group::Country(countries.country(client)),
            Self::Everything => Group::Everything,
            Self::ForwardedClient => Group::Address(forwarded(request).unwrap_or(client)),
            Self::ForwardedCountry => Group::Country(countries.country(forwarded(request).unwrap_or(client))),
        }
    }
}

/// The leftmost address of `X-Forwarded-For`. Application Gateway itself writes a port behind it, so one may stand
/// there.
fn forwarded(request: &Request<'_>) -> Option<IpAddr> {
    let values = request.header("x-forwarded-for");
    let mut elements = values.flat_map(|value| value.split(|byte| *byte == b','));
    elements.find_map(address).map(|address| address.to_canonical())
}

fn address(element: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(element).ok()?.trim();
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok();
    let with_port = || text.parse::<SocketAddr>().ok().map(|socket| socket.ip());
    text.parse().ok().or_else(with_port).or_else(bracketed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Germany has IPv4, France IPv6.
    struct TwoCountries;

    impl Countries for TwoCountries {
        fn country(&self, address: IpAddr) -> Country {
            if address.is_ipv4() { *b"DE" } else { *b"FR" }
        }
    }

    fn group(by: GroupBy, forwarded: &[&'static str]) -> Group {
        let headers: Vec<(&[u8], &[u8])> =
            forwarded.iter().map(|value| (&b"X-FORWARDED-FOR"[..], value.as_bytes())).collect();
        let request = Request {
            method: b"GET",
            target: b"/",
            protocol: "HTTP/1.1",
            client: "::ffff:192.0.2.1".parse().unwrap(),
            client_port: 40_000,
            headers: &headers,
            id: "1",
        };
        by.group(&request, &TwoCountries)
    }

    #[test]
    fn each_way_to_group_gives_its_group() {
        let address = |text: &str| Group::Address(text.parse().unwrap());
        for (by, forwarded, wanted) in [
            (GroupBy::Client, &["198.51.100.1"][..], address("192.0.2.1")),
            (GroupBy::Country, &["2001:db8::1"], Group::Country(*b"DE")),
            (GroupBy::Everything, &[], Group::Everything),
            (GroupBy::ForwardedClient, &["198.51.100.1, 203.0.113.9"], address("198.51.100.1")),
            (GroupBy::ForwardedClient, &["unknown, 198.51.100.1:4711"], address("198.51.100.1")),
            (GroupBy::ForwardedClient, &["", "[2001:db8::1]:80"], address("2001:db8::1")),
            (GroupBy::ForwardedClient, &["[2001:db8::1]"], address("2001:db8::1")),
            (GroupBy::ForwardedClient, &["::ffff:198.51.100.1"], address("198.51.100.1")),
            (GroupBy::ForwardedClient, &["unknown"], address("192.0.2.1")),
            (GroupBy::ForwardedClient, &[], address("192.0.2.1")),
            (GroupBy::ForwardedCountry, &["2001:db8::1"], Group::Country(*b"FR")),
            (GroupBy::ForwardedCountry, &[], Group::Country(*b"DE")),
        ] {
            assert_eq!(group(by, forwarded), wanted, "{by:?} {forwarded:?}");
        }
    }
}
