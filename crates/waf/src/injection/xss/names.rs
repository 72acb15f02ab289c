//! Tags, attributes and schemes of addresses that run code or fetch it.

use std::sync::LazyLock;

use super::entity;

/// What an attribute's value may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Attribute {
    Harmless,
    /// The attribute itself is the attack.
    Black,
    /// The value is an address.
    Address,
    /// The value is a style sheet.
    Style,
    /// The value is the name of an attribute.
    Name,
}

/// Whether a name is a word in capitals, case and NUL bytes aside.
pub(super) fn same(word: &[u8], name: &[u8]) -> bool {
    let mut left = word.iter();
    name.iter().filter(|byte| **byte != 0).all(|byte| left.next() == Some(&byte.to_ascii_uppercase()))
        && left.next().is_none()
}

/// Whether a tag runs code, fetches something or changes the page.
pub(super) fn is_black_tag(name: &[u8]) -> bool {
    let front = name.get(..3).unwrap_or_default();
    name.len() >= 3
        && (TAGS.iter().any(|tag| same(tag.as_bytes(), name))
            || front.eq_ignore_ascii_case(b"SVG")
            || front.eq_ignore_ascii_case(b"XSL"))
}

/// What an attribute of this name may do.
pub(super) fn attribute(name: &[u8]) -> Attribute {
    if name.len() < 2 {
        return Attribute::Harmless;
    }
    if let (Some(front), true) = (name.get(..5), name.len() >= 5) {
        let event = front[..2].eq_ignore_ascii_case(b"ON") && is_event(&name[2..]);
        if event || same(b"XMLNS", front) || same(b"XLINK", front) {
            return Attribute::Black;
        }
    }
    let known = ATTRIBUTES.iter().find(|(known, _)| same(known.as_bytes(), name));
    known.map_or(Attribute::Harmless, |(_, attribute)| *attribute)
}

/// Whether something happens under this name that a handler is called for.
fn is_event(name: &[u8]) -> bool {
    let mut capitals: Vec<u8> = name.iter().copied().filter(|byte| *byte != 0).take(LONGEST_EVENT + 1).collect();
    capitals.make_ascii_uppercase();
    EVENTS.binary_search_by(|event| event.as_bytes().cmp(&capitals)).is_ok()
}

/// Whether an address has a scheme that runs code or holds its content itself.
pub(super) fn is_black_address(address: &[u8]) -> bool {
    let start = address.iter().take_while(|byte| **byte <= b' ' || **byte >= 0x7F).count();
    SCHEMES.iter().any(|scheme| begins_with(scheme.as_bytes(), &address[start..]))
}

/// Whether an address begins with a scheme, references read; NUL and line feeds do not count, nor blanks before it.
fn begins_with(scheme: &[u8], address: &[u8]) -> bool {
    let mut left = scheme;
    let mut rest = address;
    let mut first = true;
    while let Some((wanted, behind)) = left.split_first() {
        if rest.is_empty() {
            return false;
        }
        let (character, taken) = entity::first_character(rest);
        rest = &rest[taken..];
        if first && character <= 32 || matches!(character, 0 | 10) {
            continue;
        }
        first = false;
        // The low byte decides, as in the reference.
        if character.to_le_bytes()[0].to_ascii_uppercase() != *wanted {
            return false;
        }
        left = behind;
    }
    true
}

/// Events in capitals without `ON`, sorted.
static EVENTS: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    let mut events: Vec<_> = include_str!("events.txt").split_ascii_whitespace().collect();
    events.sort_unstable();
    events
});

/// The length of the longest event.
const LONGEST_EVENT: usize = 44;

const ATTRIBUTES: &[(&str, Attribute)] = &[
    ("ACTION", Attribute::Address),
    ("ATTRIBUTENAME", Attribute::Name),
    ("BACKGROUND", Attribute::Address),
    ("BY", Attribute::Address),
    ("DATAFORMATAS", Attribute::Black),
    ("DATASRC", Attribute::Black),
    ("DYNSRC", Attribute::Address),
    ("FILTER", Attribute::Style),
    ("FOLDER", Attribute::Address),
    ("FORMACTION", Attribute::Address),
    ("FROM", Attribute::Address),
    ("HANDLER", Attribute::Address),
    ("HREF", Attribute::Address),
    ("LOWSRC", Attribute::Address),
    ("POSTER", Attribute::Address),
    ("SRC", Attribute::Address),
    ("STYLE", Attribute::Style),
    ("TO", Attribute::Address),
    ("VALUES", Attribute::Address),
    ("XLINK:HREF", Attribute::Address),
];

const TAGS: &[&str] = &[
    "APPLET", "BASE", "COMMENT", "EMBED", "FRAME", "FRAMESET", "HANDLER", "IFRAME", "IMPORT", "ISINDEX", "LINK",
    "LISTENER", "META", "NOSCRIPT", "OBJECT", "SCRIPT", "STYLE", "VMLFRAME", "XML", "XSS",
];

const SCHEMES: &[&str] = &["DATA", "VIEW-SOURCE", "VBSCRIPT", "JAVA"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_events_is_read_whole() {
        assert_eq!(EVENTS.len(), 298);
        assert_eq!(EVENTS.iter().map(|event| event.len()).max(), Some(LONGEST_EVENT));
    }

    #[test]
    fn names_are_the_same_whatever_their_case_and_nulls() {
        assert!(same(b"SCRIPT", b"sc\0ript") && !same(b"SCRIPT", b"scrip") && !same(b"SCRIPT", b"scripts"));
        assert_eq!(attribute(b"OnClick"), Attribute::Black);
        assert_eq!(attribute(b"xmlns:x"), Attribute::Black);
        assert_eq!(attribute(b"onward"), Attribute::Harmless);
    }

    #[test]
    fn schemes_are_found_behind_blanks_and_references() {
        for address in ["javascript:x", " \tJaVa", "&#106;av&#x61;script:", "java\n", "ja\nva", "data:text/html"] {
            assert!(is_black_address(address.as_bytes()), "{address}");
        }
        for address in ["https://example.org", "jav", "", "&#", "dat&#x;a"] {
            assert!(!is_black_address(address.as_bytes()), "{address}");
        }
    }
}
