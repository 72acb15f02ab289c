//! What the suite is made of: a client from PyPI and a server from npm, installed below `target/`.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};

use crate::commands::{self, wait};
use crate::workspace;

/// The client: <https://pypi.org/project/kosoku/>, Apache-2.0.
const CLIENT: &str = "kosoku==0.1.0";
/// The server: <https://www.npmjs.com/package/ws>, MIT.
const SERVER: &str = "ws@8.23.0";
/// For one installation.
const PATIENCE: Duration = Duration::from_secs(120);

/// The installed tools.
pub(super) struct Tools {
    /// The command of the client.
    pub(super) client: PathBuf,
    folder: PathBuf,
}

impl Tools {
    /// Installs what is not there yet; the error says why there is nothing to run.
    pub(super) fn install() -> Result<Self, String> {
        for (program, argument) in [("python3", "--version"), ("node", "--version"), ("npm", "--version")] {
            if !commands::answers(program, &[argument]) {
                return Err(format!("{program} is not installed"));
            }
        }
        let folder = workspace::target().join("websocket");
        std::fs::create_dir_all(&folder).map_err(|error| format!("create {}: {error}", folder.display()))?;
        let tools = Self { client: folder.join("venv/bin/kosoku"), folder };
        tools.install_client()?;
        tools.install_server()?;
        Ok(tools)
    }

    fn install_client(&self) -> Result<(), String> {
        let venv = self.folder.join("venv");
        if self.client.is_file() {
            return Ok(());
        }
        installed(Command::new("python3").args(["-m", "venv"]).arg(&venv), "make a virtual environment")?;
        let pip = venv.join("bin/pip");
        let install = ["install", "--quiet", "--disable-pip-version-check", CLIENT];
        installed(Command::new(pip).args(install), "install the client from PyPI")
    }

    fn install_server(&self) -> Result<(), String> {
        let folder = self.folder.join("npm");
        if !folder.join("node_modules/ws/package.json").is_file() {
            let mut npm = Command::new("npm");
            npm.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]).arg(&folder).arg(SERVER);
            installed(&mut npm, "install the server from npm")?;
        }
        let scripts = [("server.js", include_str!("server.js")), ("bridge.js", include_str!("bridge.js"))];
        for (name, text) in scripts {
            std::fs::write(folder.join(name), text).map_err(|error| format!("write {name}: {error}"))?;
        }
        Ok(())
    }

    /// Starts one of the scripts.
    pub(super) fn start(&self, script: &str, arguments: &[String]) -> Result<Script> {
        Script::start(&self.folder.join("npm").join(script), arguments)
    }
}

/// Runs an installation; the error is for people.
fn installed(command: &mut Command, what: &str) -> Result<(), String> {
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()
        .map_err(|error| format!("cannot {what}: {error}"))?;
    match wait(&mut child, PATIENCE) {
        Ok(Some(status)) if status.success() => Ok(()),
        Ok(Some(status)) => Err(format!("cannot {what} ({status})")),
        Ok(None) => Err(format!("cannot {what} within {} s", PATIENCE.as_secs())),
        Err(error) => Err(format!("cannot {what}: {error}")),
    }
}

/// A script at work that has said which port it listens on; dropping it ends it.
pub(super) struct Script {
    child: Child,
    /// The port.
    pub(super) port: u16,
}

impl Script {
    fn start(path: &Path, arguments: &[String]) -> Result<Self> {
        let mut child = Command::new("node")
            .arg(path)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("start node {}", path.display()))?;
        let mut line = String::new();
        if let Some(out) = child.stdout.take() {
            BufReader::new(out).read_line(&mut line)?;
        }
        let Ok(port) = line.trim().parse() else {
            let _ = child.kill();
            let _ = child.wait();
            bail!("{} said {line:?} and not its port", path.display());
        };
        Ok(Self { child, port })
    }
}

impl Drop for Script {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
