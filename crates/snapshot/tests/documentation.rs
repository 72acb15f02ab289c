//! The page of problems has every code there is.

use std::fs;
use std::path::Path;

#[test]
fn every_code_stands_on_the_page_of_problems_with_its_meaning() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/problems.md");
    let page = fs::read_to_string(page).unwrap();
    let all = [model::problem::codes::ALL, snapshot::compile::codes::ALL, tls::certificate::codes::ALL].concat();
    assert!(all.len() > 150, "{}", all.len());
    let missing: Vec<_> = all
        .iter()
        .map(|(code, meaning)| format!("| `{code}` | {} |", meaning.trim_end_matches('.')))
        .filter(|row| !page.lines().any(|line| line == row))
        .collect();
    assert!(missing.is_empty(), "missing or different:\n{}", missing.join("\n"));
}
