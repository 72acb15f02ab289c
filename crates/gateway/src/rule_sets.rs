//! Rule sets of the firewall from the distribution's package, fetched and unpacked without root.
//!
//! What is fetched, from where, and whether it is what its makers signed, is the package manager's business: `apt-get
//! download` asks the sources of this machine and checks what comes. Nothing is installed, no script of the package
//! runs; the rules are copied out of it.

#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

/// The package, and the folder that its rules are put into.
pub const PACKAGE: &str = "modsecurity-crs";

/// Where the package has its rules, its set-up and its licence, and where they are put.
const RULES: (&str, &str) = ("usr/share/modsecurity-crs/rules", "rules");
const SETUP: (&str, &str) = ("etc/modsecurity/crs/crs-setup.conf", "crs-setup.conf");
const LICENCE: (&str, &str) = ("usr/share/doc/modsecurity-crs/copyright", "copyright");

/// The largest rule file, in bytes. The package's largest has 70 KB.
const LARGEST: u64 = 4 << 20;
/// Seconds that `apt-get` waits for a server that does not answer.
const PATIENCE: &str = "20";

/// The programs that do the work, each with its first arguments.
pub struct Tools {
    apt_get: Vec<String>,
    dpkg_deb: Vec<String>,
}

impl Default for Tools {
    fn default() -> Self {
        Self { apt_get: vec!["apt-get".to_owned()], dpkg_deb: vec!["dpkg-deb".to_owned()] }
    }
}

/// What was installed.
#[derive(Debug, PartialEq, Eq)]
pub struct Installed {
    /// The folder.
    pub folder: PathBuf,
    /// The package's version.
    pub version: String,
    /// Files of rules.
    pub rules: usize,
    /// Lists that rules name.
    pub lists: usize,
    /// Rules that were there before were replaced.
    pub replaced: bool,
}

/// Puts the rules of the package, or of a package file at hand, into `parent`; what was there before stays until the
/// new rules are whole.
///
/// # Errors
/// A program is missing or fails, the package is another one, a folder cannot be written to; in words for the operator.
pub fn install(tools: &Tools, package: Option<&Path>, parent: &Path) -> Result<Installed> {
    fs::create_dir_all(parent).with_context(|| format!("cannot make {}", parent.display()))?;
    let stage = Stage::new(parent)?;
    let package = match package {
        Some(file) => fs::canonicalize(file).with_context(|| format!("cannot read {}", file.display()))?,
        None => download(tools, &stage.0)?,
    };
    let version = version(tools, &package)?;
    let unpacked = stage.0.join("unpacked");
    let extract = [OsStr::new("--extract"), package.as_os_str(), unpacked.as_os_str()];
    run(&tools.dpkg_deb, &extract, &stage.0).context("the package cannot be unpacked")?;
    let ready = stage.0.join("ready");
    let (rules, lists) = copy_rules(&unpacked, &ready)?;
    let folder = parent.join(PACKAGE);
    let replaced = put_in_place(&ready, &folder, &stage.0)?;
    Ok(Installed { folder, version, rules, lists, replaced })
}

/// A folder to work in, gone in the end.
struct Stage(PathBuf);

