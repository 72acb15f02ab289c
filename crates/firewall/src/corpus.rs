//! Finds the public rule sets that tests read: they are not part of this tree.
//!
//! `GATEHOUSE_CORPUS` names a folder that holds `waf-corpus`; without it a folder beside the workspace is tried. A test
//! that finds nothing says so and passes.

use std::path::{Path, PathBuf};

use waf::seclang::Reader;

/// Files below a folder.
pub(crate) struct Files(PathBuf);

impl Reader for Files {
    fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.0.join(file)).map_err(|error| error.to_string())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let entries = std::fs::read_dir(self.0.join(folder)).map_err(|error| error.to_string())?;
        Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
    }
}

/// The rules of a generation of the core rule set, or `None` after saying on standard error what was not tested.
pub(crate) fn rules(generation: &str) -> Option<Files> {
    let named = std::env::var_os("GATEHOUSE_CORPUS").unwrap_or_else(|| "../shared".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(named);
    let folder = root.join("waf-corpus").join(generation).join("rules");
    if folder.is_dir() {
        return Some(Files(folder));
    }
    eprintln!("NOT TESTED: {} is missing; set GATEHOUSE_CORPUS to the folder that holds waf-corpus", folder.display());
    None
}
