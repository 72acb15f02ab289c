//! The tokenizer against the public vectors, verdicts on attacks and text, and any bytes.

use proptest::prelude::*;

use super::html::{Html, Kind, Place};
use crate::injection::vectors;

fn print(kind: Kind) -> &'static str {
    match kind {
        Kind::Text => "DATA_TEXT",
        Kind::TagOpen => "TAG_NAME_OPEN",
        Kind::TagEnd => "TAG_NAME_CLOSE",
        Kind::TagSelfClose => "TAG_NAME_SELFCLOSE",
        Kind::TagClose => "TAG_CLOSE",
        Kind::AttributeName => "ATTR_NAME",
        Kind::AttributeValue => "ATTR_VALUE",
        Kind::Comment => "TAG_COMMENT",
        Kind::Doctype => "DOCTYPE",
    }
}

#[test]
fn the_public_vectors_of_html_pass() {
    vectors::check("test-html5-", 63, |input| {
        let mut html = Html::new(input, Place::Text);
        let tokens = std::iter::from_fn(|| html.next());
        let line = |token: super::html::Token| {
            format!("{},{},{}", print(token.kind), token.text.len(), String::from_utf8_lossy(token.text))
        };
        tokens.map(line).collect::<Vec<_>>().join("\n")
    });
}

#[test]
fn attacks_are_told_from_text() {
    for attack in [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "\" onmouseover=\"x()",
        "' style='x",
        "x onclick=y",
        "<a href=\"&#106;avascript:x\">",
        "<!--[if IE]>x",
        "<!DOCTYPE html>",
        "<svg/x",
        "<sc\0ript>",
        "` onclick=`x",
    ] {
        assert!(super::detect(attack.as_bytes()), "{attack}");
    }
    for text in ["", "a < b", "<b>bold</b>", "href", "on time = good", "<a href=\"https://example.org/\">"] {
        assert!(!super::detect(text.as_bytes()), "{text}");
    }
}

#[test]
fn a_long_value_takes_time_in_proportion() {
    for piece in
        ["<", "</", "</>", "<a ", "/ ", "=", "<!--", "-", "-\0", "<%", "%", "<![CDATA[", "]]", "'", "\"", "a=b ", "<a/"]
    {
        let value = piece.repeat((1 << 17) / piece.len());
        super::detect(value.as_bytes());
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_to_their_end(value in prop::collection::vec(any::<u8>(), 0..100)) {
        super::detect(&value);
    }

    #[test]
    fn what_holds_no_mark_is_harmless_wherever_it_is_put(value in MARKS) {
        let bare = value.replace(['<', '='], " ");
        for place in [Place::Text, Place::Tag, Place::SingleQuote, Place::DoubleQuote, Place::Tick] {
            prop_assert!(!super::detect_at(bare.as_bytes(), place), "{:?}", place);
        }
    }

    #[test]
    fn marks_in_any_order_do_no_harm(value in MARKS) {
        super::detect(value.as_bytes());
        let mut html = Html::new(value.as_bytes(), Place::Text);
        let count = std::iter::from_fn(|| html.next()).count();
        prop_assert!(count <= 2 * value.len() + 2);
    }
}

const MARKS: &str = "(<|>|/|!|-|--|\\[CDATA\\[|\\]\\]>|%|\\?|=|'|\"|`| |\u{0}|a|on|DOCTYPE|&#){0,40}";
