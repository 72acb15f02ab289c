//! Field lines: found, taken apart and checked in one pass, by the grammar of RFC 9112 5 and nothing wider.
//!
//! Our own instead of httparse: that accepts a bare LF for a line end and leaves names unrecognised, so that every
//! field had to be looked at twice more; 260 instructions a field before, 170 now. Its tests compare the two on
//! arbitrary bytes.

use arrayvec::ArrayVec;

use crate::http::field::Known;

/// The most fields that can be parsed; the limit in force is a setting at or below this.
pub const MAX_FIELDS: usize = 256;

/// A field of a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name, a token.
    pub name: &'a [u8],
    /// Its value, without outer blanks.
    pub value: &'a [u8],
    /// What it is to the gateway.
    pub known: Known,
    /// Whether the name has letters, digits and hyphens only: all that reaches a server.
    pub plain: bool,
}

/// The fields of a head, on the stack of the step that parses.
pub type Fields<'a> = ArrayVec<Field<'a>, MAX_FIELDS>;

/// Why field lines were refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A line that does not end in CRLF, is no field, or has control bytes.
    Malformed,
    /// More fields than there is room for.
    TooMany,
}

/// What is put up with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rules {
    /// The grammar.
    Strict,
    /// For responses: blanks before a colon are dropped, folded lines belong to the field before (RFC 9112 5.1, 5.2).
    Repair,
}

/// Reads field lines from `input[start..]` up to the empty line. Returns where the content begins; `None` when the
/// empty line has not come yet.
///
/// Made once for each set of rules: the strict one, which nearly every head takes, keeps all it needs in registers.
#[inline]
pub fn fields<'a>(
    input: &'a [u8],
    start: usize,
    rules: Rules,
    fields: &mut Fields<'a>,
) -> Result<Option<usize>, Fault> {
    match rules {
        Rules::Strict => read::<false>(input, start, fields),
        Rules::Repair => read::<true>(input, start, fields),
    }
}

fn read<'a, const REPAIR: bool>(
    input: &'a [u8],
    start: usize,
    fields: &mut Fields<'a>,
) -> Result<Option<usize>, Fault> {
    let mut line = &input[start.min(input.len())..];
    loop {
        if let [b'\r', b'\n', ..] = line {
            return Ok(Some(input.len() - line.len() + 2));
        }
        if REPAIR && line.first().is_some_and(|byte| is_blank(*byte)) {
            let Some(end) = line_end(line)? else { return Ok(None) };
            unfold(&input[start..], input.len() - line.len() + end - start, fields)?;
            line = line.get(end + 2..).unwrap_or_default();
            continue;
        }
        let Some(colon) = find_colon(line) else { return unfinished::<REPAIR>(line) };
        let (name, rest) = line.split_at(colon);
        let rest = rest.get(1..).unwrap_or_default();
        let Some(end) = line_end(rest)? else { return unfinished::<REPAIR>(line) };
        let (value, rest) = rest.split_at(end);
        let field = field::<REPAIR>(name, value).ok_or(Fault::Malformed)?;
        fields.try_push(field).map_err(|_| Fault::TooMany)?;
        line = rest.get(2..).unwrap_or_default();
    }
}

/// Where the value that begins here ends: at CRLF, with nothing before it that may not stand in a value. `None` when
/// its end has not come.
#[inline(always)]
fn line_end(bytes: &[u8]) -> Result<Option<usize>, Fault> {
    match find_control(bytes) {
        Some(at) if bytes[at..].starts_with(b"\r\n") => Ok(Some(at)),
        Some(at) => line_end_after(bytes, at),
        None => Ok(None),
    }
}

/// The same from a control byte on that is not the end: a tab may stand in a value.
#[cold]
fn line_end_after(bytes: &[u8], mut at: usize) -> Result<Option<usize>, Fault> {
    loop {
        match &bytes[at..] {
            [b'\t', rest @ ..] => match find_control(rest) {
                Some(next) => at += 1 + next,
                None => return Ok(None),
            },
            [b'\r', b'\n', ..] => return Ok(Some(at)),
            [b'\r'] => return Ok(None),
            _ => return Err(Fault::Malformed),
        }
    }
}

/// The first control byte.
#[inline(always)]
pub fn find_control(bytes: &[u8]) -> Option<usize> {
    let (blocks, rest) = bytes.as_chunks::<16>();
    for (at, block) in blocks.iter().enumerate() {
        // Whole blocks are looked at with vector instructions, which say that there is one but not where.
        if has_control(block) {
            return Some(at * 16 + position_of_control(block));
        }
    }
    let from = bytes.len() - rest.len();
    rest.iter().position(|byte| is_control(*byte)).map(|odd| from + odd)
}

#[inline(always)]
fn has_control(block: &[u8; 16]) -> bool {
    block.iter().fold(false, |found, byte| found | is_control(*byte))
}

#[inline(always)]
fn is_control(byte: u8) -> bool {
    (byte < 0x20) | (byte == 0x7f)
}

