//! The authority on disk.
//!
//! A folder that only its owner can enter, made beside its place and renamed into it: of two processes that start
//! together one makes it, and both use the same one.

use std::fmt;
use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use zeroize::Zeroizing;

use super::authority::{Authority, Created};

/// The root: what is trusted.
const ROOT: &str = "ca.pem";
/// The authority below it.
const ISSUER: &str = "issuer.pem";
/// The key of that one.
const KEY: &str = "issuer.key";

/// An authority that is written down.
#[derive(Debug)]
pub struct Stored {
    /// Ready to sign.
    pub(super) authority: Authority,
    /// The file with its root, to be trusted.
    pub file: PathBuf,
    /// What is in that file.
    pub root_pem: String,
}

/// Why the authority of this machine cannot be used.
#[derive(Debug)]
pub struct OpenError {
    folder: PathBuf,
    why: String,
}

impl fmt::Display for OpenError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "the dev CA in {} cannot be used: {}", self.folder.display(), self.why)
    }
}

impl std::error::Error for OpenError {}

/// Opens the authority in a folder, which is made if there is none. `now` in Unix seconds.
///
/// # Errors
/// The folder cannot be written, or what is in it is not whole, too old, or readable by others.
pub fn open(folder: &Path, now: i64) -> Result<Stored, OpenError> {
    let fail = |why: String| OpenError { folder: folder.to_owned(), why };
    if let Err(error) = folder.symlink_metadata() {
        if error.kind() != io::ErrorKind::NotFound {
            return Err(fail(error.to_string()));
        }
        make(folder, now).map_err(fail)?;
    }
    read(folder, now).map_err(|why| fail(format!("{why}; without the folder, the next start makes a new one")))
}

fn make(folder: &Path, now: i64) -> Result<(), String> {
    static ATTEMPT: AtomicU64 = AtomicU64::new(0);
    let created = Authority::create(now).map_err(|error| error.to_string())?;
    let attempt = format!("new-{}-{}", std::process::id(), ATTEMPT.fetch_add(1, Ordering::Relaxed));
    let beside = folder.with_extension(attempt);
    let made = write(&beside, &created).and_then(|()| fs::rename(&beside, folder));
    let made = made.and_then(|()| folder.parent().map_or(Ok(()), |above| fs::File::open(above)?.sync_all()));
    if let Err(error) = made {
        let _ = fs::remove_dir_all(&beside);
        // Another process was faster, and its folder will do.
        if !folder.is_dir() {
            return Err(error.to_string());
        }
    }
    Ok(())
}

fn write(folder: &Path, created: &Created) -> io::Result<()> {
    if let Some(above) = folder.parent() {
        fs::create_dir_all(above)?;
    }
    DirBuilder::new().mode(0o700).create(folder)?;
    let files =
        [(ROOT, &created.root_pem, 0o644), (ISSUER, &created.issuer_pem, 0o644), (KEY, &*created.key_pem, 0o600)];
    for (name, text, mode) in files {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(folder.join(name))?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
    }
    fs::File::open(folder)?.sync_all()
}

fn read(folder: &Path, now: i64) -> Result<Stored, String> {
    let text = |name: &str| fs::read_to_string(folder.join(name)).map_err(|error| format!("{name}: {error}"));
    let (root_pem, issuer_pem, key) = (text(ROOT)?, text(ISSUER)?, Zeroizing::new(text(KEY)?));
    let mode = folder.join(KEY).metadata().map_err(|error| format!("{KEY}: {error}"))?.mode();
    if mode & 0o077 != 0 {
        return Err(format!("others can read {KEY} (mode {:o})", mode & 0o777));
    }
    let file = folder.join(ROOT);
    let authority = Authority::read(issuer_pem, &key, &file, now)?;
    Ok(Stored { authority, file, root_pem })
}
