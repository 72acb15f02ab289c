//! The last configuration that was applied, kept on disk: what runs when the newest document cannot be read.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::kept;

/// Where state is kept: the site file's folder, else the system's place for it.
pub fn state_folder(site: Option<&Path>) -> PathBuf {
    if let Some(folder) = site {
        return folder.to_owned();
    }
    let variable = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    // systemd sets the first for a service with StateDirectory=.
    variable("STATE_DIRECTORY")
        .or_else(|| variable("XDG_STATE_HOME").map(|folder| folder.join("gatehouse")))
        .or_else(|| variable("HOME").map(|folder| folder.join(".local/state/gatehouse")))
        .unwrap_or_else(|| PathBuf::from("/var/lib/gatehouse"))
}

/// The default socket of a gateway's management.
pub fn default_socket() -> PathBuf {
    let runtime = std::env::var_os("XDG_RUNTIME_DIR").filter(|value| !value.is_empty()).map(PathBuf::from);
    runtime.map_or_else(|| state_folder(None).join("admin.sock"), |folder| folder.join("gatehouse.sock"))
}

/// The kept text of one document.
pub struct LastGood {
    path: PathBuf,
}

impl LastGood {
    /// Where the document of this path is kept.
    pub fn new(folder: &Path, document: &Path) -> Self {
        Self { path: folder.join(format!("last-good-{}", document_name(document))) }
    }

    /// Keeps a text.
    pub fn store(&self, text: &str) -> io::Result<()> {
        kept::write(&self.path, &[kept::checksum(text.as_bytes()).as_bytes(), b"\n", text.as_bytes()])
    }

    /// The kept text, if there is one and it is whole.
    pub fn load(&self) -> Option<String> {
        let kept = fs::read_to_string(&self.path).ok()?;
        let (sum, text) = kept.split_once('\n')?;
        (sum == kept::checksum(text.as_bytes())).then(|| text.to_owned())
    }
}

/// What the state of a document is called by: short, and another one for each path.
pub(crate) fn document_name(document: &Path) -> String {
    let full = std::path::absolute(document).unwrap_or_else(|_| document.to_owned());
    kept::name(full.as_os_str().as_encoded_bytes(), 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_text_comes_back() {
        let folder = std::env::temp_dir().join(format!("gatehouse-last-good-{}", std::process::id()));
        let kept = LastGood::new(&folder, Path::new("gateway.json"));
        assert_eq!(kept.load(), None);
        kept.store("{\"a\": 1}\n").unwrap();
        assert_eq!(kept.load().as_deref(), Some("{\"a\": 1}\n"));
        kept.store("second").unwrap();
        assert_eq!(kept.load().as_deref(), Some("second"));
        let damaged = fs::read_to_string(&kept.path).unwrap().replace("second", "sec");
        fs::write(&kept.path, damaged).unwrap();
        assert_eq!(kept.load(), None);
        fs::remove_dir_all(&folder).unwrap();
    }
}
