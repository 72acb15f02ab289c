//! `@streq`: the value is the argument.
//!
//! Argument: text, macros allowed; upper and lower case differ.
//! Returns: true if both are the same bytes.
//! Example: `@streq POST`.

pub(super) fn matches(value: &[u8], argument: &[u8]) -> bool {
    value == argument
}
