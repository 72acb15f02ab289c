//! Inputs at random, the same in every run.

/// Numbers in no order.
#[derive(Clone, Copy, Debug)]
pub struct Dice(u64);

/// The most pieces of one input.
const PIECES: usize = 60;

impl Dice {
    /// Dice of their own for each name.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let seed = name
            .bytes()
            .fold(0xCBF2_9CE4_8422_2325, |seed: u64, byte| (seed ^ u64::from(byte)).wrapping_mul(0x0100_0000_01B3));
        Self(seed | 1)
    }

    /// A number below a limit; zero for a limit of zero.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).unwrap_or(usize::MAX) % limit.max(1)
    }

    /// Pieces in any order, bytes of any kind among them, and now and then one piece over and over.
    pub fn input(&mut self, pieces: &[&str]) -> Vec<u8> {
        let mut input = Vec::new();
        for _ in 0..self.below(PIECES) {
            match self.below(12) {
                0 => input.push(self.byte()),
                1 => {
                    let count = self.below(200);
                    let piece = self.piece(pieces);
                    input.extend(piece.repeat(count).bytes());
                }
                _ => input.extend_from_slice(self.piece(pieces).as_bytes()),
            }
        }
        input
    }

    fn byte(&mut self) -> u8 {
        u8::try_from(self.below(256)).unwrap_or(0)
    }

    fn piece<'p>(&mut self, pieces: &[&'p str]) -> &'p str {
        let at = self.below(pieces.len());
        pieces.get(at).copied().unwrap_or_default()
    }
}
