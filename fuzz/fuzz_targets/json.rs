//! Bodies of JSON.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::json::run(input));

#[cfg(not(fuzzing))]
fn main() {
    fuzz::bounded(fuzz::json::TARGET);
}
