//! `t:base64Encode`: encodes as base64 with padding.
//!
//! Returns: the encoded text.
//! Example: `<script>` becomes `PHNjcmlwdD4=`.

use super::base64;

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    (!input.is_empty()).then(|| base64::encode(input))
}
