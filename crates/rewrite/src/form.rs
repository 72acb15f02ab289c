//! How the bytes of a value are formed: nothing that a request could bring may break a head apart.

use crate::edits::Span;

/// Bytes one formed value may have; a longer one is dropped and the request ends with 500.
pub const MOST_VALUE: usize = 32 * 1024;
/// Bytes that all values of a request may have together, with what is kept to form more.
pub(crate) const MOST_TOTAL: usize = 512 * 1024;

/// Makes a value of a header of what was put together at the end of `arena`.
pub(crate) fn header(arena: &mut [u8], start: usize) -> Span {
    let end = arena.len();
    let value = arena.get_mut(start..).unwrap_or_default();
    clean(value);
    // Blanks at the ends belong to no value (RFC 9110, 5.5), and HTTP/2 clients refuse them.
    let blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
    let before = value.iter().take_while(blank).count();
    let behind = value.get(before..).unwrap_or_default().iter().rev().take_while(blank).count();
    Span { start: start + before, end: end - behind }
}

/// Makes a path of what was put together at the end of `arena`: with a slash in front, and legal in a request target.
pub(crate) fn path(arena: &mut Vec<u8>, start: usize) -> Span {
    if arena.get(start) != Some(&b'/') {
        arena.insert(start, b'/');
    }
    encode(arena, start, |byte| matches!(byte, b'?' | b'#'));
    Span { start, end: arena.len() }
}

/// Makes a query of what was put together at the end of `arena`: without question mark in front.
pub(crate) fn query(arena: &mut Vec<u8>, start: usize) -> Span {
    let start = start + usize::from(arena.get(start) == Some(&b'?'));
    encode(arena, start, |byte| byte == b'#');
    Span { start, end: arena.len() }
}

/// Control bytes become blanks: a line break would begin another header, and no header may carry the rest.
pub(crate) fn clean(value: &mut [u8]) {
    for byte in value.iter_mut().filter(|byte| is_control(**byte)) {
        *byte = b' ';
    }
}

fn is_control(byte: u8) -> bool {
    byte.is_ascii_control() && byte != b'\t'
}

/// Percent-encodes, from `start` to the end, what may not stand in a request target. Percent signs stay as they are.
fn encode(arena: &mut Vec<u8>, start: usize, also: impl Fn(u8) -> bool) {
    const HEX: &[u8; 16] = b"0123456789ABCDEF";
    clean(arena.get_mut(start..).unwrap_or_default());
    let illegal = |byte: u8| !byte.is_ascii_graphic() || also(byte);
    let Some(first) = arena.iter().skip(start).position(|byte| illegal(*byte)) else { return };
    let tail = arena.split_off(start + first);
    for byte in tail {
        if illegal(byte) {
            let digit = |value: u8| HEX.get(usize::from(value)).copied().unwrap_or(b'0');
            arena.extend([b'%', digit(byte >> 4), digit(byte & 0xf)]);
        } else {
            arena.push(byte);
        }
    }
}
