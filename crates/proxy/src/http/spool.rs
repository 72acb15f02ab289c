//! Request buffering: a request's content is taken in before it goes to a server, in memory first and then in a file,
//! so that a slow client does not keep a server waiting.
//!
//! Source: Azure, "Configure request and response proxy buffers" (read 2026-11-22); the sizes are not documented there.
//! What is beyond them, or beyond the disk, is streamed.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use snapshot::Limits;
use tokio::task::spawn_blocking;

use crate::http::body::{Decoder, Framing, LAST_CHUNK, write_chunk_line};
use crate::http::client::{Intake, Source, Upload};
use crate::http::guard::Screen;
use crate::http::record::Record;
use crate::http::relay::{Broken, Moved, Pace};
use crate::http::response::write_content_length;
use crate::io::{Pieces, write};
use crate::timer::Lane;
use crate::worker::Shared;

/// What is read from a file at once.
const BLOCK: usize = 64 * 1024;

/// Content of a request that was taken in.
pub struct Spool {
    file: Option<Stored>,
    /// What comes after the file.
    memory: Vec<u8>,
    /// Finds where in the client's bytes the rest begins.
    decoder: Decoder,
    /// Nothing more comes from the client.
    whole: bool,
    /// The most that the content may have, in bytes.
    most: u64,
}

/// Content in a file, which has no name any more: whatever happens, it goes with the process.
struct Stored {
    file: Arc<File>,
    share: Share,
}

/// A share of what all requests together may have in files, in bytes; given back when this is dropped.
struct Share {
    len: u64,
    shared: Arc<Shared>,
}

impl Share {
    fn take(shared: &Arc<Shared>, len: u64, most: u64) -> Option<Self> {
        let share = Self { len, shared: Arc::clone(shared) };
        (shared.spooled.fetch_add(len, Ordering::Relaxed).saturating_add(len) <= most).then_some(share)
    }

    fn join(&mut self, mut other: Self) {
        self.len += std::mem::take(&mut other.len);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.shared.spooled.fetch_sub(self.len, Ordering::Relaxed);
    }
}

impl Spool {
    /// Nothing taken in yet, of content so delimited.
    pub fn new(framing: Framing) -> Box<Self> {
        Box::new(Self { file: None, memory: Vec::new(), decoder: Decoder::new(framing), whole: false, most: u64::MAX })
    }

    /// Whether all of the content is here: then it can be sent again.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Finds where what is still to come from the client ends.
    pub fn rest(&self) -> Decoder {
        self.decoder.clone()
    }

    /// What was taken in and is not in a file.
    pub fn in_memory(&self) -> &[u8] {
        &self.memory
    }

    /// Sets the most that the content may have, in bytes.
    pub fn allow(&mut self, most: u64) {
        self.most = most;
    }

    /// What may still come, in bytes.
    pub fn room(&self) -> u64 {
        self.most.saturating_sub(self.stored() + self.memory.len() as u64)
    }

    /// Takes in content until it has ended, there is no more room, or the firewall has refused it. What the firewall
    /// wants to see is kept in any case; it is not much.
    pub(super) async fn fill<S: Source>(
        &mut self,
        source: &mut S,
        intake: &Intake<'_>,
        (limits, shared): (&Limits, &Arc<Shared>),
        mut screen: Option<&mut Screen<'_>>,
        moved: &mut Moved,
    ) -> Result<(), Broken> {
        let mut pace = Pace::new(intake.timer.now(), limits.min_body_rate);
        while !self.whole {
            if self.memory.len() >= limits.buffered_in_memory
                && !self.store(limits, shared).await?
                && !screen.as_ref().is_some_and(|screen| screen.wants_more())
            {
                break;
            }
            let (before, read, held) = (intake.timer.now(), moved.read, self.memory.len());
            self.whole = source.some(intake, &mut self.decoder, &mut self.memory, moved).await?;
            pace.waited(before, intake.timer.now(), (moved.read - read) as usize)?;
            if let Some(screen) = &mut screen {
                if !screen.piece(self.memory.get(held..).unwrap_or_default()).await {
                    break;
                }
                if self.whole {
                    screen.end().await;
                }
            }
        }
        Ok(())
    }

    /// Moves what is in memory into the file. False when that is not to be: the bounds are reached, the disk is full.
    async fn store(&mut self, limits: &Limits, shared: &Arc<Shared>) -> Result<bool, Broken> {
        let (size, before) = (self.memory.len() as u64, self.stored());
        if before + size > limits.buffered_in_file {
            return Ok(false);
        }
        let Some(share) = Share::take(shared, size, limits.buffered_in_files) else { return Ok(false) };
        let file = self.file.as_ref().map(|stored| Arc::clone(&stored.file));
        let block = std::mem::take(&mut self.memory);
        // A disk may take its time, and the worker has others to serve.
        let written = spawn_blocking(move || {
            let file = file.map_or_else(|| nameless().map(Arc::new), Ok);
            (file.and_then(|file| file.write_all_at(&block, before).map(|()| file)), block)
        });
        let (file, block) = written.await.map_err(|error| Broken::Lost(io::Error::other(error)))?;
        self.memory = block;
        let Ok(file) = file else { return Ok(false) };
        self.memory.clear();
        match &mut self.file {
            Some(stored) => stored.share.join(share),
            None => self.file = Some(Stored { file, share }),
        }
        Ok(true)
    }

