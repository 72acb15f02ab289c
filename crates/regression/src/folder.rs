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
/// It is not there, or a folder cannot be listed. A file that cannot be read is a fault.
pub fn read_folder(path: &Path) -> std::io::Result<Folder> {
    std::fs::metadata(path)?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_files_below_a_folder_are_read_or_told() {
        let root = std::env::temp_dir().join(format!("regression-{}", std::process::id()));
        let inner = root.join("a/b");
        std::fs::create_dir_all(&inner).expect("a folder");
        let test = "rule_id: 7\ntests: [{stages: [{input: {}, output: {status: 200}}]}]";
        for (path, text) in [
            (inner.join("2.yml"), test),
            (root.join("1.yaml"), test),
            (root.join("3.yaml"), "x: y"),
            (root.join("README"), ""),
        ] {
            std::fs::write(path, text).expect("a file");
        }
        let folder = read_folder(&root).expect("it can be listed");
        let alone = read_folder(&root.join("1.yaml")).expect("a file is a folder of one");
        std::fs::remove_dir_all(&root).expect("it was ours");
        assert_eq!(folder.tests.iter().map(|test| test.file.as_str()).collect::<Vec<_>>(), ["1.yaml", "a/b/2.yml"]);
        assert_eq!((folder.files, folder.faults.len(), folder.others), (3, 1, vec!["README".to_owned()]));
        assert_eq!(alone.tests.len(), 1);
        assert!(read_folder(&root).is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound));
    }
}
