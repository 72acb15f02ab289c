//! A worker's end of the access log.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::time::Duration;

use super::line::MAX_LINE;
use super::sink::{Format, Message, Shared};
use super::{AccessRecord, FirewallRecord, SessionRecord, json, text};

/// A chunk holds this much.
const CHUNK: usize = 64 * 1024;
/// A chunk is handed over once it holds this much, so that a line of any length still fits.
const FULL: usize = CHUNK - MAX_LINE;
/// How often and how long an ending worker tries to hand over its last lines.
const LAST_TRIES: u32 = 200;
const LAST_PAUSE: Duration = Duration::from_millis(5);

/// Whole lines on their way to the writer.
#[derive(Debug)]
pub(super) struct Chunk {
    bytes: Box<[u8]>,
    len: usize,
    count: u64,
}

impl Default for Chunk {
    fn default() -> Self {
        Self { bytes: vec![0; CHUNK].into_boxed_slice(), len: 0, count: 0 }
    }
}

impl Chunk {
    /// The lines.
    pub(super) fn lines(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Makes room again.
    pub(super) fn clear(&mut self) {
        (self.len, self.count) = (0, 0);
    }
}

/// One worker's handle. Recording never waits: a row becomes text in a buffer of this worker, and the writer thread
/// gets the buffer when it is half full or when the worker's tick says [`flush`](Self::flush).
#[derive(Debug)]
pub struct WorkerLog {
    shared: Arc<Shared>,
    /// `None`: the log is off.
    queue: Option<SyncSender<Message>>,
    chunk: RefCell<Option<Chunk>>,
    /// Where the firewall's rows go, if not here.
    firewall: Option<Box<Self>>,
}

impl WorkerLog {
    pub(super) fn new(shared: Arc<Shared>, queue: Option<SyncSender<Message>>) -> Self {
        Self { shared, queue, chunk: RefCell::new(None), firewall: None }
    }

    /// The same, with the firewall's rows in a log of their own, where there is one. Without, they stand in this one,
    /// those of a request before its own row: one buffer has both.
    #[must_use]
    pub fn with_firewall(mut self, log: Option<Self>) -> Self {
        self.firewall = log.map(Box::new);
        self
    }

    /// False when the log is off: then a record need not be put together.
    #[inline]
    pub fn is_enabled(&self) -> bool {
        self.queue.is_some()
    }

    /// False when the firewall's log is off.
    pub fn is_firewall_enabled(&self) -> bool {
        self.of_firewall().is_enabled()
    }

    /// Writes a row.
    #[inline]
    pub fn record(&self, record: &AccessRecord<'_>) {
        if self.queue.is_none() {
            return;
        }
        if self.shared.masked.is_empty() {
            self.append_request(record);
        } else {
            self.append_masked(record);
        }
    }

    /// Writes the row of a session that ended.
    pub fn session(&self, record: &SessionRecord<'_>) {
        self.append_session(record, true);
    }

    /// Writes a row of a session that goes on, for sessions that live for days: what moved and how long it lasted so
    /// far. `serverStatus` is empty and `endReason` is left out; the record's status and end reason are not looked at.
    pub fn session_under_way(&self, record: &SessionRecord<'_>) {
        self.append_session(record, false);
    }

    /// Writes the row of a thing that the firewall found.
    pub fn firewall(&self, record: &FirewallRecord<'_>) {
        let log = self.of_firewall();
        if log.queue.is_none() {
            return;
        }
        let target = log.shared.masked.target(record.request_uri.as_bytes());
        let request_uri = String::from_utf8_lossy(&target);
        let record = &FirewallRecord { request_uri: &request_uri, ..*record };
        log.append(|bytes, format| match format {
            Format::Json => json::firewall::write(bytes, record),
            Format::Text { colour } => text::firewall::write(bytes, record, colour),
        });
    }

    /// Hands over what is there. To be called by the worker's tick, every 100 ms.
    pub fn flush(&self) {
        if let Some(firewall) = &self.firewall {
            firewall.flush();
        }
        self.flush_own();
    }

    fn of_firewall(&self) -> &Self {
        self.firewall.as_deref().unwrap_or(self)
    }

    fn flush_own(&self) {
        let Some(chunk) = self.chunk.borrow_mut().take_if(|chunk| chunk.len > 0) else { return };
        if let Some(mut refused) = self.hand_over(chunk) {
            // The queue is full. What was refused is kept for the next tick while a line still fits.
            if refused.len >= FULL {
                self.shared.count_dropped(refused.count);
                refused.clear();
            }
            *self.chunk.borrow_mut() = Some(refused);
        }
    }

    #[cold]
    fn append_masked(&self, record: &AccessRecord<'_>) {
        let masked = &self.shared.masked;
        let target = masked.target(record.original_target);
        let query = masked.query(record.query);
        self.append_request(&AccessRecord { original_target: &target, query: &query, ..*record });
    }

    fn append_request(&self, record: &AccessRecord<'_>) {
        self.append(|bytes, format| match format {
            Format::Json => json::write(bytes, record),
            Format::Text { colour } => text::write(bytes, record, colour),
        });
    }

    fn append_session(&self, record: &SessionRecord<'_>, ended: bool) {
        if self.queue.is_none() {
            return;
        }
        self.append(|bytes, format| match format {
            Format::Json => json::session::write(bytes, record, ended),
            Format::Text { colour } => text::session::write(bytes, record, ended, colour),
        });
    }

    #[inline(always)]
    fn append(&self, write: impl FnOnce(&mut [u8; MAX_LINE], Format) -> usize) {
        let mut slot = self.chunk.borrow_mut();
        let chunk = slot.get_or_insert_with(|| self.shared.empty_chunk());
        let Some(bytes) = chunk.bytes.get_mut(chunk.len..).and_then(<[u8]>::first_chunk_mut::<MAX_LINE>) else {
            return;
        };
        chunk.len += write(bytes, self.shared.format);
        chunk.count += 1;
        if chunk.len >= FULL {
            drop(slot);
            self.flush_own();
        }
    }

    /// Returns the chunk when the queue is full.
    fn hand_over(&self, chunk: Chunk) -> Option<Chunk> {
        let queue = self.queue.as_ref()?;
        queue.try_send(Message::Chunk(chunk)).err().and_then(Message::refused)
    }
}

impl Drop for WorkerLog {
    /// The worker ends, so it may wait a little: nothing that was recorded is lost to a full queue.
    fn drop(&mut self) {
        let mut left = self.chunk.get_mut().take().filter(|chunk| chunk.len > 0);
        for _ in 0..LAST_TRIES {
            let Some(chunk) = left else { return };
            left = self.hand_over(chunk);
            if left.is_some() {
                std::thread::sleep(LAST_PAUSE);
            }
        }
        if let Some(chunk) = left {
            self.shared.count_dropped(chunk.count);
        }
    }
}
