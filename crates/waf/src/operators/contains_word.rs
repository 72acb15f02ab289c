//! `@containsWord`: the argument occurs in the value as a word.
//!
//! Argument: text, macros allowed; upper and lower case differ.
//! Returns: true if neither a letter, a digit nor `_` stands directly before or behind one occurrence; true for an
//! empty argument.
//! Example: `@containsWord or`.

pub(super) fn matches(value: &[u8], argument: &[u8]) -> bool {
    let is_word = |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    argument.is_empty()
        || memchr::memmem::find_iter(value, argument)
            .any(|start| !is_word(value[..start].last()) && !is_word(value.get(start + argument.len())))
}
