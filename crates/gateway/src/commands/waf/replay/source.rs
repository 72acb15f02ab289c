//! Files with requests: told apart by how they begin, read piece by piece.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::sync::Arc;

use super::log::Log;
use super::raw;
use super::record::{Origin, Record};
use crate::commands::explain::read_content;

/// The longest line of a log that is read, in bytes; longer ones are told and passed over. This gateway's have at most
/// 32 KiB.
const MAX_LINE: u64 = 1 << 20;

/// Who takes requests, and why something is none.
pub(super) type Take<'a> = dyn FnMut(Result<Record, (Origin, String)>) + 'a;

/// Reads a file; `-` is standard input. `only`: the transaction that is looked for; raw requests have none.
///
/// # Errors
/// The file cannot be read, or is no request; the text says why.
pub(super) fn read(path: &Path, only: Option<&str>, take: &mut Take<'_>) -> Result<(), String> {
    let name: Arc<str> =
        if path.as_os_str() == "-" { "standard input".into() } else { path.display().to_string().into() };
    let unreadable = |error: std::io::Error| format!("cannot read {name}: {error}");
    let mut file: Box<dyn BufRead> = match &*name {
        "standard input" => Box::new(BufReader::new(std::io::stdin())),
        _ => Box::new(BufReader::new(std::fs::File::open(path).map_err(unreadable)?)),
    };
    let start = file.fill_buf().map_err(unreadable)?;
    let first = start.iter().find(|byte| !byte.is_ascii_whitespace()).copied();
    // A log that nothing was written to yet is a log as well.
    if first.is_none_or(|first| first == b'{') {
        return lines(file, &name, only, take).map_err(unreadable);
    }
    let origin = Origin { file: Arc::clone(&name), line: None };
    let bytes = if path.as_os_str() == "-" { whole(file).map_err(unreadable)? } else { read_content(path)? };
    let record = raw::parse(&bytes, &origin)
        .map_err(|why| format!("{name}: {why}; a file has one raw HTTP request, or rows of a log as lines of JSON"))?;
    take(Ok(record));
    Ok(())
}

fn whole(file: impl Read) -> std::io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.take(128 << 20).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Rows of logs, a line each.
fn lines(mut file: impl BufRead, name: &Arc<str>, only: Option<&str>, take: &mut Take<'_>) -> std::io::Result<()> {
    let mut log = Log::new(only);
    let (mut line, mut number) = (Vec::new(), 0);
    loop {
        line.clear();
        number += 1;
        let origin = Origin { file: Arc::clone(name), line: Some(number) };
        let read = (&mut file).take(MAX_LINE).read_until(b'\n', &mut line)?;
        if read == 0 {
            log.end(take);
            return Ok(());
        }
        if line.ends_with(b"\n") || (read as u64) < MAX_LINE {
            log.line(&line, origin, take);
        } else {
            pass_over(&mut file)?;
            take(Err((origin, format!("the line is longer than {} MiB", MAX_LINE >> 20))));
        }
    }
}

fn pass_over(file: &mut impl BufRead) -> std::io::Result<()> {
    loop {
        let piece = file.fill_buf()?;
        let end = piece.iter().position(|byte| *byte == b'\n');
        let (length, done) = end.map_or((piece.len(), piece.is_empty()), |end| (end + 1, true));
        file.consume(length);
        if done {
            return Ok(());
        }
    }
}
