//! `@within`: the value occurs in the argument, not the other way round.
//!
//! Argument: text, macros allowed; rules put a delimiter around every item of a list and around the value.
//! Returns: true for an empty value.
//! Example: `@within |GET|HEAD|`.

pub(super) fn matches(value: &[u8], argument: &[u8]) -> bool {
    memchr::memmem::find(argument, value).is_some()
}
