//! A file that is read again when it has changed.

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

/// What is read of a file at most.
const MAX_LENGTH: u64 = 16 << 20;

/// What a file says.
#[derive(Debug)]
pub(super) struct Watched<T> {
    path: PathBuf,
    parse: fn(&str) -> T,
    /// `None`: the text may be another one by now.
    stamp: Option<Stamp>,
    value: Arc<T>,
}

/// What differs when a file has changed: time in seconds and nanoseconds, length, and which file it is.
type Stamp = (i64, i64, u64, u64, u64);

impl<T: PartialEq> Watched<T> {
    /// Reads a file. One that cannot be read counts as empty.
    pub(super) fn new(path: PathBuf, parse: fn(&str) -> T) -> Self {
        let (stamp, text) = read(&path);
        Self { path, parse, stamp, value: Arc::new(parse(&text)) }
    }

    pub(super) fn value(&self) -> Arc<T> {
        Arc::clone(&self.value)
    }

    /// True when it says something else now.
    pub(super) fn read_again(&mut self) -> bool {
        if self.stamp.is_some() && self.stamp == stamp(&self.path) {
            return false;
        }
        let (stamp, text) = read(&self.path);
        self.stamp = stamp;
        let value = (self.parse)(&text);
        let is_new = value != *self.value;
        self.value = Arc::new(value);
        is_new
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let metadata = fs::metadata(path).ok()?;
    Some((metadata.mtime(), metadata.mtime_nsec(), metadata.len(), metadata.dev(), metadata.ino()))
}

fn read(path: &Path) -> (Option<Stamp>, String) {
    // Before the text: what changes in between is read again.
    let stamp = stamp(path).filter(|(seconds, ..)| is_past(*seconds));
    (stamp, text(path))
}

/// A file that has just been written may be written again within the same tick of its clock.
fn is_past(seconds: i64) -> bool {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    seconds + 1 < i64::try_from(now.as_secs()).unwrap_or(i64::MAX)
}

fn text(path: &Path) -> String {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(MAX_LENGTH).read_to_end(&mut bytes));
    if read.is_err() {
        bytes.clear();
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
