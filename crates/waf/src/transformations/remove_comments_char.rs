//! `t:removeCommentsChar`: drops the marks of comments and keeps what they enclose.
//!
//! Returns: without `/*`, `*/`, `<!--`, `-->`, `--` and `#`.
//! Example: `un/**/ion` becomes `union`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr3(b'*', b'-', b'#', input)?;
    let mut out = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((&byte, tail)) = rest.split_first() {
        rest = match rest {
            [b'/', b'*', after @ ..] | [b'*', b'/', after @ ..] => after,
            [b'<', b'!', b'-', b'-', after @ ..] | [b'-', b'-', b'>', after @ ..] => after,
            [b'-', b'-', after @ ..] | [b'#', after @ ..] => after,
            _ => {
                out.push(byte);
                tail
            }
        };
    }
    (out.len() != input.len()).then_some(out)
}
