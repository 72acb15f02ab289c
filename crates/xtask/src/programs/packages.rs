//! Packages of the distribution, unpacked into a folder: nothing is installed, no script of theirs is run.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use crate::commands;

/// For one command of the package manager.
const PATIENCE: Duration = Duration::from_secs(120);
/// What every program on the machine shares, and which must not be loaded twice.
const NEVER: [&str; 2] = ["libc6", "libc-bin"];

/// Unpacks packages, and those they depend on that are not installed, into `folder/root`.
pub(super) fn unpack(packages: &[&str], folder: &Path) -> Result<(), String> {
    if !commands::answers("apt-get", &["--version"]) {
        return Err(format!("there is no apt-get to get {} with", packages.join(", ")));
    }
    println!("  | getting {}", packages.join(", "));
    let apt = Apt { folder: folder.to_owned(), has_own_lists: false };
    let archives = apt.download(packages).or_else(|_| apt.with_own_lists()?.download(packages))?;
    let root = folder.join("root");
    for archive in archives {
        run(Command::new("dpkg-deb").arg("-x").arg(&archive).arg(&root), "unpack a package")?;
        let _ = fs::remove_file(&archive);
    }
    strip(&root).map_err(|error| format!("look through {}: {error}", root.display()))
}

/// The package manager; with lists of its own where the machine's are old or not there.
struct Apt {
    folder: PathBuf,
    has_own_lists: bool,
}

impl Apt {
    fn with_own_lists(&self) -> Result<Self, String> {
        for name in ["lists/partial", "cache/archives/partial"] {
            let path = self.folder.join(name);
            fs::create_dir_all(&path).map_err(|error| format!("create {}: {error}", path.display()))?;
        }
        let apt = Self { folder: self.folder.clone(), has_own_lists: true };
        run(apt.command().arg("update"), "update the lists of packages")?;
        Ok(apt)
    }

    /// Downloads packages and what they need; where they are now.
    fn download(&self, packages: &[&str]) -> Result<Vec<PathBuf>, String> {
        let mut simulation = self.command();
        simulation.args(["-s", "install", "--no-install-recommends"]).args(packages);
        let plan = run(&mut simulation, "find the packages")?;
        let needed = planned(&plan);
        let archives = self.folder.join("archives");
        // Half a download of an earlier run is none of ours.
        let _ = fs::remove_dir_all(&archives);
        fs::create_dir_all(&archives).map_err(|error| format!("create {}: {error}", archives.display()))?;
        if !needed.is_empty() {
            run(self.command().current_dir(&archives).arg("download").args(needed), "download packages")?;
        }
        let entries = fs::read_dir(&archives).map_err(|error| format!("read {}: {error}", archives.display()))?;
        Ok(entries.flatten().map(|entry| entry.path()).collect())
    }

    fn command(&self) -> Command {
        let mut command = Command::new("apt-get");
        command.args(["-qq", "-o", "Debug::NoLocking=1"]).env("LC_ALL", "C");
        if super::shelf::is_root() {
            // Otherwise it would write as somebody who may not write here.
            command.args(["-o", "APT::Sandbox::User=root"]);
        }
        if self.has_own_lists {
            let folder = self.folder.display();
            command.arg("-o").arg(format!("Dir::State::Lists={folder}/lists"));
            command.arg("-o").arg(format!("Dir::Cache={folder}/cache"));
        }
        command
    }
}

/// Names of the packages that a simulated installation would install: `Inst name [old] (new ...)`.
fn planned(plan: &str) -> Vec<&str> {
    let names = plan.lines().filter_map(|line| line.strip_prefix("Inst ")?.split(' ').next());
    names.filter(|name| !NEVER.contains(name)).collect()
}

/// Takes from files what would make them run with somebody else's rights: those could not load libraries from here.
fn strip(folder: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            strip(&entry.path())?;
        } else if kind.is_file() {
            let mode = entry.metadata()?.permissions().mode();
            if mode & 0o6000 != 0 {
                fs::set_permissions(entry.path(), Permissions::from_mode(mode & 0o1777))?;
            }
        }
    }
    Ok(())
}

/// Runs a command that should succeed; what it printed.
pub(super) fn run(command: &mut Command, what: &str) -> Result<String, String> {
    match ended(command) {
        Ok((status, text)) if status.success() => Ok(text),
        Ok((status, text)) => {
            let why = text.lines().last().unwrap_or_default().to_owned();
            Err(format!("cannot {what} ({status}): {why}"))
        }
        Err(why) => Err(format!("cannot {what}: {why}")),
    }
}

/// Runs a command to its end; how it ended, and what it printed.
pub(super) fn ended(command: &mut Command) -> Result<(ExitStatus, String), String> {
    let text = |error: std::io::Error| error.to_string();
    let (reader, writer) = std::io::pipe().map_err(text)?;
    command.stdin(Stdio::null()).stdout(writer.try_clone().map_err(text)?).stderr(writer);
    let mut child = command.spawn().map_err(text)?;
    // The command holds our writing ends: without this the reader would never see an end.
    command.stdout(Stdio::null()).stderr(Stdio::null());
    let output = std::thread::spawn(move || std::io::read_to_string(reader).unwrap_or_default());
    match commands::wait(&mut child, PATIENCE) {
        Ok(Some(status)) => Ok((status, output.join().unwrap_or_default())),
        Ok(None) => Err(format!("not done after {} s", PATIENCE.as_secs())),
        Err(error) => Err(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_names_what_is_new_and_what_is_newer() {
        let plan = "Inst libjemalloc2 (5.3.0-1 Debian:12 [amd64])\nInst libc6 [2.36-9] (2.36-10 Debian:12 [amd64])\n\
                    Inst openssh-client [1:9.2p1-2] (1:9.2p1-3 Debian:12 [amd64]) []\nConf libjemalloc2 (5.3.0-1 D)\n";
        assert_eq!(planned(plan), ["libjemalloc2", "openssh-client"]);
    }
}
