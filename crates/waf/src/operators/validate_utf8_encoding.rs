//! `@validateUtf8Encoding`: the value is not UTF-8.
//!
//! Argument: none.
//! Returns: true for overlong forms, surrogates, code points above U+10FFFF, cut sequences and stray bytes.
//! Example: the bytes C0 AF match.

pub(super) fn matches(value: &[u8]) -> bool {
    std::str::from_utf8(value).is_err()
}
