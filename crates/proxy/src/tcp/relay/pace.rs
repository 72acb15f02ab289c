//! Whether a direction carries a long stream, which is better spliced, or talk, which is better copied.
//!
//! Splicing costs two system calls and pipe buffers for each move, a copy two system calls and the copying: below some
//! 16 KiB a move the copy wins (docs/performance.md).

/// Bytes of a move that a stream makes.
const LARGE: usize = 32 * 1024;
/// Large moves in a row that make a stream.
const STREAM: u8 = 8;
/// Bytes of a move that talk makes.
const SMALL: usize = 8 * 1024;
/// Small moves in a row that end a stream.
const TRICKLE: u8 = 32;

/// Moves in a row that speak against the present way.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace(u8);

impl Pace {
    /// Takes a copied move into account: true when it is time to splice.
    #[inline]
    pub(super) fn is_stream(&mut self, count: usize) -> bool {
        self.tells(count >= LARGE, STREAM)
    }

    /// Takes a spliced move into account: true when it is time to copy.
    #[inline]
    pub(super) fn is_trickle(&mut self, count: usize) -> bool {
        self.tells(count < SMALL, TRICKLE)
    }

    #[inline]
    fn tells(&mut self, speaks_against: bool, enough: u8) -> bool {
        self.0 = if speaks_against { self.0.saturating_add(1) } else { 0 };
        let changes = self.0 >= enough;
        if changes {
            self.0 = 0;
        }
        changes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_large_moves_in_a_row_make_a_stream() {
        let mut pace = Pace::default();
        assert!((0..100).all(|turn| !pace.is_stream(if turn % 7 == 6 { 64 } else { LARGE })));
        let mut pace = Pace::default();
        let turns = (1..100).find(|_| pace.is_stream(LARGE));
        assert_eq!(turns, Some(i32::from(STREAM)));
    }

    #[test]
    fn only_small_moves_in_a_row_end_it() {
        let mut pace = Pace::default();
        assert!((0..200).all(|turn| !pace.is_trickle(if turn % 31 == 30 { LARGE } else { 64 })));
        let mut pace = Pace::default();
        let turns = (1..100).find(|_| pace.is_trickle(64));
        assert_eq!(turns, Some(i32::from(TRICKLE)));
    }
}
