//! Whole folders of test files.

use std::path::{Path, PathBuf};

use crate::reader::{Fault, Test, read};

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Folder {
    /// The tests, in the order of their files' names.
    pub tests: Vec<Test>,
    /// What is not understood, of tests and whole files.
    pub faults: Vec<Fault>,
    /// How many files of tests there are.
    pub files: usize,
    /// Files that are no YAML by their name, and so no tests.
    pub others: Vec<String>,
}

/// Reads all files below a folder; a file alone is a folder of one.
///
/// # Errors
///
/// A folder cannot be listed. A file that cannot be read is a fault.
pub fn read_folder(path: &Path) -> std::io::Result<Folder> {
    let mut files = Vec::new();
    walk(path, &mut files)?;
    files.sort();
    let mut folder = Folder::default();
    for file in files {
        let name = file.strip_prefix(path).unwrap_or(&file).to_string_lossy().into_owned();
        let name = if name.is_empty() { file.to_string_lossy().into_owned() } else { name };
        if !file.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") {
            folder.others.push(name);
            continue;
        }
        folder.files += 1;
        match std::fs::read_to_string(&file) {
            Ok(text) => {
                let (tests, faults) = read(&name, &text);
                folder.tests.extend(tests);
                folder.faults.extend(faults);
            }
            Err(error) => folder.faults.push(Fault { file: name, test: String::new(), why: error.to_string() }),
        }
    }
    Ok(folder)
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) -> std::io::Result<()> {
    if !path.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    for entry in std::fs::read_dir(path)? {
        walk(&entry?.path(), files)?;
    }
    Ok(())
}
