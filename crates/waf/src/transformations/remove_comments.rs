//! `t:removeComments`: drops comments of C, SQL, shells and HTML.
//!
//! Returns: without `/* */` and `<!-- -->`; everything after `--` or `#` goes. A comment that is not closed gives
//! one blank. The byte after a closed comment is copied unread, and a NUL stands for it at the end of the value:
//! ModSecurity does so, and rules written for it see the same here.
//! Example: `sel/*x*/ect` becomes `select`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let mut rest = input;
    let mut changed = false;
    while let Some((&byte, tail)) = rest.split_first() {
        let body = match rest {
            [b'/', b'*', body @ ..] | [b'<', b'!', b'-', b'-', body @ ..] => body,
            [b'-', b'-', ..] | [b'#', ..] => return Some(out),
            _ => {
                out.push(byte);
                rest = tail;
                continue;
            }
        };
        changed = true;
        let Some(after) = behind_comment(body) else {
            out.push(b' ');
            return Some(out);
        };
        out.push(after.first().copied().unwrap_or(0));
        rest = after.get(1..).unwrap_or_default();
    }
    changed.then_some(out)
}

/// What follows the comment; either mark closes either kind. One walk, so that many comments cost one walk together.
fn behind_comment(body: &[u8]) -> Option<&[u8]> {
    memchr::memchr2_iter(b'*', b'-', body).find_map(|place| match &body[place..] {
        [b'*', b'/', after @ ..] | [b'-', b'-', b'>', after @ ..] => Some(after),
        _ => None,
    })
}
