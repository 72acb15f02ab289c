//! Operators and transformations: any argument, any value.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::operators::run(input));

#[cfg(not(fuzzing))]
fn main() {
    fuzz::bounded(fuzz::operators::TARGET);
}