    /// Bytes in the file.
    fn stored(&self) -> u64 {
        self.file.as_ref().map_or(0, |stored| stored.share.len)
    }

    /// Puts content that is all here and small into the record, behind a head that says how long it is. False when it
    /// is in a file; then the head alone is changed.
    pub fn settle(&mut self, framing: Framing, record: &mut Record) -> bool {
        if framing == Framing::Chunked {
            name_length(record, self.stored() + self.memory.len() as u64);
        }
        if self.file.is_some() {
            return false;
        }
        record.text.extend_from_slice(&self.memory);
        true
    }

    /// Sends what was taken in to a server, after what stands in `out`.
    pub async fn send(&self, upload: &Upload<'_>, out: &mut Vec<u8>, moved: &mut Moved) -> Result<(), Broken> {
        if let Some(stored) = &self.file {
            let (mut at, mut block) = (0, Vec::new());
            while at < self.stored() {
                let size = (self.stored() - at).min(BLOCK as u64) as usize;
                block.resize(size, 0);
                let file = Arc::clone(&stored.file);
                let read = spawn_blocking(move || file.read_exact_at(&mut block, at).map(|()| block));
                block = read.await.map_err(io::Error::other).flatten().map_err(Broken::Lost)?;
                put(upload, out, &block, moved).await?;
                at += size as u64;
            }
        }
        put(upload, out, &self.memory, moved).await?;
        if self.whole && upload.chunked {
            out.extend_from_slice(LAST_CHUNK);
            put(upload, out, b"", moved).await?;
        }
        Ok(())
    }
}

async fn put(upload: &Upload<'_>, out: &mut Vec<u8>, data: &[u8], moved: &mut Moved) -> Result<(), Broken> {
    let framed = upload.chunked && !data.is_empty();
    if framed {
        write_chunk_line(out, data.len());
    }
    let mut pieces = Pieces::new([out, data, if framed { b"\r\n" } else { b"" }]);
    let done = write(upload.to, &mut pieces, upload.timer, Lane::ServerWrite, upload.write_limit).await;
    moved.written += pieces.written as u64;
    out.clear();
    done.map_err(Broken::Write)
}

/// The head of a request whose content comes in chunks says its length instead.
fn name_length(record: &mut Record, length: u64) {
    const CHUNKED: &[u8] = b"Transfer-Encoding: chunked\r\n\r\n";
    if record.text.ends_with(CHUNKED) {
        record.text.truncate(record.text.len() - CHUNKED.len());
        write_content_length(length, &mut record.text);
        record.text.extend_from_slice(b"\r\n");
    }
}

/// A file without a name in the folder for such things.
fn nameless() -> io::Result<File> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let mut tries = 0;
    loop {
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("gatehouse-{}-{number:x}", std::process::id()));
        match created(&path) {
            // Left over from a process that had our number.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < 16 => tries += 1,
            Err(error) => return Err(error),
            Ok(file) => {
                std::fs::remove_file(&path)?;
                return Ok(file);
            }
        }
    }
}

fn created(path: &PathBuf) -> io::Result<File> {
    File::options().read(true).write(true).create_new(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_announced_chunks_says_the_length_instead() {
        let head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
        let mut record = Record::new(head.into());
        name_length(&mut record, 70_000);
        assert_eq!(record.text, b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n");
    }

    #[test]
    fn content_that_is_whole_and_small_stands_behind_its_head() {
        let mut spool = Spool::new(Framing::Chunked);
        spool.memory.extend_from_slice(b"abc");
        spool.whole = true;
        let mut record = Record::new(b"X: y\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec());
        assert!(spool.settle(Framing::Chunked, &mut record));
        assert_eq!(record.text, b"X: y\r\nContent-Length: 3\r\n\r\nabc");
        let mut spool = Spool::new(Framing::Length(3));
        spool.memory.extend_from_slice(b"abc");
        let mut record = Record::new(b"Content-Length: 3\r\n\r\n".to_vec());
        assert!(spool.settle(Framing::Length(3), &mut record));
        assert_eq!(record.text, b"Content-Length: 3\r\n\r\nabc");
    }

    #[test]
    fn a_file_for_content_has_no_name() {
        let file = nameless().unwrap();
        file.write_all_at(b"abc", 0).unwrap();
        let mut read = [0; 3];
        file.read_exact_at(&mut read, 0).unwrap();
        assert_eq!(&read, b"abc");
        let own = format!("gatehouse-{}-", std::process::id());
        let names = std::fs::read_dir(std::env::temp_dir()).unwrap().flatten().map(|entry| entry.file_name());
        assert!(names.map(|name| name.to_string_lossy().into_owned()).all(|name| !name.starts_with(&own)));
    }
}
