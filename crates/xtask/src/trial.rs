//! A gateway on trial: its scratch folder, its ports, its process.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, Result, bail};

use crate::workspace;

/// A folder that is removed when it is no longer needed.
pub(crate) struct Scratch {
    /// Its path.
    pub(crate) folder: PathBuf,
}

impl Scratch {
    /// Makes one.
    pub(crate) fn new(name: &str) -> Result<Scratch> {
        let folder = std::env::temp_dir().join(format!("gatehouse-trial-{}-{name}", std::process::id()));
        std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        Ok(Scratch { folder })
    }

    /// Writes a file into it.
    pub(crate) fn write(&self, name: &str, text: &str) -> Result<PathBuf> {
        let path = self.folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
        Ok(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The gateway under test; dropping it ends it.
pub(crate) struct Gateway {
    child: Child,
    errors: PathBuf,
}

impl Gateway {
    /// Starts the released build.
    pub(crate) fn start(document: &Path, site: &Path, folder: &Path) -> Result<Gateway> {
        let binary = workspace::target().join("release/gatehouse");
        let arguments = ["run".as_ref(), document.as_os_str(), "--site".as_ref(), site.as_os_str()];
        Self::run(&binary, &arguments, folder)
    }

    /// Starts any build with any arguments. What it says is kept in the folder.
    pub(crate) fn run(binary: &Path, arguments: &[&OsStr], folder: &Path) -> Result<Gateway> {
        let errors = folder.join("gateway.err");
        let log = std::fs::File::create(&errors)?;
        let child = Command::new(binary)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()
            .with_context(|| format!("start {}", binary.display()))?;
        Ok(Gateway { child, errors })
    }

    /// Fails with the gateway's own words if it has ended.
    pub(crate) fn still_runs(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait()? else { return Ok(()) };
        let said = std::fs::read_to_string(&self.errors).unwrap_or_default();
        for line in said.lines().take(20) {
            println!("  | {line}");
        }
        bail!("the gateway has ended ({status})")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that nothing listens on now.
pub(crate) fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0)).context("find a free port")?.local_addr()?.port())
}
