//! `@endsWith`: the value ends with the argument.
//!
//! Argument: text, macros allowed; upper and lower case differ.
//! Returns: true for an empty argument.
//! Example: `@endsWith .php`.

pub(super) fn matches(value: &[u8], argument: &[u8]) -> bool {
    value.ends_with(argument)
}
