//! Functions that encode, decode and hash.

use crate::node::{Node, Value};
use crate::problem::Problems;
use crate::source::Source;
use crate::syntax;

use super::{Answer, Function, MANY, refuse, string, text};

pub(super) const TABLE: &[Function] = &[
    Function { name: "base64", least: 1, most: 1, run: |a| string(encode(text(a, 0)?.as_bytes())) },
    Function { name: "base64ToString", least: 1, most: 1, run: base64_to_string },
    Function { name: "base64ToJson", least: 1, most: 1, run: base64_to_json },
    Function { name: "json", least: 1, most: 1, run: json },
    Function { name: "uri", least: 2, most: 2, run: uri },
    Function { name: "uriComponent", least: 1, most: 1, run: |a| string(percent_encoded(text(a, 0)?)) },
    Function { name: "uriComponentToString", least: 1, most: 1, run: uri_component_to_string },
    Function { name: "uniqueString", least: 1, most: MANY, run: unique_string },
    Function { name: "guid", least: 1, most: MANY, run: guid },
];

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Base64 with padding (RFC 4648).
fn encode(bytes: &[u8]) -> String {
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0_u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let sextet = (group >> (18 - 6 * place)) & 63;
            out.push(if place <= chunk.len() { char::from(ALPHABET[sextet as usize]) } else { '=' });
        }
    }
    out
}

fn decode(text: &str) -> Option<Vec<u8>> {
    let symbols: Vec<u8> = text.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
    let body = symbols.strip_suffix(b"==").or(symbols.strip_suffix(b"=")).unwrap_or(&symbols);
    if !symbols.len().is_multiple_of(4) || body.len() % 4 == 1 {
        return None;
    }
    let mut out = Vec::with_capacity(body.len() * 3 / 4);
    for chunk in body.chunks(4) {
        let mut group = 0_u32;
        for symbol in chunk {
            group = group << 6 | u32::try_from(ALPHABET.iter().position(|known| known == symbol)?).ok()?;
        }
        group <<= 6 * (4 - chunk.len());
        out.extend_from_slice(&group.to_be_bytes()[1..chunk.len()]);
    }
    Some(out)
}

fn decoded(arguments: &[Node]) -> Result<String, super::Refusal> {
    match decode(text(arguments, 0)?).map(String::from_utf8) {
        Some(Ok(text)) => Ok(text),
        _ => refuse(0, "the base64 of a text"),
    }
}

fn base64_to_string(arguments: &[Node]) -> Answer {
    string(decoded(arguments)?)
}

fn base64_to_json(arguments: &[Node]) -> Answer {
    parsed(&decoded(arguments)?)
}

fn json(arguments: &[Node]) -> Answer {
    parsed(text(arguments, 0)?)
}

fn parsed(text: &str) -> Answer {
    let mut problems = Problems::new();
    // A bare scalar would be taken for YAML, so it is read as the one item of a list.
    let wrapped = Source::new("", format!("[{text}]"));
    let root = syntax::parse(&wrapped, 0, &mut problems).into_iter().next();
    match root.map(|root| root.value) {
        Some(Value::Array(mut items)) if items.len() == 1 && problems.is_empty() => {
            // The places inside a text that is itself a value mean nothing outside it.
            Ok(items.remove(0).displaced().value)
        }
        _ => refuse(0, "well-formed JSON"),
    }
}

/// The relative part in place of what follows the base's last slash.
fn uri(arguments: &[Node]) -> Answer {
    let (base, relative) = (text(arguments, 0)?, text(arguments, 1)?);
    let host = base.find("://").map_or(0, |at| at + 3);
    if relative.contains("://") {
        return string(relative);
    }
    let keep = match relative.starts_with('/') {
        true => base[host..].find('/').map_or(base.len(), |at| host + at),
        false => base[host..].rfind('/').map_or(base.len(), |at| host + at + 1),
    };
    let slash = if base[..keep].ends_with('/') || relative.starts_with('/') { "" } else { "/" };
    string(format!("{}{slash}{relative}", &base[..keep]))
}

fn percent_encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

fn uri_component_to_string(arguments: &[Node]) -> Answer {
    let text = text(arguments, 0)?.as_bytes();
    let mut out = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let hex = text.get(at + 1..at + 3).and_then(|digits| std::str::from_utf8(digits).ok());
        match hex.and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) if text[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(text[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).map(Value::String).or_else(|_| refuse(0, "an encoded text"))
}

/// A stable name of 13 characters. Azure does not publish its algorithm, so the result differs from Azure's.
fn unique_string(arguments: &[Node]) -> Answer {
    const SYMBOLS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    let hash = hash(arguments)?;
    string((0..13).map(|place| char::from(SYMBOLS[(hash >> (5 * place)) as usize & 31])).collect::<String>())
}

/// A stable GUID. The result differs from Azure's.
fn guid(arguments: &[Node]) -> Answer {
    let hash = hash(arguments)?;
    let version_5 = (hash & !(0xf << 76) | 5 << 76) & !(3 << 62) | 2 << 62;
    let hex = format!("{version_5:032x}");
    string(format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]))
}

/// FNV-1a with 128 bits over the arguments, each ended by a zero byte.
fn hash(arguments: &[Node]) -> Result<u128, super::Refusal> {
    let mut hash = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    for at in 0..arguments.len() {
        for byte in text(arguments, at)?.bytes().chain([0]) {
            hash = (hash ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
        }
    }
    Ok(hash)
}
