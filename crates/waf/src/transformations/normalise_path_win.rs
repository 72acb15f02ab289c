//! `t:normalisePathWin` (also `normalizePathWin`): as `t:normalisePath`, for paths written with backslashes.
//!
//! Returns: every backslash as a slash, then the shortest form of the path.
//! Example: `a\..\etc` becomes `etc`.

use super::normalise_path::resolve;

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    if memchr::memchr2(b'/', b'\\', input).is_none() && input != b"." {
        return None;
    }
    let slashed: Vec<u8> = input.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect();
    let path = resolve(&slashed);
    (path != input).then_some(path)
}
