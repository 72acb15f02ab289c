//! Random numbers for ids and jitter, and the transaction id that joins log, page and backend request.

use std::cell::Cell;
use std::fmt;

use rustix::rand::{GetRandomFlags, getrandom};

/// A fast random generator (xoshiro256++), one for each worker thread; seeded from the kernel, never a source of
/// secrets.
///
/// Takes `&self`, since it lives in what a worker's tasks share; it is not `Sync`.
#[derive(Debug)]
pub struct Rng {
    state: Cell<[u64; 4]>,
}

impl Rng {
    /// Seeded with 32 bytes of the kernel's generator. Where the kernel has none to give (never seen after boot), the
    /// address space layout and the process id take their place: ids then stay distinct, which is all they promise.
    pub fn from_kernel() -> Self {
        let mut bytes = [0_u8; 32];
        match getrandom(&mut bytes, GetRandomFlags::empty()) {
            Ok(32) => {}
            _ => return Self::from_seed(fallback_seed()),
        }
        let mut words = [0_u64; 4];
        for (word, eight) in words.iter_mut().zip(bytes.as_chunks::<8>().0) {
            *word = u64::from_le_bytes(*eight);
        }
        Self { state: Cell::new(if words == [0; 4] { [1, 2, 3, 4] } else { words }) }
    }

    /// Seeded with a number: the same number gives the same sequence (tests).
    pub fn from_seed(seed: u64) -> Self {
        let mut seed = seed;
        Self { state: Cell::new(std::array::from_fn(|_| split_mix(&mut seed))) }
    }

    /// The next 64 bits.
    #[inline]
    pub fn next_u64(&self) -> u64 {
        let mut s = self.state.get();
        let result = s[0].wrapping_add(s[3]).rotate_left(23).wrapping_add(s[0]);
        let shifted = s[1] << 17;
        s[2] ^= s[0];
        s[3] ^= s[1];
        s[1] ^= s[2];
        s[0] ^= s[3];
        s[2] ^= shifted;
        s[3] = s[3].rotate_left(45);
        self.state.set(s);
        result
    }

    /// A number in `0..bound`; 0 when `bound` is 0. Good enough for jitter: the bias is below 2^-32 for small bounds.
    pub fn below(&self, bound: u64) -> u64 {
        let wide = u128::from(self.next_u64()) * u128::from(bound);
        u64::try_from(wide >> 64).unwrap_or(0)
    }
}

fn fallback_seed() -> u64 {
    let here = Box::new(0_u8);
    let address = std::ptr::from_ref(&*here).addr();
    (address as u64) ^ (u64::from(std::process::id()) << 32)
}

/// SplitMix64: spreads a small seed over the whole state.
fn split_mix(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let mut z = *seed;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// What one request is called everywhere: 32 lower-case hexadecimal digits without dashes.
///
/// Source: Azure, "Monitoring data reference", `transactionId`: equals the `x-appgw-trace-id` sent to the server.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TransactionId([u8; 32]);

impl TransactionId {
    /// A new random id.
    #[inline]
    pub fn new(rng: &Rng) -> Self {
        Self::from_bits((u128::from(rng.next_u64()) << 64) | u128::from(rng.next_u64()))
    }

    /// The id that prints as these 128 bits.
    #[inline]
    pub fn from_bits(bits: u128) -> Self {
        let mut text = [0_u8; 32];
        for (pair, byte) in text.as_chunks_mut::<2>().0.iter_mut().zip(bits.to_be_bytes()) {
            *pair = HEX_PAIRS[usize::from(byte)];
        }
        Self(text)
    }

    /// The 32 digits.
    #[inline]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 32 digits as text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for TransactionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Both digits of every byte: sixteen look-ups make an id.
const HEX_PAIRS: [[u8; 2]; 256] = {
    let digits = b"0123456789abcdef";
    let mut pairs = [[0_u8; 2]; 256];
    let mut byte = 0;
    while byte < 256 {
        pairs[byte] = [digits[byte >> 4], digits[byte & 15]];
        byte += 1;
    }
    pairs
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_thirty_two_lower_case_hexadecimal_digits() {
        let id = TransactionId::from_bits(0x592d_1649_f75a_8d48_0a3c_4dc6_a975_309d);
        assert_eq!(id.as_str(), "592d1649f75a8d480a3c4dc6a975309d");
        assert_eq!(TransactionId::from_bits(0xAB).as_str(), "000000000000000000000000000000ab");
    }

    #[test]
    fn ids_of_two_generators_differ() {
        let (one, two) = (Rng::from_kernel(), Rng::from_kernel());
        let mut ids: Vec<_> = (0..1000).flat_map(|_| [TransactionId::new(&one), TransactionId::new(&two)]).collect();
        ids.sort_by_key(|id| *id.as_bytes());
        ids.dedup();
        assert_eq!(ids.len(), 2000);
    }

    #[test]
    fn the_same_seed_gives_the_same_sequence() {
        let (one, two) = (Rng::from_seed(7), Rng::from_seed(7));
        assert!((0..100).all(|_| one.next_u64() == two.next_u64()));
    }

    #[test]
    fn below_stays_below_its_bound() {
        let rng = Rng::from_seed(1);
        assert!((1..500_u64).all(|bound| rng.below(bound) < bound));
        assert_eq!(rng.below(0), 0);
    }
}
