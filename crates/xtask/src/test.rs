//! `cargo xtask test`: every test there is.

use anyhow::Result;

use crate::commands::{self, Heard};
use crate::corpus;
use crate::programs;
use crate::summary::{Outcome, Summary};
use crate::waf;
use crate::websocket::{self, Selection};

/// Runs all tests and adds what came out.
pub(crate) fn run(summary: &mut Summary) -> Result<()> {
    let programs = programs::prepare(summary)?;
    let list = [(programs::LIST, programs.list.as_path())];
    println!("== tests");
    if commands::answers("cargo", &["nextest", "--version"]) {
        let filter = programs.filter();
        let mut arguments = vec!["nextest", "run", "--workspace", "--no-fail-fast"];
        arguments.extend(filter.iter().flat_map(|filter| ["-E", filter]));
        let heard = commands::listen(&arguments, &list)?;
        add(summary, "tests", &heard, nextest_counts(&heard.lines));
    } else {
        println!("cargo-nextest is not installed: using cargo test");
        let heard = commands::listen(&["test", "--workspace", "--all-targets", "--no-fail-fast"], &list)?;
        add(summary, "tests", &heard, libtest_counts(&heard.lines));
    }
    println!("== documentation tests");
    let heard = commands::listen(&["test", "--workspace", "--doc", "--no-fail-fast"], &[])?;
    add(summary, "documentation tests", &heard, libtest_counts(&heard.lines));
    corpus::run(summary);
    websocket::run(summary, Selection::Quick)?;
    waf::corpus_at_hand(summary)
}

/// Passed and failed tests.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Counts {
    passed: u64,
    failed: u64,
}

fn add(summary: &mut Summary, name: &str, heard: &Heard, counts: Counts) {
    let note = format!("{} passed, {} failed", counts.passed, counts.failed);
    let outcome = match (heard.success, counts.failed) {
        (true, 0) => Outcome::Passed(note),
        (false, 0) => Outcome::Failed(format!("{note}, but the run failed: see above")),
        _ => Outcome::Failed(note),
    };
    let failed = if heard.success { counts.failed } else { counts.failed.max(1) };
    summary.add(name, outcome, counts.passed, failed);
}

/// From nextest's last line: `Summary [ 0.2s] 9 tests run: 7 passed (1 slow), 1 failed, 1 timed out, 3 skipped`.
fn nextest_counts(lines: &[String]) -> Counts {
    let Some(line) = lines.iter().rev().find(|line| line.trim_start().starts_with("Summary [")) else {
        return Counts::default();
    };
    let outcomes = line.split_once("run:").map_or("", |(_, outcomes)| outcomes);
    let count = |word: &str| -> u64 {
        outcomes
            .split(',')
            .filter_map(|part| part.trim().split_once(' '))
            .filter(|(_, rest)| rest.starts_with(word))
            .filter_map(|(number, _)| number.parse::<u64>().ok())
            .sum()
    };
    Counts { passed: count("passed"), failed: count("failed") + count("timed out") + count("exec failed") }
}

/// From every `test result: ok. 3 passed; 1 failed; ...` of the standard test runner.
fn libtest_counts(lines: &[String]) -> Counts {
    let mut counts = Counts::default();
    for line in lines.iter().filter(|line| line.starts_with("test result:")) {
        let count = |word: &str| -> u64 {
            let words: Vec<&str> = line.split([' ', ';', '.']).filter(|part| !part.is_empty()).collect();
            let number = words.windows(2).find(|pair| pair[1] == word).and_then(|pair| pair[0].parse().ok());
            number.unwrap_or(0)
        };
        counts.passed += count("passed");
        counts.failed += count("failed");
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(text: &str) -> Vec<String> {
        text.lines().map(str::to_owned).collect()
    }

    #[test]
    fn nextests_closing_line_is_counted() {
        let text =
            "     Summary [   0.212s] 10 tests run: 7 passed (1 slow), 2 failed, 1 timed out, 3 skipped\n  FAIL x";
        assert_eq!(nextest_counts(&lines(text)), Counts { passed: 7, failed: 3 });
        assert_eq!(nextest_counts(&lines("error: could not compile")), Counts::default());
    }

    #[test]
    fn all_results_of_the_standard_runner_are_added_up() {
        let text = "test result: ok. 3 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n\
                    test result: FAILED. 4 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out";
        assert_eq!(libtest_counts(&lines(text)), Counts { passed: 7, failed: 2 });
    }
}
