//! PFX files in every protection.

use super::*;

const CHAIN: [&str; 3] =
    ["CN=shop.example,O=Fixture", "CN=Fixture Intermediate,O=Fixture", "CN=Fixture Root,O=Fixture"];

#[test]
fn every_protection_that_tools_write_is_opened() {
    let rows = [
        ("modern.pfx.b64", Some("secret")),
        ("legacy.pfx.b64", Some("secret")),
        ("triple_des.pfx.b64", Some("secret")),
        ("rc2_128.pfx.b64", Some("secret")),
        ("aes_128.pfx.b64", Some("secret")),
        ("pbes2_3des.pfx.b64", Some("secret")),
        ("without_sum.pfx.b64", Some("secret")),
        ("umlaut.pfx.b64", Some("gehe1m-ü€")),
        ("empty_password.pfx.b64", Some("")),
        ("empty_password.pfx.b64", None),
        ("empty_password_legacy.pfx.b64", None),
        ("open.pfx.b64", None),
        ("open.pfx.b64", Some("anything")),
    ];
    for (name, password) in rows {
        let read = read_pfx(&fixture(name), password, NOW).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(subjects(&read.identity), CHAIN, "{name}");
        assert_eq!(codes_of(&read.findings), [""; 0], "{name}");
    }
}

#[test]
fn a_box_of_indefinite_lengths_is_opened() {
    for name in ["modern.pfx.b64", "legacy.pfx.b64"] {
        let loose = indefinite(&fixture(name));
        assert_eq!(loose.get(..2), Some(&[0x30, 0x80][..]));
        assert_eq!(subjects(&read_pfx(&loose, Some("secret"), NOW).unwrap().identity), CHAIN, "{name}");
    }
}

/// The same box as BER: every sequence down to the sealed content without its length, the content in pieces.
fn indefinite(der: &[u8]) -> Vec<u8> {
    let loosen = |tag: u8, content: &[u8]| [&[tag, 0x80], content, &[0, 0]].concat();
    let mut parts = tlv::first(der).unwrap().0.children();
    let version = parts.next().unwrap();
    let info = parts.next().unwrap();
    let sum = parts.next().unwrap();
    let mut parts = info.children();
    let kind = parts.next().unwrap();
    let sealed = parts.next().unwrap().children().next().unwrap();
    let pieces: Vec<u8> =
        sealed.content.chunks(100).flat_map(|piece| [&[4, piece.len() as u8], piece].concat()).collect();
    let info = loosen(0x30, &[kind.whole, &loosen(0xA0, &loosen(0x24, &pieces))].concat());
    loosen(0x30, &[version.whole, &info, sum.whole].concat())
}

#[test]
fn a_box_without_any_password_is_not_one_with_an_empty_password() {
    // Some tools derive keys from no bytes at all where others take the two zeros of an empty text.
    let open = fixture("open.pfx.b64");
    let mut parts = tlv::first(&open).unwrap().0.children();
    let (version, info) = (parts.next().unwrap(), parts.next().unwrap());
    let sealed = info.children().nth(1).unwrap().children().next().unwrap();
    let sha1 = &aws_lc_rs::digest::SHA1_FOR_LEGACY_USE_ONLY;
    let key = protection::Password::none().derive(sha1, protection::Purpose::Mac, b"saltsalt", 1, 20).unwrap();
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &key);
    let right = aws_lc_rs::hmac::sign(&key, sealed.content);
    let boxed = |sum: &[u8]| {
        let digest = element(0x30, &[&element(0x30, &[&SHA1, &[5, 0]]), &element(4, &[sum])]);
        let mac = element(0x30, &[&digest, &element(4, &[b"saltsalt"])]);
        element(0x30, &[version.whole, info.whole, &mac])
    };
    let read = read_pfx(&boxed(right.as_ref()), None, NOW).unwrap();
    assert_eq!(subjects(&read.identity), CHAIN);
    assert_eq!(read_pfx(&boxed(&[0; 20]), None, NOW).unwrap_err().code, codes::PFX_PASSWORD_MISSING);
}

