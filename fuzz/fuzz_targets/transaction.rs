//! A whole request through rules of every kind, at once and in pieces.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::transaction::run(input));

#[cfg(not(fuzzing))]
fn main() {
    fuzz::bounded(fuzz::transaction::TARGET);
}
