//! `t:sqlHexDecode`: reads the hexadecimal literals of SQL.
//!
//! Returns: `0x` and the pairs of hexadecimal digits after it as bytes; all else, a single last digit too, stays.
//! Example: `concat(0x414243)` becomes `concat(ABC)`.

use super::hex;

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    let first = start(input)?;
    let mut out = Vec::with_capacity(input.len());
    out.extend_from_slice(&input[..first]);
    let mut rest = &input[first..];
    while let Some((&byte, tail)) = rest.split_first() {
        match rest {
            [b'0', b'x' | b'X', digits @ ..] if hex::pair(digits).is_some() => {
                let mut digits = digits;
                while let Some(decoded) = hex::pair(digits) {
                    out.push(decoded);
                    digits = &digits[2..];
                }
                rest = digits;
            }
            _ => {
                out.push(byte);
                rest = tail;
            }
        }
    }
    Some(out)
}

/// Where the first literal begins.
fn start(input: &[u8]) -> Option<usize> {
    input.windows(4).position(|window| matches!(window, [b'0', b'x' | b'X', ..]) && hex::pair(&window[2..]).is_some())
}
