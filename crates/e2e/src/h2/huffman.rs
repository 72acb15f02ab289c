//! The Huffman code of HPACK.
//!
//! Source: RFC 7541, appendix B. Codes of one length are consecutive in the order of their symbols, and a longer code
//! begins where the shorter ones ended, so that the lengths alone make the table.

use std::collections::HashMap;
use std::sync::LazyLock;

/// The length of the code of each symbol, as runs: how many symbols in a row have it. The last symbol is the end of
/// the string, which must not occur in one.
#[rustfmt::skip]
const LENGTHS: &[(u16, u8)] = &[
    (1, 13), (1, 23), (7, 28), (1, 24), (1, 30), (2, 28), (1, 30), (8, 28), (1, 30), (9, 28), (1, 6), (2, 10),
    (1, 12), (1, 13), (1, 6), (1, 8), (1, 11), (2, 10), (1, 8), (1, 11), (1, 8), (3, 6), (3, 5), (7, 6), (1, 7),
    (1, 8), (1, 15), (1, 6), (1, 12), (1, 10), (1, 13), (1, 6), (22, 7), (1, 8), (1, 7), (1, 8), (1, 13), (1, 19),
    (1, 13), (1, 14), (1, 6), (1, 15), (1, 5), (1, 6), (1, 5), (1, 6), (1, 5), (3, 6), (1, 5), (2, 7), (3, 6),
    (1, 5), (1, 6), (1, 7), (1, 6), (2, 5), (1, 6), (5, 7), (1, 15), (1, 11), (1, 14), (1, 13), (1, 28), (1, 20),
    (1, 22), (2, 20), (3, 22), (1, 23), (1, 22), (5, 23), (1, 24), (1, 23), (2, 24), (1, 22), (1, 23), (1, 24),
    (4, 23), (1, 21), (1, 22), (1, 23), (1, 22), (2, 23), (1, 24), (1, 22), (1, 21), (1, 20), (2, 22), (2, 23),
    (1, 21), (1, 23), (2, 22), (1, 24), (1, 21), (1, 22), (2, 23), (2, 21), (1, 22), (1, 21), (1, 23), (1, 22),
    (2, 23), (1, 20), (3, 22), (1, 23), (2, 22), (1, 23), (2, 26), (1, 20), (1, 19), (1, 22), (1, 23), (1, 22),
    (1, 25), (3, 26), (2, 27), (1, 26), (1, 24), (1, 25), (1, 19), (1, 21), (1, 26), (2, 27), (1, 26), (1, 27),
    (1, 24), (2, 21), (2, 26), (1, 28), (3, 27), (1, 20), (1, 24), (1, 20), (1, 21), (1, 22), (2, 21), (1, 23),
    (2, 22), (2, 25), (2, 24), (1, 26), (1, 23), (1, 26), (1, 27), (2, 26), (5, 27), (1, 28), (5, 27), (1, 26),
    (1, 30),
];

/// Code and length of each symbol.
static CODES: LazyLock<Vec<(u32, u8)>> = LazyLock::new(codes);
/// The symbol of each code and length.
static SYMBOLS: LazyLock<HashMap<(u32, u8), usize>> =
    LazyLock::new(|| CODES.iter().enumerate().map(|(symbol, &code)| (code, symbol)).collect());

fn codes() -> Vec<(u32, u8)> {
    let lengths: Vec<u8> = LENGTHS.iter().flat_map(|&(count, length)| (0..count).map(move |_| length)).collect();
    assert_eq!(lengths.len(), 257);
    let mut codes = vec![(0, 0); lengths.len()];
    let mut next = 0;
    for length in 5..=30 {
        for (symbol, _) in lengths.iter().enumerate().filter(|(_, its)| **its == length) {
            codes[symbol] = (next, length);
            next += 1;
        }
        next <<= 1;
    }
    assert_eq!(next, 1 << 31, "the code is complete");
    codes
}

/// Writes a string in the code, filled up with ones.
pub fn encode(text: &[u8]) -> Vec<u8> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u64, 0);
    for &byte in text {
        let (code, length) = CODES[usize::from(byte)];
        bits = bits << length | u64::from(code);
        count += length;
        while count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    if count > 0 {
        bytes.push((bits << (8 - count)) as u8 | 0xff >> count);
    }
    bytes
}

/// Reads a string in the code. `None` when it is none.
pub fn decode(bytes: &[u8]) -> Option<Vec<u8>> {
    let (mut text, mut code, mut length) = (Vec::new(), 0_u32, 0_u8);
    for bit in bytes.iter().flat_map(|byte| (0..8).rev().map(move |shift| byte >> shift & 1)) {
        code = code << 1 | u32::from(bit);
        length += 1;
        if length > 30 {
            return None;
        }
        if let Some(&symbol) = SYMBOLS.get(&(code, length)) {
            text.push(u8::try_from(symbol).ok()?);
            (code, length) = (0, 0);
        }
    }
    (length < 8 && code == (1 << length) - 1).then_some(text)
}
