//! What streams carry: the same mebibyte again and again, which both ends know.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;

use anyhow::{Context as _, Result};
use rustix::fs::MemfdFlags;

/// Bytes before the pattern begins again.
const LENGTH: usize = 1 << 20;
/// How much of each stream is compared; what follows is thrown away unread.
pub(super) const COMPARED: u64 = 8 << 20;

/// The bytes of every stream.
pub(super) struct Pattern {
    bytes: Vec<u8>,
    /// The same in a file in memory, which the kernel sends without copying.
    file: OwnedFd,
}

impl Pattern {
    /// The same bytes in every process.
    pub(super) fn new() -> Result<Pattern> {
        let mut state = 0x2545_f491_u32;
        let next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            state.to_le_bytes()
        };
        let bytes: Vec<u8> = std::iter::repeat_with(next).take(LENGTH / 4).flatten().collect();
        let mut file = File::from(rustix::fs::memfd_create("pattern", MemfdFlags::CLOEXEC).context("memfd_create")?);
        file.write_all(&bytes)?;
        Ok(Pattern { bytes, file: file.into() })
    }

    /// What a stream has from `position` on, until the pattern begins again.
    pub(super) fn after(&self, position: u64) -> &[u8] {
        &self.bytes[place(position)..]
    }

    /// The pattern as a file.
    pub(super) fn file(&self) -> &OwnedFd {
        &self.file
    }

    /// Where in the file a stream goes on at `position`.
    pub(super) fn place(&self, position: u64) -> u64 {
        place(position) as u64
    }

    /// Whether these bytes are what a stream has from `position` on.
    pub(super) fn matches(&self, mut position: u64, mut bytes: &[u8]) -> bool {
        while !bytes.is_empty() {
            let expected = self.after(position);
            let count = expected.len().min(bytes.len());
            if bytes[..count] != expected[..count] {
                return false;
            }
            bytes = &bytes[count..];
            position += count as u64;
        }
        true
    }
}

/// A position of a stream as a position of the pattern.
fn place(position: u64) -> usize {
    (position % LENGTH as u64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_moved_by_one_byte_does_not_match() {
        let pattern = Pattern::new().unwrap();
        let twice = [pattern.after(7), pattern.after(0)].concat();
        assert!(pattern.matches(7, &twice));
        assert!(pattern.matches(7 + LENGTH as u64, &twice));
        assert!(!pattern.matches(8, &twice));
        assert!(!pattern.matches(6, &twice[..64]));
    }
}
