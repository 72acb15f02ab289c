//! `cargo xtask tidy`: what a machine can keep in order.
//!
//! Fails on long lines, modules without `//!`, banned words and dead links; reports large files without failing.

use std::path::Path;

use anyhow::{Context as _, Result};

use crate::links;
use crate::summary::Outcome;
use crate::workspace;

/// Characters on a line.
const MAX_WIDTH: usize = 120;
/// Lines of a file above which a second look is due.
const LARGE_FILE: usize = 500;
/// Kinds of files whose lines are read by people.
const TEXT: [&str; 10] = ["rs", "toml", "md", "sh", "yaml", "yml", "ts", "css", "py", "bicep"];
/// Files of those kinds that are named without an ending.
const TEXT_NAMES: [&str; 2] = ["justfile", "run"];
/// Folders of test data, whose content is what it is.
const DATA: [&str; 4] = ["cases", "golden", "fixtures", "corpus"];

/// Checks the whole tree.
pub(crate) fn check() -> Result<Outcome> {
    let mut problems = Vec::new();
    let mut large = Vec::new();
    let mut checked = 0_usize;
    for path in workspace::files()? {
        if !is_text(&path) {
            continue;
        }
        let name = workspace::relative(&path);
        let text = std::fs::read_to_string(&path).with_context(|| format!("read {name}"))?;
        checked += 1;
        if !is_data(&path) {
            problems.extend(lines(&name, &text));
        }
        if name.ends_with(".rs") {
            problems.extend(opening(&name, &text));
            let count = text.lines().count();
            if count > LARGE_FILE {
                large.push((count, name.clone()));
            }
        }
        if name.ends_with(".md") {
            problems.extend(links::dead(&path, &text).into_iter().map(|link| format!("{name}: no such file: {link}")));
        }
    }
    large.sort_by(|a, b| b.cmp(a));
    for (count, name) in &large {
        println!("warning: {name} has {count} lines: is it one idea?");
    }
    for problem in &problems {
        println!("{problem}");
    }
    let note = format!("{checked} files, {} over {LARGE_FILE} lines", large.len());
    Ok(match problems.len() {
        0 => Outcome::Passed(note),
        n => Outcome::Failed(format!("{n} problems in {note}")),
    })
}

fn is_text(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    match ending {
        Some(ending) => TEXT.contains(&ending),
        None => path.file_name().and_then(|name| name.to_str()).is_some_and(|name| TEXT_NAMES.contains(&name)),
    }
}

fn is_data(path: &Path) -> bool {
    path.components().any(|part| DATA.iter().any(|name| part.as_os_str() == *name))
}

/// Line width and banned words.
fn lines(name: &str, text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let number = number + 1;
        // A table row or an address cannot be broken, and the formatter does not break text in quotes: rows of test
        // tables and messages stay whole, which reads better than pieces.
        let quoted = name.ends_with(".rs") && line.contains('"');
        let row = name.ends_with(".md") && line.trim_start().starts_with('|');
        let breakable = !(line.contains("://") || quoted || row);
        let width = line.chars().count();
        if width > MAX_WIDTH && breakable {
            out.push(format!("{name}:{number}: {width} characters; at most {MAX_WIDTH}"));
        }
        out.extend(banned(line).map(|why| format!("{name}:{number}: {why}")));
        if line.ends_with([' ', '\t']) {
            out.push(format!("{name}:{number}: space at the end of the line"));
        }
    }
    out
}

/// Why a line may not stand as it is. The words are put together so that this file does not contain them.
fn banned(line: &str) -> Option<String> {
    const OPEN_ENDED: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];
    const HOMES: [&str; 2] = [concat!("/ho", "me/"), concat!("/Us", "ers/")];
    for word in OPEN_ENDED {
        if let Some((_, rest)) = line.split_once(word)
            && !rest.starts_with("(#")
        {
            return Some(format!("{word} without an issue: {word}(#123)"));
        }
    }
    HOMES.iter().find(|home| names_a_home(line, home)).map(|home| format!("a path of one machine: {home}..."))
}

/// Whether a line has somebody's folder below `home`: `/x/NAME/...`, not the `/x/` of an address or of a request.
fn names_a_home(line: &str, home: &str) -> bool {
    let in_a_name = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    line.match_indices(home).any(|(at, _)| {
        let begins_here = !line[..at].ends_with(in_a_name);
        let name_and_more = line[at + home.len()..].split_once('/');
        begins_here
            && name_and_more.is_some_and(|(name, more)| {
                !name.is_empty() && name.chars().all(in_a_name) && more.starts_with(in_a_name)
            })
    })
}

/// A module says first what it is; a file of tests stands beside the module that does.
fn opening(name: &str, text: &str) -> Option<String> {
    if name.ends_with("/tests.rs") {
        return None;
    }
    let first = text.lines().find(|line| !line.trim().is_empty())?;
    (!first.starts_with("//!")).then(|| format!("{name}: does not begin with //!"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_a_problem_unless_it_cannot_be_broken() {
        let long = "x".repeat(121);
        assert_eq!(lines("a.rs", &long).len(), 1);
        assert!(lines("a.rs", &"ä".repeat(120)).is_empty());
        assert!(lines("a.md", &format!("| {long} |")).is_empty());
        assert!(lines("a.md", &format!("see https://example.com/{long}")).is_empty());
    }

    #[test]
    fn an_open_end_names_its_issue() {
        let word = concat!("TO", "DO");
        assert!(banned(&format!("// {word}: later")).is_some());
        assert!(banned(&format!("// {word}(#12): later")).is_none());
    }

    #[test]
    fn a_path_of_one_machine_is_banned() {
        assert!(banned(concat!("see /ho", "me/someone/notes")).is_some());
        assert!(banned(concat!("GET /ho", "me/?q=1 HTTP/1.1")).is_none());
        assert!(banned(concat!("www.example.com/ho", "me/someone/notes")).is_none());
        assert!(banned("see /srv/notes").is_none());
    }

    #[test]
    fn a_module_opens_with_what_it_is() {
        assert!(opening("a.rs", "use std::fs;\n").is_some());
        assert!(opening("a.rs", "\n//! What it is.\n").is_none());
        assert!(opening("a/tests.rs", "use super::*;\n").is_none());
    }
}
