//! One file for each command.

mod ask;
mod check;
mod dev;
mod diff;
mod explain;
mod export;
mod logs;
mod run;
mod service;
mod test;
mod trust;
mod waf;

use std::process::ExitCode;

use clap::CommandFactory;

use crate::cli::{Cli, Command};
use crate::terminal;

/// Exit code 1: problems were found, or something failed.
const PROBLEMS: u8 = 1;
/// Exit code 2: the command cannot be carried out as it was given.
const USAGE: u8 = 2;

/// Carries a command out.
pub fn dispatch(cli: Cli) -> ExitCode {
    let code = match cli.command {
        Command::Run(args) => run::run(&args),
        Command::Dev(args) => dev::run(&args),
        Command::Check(args) => check::run(&args),
        Command::Explain(args) => explain::run(&args),
        Command::Test(args) => test::run(&args),
        Command::Diff(args) => diff::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Status(args) => ask::run(&args, admin::Request::Status),
        Command::Health(args) => ask::run(&args, admin::Request::Health),
        Command::Reload(args) => ask::run(&args, admin::Request::Reload),
        Command::Waf(args) => waf::run(&args),
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "gatehouse", &mut script);
            terminal::out(&String::from_utf8_lossy(&script));
            0
        }
    };
    ExitCode::from(code)
}

/// Prints why a command cannot be carried out.
fn usage(why: &dyn std::fmt::Display) -> u8 {
    terminal::note(&format!("gatehouse: {why}"));
    USAGE
}
