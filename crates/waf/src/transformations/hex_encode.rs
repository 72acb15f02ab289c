//! `t:hexEncode`: writes every byte as two small hexadecimal digits.
//!
//! Returns: the text, twice as long as the value.
//! Example: `<b` becomes `3c62`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    let digits = b"0123456789abcdef";
    (!input.is_empty()).then(|| {
        input.iter().flat_map(|byte| [digits[usize::from(byte >> 4)], digits[usize::from(byte & 15)]]).collect()
    })
}
