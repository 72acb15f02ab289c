//! `t:base64Decode`: decodes base64 up to the first character that is none.
//!
//! Returns: the bytes decoded so far; a single left-over character gives none.
//! Example: `PHNjcmlwdD4=` becomes `<script>`.

use super::base64;

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    (!input.is_empty()).then(|| base64::decode(input.iter().map_while(|byte| base64::value(*byte))))
}
