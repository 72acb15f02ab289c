//! Any bytes at all, fed to what reads bytes of others: nothing panics, nothing runs away, and what has to hold of
//! every input does.
//!
//! Each target is a function of bytes. Under `cargo fuzz run NAME` (nightly, libFuzzer) the bytes are grown towards
//! what has not been reached yet. Without it, `cargo run -p fuzz --bin NAME -- SECONDS` feeds bytes at random, put
//! together from pieces that mean something to the target; `cargo test -p fuzz` does the same for a moment.

pub mod dice;
pub mod json;
pub mod multipart;
pub mod operators;
mod requests;
pub mod rules;
pub mod transaction;
pub mod urlencoded;
pub mod xml;

use std::time::{Duration, Instant};

use dice::Dice;

/// A function of bytes, and what bytes it likes.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, as `cargo fuzz` knows it.
    pub name: &'static str,
    /// What is done with an input; a panic is a find.
    pub run: fn(&[u8]),
    /// Pieces that random inputs are put together from.
    pub pieces: &'static [&'static str],
}

/// All targets.
pub const TARGETS: &[Target] = &[
    rules::TARGET,
    operators::TARGET,
    urlencoded::TARGET,
    multipart::TARGET,
    json::TARGET,
    xml::TARGET,
    transaction::TARGET,
];

/// How long a run lasts that does not say.
const SECONDS: u64 = 60;

/// Runs a target on inputs at random, for as many seconds as the first argument of the process says. What is fed is
/// the same in every run, as far as a run gets.
pub fn bounded(target: Target) {
    let seconds = std::env::args().nth(1).and_then(|argument| argument.parse().ok()).unwrap_or(SECONDS);
    let end = Instant::now() + Duration::from_secs(seconds);
    let mut dice = Dice::new(target.name);
    let mut count = 0_u64;
    while Instant::now() < end {
        (target.run)(&dice.input(target.pieces));
        count += 1;
    }
    eprintln!("{}: {count} inputs in {seconds} s", target.name);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Inputs of each target in this test: enough to meet every piece in many places, and few enough for every day.
    const INPUTS: usize = 300;

    #[test]
    fn every_target_survives_inputs_at_random() {
        for target in TARGETS {
            let mut dice = Dice::new(target.name);
            (target.run)(b"");
            for _ in 0..INPUTS {
                (target.run)(&dice.input(target.pieces));
            }
        }
    }

    #[test]
    fn every_target_has_a_program_of_its_name() {
        let manifest = include_str!("../Cargo.toml");
        for target in TARGETS {
            assert!(manifest.contains(&format!("name = \"{}\"", target.name)), "{}", target.name);
        }
        assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
    }
}
