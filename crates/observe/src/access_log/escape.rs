//! A peer's bytes made harmless: one event stays one line, and no parser or terminal is steered by what it shows.

use super::line::{RESERVE, put};

/// Longest field of a peer's bytes, escaped.
pub(super) const MAX_FIELD: usize = 8 * 1024;
/// Ends a field that was cut.
const CUT: &[u8; 3] = b"...";

/// Writes the inside of a JSON string at the beginning of `rest`; returns what is left of it. Copied first and looked
/// at on the way: nearly every field is clean.
pub(super) fn json<'b>(rest: &'b mut [u8], text: &[u8]) -> &'b mut [u8] {
    json_in(rest, text, MAX_FIELD)
}

/// The same for a field that may have only so many bytes, escaped.
pub(super) fn json_within<'b>(rest: &'b mut [u8], text: &[u8], most: usize) -> &'b mut [u8] {
    json_in(rest, text, most)
}

#[inline(always)]
fn json_in<'b>(rest: &'b mut [u8], text: &[u8], most: usize) -> &'b mut [u8] {
    let room = room(rest, most);
    if text.len() <= room && copy_clean(&mut rest[..text.len()], text) {
        return &mut rest[text.len()..];
    }
    slowly(rest, text, room, true)
}

/// The same for a terminal: quotes stay as they are.
pub(super) fn terminal<'b>(rest: &'b mut [u8], text: &[u8], most: usize) -> &'b mut [u8] {
    let room = room(rest, most);
    slowly(rest, text, room, false)
}

/// Room for one field.
#[inline(always)]
fn room(rest: &[u8], most: usize) -> usize {
    rest.len().saturating_sub(RESERVE).min(most)
}

#[cold]
fn slowly<'b>(rest: &'b mut [u8], text: &[u8], room: usize, quotes: bool) -> &'b mut [u8] {
    let mut out = Vec::with_capacity(text.len().min(room) + 16);
    escape(&mut out, text, room, quotes);
    put(rest, &out)
}

/// The inside of a JSON string, at most `room` bytes of it.
pub(super) fn into(out: &mut Vec<u8>, text: &[u8], room: usize) {
    escape(out, text, room, true);
}

/// Writes text so that one event stays one line and no terminal or parser is steered by a peer: control characters,
/// DEL, line separators, direction overrides and the byte order mark as `\uXXXX`, each wrong UTF-8 sequence as
/// `\ufffd`.
fn escape(out: &mut Vec<u8>, text: &[u8], room: usize, quotes: bool) {
    let end = out.len() + room.saturating_sub(CUT.len());
    let mut put = |piece: &[u8]| {
        let fits = out.len() + piece.len() <= end;
        out.extend_from_slice(if fits {
            piece
        } else if room >= CUT.len() {
            CUT
        } else {
            b""
        });
        fits
    };
    for chunk in text.utf8_chunks() {
        for character in chunk.valid().chars() {
            let fits = match character {
                '"' if quotes => put(b"\\\""),
                '\\' if quotes => put(b"\\\\"),
                _ if is_unsafe(character) => put(&unicode_escape(character)),
                _ => put(character.encode_utf8(&mut [0; 4]).as_bytes()),
            };
            if !fits {
                return;
            }
        }
        if !chunk.invalid().is_empty() && !put(b"\\ufffd") {
            return;
        }
    }
}