const SHA1: [u8; 7] = [6, 5, 0x2B, 0x0E, 3, 2, 0x1A];
const DATA: [u8; 11] = [6, 9, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 7, 1];
const X509: [u8; 12] = [6, 10, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 0x16, 1];

fn element(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let length = (content.len() as u16).to_be_bytes();
    [&[tag, 0x82, length[0], length[1]], &content[..]].concat()
}

/// An open box with these bags inside bags of bags.
fn open_box(bags: &[Vec<u8>], depth: usize) -> Vec<u8> {
    let bags: Vec<&[u8]> = bags.iter().map(Vec::as_slice).collect();
    let nested = (0..depth).fold(bags.concat(), |inner, _| bag(6, &element(0x30, &[&inner])));
    let sealed = |content: &[u8]| element(0x30, &[&DATA, &element(0xA0, &[&element(4, &[content])])]);
    let safes = element(0x30, &[&sealed(&element(0x30, &[&nested]))]);
    element(0x30, &[&[2, 1, 3], &sealed(&safes)])
}

fn bag(kind: u8, content: &[u8]) -> Vec<u8> {
    let id = [6, 11, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 0x0C, 0x0A, 1, kind];
    element(0x30, &[&id, &element(0xA0, &[content])])
}

/// A key and its certificate as bags.
fn pair(name: &str) -> [Vec<u8>; 2] {
    let sections = pem::sections(&fixture(name)).unwrap();
    let certificate = element(0x30, &[&X509, &element(0xA0, &[&element(4, &[&sections[1].der])])]);
    [bag(1, &sections[0].der), bag(3, &certificate)]
}

#[test]
fn a_box_holds_one_key_with_its_certificate() {
    let ([key, certificate], other) = (pair("kind_p_384.pem"), pair("kind_p_521.pem"));
    let one = open_box(&[certificate.clone(), key.clone()], 0);
    assert_eq!(read_pfx(&one, None, NOW).unwrap().identity.facts().key, KeyKind::P384);
    let two = open_box(&[[key.clone(), certificate.clone()], other.clone()].concat(), 0);
    let error = read_pfx(&two, None, NOW).unwrap_err();
    assert_eq!((error.code, error.found.as_deref()), (codes::SEVERAL_KEYS, Some("CN=p_384.example; CN=p_521.example")));
    let stray = open_box(&[key.clone(), certificate.clone(), other[0].clone()], 0);
    assert!(codes_of(&read_pfx(&stray, None, NOW).unwrap().findings).contains(&codes::KEY_UNUSED));
    let wrong = open_box(&[certificate, other[0].clone()], 0);
    assert_eq!(read_pfx(&wrong, None, NOW).unwrap_err().code, codes::KEY_MISMATCH);
}

#[test]
fn bags_in_bags_are_opened_so_far() {
    let bags = pair("kind_p_384.pem");
    for (depth, opens) in [(1, true), (4, true), (5, false), (50, false)] {
        assert_eq!(read_pfx(&open_box(&bags, depth), None, NOW).is_ok(), opens, "{depth}");
    }
}

#[test]
fn no_change_of_a_byte_makes_a_box_that_panics() {
    // 3DES and RC2 are the parts written here; every cut and many changes of the file go through them.
    for name in ["legacy.pfx.b64", "open.pfx.b64"] {
        let whole = fixture(name);
        for length in (0..whole.len()).step_by(7) {
            assert!(read_any(&whole[..length], Some("secret"), NOW).is_err(), "{name} cut at {length}");
        }
        for at in (0..whole.len()).step_by(if name == "open.pfx.b64" { 3 } else { 41 }) {
            let mut changed = whole.clone();
            changed[at] ^= 0x55;
            // Whatever comes of it, it comes.
            let _ = read_any(&changed, Some("secret"), NOW);
        }
    }
}
