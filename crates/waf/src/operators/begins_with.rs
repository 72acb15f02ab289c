//! `@beginsWith`: the value begins with the argument.
//!
//! Argument: text, macros allowed; upper and lower case differ.
//! Returns: true for an empty argument.
//! Example: `@beginsWith /admin`.

pub(super) fn matches(value: &[u8], argument: &[u8]) -> bool {
    value.starts_with(argument)
}
