//! Where the programs are: on the machine, or below our folder.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::{Source, Tool, packages, python};

/// The account without rights, under which root runs what refuses root.
const NOBODY: u32 = 65534;
/// What a shell and the loader answer when a program cannot be started.
const CANNOT_START: [i32; 2] = [126, 127];

/// All programs that were asked for so far.
pub(super) struct Shelf {
    folder: PathBuf,
    found: BTreeMap<&'static str, PathBuf>,
}

impl Shelf {
    /// With a folder for what has to be installed.
    pub(super) fn open(folder: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&folder).with_context(|| format!("create {}", folder.display()))?;
        // Programs are told this path, and they do not run where we do.
        let folder = folder.canonicalize().with_context(|| format!("find {}", folder.display()))?;
        Ok(Self { folder, found: BTreeMap::new() })
    }

    /// Finds tools, if need be after installing them, and tries them. What the first says of itself, or why not.
    pub(super) fn supply(&mut self, tools: &[Tool]) -> Result<String, String> {
        let mut packages: Vec<&str> = tools
            .iter()
            .filter(|tool| self.place(tool).is_none())
            .filter_map(|tool| match tool.source {
                Source::Package(package) | Source::Library(package) => Some(package),
                Source::Python => None,
            })
            .collect();
        packages.dedup();
        if !packages.is_empty() {
            packages::unpack(&packages, &self.folder)?;
        }
        let mut said = Vec::new();
        for tool in tools {
            let place = match tool.source {
                Source::Python => python::install(&self.folder)?,
                _ => self.place(tool).ok_or_else(|| format!("no {} in its package", tool.name))?,
            };
            said.extend(self.tried(tool, &place)?);
            self.found.insert(tool.name, place);
        }
        Ok(said.into_iter().next().unwrap_or_default())
    }

    /// Writes the list for the tests.
    pub(super) fn write(&self) -> Result<PathBuf> {
        let path = self.folder.join("programs.json");
        let list = json!({ "programs": self.found, "unpacked": self.root(), "libraries": self.libraries() });
        std::fs::write(&path, format!("{list:#}\n")).with_context(|| format!("write {}", path.display()))?;
        Ok(path)
    }

    fn root(&self) -> PathBuf {
        self.folder.join("root")
    }

    /// Folders of unpacked libraries, as the loader takes them.
    fn libraries(&self) -> String {
        let folders = ["usr/lib", "lib"].map(|name| self.root().join(name));
        let folders: Vec<_> = folders.iter().flat_map(|folder| subfolders(folder)).collect();
        let libraries = folders.iter().map(|folder| folder.to_string_lossy()).filter(|name| name.contains("-linux-"));
        libraries.collect::<Vec<_>>().join(":")
    }

    fn place(&self, tool: &Tool) -> Option<PathBuf> {
        let folders = match tool.source {
            Source::Package(_) => [program_folders(Path::new("/")), path(), program_folders(&self.root())].concat(),
            Source::Library(_) => [Path::new("/usr/lib"), &self.root().join("usr/lib")].map(subfolders).concat(),
            Source::Python => return None,
        };
        folders.into_iter().map(|folder| folder.join(tool.name)).find(|file| file.is_file())
    }

    /// Runs a program as the tests will; the first line it prints.
    fn tried(&self, tool: &Tool, place: &Path) -> Result<Option<String>, String> {
        if tool.trial.is_empty() {
            return Ok(None);
        }
        let mut command = Command::new(place);
        command.args(tool.trial);
        if place.starts_with(self.root()) {
            command.env("LD_LIBRARY_PATH", self.libraries());
        }
        let nobody = if tool.unprivileged && is_root() {
            command.uid(NOBODY).gid(NOBODY).current_dir("/");
            " for an account without rights"
        } else {
            ""
        };
        let cannot = |why: &str| format!("{} does not start{nobody}: {why}", place.display());
        let (status, text) = packages::ended(&mut command).map_err(|error| cannot(&error))?;
        let line = text.lines().next().unwrap_or_default().to_owned();
        match status.code() {
            Some(code) if !CANNOT_START.contains(&code) => Ok(Some(line)),
            _ => Err(cannot(&line)),
        }
    }
}

/// Whether we may do what only root may.
pub(super) fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

/// Where programs are below a root; those of the newest PostgreSQL first, which is not on the path.
fn program_folders(root: &Path) -> Vec<PathBuf> {
    let version = |folder: &PathBuf| -> u32 {
        folder.file_name().and_then(|name| name.to_str()?.parse().ok()).unwrap_or_default()
    };
    let mut versions = subfolders(&root.join("usr/lib/postgresql"));
    versions.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
    let mut folders: Vec<_> = versions.into_iter().map(|folder| folder.join("bin")).collect();
    folders.extend(["usr/sbin", "usr/bin", "usr/local/sbin", "usr/local/bin"].map(|name| root.join(name)));
    folders
}

fn path() -> Vec<PathBuf> {
    std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()).collect()
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut folders: Vec<_> = entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}
