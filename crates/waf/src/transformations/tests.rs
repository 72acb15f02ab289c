//! Every transformation against the public vectors, and on bytes of any kind.

use std::borrow::Cow;

use proptest::prelude::*;

use super::{ALL, Transformation};
use crate::byte_set::ByteSet;
use crate::{corpus, vectors};

#[test]
fn the_public_vectors_pass() {
    let Some(folder) = corpus::find("unit-vectors/transformations") else { return };
    let (mut run, mut failed) = (0, Vec::new());
    for (name, bytes) in corpus::files(&folder, "json") {
        let transformation = Transformation::parse(&name).unwrap_or_else(|| panic!("{name} is unknown"));
        for (place, vector) in vectors::parse(&bytes).iter().enumerate() {
            run += 1;
            let (input, wanted) = (vector.bytes("input"), vector.bytes("output"));
            let found = transformation.apply(Cow::Borrowed(&input)).into_owned();
            // A step that fails (`ret` 0) gives nothing there, and its caller goes on with the value as it was.
            let failed_there = !vector.matches() && wanted.is_empty();
            if found != wanted && !(failed_there && found == input) {
                failed.push(format!(
                    "{name} {place}: {} gives {}, wanted {}",
                    input.escape_ascii(),
                    found.escape_ascii(),
                    wanted.escape_ascii()
                ));
            }
        }
    }
    println!("{run} vectors of transformations");
    assert!(run > 300, "only {run} vectors");
    assert!(failed.is_empty(), "{} of {run}:\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn names_are_found_whatever_their_case() {
    for (transformation, name) in ALL {
        assert_eq!(Transformation::parse(&name.to_ascii_uppercase()), Some(*transformation));
        assert_eq!(transformation.name(), *name);
    }
    assert_eq!(Transformation::parse("normalizePath"), Some(Transformation::NormalisePath));
    assert_eq!(Transformation::parse("none"), Some(Transformation::None));
    assert_eq!(Transformation::parse("rot13"), None);
}

#[test]
fn an_unchanged_value_comes_back_borrowed() {
    let plain = b"plain123";
    for name in ["lowercase", "urlDecodeUni", "htmlEntityDecode", "jsDecode", "cssDecode", "cmdLine", "removeNulls"] {
        let applied = Transformation::parse(name).unwrap().apply(Cow::Borrowed(plain));
        assert!(matches!(applied, Cow::Borrowed(_)), "{name}");
    }
}

#[test]
fn a_long_value_takes_time_in_proportion() {
    // What a quadratic walk would choke on: openings without ends, ends without openings, escapes in a row.
    for piece in ["/*", "*/", "<!--", "%", "%u", "&#", "&lt", "\\", "\\u", "../", "a/", "0x4", " ", "\u{ff1c}", "-"] {
        let value = piece.repeat((1 << 17) / piece.len()).into_bytes();
        for (transformation, _) in ALL {
            let grown = transformation.apply(Cow::Borrowed(&value));
            assert!(grown.len() <= 3 * value.len() + 40);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_give_bounded_output(value in prop::collection::vec(any::<u8>(), 0..200)) {
        for (transformation, name) in ALL {
            let once = transformation.apply(Cow::Borrowed(&value));
            prop_assert!(once.len() <= 3 * value.len() + 40, "{name}");
        }
    }

    #[test]
    fn escapes_in_any_order_do_no_harm(value in "([%\\\\&#ux0-9a-fA-F;u+/*.<>! -]|\u{ff1c}|--){0,60}") {
        for (transformation, name) in ALL {
            let once = transformation.apply(Cow::Borrowed(value.as_bytes()));
            prop_assert!(once.len() <= 3 * value.len() + 40, "{name}");
        }
    }

    #[test]
    fn what_holds_none_of_the_bytes_a_transformation_touches_stays(value in prop::collection::vec(any::<u8>(), 0..6)) {
        let bytes = ByteSet::of(&value);
        for (transformation, name) in ALL {
            let untouched = transformation.touched().is_some_and(|touched| !touched.meets(&bytes));
            let changed = *transformation.apply(Cow::Borrowed(&value)) != *value;
            prop_assert!(!untouched || !changed, "{}", name);
        }
    }

    #[test]
    fn a_normal_path_is_normal(value in "[a./]{0,30}") {
        let path = Transformation::NormalisePath;
        let once = path.apply(Cow::Borrowed(value.as_bytes())).into_owned();
        prop_assert_eq!(path.apply(Cow::Borrowed(&once)).into_owned(), once);
    }
}
