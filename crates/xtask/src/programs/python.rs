//! A client of PostgreSQL that begins with TLS: the `psql` of the distribution may be too old for that.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::packages::run;
use crate::commands;

/// Psycopg, LGPL-3.0; brings the client library of PostgreSQL 17.
const CLIENT: &str = "psycopg[binary]==3.2.13";
/// Says the library's version; fails where it cannot begin with TLS.
pub(super) const TRIAL: &[&str] = &[
    "-c",
    "import psycopg; version = psycopg.pq.version(); print('psycopg', psycopg.__version__, 'with libpq', version); \
     assert version >= 170000",
];

/// Installs it below the folder; where the Python is that has it.
pub(super) fn install(folder: &Path) -> Result<PathBuf, String> {
    let venv = folder.join("venv");
    let python = venv.join("bin/python");
    let works = || commands::answers(&python.to_string_lossy(), TRIAL);
    if works() {
        return Ok(python);
    }
    if !commands::answers("python3", &["--version"]) {
        return Err("python3 is not installed".to_owned());
    }
    println!("  | getting {CLIENT}");
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv), "make a virtual environment")?;
    let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", CLIENT];
    run(Command::new(&python).args(install), "install the client from PyPI")?;
    if works() { Ok(python) } else { Err(format!("{CLIENT} cannot begin with TLS here")) }
}
