//! Where the rule sets are, and how they are loaded.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use waf::program::{BODY_RULES, Library, Options, Program, STRICTNESS_RULES};
use waf::seclang::{Document, Fault, Reader};

/// A generation of the core rule set.
#[derive(Clone, Copy)]
pub(crate) struct Generation {
    /// The folder in the corpus.
    pub(crate) folder: &'static str,
    /// Sets it up as its own continuous integration does.
    pub(crate) setup: &'static str,
}

pub(crate) const THREE: Generation = Generation {
    folder: "crs-3.3",
    setup: "SecResponseBodyAccess On
        SecResponseBodyMimeType text/plain text/html text/xml application/json
        SecAction \"id:900005,phase:1,nolog,pass,t:none,setvar:tx.paranoia_level=4,\
        setvar:tx.crs_validate_utf8_encoding=1,setvar:tx.arg_name_length=100,setvar:tx.arg_length=400,\
        setvar:tx.total_arg_length=64000,setvar:tx.max_num_args=255,setvar:tx.max_file_size=64100,\
        setvar:tx.combined_file_sizes=65535,setvar:tx.crs_xml_attr_inspect=1\"",
};

pub(crate) const FOUR: Generation = Generation {
    folder: "crs-4",
    setup: "SecResponseBodyAccess On
        SecResponseBodyMimeType text/plain text/html text/xml application/json
        SecAction \"id:900005,phase:1,nolog,pass,t:none,setvar:tx.blocking_paranoia_level=4,\
        setvar:tx.crs_validate_utf8_encoding=1,setvar:tx.arg_name_length=100,setvar:tx.arg_length=400,\
        setvar:tx.total_arg_length=64000,setvar:tx.max_num_args=255,setvar:tx.max_file_size=64100,\
        setvar:tx.combined_file_sizes=65535\"",
};

/// The folder of a generation, if the corpus is there; relative names start at the workspace.
pub(crate) fn folder(generation: Generation) -> Option<PathBuf> {
    let named = std::env::var_os("GATEHOUSE_CORPUS").unwrap_or_else(|| "../shared".into());
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(named);
    let folder = root.join("waf-corpus").join(generation.folder);
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("NOT RUN: no {}; set GATEHOUSE_CORPUS to a folder that holds waf-corpus", folder.display());
    None
}

/// Files below one folder.
pub(crate) struct Files(pub(crate) PathBuf);

impl Reader for Files {
    fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.0.join(file)).map_err(|error| error.to_string())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        let entries = std::fs::read_dir(self.0.join(folder)).map_err(|error| error.to_string())?;
        Ok(entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect())
    }
}

/// The rule set with the engine's own rules and a set-up before it.
pub(crate) fn program(
    folder: &Path,
    setup: &str,
    options: &Options,
    library: &mut Library,
) -> Result<Arc<Program>, Vec<Fault>> {
    let files = Files(folder.to_owned());
    let before = Document::parse("engine", BODY_RULES, &files)?.followed_by(Document::parse("setup", setup, &files)?);
    let rules = Document::read_all(&["crs-setup.conf.example", "rules/*.conf"], &files)?;
    let strict = Document::parse("strictness", STRICTNESS_RULES, &files)?;
    let document = before.followed_by(strict).followed_by(rules);
    Program::compile(&document, options, &files, library).map(Arc::new)
}

/// Faults as a list of lines.
pub(crate) fn lines(faults: &[Fault]) -> String {
    faults.iter().map(|fault| format!("{fault}\n")).collect()
}
