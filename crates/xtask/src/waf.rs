//! `cargo xtask conformance waf`: regression tests of firewall rules, in the go-ftw format, through a running gateway.
//!
//! Every request goes over a socket to a gateway that runs the folder of rules whole and only detects; what the rules
//! found is read from its log. Tests are given by a folder, any folder: nothing of it is part of this tree.

mod backend;
mod gateway;
mod judge;
mod log;
mod report;
mod rules;
mod run;
mod send;

use std::path::{Path, PathBuf};

use anyhow::{Result, bail};

use crate::commands;
use crate::summary::{Outcome, Summary};
use crate::workspace;
use run::Run;

/// What `cargo xtask conformance waf` is asked.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Asked {
    tests: PathBuf,
    rules: PathBuf,
    /// A gateway that is built already.
    gateway: Option<PathBuf>,
}

impl Asked {
    /// Reads `DIR --rules DIR [--gateway PATH]`.
    pub(crate) fn parse(arguments: &[String]) -> Result<Self> {
        let mut asked = Self::default();
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().map(PathBuf::from);
            match argument.as_str() {
                "--rules" => asked.rules = value().unwrap_or_default(),
                "--gateway" => asked.gateway = Some(value().unwrap_or_default()),
                tests if !tests.starts_with('-') && asked.tests.as_os_str().is_empty() => asked.tests = tests.into(),
                other => bail!("conformance waf: {other:?} is not understood"),
            }
        }
        let is_missing = |path: &PathBuf| path.as_os_str().is_empty();
        if is_missing(&asked.tests) || is_missing(&asked.rules) || asked.gateway.as_ref().is_some_and(is_missing) {
            bail!("conformance waf: DIR --rules DIR [--gateway PATH]");
        }
        Ok(asked)
    }
}

/// Runs all tests of a folder.
pub(crate) fn run(summary: &mut Summary, asked: &Asked) -> Result<()> {
    let Some(binary) = binary(summary, asked.gateway.as_deref())? else { return Ok(()) };
    summary.step("waf", || Run { binary: &binary, tests: &asked.tests, rules: &asked.rules, shows_all: true }.all())
}

/// The halves of the corpus that are at hand: folder of rules, folder of tests.
const HALVES: [(&str, &str); 2] = [("crs-3.3", "tests-given"), ("crs-4", "tests-given")];

/// Runs the tests of the corpus, if it is there: seconds.
pub(crate) fn corpus_at_hand(summary: &mut Summary) -> Result<()> {
    let corpus = corpus();
    if !corpus.is_dir() {
        let why = format!("no {}; set GATEHOUSE_CORPUS to a folder that holds waf-corpus", corpus.display());
        println!("\n********\nSKIPPED: firewall regression tests: {why}\n********\n");
        summary.add("waf", Outcome::Skipped(why), 0, 0);
        return Ok(());
    }
    let Some(binary) = binary(summary, None)? else { return Ok(()) };
    for (rules, tests) in HALVES {
        let rules = corpus.join(rules);
        let tests = rules.join(tests);
        let run = Run { binary: &binary, tests: &tests, rules: &rules, shows_all: false };
        summary.step(&format!("waf: {}", rules.file_name().unwrap_or_default().to_string_lossy()), || run.all())?;
    }
    Ok(())
}

fn corpus() -> PathBuf {
    let named = std::env::var_os("GATEHOUSE_CORPUS").map(PathBuf::from);
    let beside = || workspace::root().parent().unwrap_or(Path::new("/")).join("shared");
    named.unwrap_or_else(beside).join("waf-corpus")
}

/// The gateway that is asked for, else the released build of this tree; `None` when that cannot be built.
fn binary(summary: &mut Summary, asked: Option<&Path>) -> Result<Option<PathBuf>> {
    if let Some(binary) = asked {
        if !binary.is_file() {
            bail!("there is no {}", binary.display());
        }
        return Ok(Some(binary.to_owned()));
    }
    match commands::cargo(&["build", "--release", "-p", "gateway"])? {
        Outcome::Passed(_) => Ok(Some(workspace::target().join("release/gatehouse"))),
        other => {
            summary.add("waf", other, 0, 1);
            Ok(None)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Asked> {
        Asked::parse(&line.split_whitespace().map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn a_folder_of_tests_and_one_of_rules_are_asked_for() {
        let asked = parse("tests --rules crs --gateway bin/gatehouse").expect("well-formed");
        assert_eq!(asked, Asked { tests: "tests".into(), rules: "crs".into(), gateway: Some("bin/gatehouse".into()) });
        assert_eq!(parse("--rules crs tests").expect("well-formed").gateway, None);
        for wrong in ["", "tests", "--rules crs", "tests --rules", "a b --rules c", "a --rules b --gateway", "a --x"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
