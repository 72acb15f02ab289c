//! `t:removeNulls`: drops all NUL bytes.
//!
//! Returns: the value without them.
//! Example: `sel\0ect` becomes `select`.

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    super::without(input, |byte| byte == 0)
}
