//! What is read of first bytes, however they come.

use proptest::prelude::*;

use super::samples::{alpn, hello, long, message, published, records, server_name};
use super::*;

const CIPHERS: &[u16] = &[0x1301, 0xc02b];

/// What one reader says of bytes that come in pieces; it must want more until the last piece it gets.
fn read(pieces: &[&[u8]]) -> Opening {
    let mut reader = HelloReader::default();
    for piece in pieces {
        match reader.add(piece) {
            Opening::NeedMore => {}
            done => return done,
        }
    }
    Opening::NeedMore
}

fn named(name: &[u8]) -> Vec<u8> {
    hello(CIPHERS, &[server_name(name), alpn(&[b"postgresql"])])
}

#[test]
fn names_are_read_as_host_tables_have_them() {
    for (name, expected) in [
        ("db.example", Some("db.example")),
        ("DB.Example", Some("db.example")),
        ("db.example.", Some("db.example")),
        ("_db-1.xn--bcher-kva.example", Some("_db-1.xn--bcher-kva.example")),
        ("localhost", Some("localhost")),
        ("10.0.0.4", None),
        ("10.0.0.4.", None),
        ("2001:db8::1", None),
    ] {
        let alpn = vec![b"postgresql".as_slice().into()];
        let expected = Opening::Hello(Asked { server_name: expected.map(str::to_owned), alpn });
        assert_eq!(read(&[&records(&named(name.as_bytes()), 10_000)]), expected, "{name}");
    }
}

#[test]
fn what_is_no_host_name_is_refused() {
    let long_label = [&[b'a'; 64][..], b".example"].concat();
    let long_name = "a.".repeat(127) + "a";
    let rows: [&[u8]; 10] = [
        b"",
        b".",
        b"db..example",
        b".example",
        b"db.example..",
        b"*.example",
        b"db.example\0.evil",
        "b\u{fc}cher.example".as_bytes(),
        &long_label,
        long_name.as_bytes(),
    ];
    for name in rows {
        let found = read(&[&records(&named(name), 10_000)]);
        assert_eq!(found, Opening::NotTls("the server name is malformed"), "{:?}", String::from_utf8_lossy(name));
    }
}

#[test]
fn a_hello_without_extensions_asks_for_nothing() {
    let without_block = [&[3, 3][..], &[7; 32], &[0], &long(&[0xc0, 0x2b]), &[1, 0]].concat();
    for whole in [hello(CIPHERS, &[]), message(&without_block)] {
        assert_eq!(read(&[&records(&whole, 10_000)]), Opening::Hello(Asked::default()));
    }
}

#[test]
fn what_is_no_sound_hello_is_refused() {
    let (one, two) = (server_name(b"a.example"), server_name(b"b.example"));
    let host = |name: &[u8]| [&[0][..], &long(name)].concat();
    let with = |kind: u16, content: &[u8]| hello(CIPHERS, &[(kind, content.to_vec())]);
    let fixed = |session: usize, rest: &[u8]| {
        message(&[&[3, 3][..], &[7; 32], &[session as u8], &vec![1; session], rest].concat())
    };
    let rest = [&long(&[0xc0, 0x2b])[..], &[1, 0]].concat();
    let rows: [(&str, Vec<u8>, &str); 17] = [
        ("two names", hello(CIPHERS, &[one.clone(), two]), "stands twice"),
        ("any extension twice", hello(CIPHERS, &[(5, vec![]), (7, vec![]), (5, vec![1])]), "stands twice"),
        ("two names in one extension", with(0, &long(&[host(b"a"), host(b"b")].concat())), "server name"),
        ("no name in the extension", with(0, &long(b"")), "server name"),
        ("an empty extension, as servers send it", with(0, b""), "server name"),
        ("another kind of name", with(0, &long(&[&[1][..], &long(b"a")].concat())), "server name"),
        ("bytes behind the names", with(0, &[long(&host(b"a")), vec![0]].concat()), "server name"),
        ("a name longer than its list", with(0, &long(&[0, 0, 9, b'a'])), "server name"),
        ("no protocol", with(16, &long(b"")), "protocols"),
        ("an empty protocol", with(16, &long(&[1, b'a', 0])), "protocols"),
        ("a protocol longer than its list", with(16, &long(&[2, b'a'])), "protocols"),
        ("bytes behind the extensions", fixed(0, &[&rest[..], &long(b""), &[0]].concat()), "malformed"),
        ("an extension longer than the block", fixed(0, &[&rest[..], &long(&[0, 9, 0, 1])].concat()), "malformed"),
        ("a session of 33 bytes", fixed(33, &rest), "malformed"),
        ("half a cipher suite", fixed(0, &[&long(&[0xc0, 0x2b, 0])[..], &[1, 0]].concat()), "malformed"),
        ("no cipher suite", fixed(0, &[&long(&[])[..], &[1, 0]].concat()), "malformed"),
        ("no compression", fixed(0, &[&long(&[0xc0, 0x2b])[..], &[0]].concat()), "malformed"),
    ];
    for (rule, hello, says) in rows {
        let found = read(&[&records(&hello, 10_000)]);
        assert!(matches!(found, Opening::NotTls(why) if why.contains(says)), "{rule}: {found:?}");
    }
    assert!(matches!(read(&[&records(&fixed(32, &rest), 10_000)]), Opening::Hello(_)), "a session of 32 bytes");
}

