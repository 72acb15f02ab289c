//! Headers written, read, and taken off sockets.

mod bytes;
mod sockets;

use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;

use super::*;

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

fn announced<'a>(client: &str, destination: &str) -> Announced<'a> {
    Announced { client: address(client), destination: address(destination), tls: None }
}

fn proxied(client: &str, destination: &str) -> Proxied {
    Proxied { addresses: Some((address(client), address(destination))) }
}

/// A header of version 2 with this command and family.
fn binary(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
    let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
    [&v2::SIGNATURE[..], &[command, family], &length, rest].concat()
}

/// A field of version 2.
fn field(kind: u8, value: &[u8]) -> Vec<u8> {
    [&[kind][..], &u16::try_from(value.len()).unwrap().to_be_bytes(), value].concat()
}

/// What stands for 203.0.113.7:50412 and 198.51.100.10:1433.
const TCP4: [u8; 12] = [203, 0, 113, 7, 198, 51, 100, 10, 0xc4, 0xec, 0x05, 0x99];

#[test]
fn networks_trust_the_peers_in_them() {
    for (peer, network, prefix, expected) in [
        ("203.0.113.7", "203.0.113.7", 32, true),
        ("203.0.113.8", "203.0.113.7", 32, false),
        ("203.0.113.8", "203.0.113.0", 24, true),
        ("203.0.114.8", "203.0.113.0", 24, false),
        ("203.0.114.8", "0.0.0.0", 0, true),
        ("2001:db8::1", "0.0.0.0", 0, false),
        ("2001:db8::1", "::", 0, true),
        ("2001:db8:0:1::1", "2001:db8::", 48, true),
        ("2001:db8:1::1", "2001:db8::", 48, false),
        ("::ffff:203.0.113.7", "203.0.113.0", 24, true),
    ] {
        let (peer, network): (IpAddr, IpAddr) = (peer.parse().unwrap(), network.parse().unwrap());
        assert_eq!(is_trusted(peer, &[(network, prefix)]), expected, "{peer} in {network}/{prefix}");
        assert!(!is_trusted(peer, &[]));
    }
}

fn any_address() -> impl Strategy<Value = SocketAddr> {
    any::<(IpAddr, u16)>().prop_map(|(ip, port)| SocketAddr::new(ip.to_canonical(), port))
}

/// Two addresses of one family.
fn any_pair() -> impl Strategy<Value = (SocketAddr, SocketAddr)> {
    (any_address(), any_address()).prop_filter("one family", |(one, two)| one.is_ipv4() == two.is_ipv4())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn what_is_written_is_read((client, destination) in any_pair(), name in "[a-z]{0,300}", alpn: Vec<u8>, shown: bool) {
        let tls = AnnouncedTls {
            version: "TLSv1.3",
            cipher: "TLS_AES_256_GCM_SHA384",
            server_name: Some(&name),
            alpn: Some(&alpn),
            client_name: shown.then_some(name.as_str()),
            verified: shown,
            resumed: false,
        };
        for tls in [None, Some(tls)] {
            let announced = Announced { client, destination, tls };
            for mut header in [v1(&announced), v2(&announced)] {
                let length = header.len();
                let expected = Parsed::Whole { proxied: Proxied { addresses: Some((client, destination)) }, length };
                for end in 0..length {
                    prop_assert_eq!(parse(&header[..end]), Ok(Parsed::Part));
                }
                prop_assert_eq!(parse(&header), Ok(expected));
                header.extend(b"\r\nthe client's own");
                prop_assert_eq!(parse(&header), Ok(expected));
            }
        }
    }

    #[test]
    fn lines_keep_to_their_length((client, destination) in any_pair()) {
        let line = v1(&Announced { client, destination, tls: None });
        prop_assert!(line.len() <= v1::MAX_LENGTH);
    }

    #[test]
    fn any_bytes_are_read_without_harm(bytes: Vec<u8>, kind in 0..3usize) {
        let beginning: &[u8] = [&b""[..], b"PROXY TCP4 ", v2::SIGNATURE][kind];
        let bytes = [beginning, &bytes].concat();
        if let Ok(Parsed::Whole { length, .. }) = parse(&bytes) {
            prop_assert!(length <= bytes.len());
        }
    }

    #[test]
    fn a_changed_byte_is_no_other_header_under_a_checksum(at in 16..35usize, bit in 0..8u32) {
        let zeros = binary(0x21, 0x11, &[&TCP4[..], &field(3, &[0; 4])].concat());
        let sum = crc32c::Crc32c::new().add(&zeros).end().to_be_bytes();
        let mut header = binary(0x21, 0x11, &[&TCP4[..], &field(3, &sum)].concat());
        prop_assert!(parse(&header).is_ok());
        // The type of the field at 28 and its length behind it make it another field, and no checksum is none.
        prop_assume!(!(28..31).contains(&at));
        header[at] ^= 1 << bit;
        prop_assert!(parse(&header).is_err());
    }
}
