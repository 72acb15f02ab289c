//! `bench`: CPU per request, and per session, of Gatehouse beside nginx, HAProxy and a relay that parses nothing.
//!
//! One command measures everything on one machine: it starts a backend, the proxies and a load generator of its own,
//! each in its own process on its own core, and prints tables of CPU microseconds per request and their ratios. The
//! ratios are what counts: absolute figures belong to the machine, ratios travel.
//!
//! The road through this crate: [`cli`] says what to run, [`tools`] fetches the peers and builds Gatehouse, [`netns`]
//! moves the run into a network of its own, [`rows`] leads through the rows whose loads [`work`] describes, [`report`]
//! writes down what came out. Requests are made by [`load`] and answered by [`backend`]; both ends of TCP and TLS
//! sessions are in [`sessions`]. The firewall's engine is measured beside another one in [`firewall`], without sockets.
//! Backends, relay and load generators are roles of this same binary (see [`roles`]), so that CPU is counted apart.
#![allow(clippy::print_stdout, reason = "a command-line tool: its tables go to standard output")]

mod account;
mod backend;
mod backends;
mod callgrind;
mod calls;
mod certificate;
mod cli;
mod firewall;
mod load;
mod machine;
mod measure;
mod netns;
mod peers;
mod process;
mod relay;
mod report;
mod roles;
mod rows;
mod sessions;
mod sockets;
mod titles;
mod tls;
mod tools;
mod work;

use std::process::ExitCode;

use clap::Parser as _;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            // In words only: a backtrace tells an operator nothing here.
            eprintln!("error: {problem:#}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> anyhow::Result<()> {
    if let Some(role) = roles::from_arguments()? {
        return role.run();
    }
    let cli = cli::Cli::parse();
    if let Some(cli::Part::Firewall(options)) = &cli.part {
        return firewall::run(options);
    }
    if cli.inside.is_none() {
        return netns::run_inside(&tools::prepare(&cli)?);
    }
    rows::run(&cli)
}
