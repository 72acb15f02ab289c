//! Names that can be sent to a server.

use std::borrow::Cow;
use std::net::IpAddr;

use rustls::pki_types::DnsName;

/// See [`super::sendable_name`].
pub(super) fn sendable(name: &str) -> Option<Cow<'_, str>> {
    let name = name.strip_suffix('.').unwrap_or(name);
    if name.parse::<IpAddr>().is_ok() || DnsName::try_from(name).is_err() {
        return None;
    }
    let is_lower = !name.bytes().any(|byte| byte.is_ascii_uppercase());
    Some(if is_lower { Cow::Borrowed(name) } else { Cow::Owned(name.to_ascii_lowercase()) })
}

/// The name in a Host field: without port.
pub(super) fn of_host(host: &[u8]) -> Option<Cow<'_, str>> {
    let host = std::str::from_utf8(host).ok()?;
    // An address in brackets has several colons and is no name in any case.
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    sendable(name)
}

#[cfg(test)]
mod tests {
    use super::super::{ServerTls, Sni, Trust};

    #[test]
    fn the_name_that_is_sent_follows_the_settings() {
        let fixed = |name: &str| Sni::Fixed(name.into());
        for (rule, sni, server, host, expected) in [
            ("a fixed one wins", fixed("Shop.example"), Some("a.example"), "b.example", Some("shop.example")),
            ("an address is none", fixed("10.0.0.4"), Some("a.example"), "b.example", None),
            ("the member's", Sni::Server, Some("a.example"), "b.example", Some("a.example")),
            ("a member by address has none", Sni::Server, None, "b.example", None),
            ("the client's", Sni::Client, Some("a.example"), "b.example", Some("b.example")),
            ("without port", Sni::Client, None, "b.example:8443", Some("b.example")),
            ("in lower case", Sni::Client, None, "B.Example", Some("b.example")),
            ("without trailing dot", Sni::Client, None, "b.example.:443", Some("b.example")),
            ("not an IPv4 address", Sni::Client, Some("a.example"), "10.0.0.4:443", None),
            ("not an IPv6 address", Sni::Client, None, "[::1]:443", None),
            ("with an underscore", Sni::Client, None, "b_c.example", Some("b_c.example")),
            ("not nothing", Sni::Client, None, "", None),
            ("not an empty label", Sni::Client, None, "b..example", None),
            ("not another alphabet", Sni::Client, None, "b\u{fc}.example", None),
            ("not a wildcard", Sni::Client, None, "*.example", None),
        ] {
            let tls = ServerTls {
                trust: Trust::WellKnown,
                check_chain: true,
                check_name: true,
                sni,
                alpn: Vec::new(),
                identity: None,
            };
            assert_eq!(tls.name(server, host.as_bytes()).as_deref(), expected, "{rule}");
        }
    }

    #[test]
    fn a_host_that_is_no_text_has_no_name() {
        assert_eq!(super::of_host(b"b\xff.example"), None);
    }
}
