//! `@contains` and `@strmatch`: the argument occurs in the value.
//!
//! Argument: text, macros allowed; upper and lower case differ.
//! Returns: true for an empty argument.
//! Example: `@contains --`.

pub(super) fn matches(value: &[u8], argument: &[u8]) -> bool {
    memchr::memmem::find(value, argument).is_some()
}
