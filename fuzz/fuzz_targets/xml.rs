//! Bodies of XML.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: &[u8]| fuzz::xml::run(input));

#[cfg(not(fuzzing))]
fn main() {
    fuzz::bounded(fuzz::xml::TARGET);
}