#[test]
fn what_is_not_tls_is_told_at_its_first_wrong_byte() {
    let rows: [(&str, &[u8], usize); 10] = [
        ("HTTP", b"GET / HTTP/1.1\r\n", 1),
        ("SSH", b"SSH-2.0-OpenSSH\r\n", 1),
        ("PostgreSQL's question for TLS", &[0, 0, 0, 8, 4, 210, 22, 47], 1),
        ("SSL 2", &[0x80, 46, 1, 3, 1], 1),
        ("an alert", &[21, 3, 3, 0, 2, 1, 0], 1),
        ("application data", &[23, 3, 3, 0, 2, 1, 0], 1),
        ("another major version", &[22, 2, 0, 0, 2, 1, 0], 2),
        ("an empty record", &[22, 3, 1, 0, 0, 22], 5),
        ("a record of 16 KiB and 1", &[22, 3, 1, 0x40, 1, 1], 5),
        ("a ServerHello", &[22, 3, 3, 0, 4, 2, 0, 0, 1], 6),
    ];
    for (rule, bytes, first_wrong) in rows {
        let mut reader = HelloReader::default();
        let found = bytes.iter().position(|byte| reader.add(&[*byte]) != Opening::NeedMore);
        assert_eq!(found.map(|at| at + 1), Some(first_wrong), "{rule}");
    }
}

#[test]
fn a_hello_has_16_kib_and_not_more() {
    let padded = |padding: usize| hello(CIPHERS, &[server_name(b"a"), (21, vec![0; padding])]);
    let rest = padded(0).len();
    let name = Opening::Hello(Asked { server_name: Some("a".to_owned()), alpn: vec![] });
    let largest = padded(16 * 1024 - rest);
    for size in [16 * 1024, 10_000, 100] {
        assert_eq!(read(&[&records(&largest, size)]), name, "records of {size}");
    }
    let over = records(&padded(16 * 1024 - rest + 1), 10_000);
    assert_eq!(read(&[&over[..9]]), Opening::NotTls("the ClientHello is longer than 16 KiB"), "told by its length");
    let many = Opening::NotTls("the ClientHello is spread over too many records");
    assert_eq!(read(&[&records(&largest, 4)]), many);
    let tiny = records(&padded(3_000 - rest), 1);
    assert_eq!(read(&[&tiny]), name, "records of one byte, as long as there are not too many");
}

#[test]
fn what_follows_a_hello_is_not_looked_at() {
    let mut bytes = records(&published(), 100);
    let whole = read(&[&bytes]);
    bytes.extend(b"GET /");
    assert_eq!(read(&[&bytes]), whole);
    // In the hello's own record.
    let mut message = published();
    message.extend([9; 40]);
    assert_eq!(read(&[&records(&message, 10_000)]), whole);
}

#[test]
fn every_split_reads_the_same() {
    let expected = Opening::Hello(Asked {
        server_name: Some("a".to_owned()),
        alpn: vec![b"h2".as_slice().into(), b"http/1.1".as_slice().into()],
    });
    for size in [10_000, 50, 3, 1] {
        let bytes = records(&published(), size);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        assert_eq!(read(&single), expected, "byte by byte, records of {size}");
        for at in 0..=bytes.len() {
            let (one, two) = bytes.split_at(at);
            assert_eq!(read(&[one, two]), expected, "at {at}, records of {size}");
            if at < bytes.len() {
                assert_eq!(read(&[one]), Opening::NeedMore, "{at} bytes, records of {size}");
            }
        }
    }
}

#[test]
fn bytes_that_trickle_in_are_not_read_again_and_again() {
    // Millions of single bytes: with a reader that began anew each time this would take hours.
    let padding = vec![0; 16 * 1024 - 200];
    let bytes = records(&hello(CIPHERS, &[server_name(b"a"), (21, padding)]), 16 * 1024);
    for _ in 0..100 {
        let mut reader = HelloReader::default();
        let last = bytes.iter().map(|byte| reader.add(&[*byte])).find(|opening| *opening != Opening::NeedMore);
        assert!(matches!(last, Some(Opening::Hello(_))));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn any_name_is_found_again_in_any_pieces(
        labels in proptest::collection::vec("[A-Za-z_]([A-Za-z0-9_-]{0,20})", 1..5),
        protocols in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..20), 1..4),
        size in 1..400usize,
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 0..12),
    ) {
        let name = labels.join(".");
        let offered: Vec<&[u8]> = protocols.iter().map(Vec::as_slice).collect();
        let bytes = records(&hello(CIPHERS, &[alpn(&offered), server_name(name.as_bytes())]), size);
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len())).collect();
        at.extend([0, bytes.len()]);
        at.sort_unstable();
        let pieces: Vec<&[u8]> = at.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        let alpn = protocols.iter().map(|name| name.as_slice().into()).collect();
        prop_assert_eq!(read(&pieces), Opening::Hello(Asked { server_name: Some(name.to_ascii_lowercase()), alpn }));
    }

    #[test]
    fn no_bytes_are_too_much(start in 0..60usize, noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        let whole = records(&published(), 100);
        let bytes = [&whole[..start], &noise].concat();
        let at_once = read(&[&bytes]);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(read(&single), at_once);
    }

    #[test]
    fn a_changed_byte_never_breaks_the_reader(at in any::<prop::sample::Index>(), value in any::<u8>()) {
        let mut bytes = records(&published(), 100);
        let at = at.index(bytes.len());
        bytes[at] = value;
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        prop_assert_eq!(read(&single), read(&[&bytes]));
    }
}
