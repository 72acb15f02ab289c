use super::super::line::MAX_LINE;
use super::*;

fn escaped(text: &[u8]) -> String {
    let mut bytes = vec![0; MAX_LINE];
    let left = json(&mut bytes, text).len();
    bytes.truncate(MAX_LINE - left);
    String::from_utf8(bytes).unwrap()
}

#[test]
fn bytes_that_could_steer_a_reader_are_escaped() {
    for (name, text, expected) in [
        ("plain", &b"/a b?c=d"[..], "/a b?c=d"),
        ("nothing", b"", ""),
        ("quote and backslash", br#"a"b\c"#, r#"a\"b\\c"#),
        ("line ends", b"a\r\nb", r"a\u000d\u000ab"),
        ("nul, tab, escape", b"\0\t\x1b[31m", r"\u0000\u0009\u001b[31m"),
        ("delete", b"\x7f", r"\u007f"),
        ("good utf-8 stays", "/käse/日本/🦀".as_bytes(), "/käse/日本/🦀"),
        ("wrong utf-8", b"a\xffb\xc3", r"a\ufffdb\ufffd"),
        ("overlong utf-8", b"\xc0\xaf", r"\ufffd\ufffd"),
        ("c1 controls", "\u{85}\u{9b}".as_bytes(), r"\u0085\u009b"),
        ("line separators", "\u{2028}\u{2029}".as_bytes(), r"\u2028\u2029"),
        ("direction overrides", "\u{202e}\u{2066}".as_bytes(), r"\u202e\u2066"),
        ("byte order mark", "\u{feff}".as_bytes(), r"\ufeff"),
    ] {
        assert_eq!(escaped(text), expected, "{name}");
    }
}

#[test]
fn a_dirty_byte_is_found_wherever_it_stands() {
    for length in 1..70 {
        for at in 0..length {
            for dirty in [b'"', b'\\', 0x1f, 0x7f, 0x80, 0xff] {
                let mut text = vec![b'~'; length];
                text[at] = dirty;
                assert!(!copy_clean(&mut vec![0; length], &text), "{dirty:#x} at {at} of {length}");
            }
        }
        let (clean, mut copy): (Vec<u8>, _) = ((0..length as u8).map(|at| b'#' + at % 50).collect(), vec![0; length]);
        assert!(copy_clean(&mut copy, &clean) && copy == clean);
    }
}

#[test]
fn a_long_field_is_cut_and_says_so() {
    let long = escaped(&[b'a'; MAX_FIELD + 1]);
    assert_eq!(long.len(), MAX_FIELD);
    assert!(long.ends_with("a..."));
    assert_eq!(escaped(&[b'a'; MAX_FIELD]), "a".repeat(MAX_FIELD));

    let escapes = escaped(&[0; MAX_FIELD]);
    assert!(escapes.len() <= MAX_FIELD && escapes.ends_with(r"\u0000..."));
    let wide = "é".repeat(MAX_FIELD);
    assert!(escaped(wide.as_bytes()).ends_with("é..."));
}

#[test]
fn a_field_with_a_limit_of_its_own_is_cut_between_characters_and_escapes() {
    let text = "a\"é\u{1b}日🦀";
    let mut whole = String::new();
    for most in (0..40).rev() {
        let mut bytes = vec![0; MAX_LINE];
        let left = json_within(&mut bytes, text.as_bytes(), most).len();
        let cut = std::str::from_utf8(&bytes[..MAX_LINE - left]).unwrap();
        assert!(cut.len() <= most, "{most}: {cut}");
        if most == 39 {
            cut.clone_into(&mut whole);
        }
        let read: String = serde_json::from_str(&format!("\"{cut}\"")).unwrap();
        let kept = read.strip_suffix("...").unwrap_or(&read);
        assert!(text.starts_with(kept) && (kept == text) == (cut == whole), "{most}: {cut}");
    }
    assert_eq!(whole, r#"a\"é\u001b日🦀"#);
}
