//! The grammar row by row, and against another parser on arbitrary bytes.

use proptest::prelude::*;

use super::*;

/// Names and values, and where the content begins.
type Head = (Vec<(String, Vec<u8>)>, usize);

fn read(input: &[u8], rules: Rules) -> Result<Option<Head>, Fault> {
    let mut list = Fields::new();
    let end = fields(input, 0, rules, &mut list)?;
    let text = |field: &Field<'_>| (String::from_utf8_lossy(field.name).into_owned(), field.value.to_vec());
    Ok(end.map(|end| (list.iter().map(text).collect(), end)))
}

fn good(input: &str, rules: Rules) -> Vec<(String, String)> {
    let (list, end) = read(input.as_bytes(), rules).unwrap().unwrap();
    assert_eq!(&input[end - 4..end], "\r\n\r\n");
    list.into_iter().map(|(name, value)| (name, String::from_utf8(value).unwrap())).collect()
}

#[test]
fn values_lose_their_outer_blanks_and_nothing_else() {
    let rows = [
        ("A: b\r\n\r\n", "b"),
        ("A:b\r\n\r\n", "b"),
        ("A:\r\n\r\n", ""),
        ("A: \t b c\t \r\n\r\n", "b c"),
        ("A: a\tb\r\n\r\n", "a\tb"),
        ("A: \u{e9}: x\r\n\r\nrest\n", "\u{e9}: x"),
    ];
    for (input, value) in rows {
        let input = input.split_inclusive("\r\n\r\n").next().unwrap();
        assert_eq!(good(input, Rules::Strict), [("A".to_owned(), value.to_owned())], "{input:?}");
    }
}

#[test]
fn what_is_no_field_line_is_refused() {
    for input in [
        "A: b\n\r\n",
        "A: b\r\n\n",
        "A b\r\n\r\n",
        ": b\r\n\r\n",
        "A : b\r\n\r\n",
        " A: b\r\n\r\n",
        "A: b\r\n c\r\n\r\n",
        "A: \0\r\n\r\n",
        "A: b\rc\r\n\r\n",
        "A: 12345678\x7f\r\n\r\n",
        "A: 1234567\x01 90\r\n\r\n",
        "A(: b\r\n\r\n",
        "A\u{e9}: b\r\n\r\n",
        "Transfer\rEncoding: chunked\r\n\r\n",
        "Content\rLength: 1\r\n\r\n",
        "\n",
        "Host\0: a",
        "A: b\r\nnot a name",
        "A: b\x01",
    ] {
        assert_eq!(read(input.as_bytes(), Rules::Strict), Err(Fault::Malformed), "{input:?}");
    }
}

#[test]
fn only_answers_are_repaired() {
    let list = good("A : b\r\n  c\r\n\td\r\nE: f\r\n\r\n", Rules::Repair);
    assert_eq!(list, [("A".to_owned(), "b\r\n  c\r\n\td".to_owned()), ("E".to_owned(), "f".to_owned())]);
    assert_eq!(read(b" a\r\n\r\n", Rules::Repair), Err(Fault::Malformed));
    assert_eq!(read(b"A: b\n c\r\n\r\n", Rules::Repair), Err(Fault::Malformed));
}

#[test]
fn an_unfinished_line_is_waited_for() {
    for input in ["", "A", "A:", "A: b", "A: b\r", "A: b\r\n", "A: b\r\n\r", "A: b\r\nC"] {
        assert_eq!(read(input.as_bytes(), Rules::Strict), Ok(None), "{input:?}");
    }
}

#[test]
fn more_fields_than_room_are_too_many() {
    let input = "A: b\r\n".repeat(MAX_FIELDS + 1) + "\r\n";
    assert_eq!(read(input.as_bytes(), Rules::Strict), Err(Fault::TooMany));
}

#[test]
fn a_name_that_only_looks_known_is_not() {
    let mut list = Fields::new();
    fields(b"HOST: a\r\nh\x4fst2: b\r\nC_okie: c\r\n\r\n", 0, Rules::Strict, &mut list).unwrap();
    let known: Vec<_> = list.iter().map(|field| (field.known, field.plain)).collect();
    assert_eq!(known, [(Known::Host, true), (Known::Other, true), (Known::Other, false)]);
}

/// httparse on the same bytes, with the bare line feeds refused that it lets pass.
fn reference(input: &[u8]) -> Result<Option<Head>, ()> {
    let mut room = [httparse::EMPTY_HEADER; MAX_FIELDS];
    match httparse::parse_headers(input, &mut room) {
        Ok(httparse::Status::Complete((end, list))) => {
            if memchr::memchr_iter(b'\n', &input[..end]).any(|at| at == 0 || input[at - 1] != b'\r') {
                return Err(());
            }
            Ok(Some((list.iter().map(|field| (field.name.to_owned(), field.value.to_vec())).collect(), end)))
        }
        Ok(httparse::Status::Partial) => Ok(None),
        Err(_) => Err(()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn whole_heads_read_as_another_parser_reads_them(
        pieces in prop::collection::vec(prop_oneof![
            "[A-Za-z0-9_.-]{1,20}: [ -~\\t]{0,40}\r\n",
            "[A-Za-z-]{1,9}:[\\x80-\\xff]{0,9}\r\n",
            "[\\x00-\\xff]{0,12}",
            Just("\r\n".to_owned()),
            Just("A: b\n".to_owned()),
        ], 0..6)
    ) {
        let input = pieces.concat() + "\r\n\r\n";
        let ours = read(input.as_bytes(), Rules::Strict);
        match reference(input.as_bytes()) {
            Ok(Some(theirs)) => prop_assert_eq!(ours, Ok(Some(theirs))),
            Ok(None) => prop_assert!(!matches!(ours, Ok(Some(_)))),
            Err(()) => prop_assert!(ours.is_err()),
        }
    }

    #[test]
    fn the_first_control_byte_is_found_wherever_it_is(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        prop_assert_eq!(find_control(&bytes), bytes.iter().position(u8::is_ascii_control));
    }
}
