//! Long streams of bytes that repeat nowhere near a round distance, and their sums.

use std::io;
use std::sync::OnceLock;

use aws_lc_rs::digest::{Context, SHA256};

use crate::dice::Dice;
use crate::duplex::{Hear, Say};
use crate::wire::{Broken, End};

/// Noise that streams are cut from.
const NOISE: usize = 1 << 20;

fn noise() -> &'static [u8] {
    static BYTES: OnceLock<Vec<u8>> = OnceLock::new();
    BYTES.get_or_init(|| Dice::new(7).octets(NOISE + NOISE / 2))
}

/// How much has passed, and its SHA-256.
pub type Sum = (u64, String);

/// Adds up what passes.
pub struct Adder(u64, Context);

impl Default for Adder {
    fn default() -> Self {
        Self(0, Context::new(&SHA256))
    }
}

impl Adder {
    /// Takes a piece.
    pub fn add(&mut self, piece: &[u8]) {
        self.0 += piece.len() as u64;
        self.1.update(piece);
    }

    /// The sum.
    pub fn sum(self) -> Sum {
        (self.0, self.1.finish().as_ref().iter().map(|byte| format!("{byte:02x}")).collect())
    }
}

/// Pieces of a stream: so many bytes in all, each piece no longer than `most`. The seed decides on both.
pub fn pieces(seed: u64, length: usize, most: usize) -> impl Iterator<Item = &'static [u8]> {
    let (mut dice, mut left) = (Dice::new(seed), length);
    std::iter::from_fn(move || {
        let size = (1 + dice.below(most.min(NOISE / 2))).min(left);
        left -= size;
        let from = dice.below(NOISE);
        (size > 0).then(|| &noise()[from..from + size])
    })
}

/// Sends a stream and ends the direction; returns its sum.
pub fn send(say: &mut Say, seed: u64, length: usize, most: usize) -> io::Result<Sum> {
    let mut adder = Adder::default();
    for piece in pieces(seed, length, most) {
        say.send(piece)?;
        adder.add(piece);
    }
    say.finish()?;
    Ok(adder.sum())
}

/// Hears everything up to the end; returns its sum and how it ended.
pub fn hear(hear: &mut Hear) -> Result<(Sum, End), Broken> {
    let mut adder = Adder::default();
    let end = hear.to_end(|piece| adder.add(piece))?;
    Ok((adder.sum(), end))
}
