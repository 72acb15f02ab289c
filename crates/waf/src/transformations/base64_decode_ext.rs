//! `t:base64DecodeExt`: decodes base64 and passes over every character that is none, as lenient decoders do.
//!
//! Returns: the bytes of all base64 characters of the value.
//! Example: `P.HNj cmlwdD4` becomes `<script>`.

use super::base64;

pub(super) fn apply(input: &[u8]) -> Option<Vec<u8>> {
    (!input.is_empty()).then(|| base64::decode(input.iter().filter_map(|byte| base64::value(*byte))))
}
