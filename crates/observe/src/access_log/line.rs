//! One line of log, written into a fixed piece of a worker's buffer.
//!
//! A row has some eighty pieces, most of them short and known at compile time. Into a `Vec` each costs a capacity check
//! and a call of `memcpy`; into a slice that shrinks, held in two registers, a literal becomes a comparison and a few
//! moves (a row of a browser's request: 2,800 instructions before, 1,900 now). For that to work nothing may take the
//! line's address: what is too long to be inlined takes the free bytes and gives back what it left.
//!
//! Nothing here can write beyond the line: what does not fit is left out, and fields are cut early enough for the rest
//! to fit.

use std::fmt::{self, Write};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use super::escape::{self, MAX_FIELD};

/// Longest line, its newline included.
pub(super) const MAX_LINE: usize = 32 * 1024;
/// Kept free for what is not a peer's field: literals, numbers, addresses, the tail of the labels.
pub(super) const RESERVE: usize = 4 * 1024;

/// A line being written.
pub(super) struct Line<'b> {
    /// What is still free.
    rest: &'b mut [u8],
}

impl<'b> Line<'b> {
    #[inline(always)]
    pub(super) fn new(bytes: &'b mut [u8; MAX_LINE]) -> Self {
        Self { rest: bytes }
    }

    /// Ends the line; returns how long it is.
    #[inline(always)]
    pub(super) fn finish(self) -> usize {
        MAX_LINE - self.rest.len()
    }

    /// What is still free, in bytes.
    pub(super) fn room(&self) -> usize {
        self.rest.len()
    }

    /// Text known at compile time.
    #[inline(always)]
    pub(super) fn literal<const N: usize>(&mut self, text: &[u8; N]) {
        self.rest = put(std::mem::take(&mut self.rest), text);
    }

    /// Text that needs no escaping.
    #[inline(always)]
    pub(super) fn plain(&mut self, text: &[u8]) {
        self.rest = put(std::mem::take(&mut self.rest), text);
    }

    /// A peer's bytes as the inside of a JSON string.
    #[inline(always)]
    pub(super) fn escaped(&mut self, text: &[u8]) {
        self.rest = escape::json(std::mem::take(&mut self.rest), text);
    }

    /// The same, with at most so many bytes of it.
    #[inline(always)]
    pub(super) fn escaped_within(&mut self, text: &[u8], most: usize) {
        self.rest = escape::json_within(std::mem::take(&mut self.rest), text, most);
    }

    /// A peer's bytes for a terminal: control bytes are escaped, quotes are not.
    #[inline(always)]
    pub(super) fn visible(&mut self, text: &[u8]) {
        self.visible_within(text, MAX_FIELD);
    }

    /// The same, with at most so many bytes of it.
    #[inline(always)]
    pub(super) fn visible_within(&mut self, text: &[u8], most: usize) {
        self.rest = escape::terminal(std::mem::take(&mut self.rest), text, most);
    }

    /// A whole number.
    #[inline(always)]
    pub(super) fn number(&mut self, value: u64) {
        self.rest = number(std::mem::take(&mut self.rest), value);
    }

    /// Seconds with three decimals, cut rather than rounded (as nginx prints times).
    #[inline(always)]
    pub(super) fn seconds(&mut self, time: Duration) {
        self.rest = seconds(std::mem::take(&mut self.rest), time);
    }

    /// An address without port; an IPv4 address that came in IPv6 clothes is undressed.
    #[inline(always)]
    pub(super) fn ip(&mut self, address: IpAddr) {
        self.rest = ip(std::mem::take(&mut self.rest), address);
    }

    /// `ip:port`, IPv6 in brackets.
    #[inline(always)]
    pub(super) fn socket(&mut self, address: SocketAddr) {
        let ip = address.ip().to_canonical();
        if ip.is_ipv6() {
            self.literal(b"[");
            self.ip(ip);
            self.literal(b"]:");
        } else {
            self.ip(ip);
            self.literal(b":");
        }
        self.number(u64::from(address.port()));
    }
}

