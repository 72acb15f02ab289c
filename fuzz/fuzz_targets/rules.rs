//! The rule language: any text is read or refused.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::rules::run(input));

#[cfg(not(fuzzing))]
fn main() {
    fuzz::bounded(fuzz::rules::TARGET);
}
