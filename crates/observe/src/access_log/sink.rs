//! The one writer thread behind all workers' logs.
//!
//! Workers hand over whole chunks of lines through a bounded queue. A disk that is full or an output that is gone costs
//! lines, counted, and nothing else.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use super::MaskedParameters;
use super::worker::{Chunk, WorkerLog};

/// Where rows go.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Target {
    /// Nowhere; recording costs one branch.
    #[default]
    Off,
    /// Standard output.
    Stdout,
    /// Appended to a file, made with mode 0640 when absent.
    File(PathBuf),
}

/// How a row looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line, as Azure writes it.
    #[default]
    Json,
    /// A line for a person.
    Text {
        /// With colour codes.
        colour: bool,
    },
}

/// Settings of a log.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where rows go. Default off.
    pub target: Target,
    /// How a row looks. Default JSON.
    pub format: Format,
    /// Query parameters whose values are not written. Default none.
    pub masked: MaskedParameters,
    /// Chunks of 64 KiB that may wait for the writer, over all workers. Default 128 (8 MiB).
    pub queue: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self { target: Target::Off, format: Format::Json, masked: MaskedParameters::default(), queue: 128 }
    }
}

/// How the log fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogState {
    /// Lines that were not written: the queue was full, or the output refused them.
    pub lines_dropped: u64,
    /// Times that writing or reopening failed.
    pub errors: u64,
    /// What the last failure was.
    pub last_error: Option<String>,
}

/// The shared end of a log, of access rows, firewall rows or both: makes workers' handles, reopens the file, ends the
/// writer.
#[derive(Debug)]
pub struct AccessLog {
    shared: Arc<Shared>,
    queue: Option<SyncSender<Message>>,
    writer: Mutex<Option<(JoinHandle<()>, Receiver<()>)>>,
}

impl AccessLog {
    /// Opens the target and starts the writer thread. Fails when the file cannot be opened.
    pub fn start(config: Config) -> io::Result<Self> {
        let output = match &config.target {
            Target::Off => None,
            Target::Stdout => Some(Output::Stdout(io::stdout())),
            Target::File(path) => Some(Output::File(open(path)?, path.clone())),
        };
        let shared = Arc::new(Shared {
            format: config.format,
            masked: config.masked,
            spare: Mutex::new(Vec::new()),
            reopen: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            lines_dropped: AtomicU64::new(0),
            errors: AtomicU64::new(0),
            last_error: Mutex::new(None),
        });
        let Some(output) = output else {
            return Ok(Self { shared, queue: None, writer: Mutex::new(None) });
        };
        let (queue, chunks) = sync_channel(config.queue.max(1));
        let (ended, end) = sync_channel(1);
        let writer = Writer { shared: Arc::clone(&shared), output, line_open: false };
        let thread = std::thread::Builder::new().name("log-writer".into()).spawn(move || {
            writer.run(&chunks);
            _ = ended.try_send(());
        })?;
        Ok(Self { shared, queue: Some(queue), writer: Mutex::new(Some((thread, end))) })
    }

    /// A log that writes nothing.
    pub fn off() -> Self {
        Self { shared: Arc::new(Shared::default()), queue: None, writer: Mutex::new(None) }
    }

    /// A handle for one worker thread. Call it on any thread; use the handle on one.
    pub fn worker(&self) -> WorkerLog {
        WorkerLog::new(Arc::clone(&self.shared), self.queue.clone())
    }

    /// Opens the file anew before the next chunk is written (SIGHUP after a rotation). What was handed over before is
    /// written; when the file cannot be opened the old one stays and the failure is counted.
    pub fn reopen(&self) {
        self.shared.reopen.store(true, Ordering::Release);
        self.wake();
    }

    /// How the log fares.
    pub fn state(&self) -> LogState {
        LogState {
            lines_dropped: self.shared.lines_dropped.load(Ordering::Relaxed),
            errors: self.shared.errors.load(Ordering::Relaxed),
            last_error: self.shared.last_error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    /// Writes what was handed over and ends the writer; gives up after `patience` (an output that blocks). Workers'
    /// handles are to be dropped before, which hands over what they hold. Returns false when it gave up.
    pub fn shutdown(&self, patience: Duration) -> bool {
        let Some((thread, end)) = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take() else {
            return true;
        };
        self.shared.stop.store(true, Ordering::Release);
        self.wake();
        // An error other than a timeout means that the thread is gone already.
        if end.recv_timeout(patience) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            return false;
        }
        thread.join().is_ok()
    }

    /// A full queue needs no waking: the writer looks at the flags after each chunk.
    fn wake(&self) {
        if let Some(queue) = &self.queue {
            _ = queue.try_send(Message::Wake);
        }
    }
}

impl Drop for AccessLog {
    fn drop(&mut self) {
        self.shutdown(Duration::from_secs(1));
    }
}

/// What workers and writer share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    pub(super) format: Format,
    pub(super) masked: MaskedParameters,
    /// Empty chunks to be filled again.
    spare: Mutex<Vec<Chunk>>,
    reopen: AtomicBool,
    stop: AtomicBool,
    lines_dropped: AtomicU64,
    errors: AtomicU64,
    last_error: Mutex<Option<String>>,
}