/// Writes at the beginning of `rest` and returns what is left of it; all of it when the text does not fit.
#[inline(always)]
pub(super) fn put<'b>(rest: &'b mut [u8], text: &[u8]) -> &'b mut [u8] {
    if rest.len() < text.len() {
        return rest;
    }
    let (place, rest) = rest.split_at_mut(text.len());
    place.copy_from_slice(text);
    rest
}

fn number(rest: &mut [u8], mut value: u64) -> &mut [u8] {
    let digits = digits_of(value);
    if rest.len() < digits {
        return rest;
    }
    let (place, rest) = rest.split_at_mut(digits);
    let (first, pairs) = place.as_rchunks_mut::<2>();
    for pair in pairs.iter_mut().rev() {
        *pair = DIGIT_PAIRS[(value % 100) as usize];
        value /= 100;
    }
    if let [first] = first {
        *first = b'0' + (value % 10) as u8;
    }
    rest
}

/// How many digits a number has. Statuses, ports and most sizes have up to five.
#[inline(always)]
fn digits_of(value: u64) -> usize {
    if value < 100_000 {
        1 + usize::from(value > 9) + usize::from(value > 99) + usize::from(value > 999) + usize::from(value > 9_999)
    } else {
        value.ilog10() as usize + 1
    }
}

fn seconds(mut rest: &mut [u8], time: Duration) -> &mut [u8] {
    let millis = time.subsec_millis();
    let [_, hundreds] = DIGIT_PAIRS[(millis / 100) as usize];
    let [tens, ones] = DIGIT_PAIRS[(millis % 100) as usize];
    match time.as_secs() {
        whole @ 0..10 => return put(rest, &[DIGIT_PAIRS[whole as usize][1], b'.', hundreds, tens, ones]),
        whole => rest = number(rest, whole),
    }
    put(rest, &[b'.', hundreds, tens, ones])
}

fn ip(rest: &mut [u8], address: IpAddr) -> &mut [u8] {
    match address.to_canonical() {
        IpAddr::V4(v4) => {
            // Four octets of up to three digits, each with a dot; the last dot is written over by what follows.
            let Some(place) = rest.first_chunk_mut::<16>() else { return rest };
            let mut len = 0;
            for octet in v4.octets() {
                let (digits, count) = &OCTETS[usize::from(octet)];
                place[len..len + 4].copy_from_slice(digits);
                len += usize::from(*count);
            }
            &mut rest[len - 1..]
        }
        IpAddr::V6(v6) => {
            let mut text = Short { bytes: [0; 48], len: 0 };
            // The longest IPv6 address has 39 characters.
            _ = write!(text, "{v6}");
            put(rest, &text.bytes[..text.len])
        }
    }
}

/// A few characters, written without allocation.
struct Short {
    bytes: [u8; 48],
    len: usize,
}

impl Write for Short {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let place = self.bytes.get_mut(self.len..self.len + text.len()).ok_or(fmt::Error)?;
        place.copy_from_slice(text.as_bytes());
        self.len += text.len();
        Ok(())
    }
}

const DIGIT_PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[0_u8; 2]; 100];
    let mut value = 0;
    while value < 100 {
        pairs[value] = [b'0' + (value / 10) as u8, b'0' + (value % 10) as u8];
        value += 1;
    }
    pairs
};

/// Every octet in decimal with a dot after it, left-aligned, and how long that is.
const OCTETS: [([u8; 4], u8); 256] = {
    let mut octets = [([0_u8; 4], 0_u8); 256];
    let mut value = 0;
    while value < 256 {
        let [hundreds, tens, ones] =
            [b'0' + (value / 100) as u8, b'0' + (value / 10 % 10) as u8, b'0' + (value % 10) as u8];
        octets[value] = match value {
            0..10 => ([ones, b'.', 0, 0], 2),
            10..100 => ([tens, ones, b'.', 0], 3),
            _ => ([hundreds, tens, ones, b'.'], 4),
        };
        value += 1;
    }
    octets
};

#[cfg(test)]
mod tests;
