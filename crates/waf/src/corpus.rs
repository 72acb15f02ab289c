//! Finds the public rule sets and test vectors that tests read: they are not part of this tree.
//!
//! `GATEHOUSE_CORPUS` names a folder that holds `waf-corpus`; without it a folder beside the workspace is tried. A test
//! that finds nothing says so and passes.

use std::path::{Path, PathBuf};

/// A file or folder of the corpus, or `None` after saying on standard error what was not tested.
pub(crate) fn find(inner: &str) -> Option<PathBuf> {
    let root = std::env::var_os("GATEHOUSE_CORPUS").map_or_else(beside_workspace, PathBuf::from);
    let path = root.join("waf-corpus").join(inner);
    if path.exists() {
        return Some(path);
    }
    eprintln!("NOT TESTED: {} is missing; set GATEHOUSE_CORPUS to the folder that holds waf-corpus", path.display());
    None
}

fn beside_workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared")
}

/// The files of a folder, sorted by name, each with its name and its bytes.
pub(crate) fn files(folder: &Path, extension: &str) -> Vec<(String, Vec<u8>)> {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|found| found == extension));
    paths.sort();
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    paths.iter().map(|path| (name(path), std::fs::read(path).unwrap())).collect()
}
