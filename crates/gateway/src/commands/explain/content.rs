//! Content of requests, out of a file of any bytes.

use std::io::Read;
use std::path::Path;

/// The largest content that is read, in bytes: above the uploads that policies let pass by default.
const MAX_CONTENT: u64 = 128 << 20;

/// Reads a file; `-` is standard input.
///
/// # Errors
/// It cannot be read, or is larger than what is read; the text says which.
pub(in crate::commands) fn read(path: &Path) -> Result<Vec<u8>, String> {
    let unreadable = |why: String| format!("cannot read {}: {why}", path.display());
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().take(MAX_CONTENT + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(MAX_CONTENT + 1).read_to_end(&mut bytes))
    };
    let read = read.map_err(|error| unreadable(error.to_string()))?;
    if read as u64 > MAX_CONTENT {
        return Err(unreadable(format!("it is larger than {} MiB", MAX_CONTENT >> 20)));
    }
    Ok(bytes)
}
