//! Buffers, held only while bytes move.
//!
//! One large hot buffer is cheaper than several small ones: 100 KB through 256 KiB costs a quarter less than through
//! 64 KiB. They come from a per-worker stack, last in first out, so that the one in use is the one in the cache; a
//! connection that waits holds none.

use std::cell::RefCell;

/// Capacity of a read buffer. Holds the largest head and large runs of content.
pub const READ: usize = 256 * 1024;
/// Read buffers kept for reuse by a worker.
const KEPT_READ: usize = 64;
/// Capacity of a new head buffer.
const HEAD: usize = 4096;
/// Head buffers kept for reuse by a worker, and the capacity above which one is given back to the allocator.
const KEPT_HEAD: usize = 1024;
const LARGEST_KEPT_HEAD: usize = 32 * 1024;

/// Buffers kept for reuse, and the fewest that lay unused since the last trim.
struct Kept {
    buffers: Vec<Vec<u8>>,
    unused: usize,
}

impl Kept {
    const fn new() -> RefCell<Self> {
        RefCell::new(Self { buffers: Vec::new(), unused: 0 })
    }

    #[inline]
    fn take(&mut self) -> Option<Vec<u8>> {
        let buffer = self.buffers.pop();
        self.unused = self.unused.min(self.buffers.len());
        buffer
    }

    #[inline]
    fn give(&mut self, mut buffer: Vec<u8>, most: usize) {
        if self.buffers.len() < most {
            buffer.clear();
            self.buffers.push(buffer);
        }
    }

    /// Lets go of what was not needed since the last time.
    fn trim(&mut self) {
        let needed = self.buffers.len() - self.unused.min(self.buffers.len());
        self.buffers.truncate(needed);
        self.buffers.shrink_to(2 * needed);
        self.unused = needed;
    }
}

thread_local! {
    static READS: RefCell<Kept> = const { Kept::new() };
    static HEADS: RefCell<Kept> = const { Kept::new() };
}

/// To be called now and then: a burst of connections leaves buffers behind that are not needed after it.
pub fn trim() {
    READS.with_borrow_mut(Kept::trim);
    HEADS.with_borrow_mut(Kept::trim);
}

/// Takes a buffer for writing heads into.
#[inline]
pub fn take_head() -> Vec<u8> {
    HEADS.with_borrow_mut(Kept::take).unwrap_or_else(|| Vec::with_capacity(HEAD))
}

/// Gives a head buffer back.
#[inline]
pub fn give_head(buffer: Vec<u8>) {
    if (1..=LARGEST_KEPT_HEAD).contains(&buffer.capacity()) {
        HEADS.with_borrow_mut(|kept| kept.give(buffer, KEPT_HEAD));
    }
}

/// Bytes read and not yet used.
#[derive(Debug, Default)]
pub struct Input {
    bytes: Vec<u8>,
    start: usize,
}

impl Input {
    /// Holds nothing.
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), start: 0 }
    }

    /// The bytes not yet used.
    #[inline]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    /// True when every byte was used.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.start == self.bytes.len()
    }

    /// Marks bytes as used; the buffer goes back when none is left.
    #[inline]
    pub fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.bytes.len());
        if self.is_empty() {
            self.release();
        }
    }

    /// Drops what is held and gives the buffer back.
    #[inline]
    pub fn release(&mut self) {
        self.start = 0;
        if self.bytes.capacity() == 0 {
            return;
        }
        let buffer = std::mem::take(&mut self.bytes);
        if (READ..2 * READ).contains(&buffer.capacity()) {
            READS.with_borrow_mut(|kept| kept.give(buffer, KEPT_READ));
        }
    }

    /// A buffer with room to read into, or `None` when it is full of unused bytes.
    #[inline]
    pub fn room(&mut self) -> Option<&mut Vec<u8>> {
        if self.is_empty() {
            self.start = 0;
            if self.bytes.capacity() == 0 {
                self.bytes = READS.with_borrow_mut(Kept::take).unwrap_or_else(|| Vec::with_capacity(READ));
            }
            self.bytes.clear();
        } else if self.bytes.len() == self.bytes.capacity() {
            self.make_room()?;
        }
        Some(&mut self.bytes)
    }

    #[cold]
    fn make_room(&mut self) -> Option<()> {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        } else if self.bytes.capacity() < READ {
            let rest = std::mem::take(&mut self.bytes);
            self.bytes = READS.with_borrow_mut(Kept::take).unwrap_or_else(|| Vec::with_capacity(READ));
            self.bytes.clear();
            self.bytes.extend_from_slice(&rest);
        } else {
            return None;
        }
        Some(())
    }

    /// Swaps a large buffer for one of the size of what it holds, before a wait that may be long.
    #[inline]
    pub fn shrink(&mut self) {
        if !self.is_empty() && self.bytes.capacity() >= READ {
            let rest = self.bytes().to_vec();
            self.release();
            self.bytes = rest;
        }
    }
}

impl From<Vec<u8>> for Input {
    fn from(bytes: Vec<u8>) -> Self {
        Self { bytes, start: 0 }
    }
}

impl Drop for Input {
    fn drop(&mut self) {
        self.release();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_input_holds_no_buffer() {
        let mut input = Input::new();
        input.room().unwrap().extend_from_slice(b"abc");
        input.consume(3);
        assert_eq!(input.bytes.capacity(), 0);
    }

    #[test]
    fn a_full_buffer_moves_its_rest_to_the_front_before_it_says_full() {
        let mut input = Input::new();
        let room = input.room().unwrap();
        room.resize(room.capacity(), b'x');
        assert!(input.room().is_none());
        input.consume(10);
        let left = input.bytes().len();
        assert_eq!(input.room().map(|room| room.len()), Some(left));
    }

    #[test]
    fn buffers_that_lay_unused_are_let_go() {
        let mut kept = Kept::new().into_inner();
        for _ in 0..8 {
            kept.give(Vec::with_capacity(16), 8);
        }
        kept.trim();
        let used = [kept.take().unwrap(), kept.take().unwrap()];
        used.into_iter().for_each(|buffer| kept.give(buffer, 8));
        kept.trim();
        assert_eq!(kept.buffers.len(), 2);
    }

    #[test]
    fn a_shrunk_input_keeps_its_bytes() {
        let mut input = Input::new();
        input.room().unwrap().extend_from_slice(b"abcdef");
        input.consume(2);
        input.shrink();
        assert_eq!(input.bytes(), b"cdef");
        input.room().unwrap().extend_from_slice(b"g");
        assert_eq!(input.bytes(), b"cdefg");
    }
}
