//! `t:md5`: the MD5 digest of the value. It tells values apart; nothing secret rests on it.
//!
//! Returns: 16 raw bytes; `t:hexEncode` after it makes them text.
//! Example: `md5,hexEncode` of an empty value is `d41d8cd98f00b204e9800998ecf8427e`.

use md5::{Digest, Md5};

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    Some(Md5::digest(input).to_vec())
}
