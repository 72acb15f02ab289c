//! The checksum of version 2 headers.
//!
//! Source: RFC 9260 appendix A (CRC-32C, Castagnoli), reflected.

/// The polynomial, reflected.
const POLYNOMIAL: u32 = 0x82f6_3b78;

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let (mut sum, mut bit) = (byte as u32, 0);
        while bit < 8 {
            sum = if sum & 1 == 1 { sum >> 1 ^ POLYNOMIAL } else { sum >> 1 };
            bit += 1;
        }
        table[byte] = sum;
        byte += 1;
    }
    table
}

/// A sum over bytes that come in pieces.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crc32c(u32);

impl Crc32c {
    pub(super) fn new() -> Self {
        Self(u32::MAX)
    }

    pub(super) fn add(self, bytes: &[u8]) -> Self {
        let step = |sum: u32, byte: &u8| TABLE[usize::from(sum as u8 ^ byte)] ^ sum >> 8;
        Self(bytes.iter().fold(self.0, step))
    }

    pub(super) fn end(self) -> u32 {
        !self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_sums() {
        // RFC 3720 B.4, and the usual check value.
        let rows: [(&[u8], u32); 4] =
            [(b"", 0), (b"123456789", 0xe306_9283), (&[0; 32], 0x8a91_36aa), (&[0xff; 32], 0x62a8_ab43)];
        for (bytes, expected) in rows {
            assert_eq!(Crc32c::new().add(bytes).end(), expected, "{bytes:?}");
            let (one, two) = bytes.split_at(bytes.len() / 3);
            assert_eq!(Crc32c::new().add(one).add(two).end(), expected, "in two pieces");
        }
    }
}
