//! The firewall's rules on this machine, read before anything is compiled: the folder that the site file names, else
//! the one that `gatehouse waf install` makes.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use snapshot::{RuleFolder, RuleSets};

use crate::inputs::add;
use crate::rule_sets::PACKAGE;

/// The largest file that is read, in bytes. The core rule set's largest has 70 KB.
const LARGEST: u64 = 4 << 20;
/// All of them together. The core rule set has 2 MB.
const LARGEST_FOLDER: u64 = 64 << 20;
/// Files in a folder. The core rule set has 60.
const MOST_FILES: usize = 500;

/// The set-up as it is handed on, and the names it is looked for by.
const SETUP: &str = "crs-setup.conf";
const SETUPS: [&str; 2] = [SETUP, "crs-setup.conf.example"];

/// The rules, and what they were read from.
#[derive(Clone, Default)]
pub struct Rules {
    /// What was read.
    pub sets: RuleSets,
    /// The folders and files, to be watched.
    pub paths: Vec<PathBuf>,
}

/// Reads the folder that is named, else the first of `usual` that there is. What was found goes into the checksum.
pub fn read(named: Option<PathBuf>, usual: &[PathBuf], checksum: &mut Sha256) -> Rules {
    let mut rules = Rules::default();
    let folder = match &named {
        Some(folder) => Some(folder),
        None => {
            rules.paths.extend(usual.iter().cloned());
            usual.iter().find(|folder| folder.is_dir())
        }
    };
    let Some(folder) = folder else { return rules };
    let shown = folder.display().to_string();
    rules.sets = match contents(folder, &mut rules.paths) {
        Ok(files) => {
            let digest = digest(&files);
            add(checksum, digest.as_bytes());
            RuleSets::Folder(Arc::new(RuleFolder { path: shown, files, digest }))
        }
        Err(why) => {
            add(checksum, why.as_bytes());
            RuleSets::Unreadable { path: shown, why }
        }
    };
    rules
}

/// Where rules are put that nothing names: below each of these folders of state.
pub fn usual(states: &[PathBuf]) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = states.iter().map(|state| state.join("rule-sets").join(PACKAGE)).collect();
    folders.dedup();
    folders
}

/// Whether a text may ask for rules of a folder. Only a hint: a text is taken apart later.
pub fn may_be_asked_for(text: &str) -> bool {
    const PROPERTY: &[u8] = b"rulesettype";
    text.as_bytes().windows(PROPERTY.len()).any(|window| window.eq_ignore_ascii_case(PROPERTY))
}

/// The files of rules and the lists they name by their names alone, and the set-up.
fn contents(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<BTreeMap<String, Vec<u8>>, String> {
    let inner = folder.join("rules");
    let rules = if inner.is_dir() { inner } else { folder.to_owned() };
    paths.push(rules.clone());
    let mut names = Vec::new();
    for entry in fs::read_dir(&rules).map_err(|error| why(&error))? {
        let name = entry.map_err(|error| why(&error))?.file_name();
        let extension = Path::new(&name).extension().and_then(OsStr::to_str);
        if matches!(extension, Some("conf" | "data"))
            && let Some(name) = name.to_str()
        {
            names.push(name.to_owned());
        }
        if names.len() > MOST_FILES {
            return Err(format!("it has more than {MOST_FILES} files of rules"));
        }
    }
    names.sort();
    let (mut files, mut left) = (BTreeMap::new(), LARGEST_FOLDER);
    for name in names {
        let path = rules.join(&name);
        paths.push(path.clone());
        let content = content(&path, &mut left).map_err(|why| format!("{name}: {why}"))?;
        files.insert(name, content);
    }
    if let Some(path) = setup(&rules) {
        paths.push(path.clone());
        let content = content(&path, &mut left).map_err(|why| format!("{}: {why}", path.display()))?;
        files.insert(SETUP.to_owned(), content);
    }
    Ok(files)
}

/// The set-up beside the rules, or above them.
fn setup(rules: &Path) -> Option<PathBuf> {
    let folders = [Some(rules), rules.parent()];
    let mut places = SETUPS.iter().flat_map(|name| folders.iter().flatten().map(move |folder| folder.join(name)));
    places.find(|place| place.is_file())
}

fn content(path: &Path, left: &mut u64) -> Result<Vec<u8>, String> {
    // A pipe would be waited for, and a device may never end.
    if !fs::metadata(path).map_err(|error| why(&error))?.is_file() {
        return Err("it is not a file".to_owned());
    }
    let mut content = Vec::new();
    let file = File::open(path).map_err(|error| why(&error))?;
    let length = file.take(LARGEST + 1).read_to_end(&mut content).map_err(|error| why(&error))? as u64;
    if length > LARGEST {
        return Err(format!("it is larger than {} MiB", LARGEST >> 20));
    }
    *left =
        left.checked_sub(length).ok_or_else(|| format!("all files are larger than {} MiB", LARGEST_FOLDER >> 20))?;
    Ok(content)
}

fn digest(files: &BTreeMap<String, Vec<u8>>) -> String {
    let mut digest = Sha256::new();
    for (name, content) in files {
        add(&mut digest, name.as_bytes());
        add(&mut digest, content);
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn why(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::NotFound => "there is no such folder or file".to_owned(),
        ErrorKind::NotADirectory => "it is not a folder".to_owned(),
        ErrorKind::PermissionDenied => "this user may not".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
