use super::*;

const TYPE: &[u8] = b"multipart/form-data; boundary=XX";

fn read(body: &str) -> Contents {
    parse(body.as_bytes(), TYPE, Bounds { arguments: 10, depth: 4, separator: b'&', cut: false })
}

fn part(header: &str) -> String {
    format!("--XX\r\n{header}\r\n\r\nv\r\n--XX--\r\n")
}

#[test]
fn fields_and_files_are_told_apart() {
    let body = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\nw\r\n\
                --XX\r\nContent-Disposition: form-data; name=\"f\"; filename=\"x.php\"\r\n\
                Content-Type: text/plain\r\n\r\n12345\r\n--XX--\r\n";
    let contents = read(body);
    assert_eq!(contents.arguments, [(b"a".to_vec(), b"v\r\nw".to_vec())]);
    let file = &contents.files[0];
    assert_eq!((&*file.field, &*file.name, file.size), (&b"f"[..], &b"x.php"[..], 5));
    assert_eq!(contents.part_headers[2], (b"f".to_vec(), b"Content-Type: text/plain".to_vec()));
    assert_eq!((contents.anomalies, contents.error), (Anomalies::default(), None));
}

#[test]
fn each_oddity_is_noted_and_what_is_behind_it_read() {
    let good = "Content-Disposition: form-data; name=\"a\"";
    let only = |set: fn(&mut Anomalies)| {
        let mut anomalies = Anomalies::default();
        set(&mut anomalies);
        anomalies
    };
    let rows: [(&str, String, Anomalies); 14] = [
        ("text before", format!("x\r\n{}", part(good)), only(|a| a.data_before = true)),
        ("text after", format!("{}x", part(good)), only(|a| a.data_after = true)),
        ("bare line ends", part(good).replace("\r\n", "\n"), only(|a| a.lf_line = true)),
        ("folding", part(&format!("{good};\r\n filename=\"b\"")), only(|a| a.header_folding = true)),
        ("folding of nothing", part(&format!(" x\r\n{good}")), only(|a| a.invalid_header_folding = true)),
        ("semicolon", part("Content-Disposition: form-data name=\"a\""), only(|a| a.missing_semicolon = true)),
        ("quotes", part("Content-Disposition: form-data; name='a'"), only(|a| a.invalid_quoting = true)),
        ("no name", part("Content-Disposition: form-data"), only(|a| a.invalid_part = true)),
        ("two names", part(&format!("{good}; name=\"b\"")), only(|a| a.invalid_part = true)),
        ("no colon", part(&format!("{good}\r\nx")), only(|a| a.invalid_part = true)),
        ("extended name", part(&format!("{good}; filename*=UTF-8''b")), {
            only(|a| (a.invalid_part, a.invalid_quoting) = (true, true))
        }),
        ("continued name", part(&format!("{good}; filename*0=b")), only(|a| a.invalid_part = true)),
        ("no end", part(good).replace("--XX--", ""), only(|a| a.invalid_part = true)),
        ("a likeness", part(good).replace("v\r\n", "v\r\n--xxY\r\n"), only(|a| a.unmatched_boundary = true)),
    ];
    for (name, body, expected) in rows {
        let contents = read(&body);
        assert_eq!(contents.anomalies, expected, "{name}");
        assert_eq!(contents.arguments.len() + contents.files.len(), 1, "{name}");
    }
}

#[test]
fn a_boundary_that_two_readers_would_read_differently_is_noted() {
    for (content_type, boundary, quoted, whitespace) in [
        ("multipart/form-data; boundary=\"a b\"", Ok("a b"), false, true),
        ("multipart/form-data; boundary=\"ab\"; charset=x", Ok("ab"), false, false),
        ("multipart/form-data; boundary=\"ab", Ok("ab"), true, false),
        ("multipart/form-data; boundary=ab\"", Ok("ab\""), true, false),
        ("multipart/form-data; boundary =ab", Ok("ab"), false, true),
        ("multipart/form-data; boundary=ab; boundary=cd", Err("multipart with more than one boundary"), false, false),
        ("multipart/form-data", Err("multipart without a boundary"), false, false),
        ("multipart/form-data; boundary=", Err("multipart with an invalid boundary"), false, false),
    ] {
        let mut anomalies = Anomalies::default();
        let found = boundary::find(content_type.as_bytes(), &mut anomalies);
        assert_eq!(found, boundary.map(|text| text.as_bytes().to_vec()), "{content_type}");
        assert_eq!((anomalies.boundary_quoted, anomalies.boundary_whitespace), (quoted, whitespace), "{content_type}");
    }
}

#[test]
fn a_body_that_was_cut_is_read_to_its_end_without_complaint() {
    let bounds = Bounds { arguments: 10, depth: 4, separator: b'&', cut: true };
    let body = b"--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nattack";
    let contents = parse(body, TYPE, bounds);
    assert_eq!(contents.arguments[0].1, b"attack");
    assert_eq!((contents.anomalies, contents.error), (Anomalies::default(), None));
}

#[test]
fn parts_are_bounded() {
    let body = "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nv\r\n".repeat(400);
    let contents = read(&body);
    assert!(contents.arguments.len() <= 11);
    assert!(contents.anomalies.file_limit);
}
