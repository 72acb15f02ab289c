//! Multipart bodies, and what their content type says of them.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::multipart::run(input));

#[cfg(not(fuzzing))]
fn main() {
    fuzz::bounded(fuzz::multipart::TARGET);
}