/// Characters that steer a terminal, end a line in some reader or change the direction of what follows.
fn is_unsafe(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// `\uXXXX`; every unsafe character lies below U+10000.
fn unicode_escape(character: char) -> [u8; 6] {
    let digit = |shift: u32| b"0123456789abcdef"[((u32::from(character) >> shift) & 15) as usize];
    [b'\\', b'u', digit(12), digit(8), digit(4), digit(0)]
}

/// Copies text of equal length; true when every byte of it may stand in a JSON string as it is: printable ASCII but
/// quote and backslash. Anything else, good UTF-8 too, takes the slow road, which writes over what this left.
///
/// By blocks, the last of which overlaps the one before it: no loop over single bytes but for the shortest texts.
#[inline(always)]
fn copy_clean(to: &mut [u8], from: &[u8]) -> bool {
    match from.len() {
        0..4 => copy_bytes(to, from),
        4..8 => copy_ends::<4>(to, from, |first, last| word_is_clean((word(first) << 32) | word(last))),
        8..16 => copy_ends::<8>(to, from, |first, last| word_is_clean(word(first)) & word_is_clean(word(last))),
        16..32 => copy_ends::<16>(to, from, |first, last| block_is_clean(first) & block_is_clean(last)),
        _ => {
            let mut clean = copy_ends::<32>(to, from, |first, last| block_is_clean(first) & block_is_clean(last));
            // What lies between the two; the first block once more, which costs less than to leave it out.
            if from.len() > 64 {
                for (to, from) in to.as_chunks_mut::<32>().0.iter_mut().zip(from.as_chunks::<32>().0) {
                    *to = *from;
                    clean &= block_is_clean(from);
                }
            }
            clean
        }
    }
}

/// Copies the first and the last `N` bytes, and asks about both.
#[inline(always)]
fn copy_ends<const N: usize>(to: &mut [u8], from: &[u8], clean: impl Fn(&[u8; N], &[u8; N]) -> bool) -> bool {
    let (Some(first), Some(last)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) else { return false };
    if let Some(to) = to.first_chunk_mut::<N>() {
        *to = *first;
    }
    if let Some(to) = to.last_chunk_mut::<N>() {
        *to = *last;
    }
    clean(first, last)
}

/// Up to three bytes, such as `GET`.
#[inline(always)]
fn copy_bytes(to: &mut [u8], from: &[u8]) -> bool {
    match (to, from) {
        ([], []) => true,
        ([to], [a]) => {
            *to = *a;
            word_is_clean(word(&[*a, b' ', b' ', b' ', b' ', b' ', b' ', b' ']))
        }
        ([to_a, to_b], [a, b]) => {
            (*to_a, *to_b) = (*a, *b);
            word_is_clean(word(&[*a, *b, b' ', b' ', b' ', b' ', b' ', b' ']))
        }
        ([to_a, to_b, to_c], [a, b, c]) => {
            (*to_a, *to_b, *to_c) = (*a, *b, *c);
            word_is_clean(word(&[*a, *b, *c, b' ', b' ', b' ', b' ', b' ']))
        }
        _ => false,
    }
}

/// Sixteen or more bytes. Without branches and with bytes alone, so that the compiler compares sixteen at once.
#[inline(always)]
fn block_is_clean<const N: usize>(block: &[u8; N]) -> bool {
    let mut dirty = 0_u8;
    for &byte in block {
        let unprintable = byte.wrapping_sub(0x20) > 0x7E - 0x20;
        dirty |= u8::from(unprintable) | u8::from(byte == b'"') | u8::from(byte == b'\\');
    }
    dirty == 0
}

/// Up to eight bytes as a number.
#[inline(always)]
fn word<const N: usize>(bytes: &[u8; N]) -> u64 {
    let mut eight = [0; 8];
    eight[..N].copy_from_slice(bytes);
    u64::from_le_bytes(eight)
}

/// Eight bytes at once in a general register (of fewer than sixteen the compiler makes a mess).
///
/// Each term sets the top bit of a byte that it looks for. A borrow or carry into the next byte comes only from a byte
/// that is dirty itself, so it cannot make a clean word look dirty.
#[inline(always)]
fn word_is_clean(word: u64) -> bool {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let control = word.wrapping_sub(ONES * 0x20);
    let delete = word.wrapping_add(ONES);
    let quote = (word ^ (ONES * b'"' as u64)).wrapping_sub(ONES);
    let backslash = (word ^ (ONES * b'\\' as u64)).wrapping_sub(ONES);
    (word | control | delete | quote | backslash) & (ONES * 0x80) == 0
}

#[cfg(test)]
mod tests;
