//! Reads the public test vectors of libinjection: a title, an input and what is expected, between marks.

use crate::corpus;

/// Runs every vector whose name begins with a prefix and compares what a function prints. The end of both texts does
/// not count, as in the tests the vectors come from.
pub(super) fn check(prefix: &str, count: usize, run: impl Fn(&[u8]) -> String) {
    let Some(folder) = corpus::find("unit-vectors/libinjection") else { return };
    let (mut done, mut failed) = (0, Vec::new());
    for (name, bytes) in corpus::files(&folder, "txt").into_iter().filter(|(name, _)| name.starts_with(prefix)) {
        done += 1;
        let text = bytes.as_slice();
        let input = between(text, b"--INPUT--", Some(b"--EXPECTED--"));
        let wanted = String::from_utf8_lossy(between(text, b"--EXPECTED--", None)).trim_end().to_owned();
        let found = run(input.trim_ascii_end());
        if found.trim_end() != wanted {
            failed.push(format!(
                "{name}: {}\n wanted {wanted:?}\n found  {:?}",
                input.escape_ascii(),
                found.trim_end()
            ));
        }
    }
    println!("{done} vectors {prefix}");
    assert_eq!(done, count, "the folder holds another number of vectors {prefix}");
    assert!(failed.is_empty(), "{} of {done}:\n{}", failed.len(), failed.join("\n"));
}

/// The lines between two marks.
fn between<'t>(text: &'t [u8], from: &[u8], to: Option<&[u8]>) -> &'t [u8] {
    let start = memchr::memmem::find(text, from).unwrap() + from.len();
    let end = to.map_or(text.len(), |to| memchr::memmem::find(text, to).unwrap());
    let body = &text[start..end];
    body.strip_prefix(b"\n").unwrap_or(body)
}
