//! The exact bytes of headers, and what is refused.

use super::*;

#[test]
fn lines_are_written_exactly() {
    for (client, destination, expected) in [
        ("203.0.113.7:50412", "198.51.100.10:1433", "PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433\r\n"),
        ("203.0.113.7:50412", "10.0.0.5:1433", "PROXY TCP4 203.0.113.7 10.0.0.5 50412 1433\r\n"),
        ("[2001:db8::7]:50412", "[2001:db8:1::10]:1433", "PROXY TCP6 2001:db8::7 2001:db8:1::10 50412 1433\r\n"),
        ("[2001:0db8:0:0:1:0:0:7]:1", "[::1]:65535", "PROXY TCP6 2001:db8::1:0:0:7 ::1 1 65535\r\n"),
        (
            "[::ffff:203.0.113.7]:50412",
            "[::ffff:198.51.100.10]:1433",
            "PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433\r\n",
        ),
        ("[::ffff:203.0.113.7]:50412", "198.51.100.10:1433", "PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433\r\n"),
        ("203.0.113.7:50412", "[2001:db8::1]:1433", "PROXY UNKNOWN\r\n"),
        ("[fe80::1%3]:50412", "[fe80::2%3]:1433", "PROXY TCP6 fe80::1 fe80::2 50412 1433\r\n"),
    ] {
        let written = v1(&announced(client, destination));
        assert_eq!(String::from_utf8(written).unwrap(), expected, "{client} {destination}");
    }
}

#[test]
fn binary_headers_are_written_exactly() {
    let plain = announced("203.0.113.7:50412", "198.51.100.10:1433");
    assert_eq!(v2(&plain), binary(0x21, 0x11, &TCP4));
    let six = announced("[2001:db8::7]:50412", "[2001:db8::10]:1433");
    let mut rest = vec![0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7];
    rest.extend([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10, 0xc4, 0xec, 0x05, 0x99]);
    assert_eq!(v2(&six), binary(0x21, 0x21, &rest));
    let mapped = announced("[::ffff:203.0.113.7]:50412", "198.51.100.10:1433");
    assert_eq!(v2(&mapped), binary(0x21, 0x11, &TCP4));
    let mixed = announced("203.0.113.7:50412", "[2001:db8::1]:1433");
    assert_eq!(v2(&mixed), binary(0x21, 0x00, b""));
}

#[test]
fn a_binary_header_says_what_is_known_of_the_clients_tls() {
    let bare = AnnouncedTls {
        version: "TLSv1.2",
        cipher: "ECDHE-RSA-AES256-GCM-SHA384",
        server_name: None,
        alpn: None,
        client_name: None,
        verified: false,
        resumed: false,
    };
    let named = AnnouncedTls { server_name: Some("db.example"), alpn: Some(b"postgresql"), ..bare };
    let ssl = |client: u8, verify: u8, name: &[u8]| {
        let name = if name.is_empty() { Vec::new() } else { field(0x22, name) };
        let (version, cipher) = (field(0x21, b"TLSv1.2"), field(0x23, b"ECDHE-RSA-AES256-GCM-SHA384"));
        field(0x20, &[&[client, 0, 0, 0, verify][..], &version, &name, &cipher].concat())
    };
    let long = "n".repeat(256);
    let with = |name| AnnouncedTls { client_name: Some(name), verified: true, ..bare };
    for (rule, tls, expected) in [
        ("nothing but TLS", bare, ssl(1, 1, b"")),
        ("verified without a certificate is nonsense", AnnouncedTls { verified: true, ..bare }, ssl(1, 1, b"")),
        ("name and protocol", named, [field(1, b"postgresql"), field(2, b"db.example"), ssl(1, 1, b"")].concat()),
        ("a good certificate", with("Ann"), ssl(7, 0, b"Ann")),
        ("of an earlier connection", AnnouncedTls { resumed: true, ..with("Ann") }, ssl(5, 0, b"Ann")),
        ("a certificate without a name", with(""), ssl(7, 0, b"")),
        ("a bad one", AnnouncedTls { verified: false, ..with("Ann") }, ssl(7, 1, b"Ann")),
        ("too long a name is left out, not cut", with(&long), ssl(7, 0, b"")),
    ] {
        let announced = Announced { tls: Some(tls), ..announced("203.0.113.7:50412", "198.51.100.10:1433") };
        assert_eq!(v2(&announced), binary(0x21, 0x11, &[&TCP4[..], &expected].concat()), "{rule}");
        let line = v1(&announced);
        assert_eq!(line, b"PROXY TCP4 203.0.113.7 198.51.100.10 50412 1433\r\n", "no place for it in version 1");
    }
}

