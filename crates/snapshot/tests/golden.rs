//! What an operator reads about a document with ten mistakes, in full. To change it on purpose:
//! `UPDATE_GOLDENS=1 cargo test -p snapshot --test golden`.

use std::fs;
use std::path::Path;

use model::problem::{TextOptions, render_text};
use model::{ReadOptions, Source, read};
use snapshot::{Environment, compile, merged};

#[test]
fn ten_mistakes_are_told_at_once() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let text = fs::read_to_string(folder.join("ten_mistakes.json")).unwrap();
    let mut reading = read(&[Source::new("ten_mistakes.json", text)], &ReadOptions::default());
    let document = reading.document.take().unwrap();
    let compiled = compile(&document, None, &Environment::default());
    assert!(compiled.snapshot.is_none());
    let problems = merged(reading.problems, compiled.problems);
    assert_eq!(problems.error_count(), 10);

    let found = render_text(&problems, &reading.sources, &TextOptions::default());
    let golden = folder.join("ten_mistakes.txt");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&golden, &found).unwrap();
    }
    assert_eq!(found, fs::read_to_string(&golden).unwrap_or_default());
}
