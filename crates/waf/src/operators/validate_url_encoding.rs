//! `@validateUrlEncoding`: the value holds a percent sign without two hexadecimal digits behind it.
//!
//! Argument: none.
//! Returns: true if there is one, also where the value ends too early.
//! Example: `%zz` matches, `%41` does not.

pub(super) fn matches(value: &[u8]) -> bool {
    let valid = |place: usize| {
        let digits = value.get(place + 1..place + 3);
        digits.is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    memchr::memchr_iter(b'%', value).any(|place| !valid(place))
}
