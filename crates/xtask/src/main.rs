//! `cargo xtask`: one command per chore, the same on a desk and in CI.
//!
//! Needs the toolchain alone; whatever else a chore would like (nextest, cargo-deny, python3, a corpus) is used when it
//! is there, and a line that begins with `SKIPPED` says so when it is not.
#![allow(clippy::print_stdout, reason = "a command-line tool: its findings go to standard output")]

mod commands;
mod corpus;
mod layers;
mod links;
mod programs;
mod summary;
mod test;
mod tidy;
mod trial;
mod waf;
mod websocket;
mod workspace;

use std::process::ExitCode;

use summary::{Outcome, Summary};
use websocket::Selection;

const USAGE: &str = "usage: cargo xtask COMMAND

  test      set-up and all tests: unit, documentation, whole gateway, conformance corpora
  programs  installs what the tests with real programs need below target/, and says what there is
  corpus    the conformance corpora alone
  conformance websocket [--all]
            WebSocket conformance through the gateway; all of it takes twenty minutes
  conformance waf DIR --rules DIR [--gateway PATH]
            regression tests of firewall rules (go-ftw) below DIR, through a gateway that runs the folder of rules
  layers    fails on a dependency between our crates that the table of layers does not have
  tidy      line width, module documentation, banned words, links; reports large files
  ci        formatting, clippy, layers, tidy, cargo-deny (if installed), then test
  bench     CPU per request beside nginx and HAProxy; arguments are handed on
";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (command, rest) = arguments.split_first().map_or(("", &[][..]), |(first, rest)| (first.as_str(), rest));
    let mut summary = Summary::default();
    let done = match command {
        "test" => test::run(&mut summary),
        "programs" => programs::prepare(&mut summary).map(|_| ()),
        "corpus" => {
            corpus::run(&mut summary);
            Ok(())
        }
        "conformance" => match rest {
            [suite] if suite == "websocket" => websocket::run(&mut summary, Selection::Quick),
            [suite, all] if suite == "websocket" && all == "--all" => websocket::run(&mut summary, Selection::All),
            [suite, more @ ..] if suite == "waf" => match waf::Asked::parse(more) {
                Ok(asked) => waf::run(&mut summary, &asked),
                Err(problem) => {
                    eprint!("{problem:#}\n{USAGE}");
                    return ExitCode::from(2);
                }
            },
            other => {
                eprint!("unknown suite {other:?}\n{USAGE}");
                return ExitCode::from(2);
            }
        },
        "layers" => summary.step("layers", layers::check),
        "tidy" => summary.step("tidy", tidy::check),
        "ci" => ci(&mut summary),
        "bench" => return commands::hand_over(rest),
        "" | "help" | "-h" | "--help" => {
            print!("{USAGE}");
            return if command.is_empty() { ExitCode::from(2) } else { ExitCode::SUCCESS };
        }
        other => {
            eprint!("unknown command {other:?}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if let Err(problem) = done {
        eprintln!("error: {problem:#}");
        summary.add("xtask", Outcome::Failed(format!("{problem:#}")), 0, 1);
    }
    summary.print();
    if summary.failed() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// Everything that has to hold before a change lands: the cheap checks first, and all of them even if one fails.
fn ci(summary: &mut Summary) -> anyhow::Result<()> {
    summary.step("format", || commands::cargo(&["fmt", "--all", "--check"]))?;
    let clippy = ["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"];
    summary.step("clippy", || commands::cargo(&clippy))?;
    summary.step("layers", layers::check)?;
    summary.step("tidy", tidy::check)?;
    summary.step("deny", commands::deny)?;
    test::run(summary)
}
