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
    let tag = aws_lc_rs::hmac::sign(&key, sealed.content);
    let sum = |tag: &[u8]| {
        let algorithm = [0x30, 9, 6, 5, 0x2B, 0x0E, 3, 2, 0x1A, 5, 0];
        let digest = [&[0x30, 33], &algorithm[..], &[4, 20], tag].concat();
        [&[0x30, 45], &digest[..], &[4, 8], b"saltsalt"].concat()
    };
    let boxed = |tag: &[u8]| {
        let content = [version.whole, info.whole, &sum(tag)].concat();
        [&[0x30, 0x82], &(content.len() as u16).to_be_bytes()[..], &content].concat()
    };
    let read = read_pfx(&boxed(tag.as_ref()), None, NOW).unwrap();
    assert_eq!(subjects(&read.identity), CHAIN);
    assert_eq!(read_pfx(&boxed(&[0; 20]), None, NOW).unwrap_err().code, codes::PFX_PASSWORD_MISSING);
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
