//! `t:urlDecode`: undoes the encoding of URLs and forms.
//!
//! Returns: `%XX` as its byte, `+` as a blank; a percent sign without two hexadecimal digits stays.
//! Example: `a%3Cb+c%zz` becomes `a<b c%zz`.

use super::hex;

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    let first = memchr::memchr2(b'%', b'+', input)?;
    let mut out = Vec::with_capacity(input.len());
    out.extend_from_slice(&input[..first]);
    let mut rest = &input[first..];
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => out.push(b' '),
            b'%' => match hex::pair(tail) {
                Some(decoded) => {
                    out.push(decoded);
                    rest = &tail[2..];
                }
                None => out.push(b'%'),
            },
            other => out.push(other),
        }
    }
    Some(out)
}
