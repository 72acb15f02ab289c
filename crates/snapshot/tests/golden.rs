//! What an operator reads about documents with mistakes, in full. To change it on purpose:
//! `UPDATE_GOLDENS=1 cargo test -p snapshot --test golden`.

mod common;

use std::fs;
use std::path::{Path, PathBuf};

use model::problem::{TextOptions, render_text};
use model::site::read_site;
use model::{ReadOptions, Source, read};
use snapshot::{Environment, compile, merged};

use common::{IN_2027, files, pages, with_fixtures};

#[test]
fn ten_mistakes_are_told_at_once() {
    assert_eq!(told("ten_mistakes.json", None), 10);
}

#[test]
fn mistakes_of_tls_are_told_at_once() {
    assert_eq!(told("tls_mistakes.yaml", Some("tls_mistakes.site.yaml")), 9);
}

#[test]
fn mistakes_of_tcp_are_told_at_once() {
    assert_eq!(told("tcp_mistakes.yaml", None), 9);
}

/// Compares what is told with the golden text, and counts the errors.
fn told(document: &str, site: Option<&str>) -> usize {
    let text = |name: &str| with_fixtures(&fs::read_to_string(folder().join(name)).expect("a golden document"));
    let mut reading = read(&[Source::new(document, text(document))], &ReadOptions::default());
    let site =
        site.and_then(|name| read_site(Source::new(name, text(name)), &mut reading.sources, &mut reading.problems));
    let read = reading.document.take().expect("a document");
    let files = files(site.as_ref(), Some(&read));
    let environment = Environment { files, now: IN_2027, pages: pages(), ..Environment::default() };
    let compiled = compile(&read, site.as_ref(), &environment);
    assert!(compiled.snapshot.is_none());
    let problems = merged(reading.problems, compiled.problems);

    let found = render_text(&problems, &reading.sources, &TextOptions::default());
    let golden = folder().join(document).with_extension("txt");
    if std::env::var_os("UPDATE_GOLDENS").is_some() {
        fs::write(&golden, &found).expect("the folder can be written to");
    }
    assert_eq!(found, fs::read_to_string(&golden).unwrap_or_default());
    problems.error_count()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}