/// Empty chunks that are kept rather than freed.
const MAX_SPARE: usize = 32;
/// How long the writer naps between chunks, and after how many naps without one it sleeps until the next.
const NAP: Duration = Duration::from_millis(5);
const QUIET_NAPS: u32 = 10;

impl Shared {
    /// An empty chunk, a used one where there is one.
    pub(super) fn empty_chunk(&self) -> Chunk {
        let spare = self.spare.try_lock().ok().and_then(|mut spare| spare.pop());
        spare.unwrap_or_default()
    }

    pub(super) fn count_dropped(&self, lines: u64) {
        self.lines_dropped.fetch_add(lines, Ordering::Relaxed);
    }

    fn recycle(&self, mut chunk: Chunk) {
        chunk.clear();
        if let Ok(mut spare) = self.spare.try_lock()
            && spare.len() < MAX_SPARE
        {
            spare.push(chunk);
        }
    }

    fn failed(&self, doing: &str, error: &io::Error) {
        self.errors.fetch_add(1, Ordering::Relaxed);
        *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(format!("{doing}: {error}"));
    }
}

/// What the queue carries.
#[derive(Debug)]
pub(super) enum Message {
    /// Lines to write.
    Chunk(Chunk),
    /// Look at the flags.
    Wake,
}

impl Message {
    /// The chunk of a message that could not be queued.
    pub(super) fn refused(error: TrySendError<Self>) -> Option<Chunk> {
        match error {
            TrySendError::Full(Self::Chunk(chunk)) | TrySendError::Disconnected(Self::Chunk(chunk)) => Some(chunk),
            _ => None,
        }
    }
}

enum Output {
    Stdout(io::Stdout),
    File(File, PathBuf),
}

struct Writer {
    shared: Arc<Shared>,
    output: Output,
    /// The last write ended within a line.
    line_open: bool,
}

impl Writer {
    /// Sleeps for good only while nothing is logged. Between the chunks of steady traffic it naps, which nobody has to
    /// end: waking a thread for each chunk cost a worker more than writing the chunk (1.5 us a request, measured with
    /// both on one core).
    fn run(mut self, queue: &Receiver<Message>) {
        while !self.shared.stop.load(Ordering::Acquire) {
            let Ok(message) = queue.recv() else { return };
            self.take(message);
            let mut quiet = 0;
            while quiet < QUIET_NAPS && !self.shared.stop.load(Ordering::Acquire) {
                std::thread::sleep(NAP);
                quiet = if self.drain(queue) { 0 } else { quiet + 1 };
            }
        }
        // Stopped: what was handed over before is still written.
        self.drain(queue);
    }

    /// Writes all that waits; true when there was something.
    fn drain(&mut self, queue: &Receiver<Message>) -> bool {
        let mut any = false;
        while let Ok(message) = queue.try_recv() {
            self.take(message);
            any = true;
        }
        any
    }

    fn take(&mut self, message: Message) {
        if self.shared.reopen.swap(false, Ordering::AcqRel) {
            self.reopen();
        }
        if let Message::Chunk(chunk) = message {
            self.write(chunk.lines());
            self.shared.recycle(chunk);
        }
    }

    /// Writes whole lines. After a failure in mid-line the next chunk starts on a line of its own.
    fn write(&mut self, lines: &[u8]) {
        if self.line_open {
            match self.put(b"\n") {
                (1, None) => self.line_open = false,
                (_, error) => return self.lost(lines, error),
            }
        }
        let (written, error) = self.put(lines);
        if written < lines.len() {
            self.line_open = written > 0 && lines[written - 1] != b'\n';
            self.lost(&lines[written..], error);
        }
    }

    /// Writes as much as possible; returns how much, and the error that stopped it.
    fn put(&mut self, mut bytes: &[u8]) -> (usize, Option<io::Error>) {
        let all = bytes.len();
        let output: &mut dyn Write = match &mut self.output {
            Output::Stdout(stdout) => stdout,
            Output::File(file, _) => file,
        };
        while !bytes.is_empty() {
            match output.write(bytes) {
                Ok(0) => return (all - bytes.len(), Some(io::ErrorKind::WriteZero.into())),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return (all - bytes.len(), Some(error)),
            }
        }
        (all, output.flush().err())
    }

    fn lost(&self, lines: &[u8], error: Option<io::Error>) {
        self.shared.count_dropped(lines.iter().filter(|&&byte| byte == b'\n').count() as u64);
        if let Some(error) = error {
            self.shared.failed("cannot write the log", &error);
        }
    }

    fn reopen(&mut self) {
        let Output::File(file, path) = &mut self.output else { return };
        match open(path) {
            Ok(new) => {
                *file = new;
                self.line_open = false;
            }
            Err(error) => self.shared.failed("cannot reopen the log", &error),
        }
    }
}

fn open(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;

    OpenOptions::new().append(true).create(true).mode(0o640).open(path)
}

#[cfg(test)]
mod tests;
