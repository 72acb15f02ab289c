//! `@within`: the value occurs in the argument, not the other way round.
//!
//! Argument: text, macros allowed; rules put a delimiter around every item of a list and around the value.
//! Returns: true for an empty value.
//! Example: `@within |GET|HEAD|`.

/// The longest list that is searched from each place where the value may begin. To make a searcher for a value costs
/// more than all the looks at a list of this length, in which the work stays bounded too.
const SHORT: usize = 512;

pub(super) fn matches(value: &[u8], argument: &[u8]) -> bool {
    if value.is_empty() {
        return true;
    }
    if argument.len() > SHORT {
        return memchr::memmem::find(argument, value).is_some();
    }
    // Items and values begin and end alike: the byte in the middle tells most of them apart.
    let middle = value.len() / 2;
    argument.windows(value.len()).any(|part| part.get(middle) == value.get(middle) && part == value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_short_list_is_searched_as_a_long_one(list in "[ab|]{0,40}", value in "[ab|]{0,4}", more in 0..2_usize) {
            let list = list + &"-".repeat(more * SHORT);
            prop_assert_eq!(matches(value.as_bytes(), list.as_bytes()), list.contains(&value));
        }
    }
}
