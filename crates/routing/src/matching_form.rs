//! The form of a path that patterns are compared with: percent-decoded once, dot segments resolved,
//! runs of slashes merged. The bytes that are forwarded stay as the client sent them.
//!
//! Source: Azure, "What is Azure Application Gateway v2?" (overview-v2): the path is
//! percent-decoded before routing, so `/abc%2Fdef` is routed as `/abc/def`. Parity: dot segments
//! and repeated slashes are not documented; they are resolved for matching only, as nginx does,
//! because a server behind us will resolve them too.

use std::borrow::Cow;

/// Path bytes that fit here are brought into matching form without touching the heap.
const ON_STACK: usize = 1024;

/// The next decoded byte of `path` at `at` and how many raw bytes it took; an invalid escape stays
/// literal.
pub(crate) fn decoded_at(path: &[u8], at: usize) -> Option<(u8, usize)> {
    let byte = *path.get(at)?;
    if byte == b'%'
        && let (Some(high), Some(low)) = (hex(path.get(at + 1)), hex(path.get(at + 2)))
    {
        return Some((high << 4 | low, 3));
    }
    Some((byte, 1))
}

fn hex(digit: Option<&u8>) -> Option<u8> {
    match digit? {
        digit @ b'0'..=b'9' => Some(digit - b'0'),
        digit @ b'a'..=b'f' => Some(digit - b'a' + 10),
        digit @ b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

/// What to do with the text after the last slash.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum LastSegment {
    /// It is whole: `.` and `..` mean what they say.
    Closed,
    /// It is the beginning of something (a prefix pattern such as `/a/..*`): leave it alone.
    Open,
}

/// Writes the matching form of `path` into `out`, which must be at least as long, and returns its
/// length. Nothing ever grows: an escape becomes one byte, a dot segment none.
fn resolve(path: &[u8], last: LastSegment, out: &mut [u8]) -> usize {
    let (mut at, mut len, mut segment) = (0, 0, 0);
    while let Some((byte, taken)) = decoded_at(path, at) {
        at += taken;
        if byte == b'/' {
            match out.get(segment..len) {
                Some(b"") if len > 0 => continue,
                Some(b".") => {
                    len = segment;
                    continue;
                }
                Some(b"..") => {
                    len = parent(out, segment);
                    segment = len;
                    continue;
                }
                _ => {}
            }
        }
        if let Some(slot) = out.get_mut(len) {
            *slot = byte;
            len += 1;
        }
        if byte == b'/' {
            segment = len;
        }
    }
    match out.get(segment..len) {
        Some(b".") if last == LastSegment::Closed => segment,
        Some(b"..") if last == LastSegment::Closed => parent(out, segment),
        _ => len,
    }
}

/// Where the directory above the one that ends at `segment` (just after its slash) ends. The root
/// is its own parent.
fn parent(out: &[u8], segment: usize) -> usize {
    let above = out.get(..segment.saturating_sub(1)).unwrap_or_default();
    above.iter().rposition(|byte| *byte == b'/').map_or(segment.min(1), |slash| slash + 1)
}

/// Whether `path` is not yet in matching form (or might not be: `/.` also begins `/.well-known`).
pub(crate) fn needs_work(path: &[u8]) -> bool {
    let mut after_slash = false;
    for byte in path {
        match byte {
            b'%' => return true,
            b'/' | b'.' if after_slash => return true,
            _ => after_slash = *byte == b'/',
        }
    }
    false
}

/// Whether `path` has `.` or `..` segments once decoded.
pub(crate) fn has_dot_segments(path: &[u8]) -> bool {
    if !needs_work(path) {
        return false;
    }
    let (mut at, mut dots, mut others) = (0, 0usize, true);
    while let Some((byte, taken)) = decoded_at(path, at) {
        at += taken;
        match byte {
            b'/' if !others && (1..=2).contains(&dots) => return true,
            b'/' => (dots, others) = (0, false),
            b'.' => dots += 1,
            _ => others = true,
        }
    }
    !others && (1..=2).contains(&dots)
}

/// Calls `look` with the matching form of `path`: the path itself when it already is, else a copy
/// on the stack, or on the heap when it is longer than a kilobyte (the copy is never longer than
/// the path, which the head limit bounds).
pub(crate) fn with_matching_form<R>(path: &[u8], look: impl FnOnce(&[u8]) -> R) -> R {
    if !needs_work(path) {
        return look(path);
    }
    if path.len() <= ON_STACK {
        let mut scratch = [0; ON_STACK];
        let len = resolve(path, LastSegment::Closed, &mut scratch);
        return look(scratch.get(..len).unwrap_or_default());
    }
    look(&resolved(path, LastSegment::Closed))
}

/// The matching form of `path` (without its query), letter case kept; for explanations and
/// messages.
pub fn matching_form(path: &[u8]) -> Cow<'_, [u8]> {
    if needs_work(path) { Cow::Owned(resolved(path, LastSegment::Closed)) } else { Cow::Borrowed(path) }
}

