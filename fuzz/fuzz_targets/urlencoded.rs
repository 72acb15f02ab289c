//! Forms: any body is taken apart.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::urlencoded::run(input));

#[cfg(not(fuzzing))]
fn main() {
    fuzz::bounded(fuzz::urlencoded::TARGET);
}