/// Where the first control byte of a block is that has one.
#[inline(always)]
fn position_of_control(block: &[u8; 16]) -> usize {
    let value = u128::from_le_bytes(*block);
    let (first, second) = (controls(value as u64), controls((value >> 64) as u64));
    let bit = if first != 0 { first.trailing_zeros() } else { 64 + second.trailing_zeros() };
    bit as usize / 8
}

/// Whether the beginning of a line can still become one: what cannot is refused at once, not waited for.
#[cold]
fn unfinished<const REPAIR: bool>(line: &[u8]) -> Result<Option<usize>, Fault> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let folded = line.first().is_some_and(|byte| *byte == b' ' || *byte == b'\t');
    let named = match find_colon(line) {
        Some(at) => at > 0,
        None => REPAIR || line.iter().all(|byte| CLASS[*byte as usize] != INVALID),
    };
    let possible = is_value(line) && (named || folded) && (!folded || REPAIR);
    if possible { Ok(None) } else { Err(Fault::Malformed) }
}

/// Whether a name has letters, digits and hyphens only.
pub fn is_plain_name(name: &[u8]) -> bool {
    name.iter().all(|byte| CLASS[*byte as usize] == PLAIN)
}

#[inline(always)]
fn field<'a, const REPAIR: bool>(mut name: &'a [u8], value: &'a [u8]) -> Option<Field<'a>> {
    if REPAIR {
        name = name.trim_ascii_end();
    }
    let known = Known::of(name);
    let mut plain = true;
    if known == Known::Other {
        let class = name.iter().fold(0, |class, byte| class | CLASS[*byte as usize]);
        if name.is_empty() || class & INVALID != 0 {
            return None;
        }
        plain = class == PLAIN;
    }
    Some(Field { name, value: trim(value), known, plain })
}

/// A folded line makes the value before it longer; the fold stays in it, to be replaced when it is written.
#[cold]
fn unfold<'a>(rest: &'a [u8], end: usize, fields: &mut Fields<'a>) -> Result<(), Fault> {
    let last = fields.last_mut().ok_or(Fault::Malformed)?;
    let begin = last.value.as_ptr() as usize - rest.as_ptr() as usize;
    last.value = trim(rest.get(begin..end).ok_or(Fault::Malformed)?);
    Ok(())
}

/// Takes the blanks away at both ends: nearly always one before and none behind.
#[inline(always)]
fn trim(value: &[u8]) -> &[u8] {
    let value = value.strip_prefix(b" ").unwrap_or(value);
    match value {
        [] => value,
        [first, ..] if is_blank(*first) => trim_slowly(value),
        [.., last] if is_blank(*last) => trim_slowly(value),
        _ => value,
    }
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

#[cold]
fn trim_slowly(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

const ONES: u64 = 0x0101_0101_0101_0101;
const TOPS: u64 = 0x8080_8080_8080_8080;

/// Top bits where a byte of the word is zero; exact for the lowest one, and for whether there is any.
#[inline(always)]
const fn zeros(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & TOPS
}

#[inline(always)]
fn word(bytes: &[u8; 8]) -> u64 {
    u64::from_le_bytes(*bytes)
}

#[inline(always)]
fn find_colon(line: &[u8]) -> Option<usize> {
    let (words, rest) = line.as_chunks::<8>();
    for (at, bytes) in words.iter().enumerate() {
        let found = zeros(word(bytes) ^ (ONES * b':' as u64));
        if found != 0 {
            return Some(at * 8 + found.trailing_zeros() as usize / 8);
        }
    }
    rest.iter().position(|byte| *byte == b':').map(|at| words.len() * 8 + at)
}

/// True when every byte may stand in a field value: visible ASCII, space, tab, and bytes above it.
pub fn is_value(value: &[u8]) -> bool {
    value.iter().all(|byte| is_value_byte(*byte))
}

/// Not zero when a byte of the word is a control byte; tabs are among them and are looked at again.
#[inline(always)]
const fn controls(word: u64) -> u64 {
    (word.wrapping_sub(ONES * 0x20) & !word & TOPS) | zeros(word ^ (ONES * 0x7f))
}

fn is_value_byte(byte: u8) -> bool {
    matches!(byte, b'\t' | 0x20..=0x7e | 0x80..)
}

/// Classes of name bytes.
const PLAIN: u8 = 0;
const OTHER_TOKEN: u8 = 1;
const INVALID: u8 = 2;

static CLASS: [u8; 256] = {
    let mut table = [INVALID; 256];
    let mut byte = 0usize;
    while byte < 256 {
        if (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'-' {
            table[byte] = PLAIN;
        }
        byte += 1;
    }
    let others = b"!#$%&'*+.^_`|~";
    let mut at = 0;
    while at < others.len() {
        table[others[at] as usize] = OTHER_TOKEN;
        at += 1;
    }
    table
};

/// True for a byte of a token (RFC 9110 5.6.2).
#[inline]
pub fn is_token_byte(byte: u8) -> bool {
    CLASS[byte as usize] != INVALID
}

#[cfg(test)]
mod tests;
