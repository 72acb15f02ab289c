//! What is kept on disk: whole or not at all, and for this user only.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// Puts a file in place. `kill -9` at any moment leaves the old one or the new one, never a mix: written to a file
/// beside it, synced, renamed, and the folder synced.
pub(crate) fn write(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    placed(path, parts, |temporary| fs::rename(temporary, path))
}

/// Puts a file in place where there is none; one that came meanwhile stays.
pub(crate) fn write_new(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    placed(path, parts, |temporary| {
        match fs::hard_link(temporary, path) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        fs::remove_file(temporary)
    })
}

fn placed(path: &Path, parts: &[&[u8]], place: impl Fn(&Path) -> io::Result<()>) -> io::Result<()> {
    let Some(folder) = path.parent() else { return Ok(()) };
    fs::create_dir_all(folder)?;
    let temporary = beside(path);
    let write = || -> io::Result<()> {
        // What is kept may hold secrets.
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        for part in parts {
            file.write_all(part)?;
        }
        file.sync_all()?;
        place(&temporary)?;
        File::open(folder)?.sync_all()
    };
    write().inspect_err(|_| {
        let _ = fs::remove_file(&temporary);
    })
}

fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(format!(".new-{}", std::process::id()));
    PathBuf::from(name)
}

/// SHA-256, hexadecimal.
pub(crate) fn checksum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A short name for something long: the beginning of its checksum.
pub(crate) fn name(bytes: &[u8], length: usize) -> String {
    checksum(bytes).chars().take(length).collect()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_file_is_in_place_as_a_whole_and_nothing_else_is() {
        let folder = e2e::Folder::new();
        let path = folder.path("state/deeper/kept");
        write(&path, &[b"a", b"b"]).unwrap();
        write(&path, &[b"second"]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        write_new(&path, &[b"third"]).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        write_new(&path.with_file_name("other"), &[b"new"]).unwrap();
        assert_eq!(fs::read(path.with_file_name("other")).unwrap(), b"new");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 2);
    }

    #[test]
    fn what_cannot_be_kept_leaves_nothing() {
        let folder = e2e::Folder::new();
        let path = folder.path("kept");
        fs::create_dir_all(path.join("in the way")).unwrap();
        assert!(write(&path, &[b"a"]).is_err());
        assert_eq!(fs::read_dir(folder.as_ref()).unwrap().count(), 1);
    }
}
