//! libmodsecurity as a worker: a small program against its C interface, compiled where the run takes place.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::requests::{self, Request};
use crate::roles::{LaunchSpec, Role};
use crate::tools;

/// The program.
const SOURCE: &str = include_str!("peer.c");
/// What only the peer knows: it keeps no log of its own.
const SETTINGS: &str = "SecAuditEngine Off\n";
/// Where the library's package for programs puts what is looked for.
const HEADER: &str = "/usr/include/modsecurity/modsecurity.h";

/// Builds the worker, which loads these rules.
pub(crate) fn role(folder: &Path, rules: &Path, requests: &[Request]) -> Result<Role> {
    if !tools::installed(HEADER, "libmodsecurity-dev") || !tools::installed("cc", "gcc") {
        bail!("it takes libmodsecurity-dev and a C compiler");
    }
    let [source, program, entry, asked] = ["peer.c", "peer", "peer.conf", "requests"].map(|name| folder.join(name));
    std::fs::write(&source, SOURCE)?;
    std::fs::write(&entry, format!("{SETTINGS}Include {}\n", rules.display()))?;
    std::fs::write(&asked, requests::file(requests))?;
    let status = Command::new("cc").args(["-O2", "-o"]).args([&program, &source]).arg("-lmodsecurity").status();
    let status = status.context("start cc")?;
    if !status.success() {
        bail!("cc failed ({status})");
    }
    let command = [program, entry, asked].iter().map(|path| path.display().to_string()).collect();
    Ok(Role::Launch(LaunchSpec { command }))
}
