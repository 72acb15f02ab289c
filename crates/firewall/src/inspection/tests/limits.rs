//! Limits at the byte: one below, on it, one above.

use super::*;

const FORM: &[u8] = b"application/x-www-form-urlencoded";
const MULTIPART: &[u8] = b"multipart/form-data; boundary=B";

/// Sends a body in pieces, with its length in the head or without; the first row, if there is one.
fn send(
    policy: &Arc<Policy>,
    content_type: &[u8],
    body: &[u8],
    piece: usize,
    declares: bool,
) -> (bool, Option<String>) {
    let length = body.len().to_string();
    let fields = [BROWSER[0], BROWSER[1], (&b"Content-Type"[..], content_type), (b"Content-Length", length.as_bytes())];
    let headers = if declares { &fields[..] } else { &fields[..3] };
    let pieces: Vec<&[u8]> = body.chunks(piece).collect();
    let (_, outcome) = run(policy, &request("/", headers), &pieces);
    (outcome.decision == block(), outcome.events.first().map(|event| event.message.clone()))
}

fn limited(mode: Mode, limits: Limits) -> Arc<Policy> {
    policy(mode, limits, &[], &drs(&[]), Vec::new())
}

/// All ways of sending a body.
fn ways() -> impl Iterator<Item = (Mode, usize, bool)> {
    let modes = [Mode::Prevention, Mode::Detection].into_iter();
    modes
        .flat_map(|mode| [1, 700, 1 << 20].map(|piece| (mode, piece)).into_iter())
        .flat_map(|(mode, piece)| [false, true].map(|declares| (mode, piece, declares)))
}

#[test]
fn a_body_may_be_as_long_as_its_limit() {
    const LIMIT: usize = 1000;
    let too_large =
        format!("Mandatory rule. Cannot be disabled. Request body without files is larger than {LIMIT} bytes.");
    for (mode, piece, declares) in ways() {
        for inspects_body in [true, false] {
            let limits = Limits { max_body: Some(LIMIT as u64), inspects_body, ..Limits::default() };
            let policy = limited(mode, limits);
            for (length, over) in [(LIMIT - 1, false), (LIMIT, false), (LIMIT + 1, true)] {
                let body = vec![b'a'; length];
                let found = send(&policy, FORM, &body, piece, declares);
                let expected = (over && mode == Mode::Prevention, over.then(|| too_large.clone()));
                assert_eq!(found, expected, "{length} {mode:?} in pieces of {piece}, declared: {declares}");
            }
        }
    }
}

#[test]
fn files_may_be_four_kilobytes_over_their_limit_and_fields_beside_them_have_their_own() {
    const LIMIT: usize = 2000;
    const FIELDS: usize = 500;
    let file = |bytes: usize, field: usize| {
        let head = "--B\r\nContent-Disposition: form-data; name=a; filename=x\r\n\r\n";
        let next = "\r\n--B\r\nContent-Disposition: form-data; name=b\r\n\r\n";
        format!("{head}{}{next}{}\r\n--B--\r\n", "x".repeat(bytes), "y".repeat(field))
    };
    let around = file(0, 0).len();
    let limits = Limits { max_body: Some(FIELDS as u64), max_upload: Some(LIMIT as u64), ..Limits::default() };
    for (mode, piece, declares) in ways() {
        let policy = limited(mode, limits.clone());
        for (bytes, field, over) in [
            (LIMIT - 1, 0, None),
            (LIMIT, 0, None),
            (LIMIT + 1, 0, None),
            (LIMIT + 4095, 0, None),
            (LIMIT + 4096, 0, None),
            (LIMIT + 4097, 0, Some("Upload is larger than 2000 bytes.")),
            (10, FIELDS - around - 1, None),
            (10, FIELDS - around, None),
            (10, FIELDS - around + 1, Some("Request body without files is larger than 500 bytes.")),
        ] {
            let body = file(bytes, field);
            let (refused, message) = send(&policy, MULTIPART, body.as_bytes(), piece, declares);
            // In detection a length in the head over the limit of uploads is told of as it is.
            let by_head = mode == Mode::Detection && declares && body.len() > LIMIT;
            let expected = over.or(by_head.then_some("Upload is larger than 2000 bytes."));
            let case = format!("{bytes} and {field} {mode:?} in pieces of {piece}, declared: {declares}");
            assert_eq!(refused, over.is_some() && mode == Mode::Prevention, "{case}");
            assert_eq!(message.is_some(), expected.is_some(), "{case}: {message:?}");
            assert!(message.unwrap_or_default().ends_with(expected.unwrap_or_default()), "{case}");
        }
    }
}

#[test]
fn rules_see_what_stands_before_the_limit_of_inspection_and_nothing_behind_it() {
    const LIMIT: usize = 300;
    let limits = Limits { inspected_body: LIMIT, ..Limits::default() };
    let custom = [rule("mine", 1, Does::Log, Variable::PostArgs, Some("a"), "attack")];
    for (mode, piece, declares) in ways() {
        let policy = policy(mode, limits.clone(), &custom, &drs(&[]), Vec::new());
        for (end, found) in [(LIMIT - 1, true), (LIMIT, true), (LIMIT + 1, false), (LIMIT + 7, false)] {
            let padding = end - "a=attack".len();
            let body = format!("a={}attack{}", "x".repeat(padding), "z".repeat(200));
            assert_eq!(body.find("attack").map(|at| at + 6), Some(end));
            let (refused, first) = send(&policy, FORM, body.as_bytes(), piece, declares);
            let case = format!("ends at {end} {mode:?} in pieces of {piece}, declared: {declares}");
            assert_eq!(refused, found && mode == Mode::Prevention, "{case}");
            assert_eq!(first.is_some(), found, "{case}: {first:?}");
        }
    }
}

#[test]
fn the_end_of_a_body_that_is_not_inspected_is_not_missed() {
    const LIMIT: usize = 300;
    let policy = limited(Mode::Prevention, Limits { inspected_body: LIMIT, ..Limits::default() });
    let field = "--B\r\nContent-Disposition: form-data; name=a\r\n\r\n";
    for (content_type, start) in [(&b"application/json"[..], "{\"a\":\""), (MULTIPART, field)] {
        for (length, refused) in [(LIMIT - 1, true), (LIMIT, true), (LIMIT + 1, false)] {
            let body = format!("{start}{}", "x".repeat(length - start.len()));
            let found = send(&policy, content_type, body.as_bytes(), 64, false);
            assert_eq!(found.0, refused, "{start} {length}: {found:?}");
        }
    }
}
