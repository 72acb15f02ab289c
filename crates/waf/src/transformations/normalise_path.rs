//! `t:normalisePath` (also `normalizePath`): resolves the detours of a path.
//!
//! Returns: without doubled slashes and `.` segments, `..` segments taken with the segment before them; above the start
//! they stay in a relative path and go in an absolute one.
//! Example: `/a/./b/../../etc//passwd` becomes `/etc/passwd`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    if memchr::memchr(b'/', input).is_none() && input != b"." {
        return None;
    }
    let path = resolve(input);
    (path != input).then_some(path)
}

/// The path in its shortest form.
pub(super) fn resolve(input: &[u8]) -> Vec<u8> {
    let rooted = input.first() == Some(&b'/');
    let mut kept: Vec<&[u8]> = Vec::new();
    for segment in input.split(|byte| *byte == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => match kept.last() {
                Some(&last) if last != b".." => {
                    kept.pop();
                }
                None if rooted => {}
                _ => kept.push(segment),
            },
            segment => kept.push(segment),
        }
    }
    let mut out = Vec::with_capacity(input.len());
    if rooted {
        out.push(b'/');
    }
    out.extend_from_slice(&kept.join(&b'/'));
    if input.last() == Some(&b'/') && !kept.is_empty() {
        out.push(b'/');
    }
    out
}
