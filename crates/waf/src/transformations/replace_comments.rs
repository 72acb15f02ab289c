//! `t:replaceComments`: writes one blank for each comment of C.
//!
//! Returns: `/* */` as a blank; one that is not closed reaches to the end.
//! Example: `or/**/1` becomes `or 1`.

use memchr::memmem;

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    let mut rest = input;
    let mut next = memmem::find(rest, b"/*")?;
    let mut out = Vec::with_capacity(input.len());
    loop {
        out.extend_from_slice(&rest[..next]);
        out.push(b' ');
        rest = match memmem::find(&rest[next + 2..], b"*/") {
            Some(length) => &rest[next + 2 + length + 2..],
            None => return Some(out),
        };
        match memmem::find(rest, b"/*") {
            Some(place) => next = place,
            None => {
                out.extend_from_slice(rest);
                return Some(out);
            }
        }
    }
}
