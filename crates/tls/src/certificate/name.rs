//! Distinguished names as text: RFC 2253, in ASCII, so that they can stand in a header and in a log.

use std::fmt::Write as _;

use x509_parser::asn1_rs::{Any, Tag, ToDer as _};
use x509_parser::x509::X509Name;

use super::facts::lower_hex;

/// Attributes with the short names that OpenSSL prints; others are printed as numbers, and their values in hexadecimal.
const SHORT: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "street"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.13", "description"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.41", "name"),
    ("2.5.4.42", "GN"),
    ("2.5.4.43", "initials"),
    ("2.5.4.46", "dnQualifier"),
    ("2.5.4.97", "organizationIdentifier"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
    ("1.3.6.1.4.1.311.60.2.1.1", "jurisdictionL"),
    ("1.3.6.1.4.1.311.60.2.1.2", "jurisdictionST"),
    ("1.3.6.1.4.1.311.60.2.1.3", "jurisdictionC"),
];

/// The name with the last part first: `CN=shop.example,O=Shop`.
pub(crate) fn text(name: &X509Name<'_>) -> String {
    let mut text = String::new();
    let parts: Vec<_> = name.iter_rdn().collect();
    for part in parts.into_iter().rev() {
        let attributes: Vec<_> = part.iter().collect();
        // Attributes of one part are joined by a plus.
        let mut joint = if text.is_empty() { "" } else { "," };
        for attribute in attributes.into_iter().rev() {
            text.push_str(std::mem::replace(&mut joint, "+"));
            let (oid, any) = (attribute.attr_type().to_id_string(), attribute.attr_value());
            let _ = match SHORT.iter().find(|(known, _)| *known == oid) {
                Some((_, short)) => write!(text, "{short}={}", escaped(&value(any))),
                None => {
                    write!(text, "{oid}=#{}", lower_hex(&any.to_der_vec().unwrap_or_default()).to_ascii_uppercase())
                }
            };
        }
    }
    text
}

/// The text of an attribute, whichever of ASN.1's string types it has.
pub(crate) fn value(any: &Any<'_>) -> String {
    let units = |width: usize| any.data.chunks_exact(width);
    match any.tag() {
        Tag::BmpString => {
            let units = units(2).filter_map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)));
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        Tag::UniversalString => units(4)
            .filter_map(|four| Some(u32::from_be_bytes(four.try_into().ok()?)))
            .map(|code| char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER))
            .collect(),
        // Called T61, written as Latin-1 by all who write it.
        Tag::TeletexString => any.data.iter().map(|byte| char::from(*byte)).collect(),
        _ => String::from_utf8_lossy(any.data).into_owned(),
    }
}

/// RFC 2253 section 2.4, and every byte outside printable ASCII as `\XX`.
fn escaped(value: &str) -> String {
    let mut text = String::with_capacity(value.len());
    let last = value.len().saturating_sub(1);
    for (index, byte) in value.bytes().enumerate() {
        let is_outer_blank = byte == b' ' && (index == 0 || index == last);
        if b",+\"\\<>;".contains(&byte) || is_outer_blank || (byte == b'#' && index == 0) {
            text.push('\\');
            text.push(char::from(byte));
        } else if (b' '..=b'~').contains(&byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "\\{byte:02X}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_characters_are_escaped() {
        let rows = [
            ("shop.example", "shop.example"),
            ("A, B", "A\\, B"),
            ("#1", "\\#1"),
            ("a#1", "a#1"),
            (" a ", "\\ a\\ "),
            ("a=b", "a=b"),
            ("\"<+>;\\\"", "\\\"\\<\\+\\>\\;\\\\\\\""),
            ("\u{fc}", "\\C3\\BC"),
            ("a\r\nB: c", "a\\0D\\0AB: c"),
            ("", ""),
        ];
        for (value, expected) in rows {
            assert_eq!(escaped(value), expected, "{value:?}");
        }
    }
}
