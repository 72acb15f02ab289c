//! `gatehouse`: an application gateway that runs Azure Application Gateway documents.

use std::process::ExitCode;

use clap::Parser;

/// Head and content buffers come and go with every burst of connections; this allocator gives them back and takes
/// them again for fewer instructions than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gateway::commands::dispatch(gateway::cli::Cli::parse())
}
