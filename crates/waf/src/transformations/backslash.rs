//! What the transformations share that read escapes of programming languages.

/// The input with every escape decoded; `None` without any. `escape` gets what follows a backslash, never nothing, and
/// says which byte that stands for and how many bytes it took. A backslash at the very end stays.
pub(super) fn decoded(input: &[u8], escape: impl Fn(&[u8]) -> (u8, usize)) -> Option<Vec<u8>> {
    let first = memchr::memchr(b'\\', input)?;
    let mut out = Vec::with_capacity(input.len());
    out.extend_from_slice(&input[..first]);
    let mut rest = &input[first..];
    while let Some((&byte, tail)) = rest.split_first() {
        let (decoded, taken) = match tail {
            [] => (byte, 0),
            _ if byte != b'\\' => (byte, 0),
            tail => escape(tail),
        };
        out.push(decoded);
        rest = &tail[taken..];
    }
    Some(out)
}

/// What a letter behind a backslash stands for: a control character, or itself.
pub(super) const fn letter(byte: u8) -> u8 {
    match byte {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0C,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0B,
        other => other,
    }
}