/// The matching form as a vector of its own.
pub(crate) fn resolved(path: &[u8], last: LastSegment) -> Vec<u8> {
    let mut out = vec![0; path.len()];
    let len = resolve(path, last, &mut out);
    out.truncate(len);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_path_is_decoded_once_then_resolved_then_merged() {
        let rows: &[(&str, &str)] = &[
            ("/", "/"),
            ("/a/b", "/a/b"),
            ("/a%2Fb", "/a/b"),
            ("/a%2fb", "/a/b"),
            ("/a%252Fb", "/a%2Fb"),
            ("/a%", "/a%"),
            ("/a%2", "/a%2"),
            ("/a%zz", "/a%zz"),
            ("//a///b//", "/a/b/"),
            ("/a/./b", "/a/b"),
            ("/a/../b", "/b"),
            ("/a/%2e%2e/b", "/b"),
            ("/a/..%2fb", "/b"),
            ("/../../b", "/b"),
            ("/a/b/..", "/a/"),
            ("/a/b/.", "/a/b/"),
            ("/a/b/../", "/a/"),
            ("/..", "/"),
            ("/.", "/"),
            ("/a//../b", "/b"),
            ("/...", "/..."),
            ("/.well-known/x", "/.well-known/x"),
            ("/a%00b", "/a\0b"),
        ];
        for (path, expected) in rows {
            assert_eq!(String::from_utf8_lossy(&matching_form(path.as_bytes())), *expected, "matching form of {path}");
        }
    }

    #[test]
    fn an_open_last_segment_keeps_its_dots() {
        assert_eq!(resolved(b"/a/..", LastSegment::Open), b"/a/..");
        assert_eq!(resolved(b"/a/./", LastSegment::Open), b"/a/");
    }

    #[test]
    fn dot_segments_are_seen_through_escapes() {
        for path in ["/..", "/a/../b", "/a/%2e%2E/b", "/a/.", "/a%2f..%2fb", "/./"] {
            assert!(has_dot_segments(path.as_bytes()), "{path}");
        }
        for path in ["/", "/a.b", "/.well-known", "/...", "/a../b", "/a%2eb"] {
            assert!(!has_dot_segments(path.as_bytes()), "{path}");
        }
    }

    proptest! {
        #[test]
        fn resolving_what_is_resolved_changes_nothing(path in "/[a./]{0,40}") {
            let once = resolved(path.as_bytes(), LastSegment::Closed);
            prop_assert_eq!(&resolved(&once, LastSegment::Closed), &once);
            prop_assert!(once.starts_with(b"/"));
            prop_assert!(!has_dot_segments(&once));
        }

        #[test]
        fn any_bytes_are_harmless(path in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = matching_form(&path);
            let _ = has_dot_segments(&path);
        }
    }
}