#[test]
fn lines_that_are_believed() {
    let longest = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
    let longest = format!("TCP6 {longest} {longest} 65535 65535");
    let longest_said =
        proxied("[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535", "[ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff]:65535");
    let unknown = format!("UNKNOWN {}", "x".repeat(107 - 16));
    for (line, expected) in [
        ("TCP4 203.0.113.7 198.51.100.10 50412 1433", proxied("203.0.113.7:50412", "198.51.100.10:1433")),
        ("TCP4 0.0.0.0 255.255.255.255 0 65535", proxied("0.0.0.0:0", "255.255.255.255:65535")),
        ("TCP6 2001:DB8::7 2001:0db8::10 1 2", proxied("[2001:db8::7]:1", "[2001:db8::10]:2")),
        ("TCP6 ::ffff:203.0.113.7 ::ffff:10.0.0.1 1 2", proxied("203.0.113.7:1", "10.0.0.1:2")),
        (&longest, longest_said),
        ("UNKNOWN", Proxied::NOBODY),
        ("UNKNOWN whatever 1.2.3.4 \t\x7f", Proxied::NOBODY),
        (&unknown, Proxied::NOBODY),
    ] {
        let line = format!("PROXY {line}\r\n");
        let expected = Parsed::Whole { proxied: expected, length: line.len() };
        assert_eq!(parse(line.as_bytes()), Ok(expected), "{line}");
    }
}

#[test]
fn lines_that_are_refused() {
    let protocol = "the protocol is none";
    let (address, port) = ("an address cannot be read", "a port is no number");
    let (too_long, end) = ("longer than 107 bytes", "does not end with CR and LF");
    let over = format!("PROXY UNKNOWN {}\r\n", "x".repeat(107 - 15));
    let endless = format!("PROXY UNKNOWN {}", "x".repeat(107 - 14));
    for (line, expected) in [
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 \r\n", "something follows"),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2 3\r\n", "something follows"),
        ("PROXY TCP4  1.2.3.4 1.2.3.4 1 2\r\n", address),
        ("PROXY TCP4 1.2.3.4  1.2.3.4 1 2\r\n", address),
        ("PROXY TCP4 1.2.3.4\t1.2.3.4 1 2\r\n", address),
        ("PROXY TCP4 1.2.3.4 1.2.3.4\r\n", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1\r\n", port),
        ("PROXY TCP4 1.2.3.4\r\n", address),
        ("PROXY TCP4\r\n", address),
        ("PROXY TCP4 01.2.3.4 1.2.3.4 1 2\r\n", address),
        ("PROXY TCP4 1.2.3 1.2.3.4 1 2\r\n", address),
        ("PROXY TCP4 1.2.3.256 1.2.3.4 1 2\r\n", address),
        ("PROXY TCP4 ::1 ::1 1 2\r\n", address),
        ("PROXY TCP4 a.example 1.2.3.4 1 2\r\n", address),
        ("PROXY TCP6 1.2.3.4 1.2.3.4 1 2\r\n", address),
        ("PROXY TCP6 [::1] [::1] 1 2\r\n", address),
        ("PROXY TCP6 fe80::1%eth0 ::1 1 2\r\n", address),
        ("PROXY TCP6 1::2::3 ::1 1 2\r\n", address),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 01 2\r\n", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 00 2\r\n", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 +1 2\r\n", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 -1 2\r\n", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 65536\r\n", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2a\r\n", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4  2\r\n", port),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 \u{663}\r\n", port),
        ("PROXY UDP4 1.2.3.4 1.2.3.4 1 2\r\n", protocol),
        ("PROXY tcp4 1.2.3.4 1.2.3.4 1 2\r\n", protocol),
        ("PROXY UNKNOWNS\r\n", protocol),
        ("PROXY  TCP4 1.2.3.4 1.2.3.4 1 2\r\n", protocol),
        ("PROXY \r\n", protocol),
        ("PROXY UNKNOWN\n", end),
        ("PROXY UNKNOWN\r\r\n", end),
        ("PROXY TCP4 1.2.3.4 1.2.3.4 1 2\rX", end),
        (&over, too_long),
        (&endless, too_long),
    ] {
        let found = parse(line.as_bytes());
        assert!(matches!(found, Err(HeaderError::Malformed(why)) if why.contains(expected)), "{line:?}: {found:?}");
    }
}

#[test]
fn what_begins_otherwise_is_told_at_its_first_wrong_byte() {
    for (bytes, first_wrong) in [
        (&b"GET / HTTP/1.1\r\n"[..], 1),
        (b"POST / HTTP/1.1\r\n", 2),
        (b"proxy TCP4 ", 1),
        (b"PROXY\tTCP4", 6),
        (b" PROXY", 1),
        (b"\n", 1),
        (b"\r\n\r\n\0\r\nQUIZ\n", 11),
        (b"\r\nGET", 3),
        (&[22, 3, 1], 1),
    ] {
        for end in 0..first_wrong {
            assert_eq!(parse(&bytes[..end]), Ok(Parsed::Part), "{bytes:?} {end}");
        }
        assert_eq!(parse(&bytes[..first_wrong]), Err(HeaderError::Missing), "{bytes:?}");
    }
}

