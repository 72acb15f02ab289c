//! The firewall's rules on this machine, read beforehand: compiling opens no file.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use waf::seclang::Reader;

/// Which rules there are.
#[derive(Clone, Debug, Default)]
pub enum RuleSets {
    /// None is named in the site file and none is installed.
    #[default]
    Absent,
    /// Those of a folder.
    Folder(Arc<RuleFolder>),
    /// Those of a folder that cannot be read.
    Unreadable {
        /// The folder.
        path: String,
        /// Why, lower case, no full stop.
        why: String,
    },
}

/// The files of a folder of rules: `*.conf` and the lists they name (`*.data`) by their names alone, and the set-up
/// (`crs-setup.conf`, else `crs-setup.conf.example`), which may stand beside the folder, as `crs-setup.conf`.
pub struct RuleFolder {
    /// Where it is, for messages.
    pub path: String,
    /// Contents by name.
    pub files: BTreeMap<String, Vec<u8>>,
    /// Tells folders of other contents apart (SHA-256, hexadecimal).
    pub digest: String,
}

/// Sizes, not contents: there are megabytes.
impl fmt::Debug for RuleFolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleFolder").field("path", &self.path).field("files", &self.files.len()).finish_non_exhaustive()
    }
}

impl Reader for RuleFolder {
    fn read(&self, file: &str) -> Result<Vec<u8>, String> {
        self.files.get(file).cloned().ok_or_else(|| "there is no such file".to_owned())
    }

    fn list(&self, folder: &str) -> Result<Vec<String>, String> {
        if folder.is_empty() || folder == "." {
            return Ok(self.files.keys().cloned().collect());
        }
        Err("there is no such folder".to_owned())
    }
}
