//! `t:compressWhitespace`: writes each run of white space as one blank.
//!
//! Returns: white space of ASCII and the no-break space 0xA0, run by run, as one blank.
//! Example: a line feed and two blanks become one blank.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    let other = |byte: u8| byte != b' ' && super::is_wide_space(byte);
    let doubled = |pair: &[u8]| pair == b"  ";
    if !input.iter().any(|byte| other(*byte)) && !input.windows(2).any(doubled) {
        return None;
    }
    let mut out = Vec::with_capacity(input.len());
    let mut in_run = false;
    for &byte in input {
        let space = super::is_wide_space(byte);
        if !space {
            out.push(byte);
        } else if !in_run {
            out.push(b' ');
        }
        in_run = space;
    }
    Some(out)
}