#[test]
fn binary_headers_that_are_believed() {
    let said = proxied("203.0.113.7:50412", "198.51.100.10:1433");
    let unknown = [field(0xea, b"vpc"), field(0x04, b""), field(0x20, &[1, 0, 0, 0, 0])].concat();
    let zeros = binary(0x21, 0x11, &[&TCP4[..], &field(3, &[0; 4]), &field(2, b"a")].concat());
    let sum = crc32c::Crc32c::new().add(&zeros).end().to_be_bytes();
    let mapped = [&[0; 10][..], &[255, 255, 203, 0, 113, 7], &[0; 10], &[255, 255, 10, 0, 0, 1], &[0, 1, 0, 2]];
    for (rule, header, expected) in [
        ("IPv4", binary(0x21, 0x11, &TCP4), said),
        ("unknown fields", binary(0x21, 0x11, &[&TCP4[..], &unknown].concat()), said),
        ("a checksum", binary(0x21, 0x11, &[&TCP4[..], &field(3, &sum), &field(2, b"a")].concat()), said),
        ("as much as there may be", binary(0x21, 0x11, &[&TCP4[..], &field(0xe0, &[7; 4081])].concat()), said),
        ("IPv4 in IPv6", binary(0x21, 0x21, &mapped.concat()), proxied("203.0.113.7:1", "10.0.0.1:2")),
        ("LOCAL", binary(0x20, 0x00, b""), Proxied::NOBODY),
        ("LOCAL with addresses", binary(0x20, 0x11, &TCP4), Proxied::NOBODY),
        ("LOCAL with anything", binary(0x20, 0xff, b"anything"), Proxied::NOBODY),
        ("no family", binary(0x21, 0x00, b""), Proxied::NOBODY),
        ("no family, and something", binary(0x21, 0x00, b"anything"), Proxied::NOBODY),
        ("a socket in a file system", binary(0x21, 0x31, &[0; 216]), Proxied::NOBODY),
    ] {
        let length = header.len();
        assert_eq!(parse(&header), Ok(Parsed::Whole { proxied: expected, length }), "{rule}");
        for end in 0..length {
            assert_eq!(parse(&header[..end]), Ok(Parsed::Part), "{rule}: {end} bytes");
        }
    }
}

#[test]
fn binary_headers_that_are_refused() {
    let with = |fields: &[u8]| binary(0x21, 0x11, &[&TCP4[..], fields].concat());
    let zeros = with(&[field(3, &[0; 4]), field(3, &[0; 4])].concat());
    let sum = field(3, &crc32c::Crc32c::new().add(&zeros).end().to_be_bytes());
    for (rule, header, says) in [
        ("version 1 in binary", binary(0x11, 0x11, &TCP4), "the version or the command"),
        ("version 3", binary(0x31, 0x11, &TCP4), "the version or the command"),
        ("another command", binary(0x22, 0x11, &TCP4), "the version or the command"),
        ("datagrams", binary(0x21, 0x12, &TCP4), "datagrams"),
        ("datagrams of IPv6", binary(0x21, 0x22, &[0; 36]), "datagrams"),
        ("a family without a transport", binary(0x21, 0x10, &TCP4), "the family"),
        ("a transport without a family", binary(0x21, 0x01, &TCP4), "the family"),
        ("an unknown family", binary(0x21, 0x41, &[0; 36]), "the family"),
        ("addresses cut off", binary(0x21, 0x11, &TCP4[..11]), "the addresses"),
        ("IPv6 with IPv4's length", binary(0x21, 0x21, &TCP4), "the addresses"),
        ("a short path", binary(0x21, 0x31, &[0; 215]), "the addresses"),
        ("a field without its length", with(&[4, 0]), "a field"),
        ("a field longer than the header", with(&[4, 0, 2, 0]), "a field"),
        ("a wrong checksum", with(&field(3, &[1, 2, 3, 4])), "the checksum"),
        ("a checksum of three bytes", with(&field(3, &[0; 3])), "the checksum"),
        ("two checksums", with(&[sum.clone(), sum].concat()), "the checksum"),
    ] {
        let found = parse(&header);
        assert!(matches!(found, Err(HeaderError::Malformed(why)) if why.contains(says)), "{rule}: {found:?}");
    }
    // Told by the first 16 bytes, before more than that is waited for.
    let long = [&v2::SIGNATURE[..], &[0x21, 0x11, 0x10, 0x01]].concat();
    assert_eq!(parse(&long), Err(HeaderError::Malformed("it is longer than 4,112 bytes")));
}

#[test]
fn a_header_that_names_nobody_is_read_as_such() {
    for header in [&b"PROXY UNKNOWN\r\n"[..], b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"] {
        assert_eq!(parse(header), Ok(Parsed::Whole { proxied: Proxied::NOBODY, length: header.len() }));
    }
}
