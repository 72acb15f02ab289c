//! Files that are read, whatever form they have.

use super::*;

#[test]
fn a_key_is_read_in_every_encoding() {
    let rows = [
        ("leaf.key", None),
        ("leaf.sec1.key", None),
        ("leaf.aes.key", Some("secret")),
        ("leaf.des3.key", Some("secret")),
        ("leaf.pbe.key", Some("secret")),
    ];
    for (key, password) in rows {
        let read = read_pem(&joined(&["leaf.pem", "mid.pem", "root.pem"]), Some(&fixture(key)), password, NOW);
        let read = read.unwrap_or_else(|error| panic!("{key}: {error}"));
        assert_eq!(read.identity.chain().len(), 3, "{key}");
        assert_eq!(codes_of(&read.findings), [""; 0], "{key}");
        let binary = read_pem(&der("leaf.pem"), Some(&der(key)), password, NOW);
        assert_eq!(binary.unwrap_or_else(|error| panic!("{key} in DER: {error}")).identity.chain().len(), 1);
    }
}

#[test]
fn every_kind_of_key_that_tls_takes_is_read() {
    let rows = [
        ("kind_p_384.pem", KeyKind::P384),
        ("kind_p_521.pem", KeyKind::P521),
        ("kind_ed25519.pem", KeyKind::Ed25519),
        ("kind_rsa_2048.pem", KeyKind::Rsa(2048)),
    ];
    for (name, kind) in rows {
        let read = read_any(&fixture(name), None, NOW).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.identity.facts().key, kind, "{name}");
    }
    let old = read_pem(&fixture("kind_rsa_2048.pem"), Some(&fixture("rsa_2048.pkcs1.key")), None, NOW).unwrap();
    assert_eq!(old.identity.facts().key, KeyKind::Rsa(2048));
}

#[test]
fn text_is_read_as_editors_and_shells_write_it() {
    let plain = joined(&["leaf.key", "leaf.pem", "mid.pem", "root.pem"]);
    let text = String::from_utf8(plain.clone()).unwrap();
    let wide = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> { text.encode_utf16().flat_map(unit).collect() };
    let rows: [(&str, Vec<u8>); 7] = [
        ("as it is", plain.clone()),
        ("CRLF", text.replace('\n', "\r\n").into_bytes()),
        ("with a mark", [b"\xEF\xBB\xBF", plain.as_slice()].concat()),
        ("UTF-16, low byte first", [vec![0xFF, 0xFE], wide(u16::to_le_bytes)].concat()),
        ("UTF-16, high byte first", [vec![0xFE, 0xFF], wide(u16::to_be_bytes)].concat()),
        ("text around", [b"Bag Attributes\n  friendlyName: a\n", plain.as_slice(), b"\n\nend"].concat()),
        ("indented", text.replace('\n', "\n    ").into_bytes()),
    ];
    for (name, data) in rows {
        let read = read_any(&data, None, NOW).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(read.identity.chain().len(), 3, "{name}");
    }
}

#[test]
fn what_key_vault_and_tools_hand_out_is_read() {
    use base64::Engine as _;
    let base64 = |data: &[u8]| base64::engine::general_purpose::STANDARD.encode(data).into_bytes();
    let (pfx, pem) = (fixture("empty_password.pfx.b64"), joined(&["leaf.key", "leaf.pem", "mid.pem", "root.pem"]));
    let folded = base64(&pfx).chunks(64).collect::<Vec<_>>().join(&b'\n');
    for data in [pfx.clone(), base64(&pfx), folded, pem.clone(), base64(&pem)] {
        assert_eq!(read_any(&data, None, NOW).unwrap().identity.chain().len(), 3);
    }
    let twice = base64(&base64(&pfx));
    assert_eq!(read_any(&twice, None, NOW).unwrap_err().code, codes::FILE_UNKNOWN);
}
