//! `t:sha1`: the SHA-1 digest of the value. It tells values apart; nothing secret rests on it.
//!
//! Returns: 20 raw bytes; `t:hexEncode` after it makes them text.
//! Example: `sha1,hexEncode` of an empty value is `da39a3ee5e6b4b0d3255bfef95601890afd80709`.

use sha1::{Digest, Sha1};

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    Some(Sha1::digest(input).to_vec())
}
