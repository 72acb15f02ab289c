//! `t:urlDecodeUni`: as `t:urlDecode`, and Microsoft's `%uHHHH` as well.
//!
//! Returns: `%uHHHH` as one byte: fullwidth forms and look-alikes as the ASCII character they stand for (code page
//! 20127), other code points as their low byte. Sequences that are not valid stay.
//! Example: `%uff1cscript%3e` becomes `<script>`.

use super::{code_page, hex};

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    let first = memchr::memchr2(b'%', b'+', input)?;
    let mut out = Vec::with_capacity(input.len());
    out.extend_from_slice(&input[..first]);
    let mut rest = &input[first..];
    while let Some((&byte, tail)) = rest.split_first() {
        let (decoded, taken) = match byte {
            b'+' => (b' ', 0),
            b'%' => escape(tail),
            other => (other, 0),
        };
        out.push(decoded);
        rest = &tail[taken..];
    }
    Some(out)
}

/// What follows a percent sign: the byte it stands for and how many bytes that took.
fn escape(tail: &[u8]) -> (u8, usize) {
    if let [b'u' | b'U', digits @ ..] = tail {
        return match hex::quad(digits) {
            Some(code) => (code_page::best_fit(code), 5),
            None => (b'%', 0),
        };
    }
    hex::pair(tail).map_or((b'%', 0), |decoded| (decoded, 2))
}
