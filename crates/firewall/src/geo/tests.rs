//! Countries out of a database that is written here.

use super::*;

/// A record: a country of ours at either of the places where databases keep one.
enum Record {
    Nested(&'static str),
    Flat(&'static str),
    Number,
}

/// Writes databases of IPv4 addresses, 24 bits to a record: one country for each first octet that is named.
///
/// Source: MaxMind DB File Format Specification, version 2.0.
fn database(networks: &[(u8, Record)]) -> Vec<u8> {
    let mut data = Vec::new();
    let mut nodes: Vec<[Option<Child>; 2]> = vec![[None, None]];
    for (octet, record) in networks {
        let offset = u32::try_from(data.len()).unwrap();
        write_record(&mut data, record);
        let mut node = 0;
        for bit in (0..8).rev() {
            let side = usize::from(octet >> bit & 1);
            if bit == 0 {
                nodes[node][side] = Some(Child::Data(offset));
            } else if let Some(Child::Node(next)) = nodes[node][side] {
                node = next;
            } else {
                nodes.push([None, None]);
                nodes[node][side] = Some(Child::Node(nodes.len() - 1));
                node = nodes.len() - 1;
            }
        }
    }
    let count = u32::try_from(nodes.len()).unwrap();
    let mut file = Vec::new();
    for child in nodes.iter().flatten() {
        let number = match child {
            None => count,
            Some(Child::Node(node)) => u32::try_from(*node).unwrap(),
            Some(Child::Data(offset)) => count + 16 + offset,
        };
        file.extend_from_slice(&number.to_be_bytes()[1..]);
    }
    file.extend_from_slice(&[0; 16]);
    file.extend_from_slice(&data);
    file.extend_from_slice(b"\xab\xcd\xefMaxMind.com");
    metadata(&mut file, count);
    file
}

#[derive(Clone, Copy)]
enum Child {
    Node(usize),
    Data(u32),
}

fn write_record(data: &mut Vec<u8>, record: &Record) {
    match record {
        Record::Nested(code) => {
            map(data, 1);
            text(data, "country");
            map(data, 1);
            text(data, "iso_code");
            text(data, code);
        }
        Record::Flat(code) => {
            map(data, 1);
            text(data, "country_code");
            text(data, code);
        }
        Record::Number => number(data, 7),
    }
}

fn metadata(file: &mut Vec<u8>, nodes: u32) {
    map(file, 9);
    text(file, "node_count");
    number(file, nodes);
    for (key, value) in
        [("record_size", 24), ("ip_version", 4), ("binary_format_major_version", 2), ("binary_format_minor_version", 0)]
    {
        text(file, key);
        // An unsigned number in two bytes.
        file.extend_from_slice(&[0xA2, 0, value]);
    }
    text(file, "build_epoch");
    // One in eight, whose kind stands in a byte of its own.
    file.extend_from_slice(&[0x08, 0x02]);
    file.extend_from_slice(&1_700_000_000_u64.to_be_bytes());
    text(file, "database_type");
    text(file, "Test-Country");
    text(file, "languages");
    // An array without elements: the kind stands in a byte of its own.
    file.extend_from_slice(&[0x00, 0x04]);
    text(file, "description");
    map(file, 0);
}

fn map(out: &mut Vec<u8>, pairs: u8) {
    out.push(0xE0 | pairs);
}

fn text(out: &mut Vec<u8>, text: &str) {
    assert!(text.len() < 29, "longer texts have a longer head");
    out.push(0x40 | u8::try_from(text.len()).unwrap());
    out.extend_from_slice(text.as_bytes());
}

/// An unsigned number in four bytes.
fn number(out: &mut Vec<u8>, number: u32) {
    out.push(0xC4);
    out.extend_from_slice(&number.to_be_bytes());
}

fn example() -> Vec<u8> {
    database(&[
        (81, Record::Nested("DE")),
        (82, Record::Flat("fr")),
        (83, Record::Nested("EUR")),
        (84, Record::Number),
        (10, Record::Nested("US")),
        (100, Record::Nested("US")),
    ])
}

#[test]
fn an_address_has_the_country_the_database_says() {
    let database = Database::open(example()).unwrap();
    assert_eq!((database.kind(), database.made()), ("Test-Country", 1_700_000_000));
    for (address, wanted) in [
        ("81.2.3.4", "DE"),
        ("::ffff:81.2.3.4", "DE"),
        ("82.0.0.1", "FR"),
        ("100.128.0.1", "US"),
        // Three letters are no code, a number is no record, and the rest is not in the database.
        ("83.0.0.1", "ZZ"),
        ("84.0.0.1", "ZZ"),
        ("85.0.0.1", "ZZ"),
        ("2001:db8::1", "ZZ"),
        // The database has a country for these all the same.
        ("10.1.2.3", "ZZ"),
        ("100.64.0.1", "ZZ"),
        ("100.127.255.255", "ZZ"),
    ] {
        let country = database.country(address.parse().unwrap());
        assert_eq!(std::str::from_utf8(&country), Ok(wanted), "{address}");
    }
}

#[test]
fn addresses_of_no_country_are_told_from_others() {
    for (address, wanted) in [
        ("192.168.0.1", true),
        ("172.31.0.1", true),
        ("172.32.0.1", false),
        ("127.0.0.1", true),
        ("169.254.1.1", true),
        ("0.0.0.0", true),
        ("8.8.8.8", false),
        ("::1", true),
        ("fd00::1", true),
        ("fe80::1", true),
        ("2a00::1", false),
    ] {
        assert_eq!(is_nowhere(address.parse().unwrap()), wanted, "{address}");
    }
}

#[test]
fn what_is_no_database_is_refused_with_its_reason() {
    for bytes in [Vec::new(), b"not a database".to_vec(), b"\xab\xcd\xefMaxMind.com".to_vec()] {
        let refused = Database::open(bytes).unwrap_err().to_string();
        assert!(refused.starts_with("this is no MaxMind DB file: "), "{refused}");
    }
}

/// A file that was damaged is refused or knows less; it never ends the process.
#[test]
fn a_damaged_database_is_survived() {
    let whole = example();
    let addresses: Vec<IpAddr> = ["81.0.0.1", "82.0.0.1", "255.0.0.1", "::2"].map(|a| a.parse().unwrap()).to_vec();
    let mut opened = 0;
    for at in 0..whole.len() {
        for flip in [0x01, 0x80, 0xFF] {
            let mut damaged = whole.clone();
            damaged[at] ^= flip;
            let cut = whole[..at].to_vec();
            for database in [damaged, cut].into_iter().filter_map(|bytes| Database::open(bytes).ok()) {
                opened += 1;
                addresses.iter().for_each(|address| _ = database.country(*address));
            }
        }
    }
    assert!(opened > 0, "some of them are still databases");
}

#[test]
fn without_a_database_every_address_is_unknown() {
    assert_eq!(Nowhere.country(IpAddr::from([8, 8, 8, 8])), UNKNOWN);
}