impl Stage {
    fn new(parent: &Path) -> Result<Self> {
        let stage = parent.join(format!(".new-{}", std::process::id()));
        // Left by a process of the same number that was killed.
        let _ = fs::remove_dir_all(&stage);
        fs::create_dir(&stage).with_context(|| format!("cannot make {}", stage.display()))?;
        Ok(Self(stage))
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn download(tools: &Tools, stage: &Path) -> Result<PathBuf> {
    let timeout = |scheme: &str| format!("Acquire::{scheme}::Timeout={PATIENCE}");
    let (http, https) = (timeout("http"), timeout("https"));
    let arguments = ["-qq", "-o", &http, "-o", &https, "-o", "Acquire::Retries=1", "download", PACKAGE];
    run(&tools.apt_get, &arguments.map(OsStr::new), stage)
        .with_context(|| format!("cannot fetch {PACKAGE} (a file of it from elsewhere will do: --package FILE)"))?;
    let entries = fs::read_dir(stage).context("the download cannot be read")?;
    let mut files = entries.flatten().map(|entry| entry.path());
    let package = files.find(|file| file.extension().is_some_and(|extension| extension == "deb"));
    package.with_context(|| format!("apt-get has left no package {PACKAGE}"))
}

/// The version of a package file, which has to be of this package.
fn version(tools: &Tools, package: &Path) -> Result<String> {
    let arguments = [OsStr::new("--field"), package.as_os_str(), OsStr::new("Package"), OsStr::new("Version")];
    let folder = package.parent().unwrap_or(Path::new("."));
    let fields = run(&tools.dpkg_deb, &arguments, folder).context("this is no package that can be read")?;
    let field = |name: &str| fields.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
    let name = field("Package").unwrap_or_default();
    if name != PACKAGE {
        bail!("{} is the package {name:?}, not {PACKAGE}", package.display());
    }
    Ok(field("Version").unwrap_or("of unknown version").to_owned())
}

/// Copies plain files only: what else a package may hold is not followed.
fn copy_rules(unpacked: &Path, ready: &Path) -> Result<(usize, usize)> {
    let (from, to) = (unpacked.join(RULES.0), ready.join(RULES.1));
    fs::create_dir_all(&to).with_context(|| format!("cannot make {}", to.display()))?;
    let entries = fs::read_dir(&from).with_context(|| format!("the package has no {}", RULES.0))?;
    let (mut rules, mut lists) = (0, 0);
    for entry in entries {
        let entry = entry.context("the package cannot be read")?;
        let name = entry.file_name();
        match Path::new(&name).extension().and_then(OsStr::to_str) {
            Some("conf") => rules += copy(&entry.path(), &to.join(&name))?,
            Some("data") => lists += copy(&entry.path(), &to.join(&name))?,
            _ => {}
        }
    }
    if rules == 0 {
        bail!("the package has no rules in {}", RULES.0);
    }
    for (from, to) in [SETUP, LICENCE] {
        copy(&unpacked.join(from), &ready.join(to))?;
    }
    Ok((rules, lists))
}

/// Copies a plain file and counts it; 0 where there is none.
fn copy(from: &Path, to: &Path) -> Result<usize> {
    match fs::symlink_metadata(from) {
        Ok(found) if found.is_file() && found.len() <= LARGEST => {
            fs::copy(from, to).with_context(|| format!("cannot write {}", to.display()))?;
            Ok(1)
        }
        Ok(found) if found.is_file() => bail!("{} has {} bytes, which no rules have", from.display(), found.len()),
        _ => Ok(0),
    }
}

/// Whether something was replaced.
fn put_in_place(ready: &Path, folder: &Path, stage: &Path) -> Result<bool> {
    let old = stage.join("old");
    let replaced = match fs::rename(folder, &old) {
        Ok(()) => true,
        Err(error) if error.kind() == ErrorKind::NotFound => false,
        Err(error) => return Err(error).with_context(|| format!("cannot replace {}", folder.display())),
    };
    if let Err(error) = fs::rename(ready, folder) {
        if replaced {
            let _ = fs::rename(&old, folder);
        }
        return Err(error).with_context(|| format!("cannot write {}", folder.display()));
    }
    Ok(replaced)
}

/// Runs a program to its end; what it printed, or in an error what it complained about.
fn run(tool: &[String], arguments: &[&OsStr], folder: &Path) -> Result<String> {
    let (program, first) = tool.split_first().context("no program")?;
    let mut command = Command::new(program);
    command.args(first).args(arguments).current_dir(folder).env("LC_ALL", "C").stdin(Stdio::null());
    let output = match command.output() {
        Ok(output) => output,
        Err(error) if error.kind() == ErrorKind::NotFound => {
            bail!("there is no {program} on this machine; it belongs to Debian, Ubuntu and their relatives")
        }
        Err(error) => return Err(error).with_context(|| format!("{program} cannot be started")),
    };
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    // Warnings stand before what ended it.
    let errors: Vec<&str> = said.lines().filter(|line| !line.starts_with("W:")).map(str::trim).collect();
    let errors = if errors.is_empty() { output.status.to_string() } else { errors.join("; ") };
    bail!("{program} failed: {errors}")
}
