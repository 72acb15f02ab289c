//! Injection of scripts into pages: a value is read as a browser reads HTML, from each of five places it may have been
//! put at, and tags, attributes and addresses are compared with lists of those that run code.

mod entity;
mod html;
mod names;
#[cfg(test)]
mod tests;

use html::{Html, Kind, Place};
use names::Attribute;

use crate::byte_set::ByteSet;

/// A value that holds neither is text, names of attributes or one attribute's value wherever it is put, and none of
/// these alone runs code.
pub(crate) const REQUIRED: ByteSet = ByteSet::listed(b"<=");

/// Whether a value would run code, or open the way to it, at one of the places it may be put at.
pub(crate) fn detect(value: &[u8]) -> bool {
    if memchr::memchr2(b'<', b'=', value).is_none() {
        return false;
    }
    let places = [Place::Text, Place::Tag, Place::SingleQuote, Place::DoubleQuote, Place::Tick];
    places.into_iter().any(|place| detect_at(value, place))
}

fn detect_at(value: &[u8], place: Place) -> bool {
    let mut html = Html::new(value, place);
    let mut attribute = Attribute::Harmless;
    while let Some(token) = html.next() {
        let found = match token.kind {
            Kind::Doctype => true,
            Kind::TagOpen => names::is_black_tag(token.text),
            Kind::AttributeValue => is_black_value(attribute, token.text),
            Kind::Comment => is_black_comment(token.text),
            _ => false,
        };
        if found {
            return true;
        }
        attribute = match token.kind {
            Kind::AttributeName => names::attribute(token.text),
            _ => Attribute::Harmless,
        };
    }
    false
}

fn is_black_value(attribute: Attribute, value: &[u8]) -> bool {
    match attribute {
        Attribute::Harmless => false,
        Attribute::Black | Attribute::Style => true,
        Attribute::Address => names::is_black_address(value),
        // The value names an attribute that is to be changed.
        Attribute::Name => names::attribute(value) != Attribute::Harmless,
    }
}

/// Comments that old browsers act upon.
fn is_black_comment(text: &[u8]) -> bool {
    let begins = |word: &[u8]| text.get(..word.len()).is_some_and(|front| front.eq_ignore_ascii_case(word));
    text.contains(&b'`')
        || text.len() > 3 && (begins(b"[if") || begins(b"xml"))
        || text.len() > 5
            && text.get(..6).is_some_and(|front| names::same(b"IMPORT", front) || names::same(b"ENTITY", front))
}
