//! The gateway's end of the socket.

use std::io;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

use crate::{Reloaded, Request, Response};

/// The longest question, in bytes.
const MAX_QUESTION: u64 = 4096;
/// How long one question and its answer may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// Questions answered at once.
const AT_ONCE: usize = 8;

/// What a gateway lets itself be asked.
pub trait Control: Send + Sync + 'static {
    /// The status board.
    fn status(&self) -> observe::status::StatusReport;
    /// Reads the document again and applies it.
    fn reload(&self) -> Reloaded;
}

/// Why the socket cannot be served.
#[derive(Debug)]
pub struct ServeError {
    /// The socket's path.
    pub path: PathBuf,
    /// What the system said.
    pub error: io::Error,
}

impl std::fmt::Display for ServeError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { path, error } = self;
        if error.kind() == io::ErrorKind::AddrInUse {
            return write!(
                out,
                "another gateway answers at {}; end it, or give this one a socket of its own in the site file \
                 (`admin: {{ socket: ... }}`)",
                path.display()
            );
        }
        write!(out, "cannot make the socket {}: {error}", path.display())
    }
}

impl std::error::Error for ServeError {}

/// Binds the socket, mode 0600, and answers until the returned task is dropped with its runtime. Must be called inside
/// a runtime. A socket file that nobody answers at is left over from a crash and is replaced.
pub fn serve(path: &Path, control: Arc<dyn Control>) -> Result<tokio::task::JoinHandle<()>, ServeError> {
    let listener = bind(path).map_err(|error| ServeError { path: path.to_owned(), error })?;
    let limit = Arc::new(Semaphore::new(AT_ONCE));
    Ok(tokio::spawn(async move {
        loop {
            let Ok(permit) = Arc::clone(&limit).acquire_owned().await else { return };
            match listener.accept().await {
                Ok((stream, _)) => {
                    let control = Arc::clone(&control);
                    drop(tokio::spawn(async move {
                        // A client that left early is no trouble of ours.
                        let _ = tokio::time::timeout(PATIENCE, answer(stream, control)).await;
                        drop(permit);
                    }));
                }
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }))
}

fn bind(path: &Path) -> io::Result<UnixListener> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    if let Ok(found) = std::fs::symlink_metadata(path) {
        if !found.file_type().is_socket() {
            return Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file that is no socket stands there"));
        }
        if std::os::unix::net::UnixStream::connect(path).is_ok() {
            return Err(io::ErrorKind::AddrInUse.into());
        }
        std::fs::remove_file(path)?;
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

async fn answer(stream: UnixStream, control: Arc<dyn Control>) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(MAX_QUESTION)).read_line(&mut line).await?;
    let response = match serde_json::from_str::<Request>(&line) {
        // A reload reads files and compiles: not on the thread that probes and answers others.
        Ok(request) => {
            let work = tokio::task::spawn_blocking(move || respond(request, &*control));
            work.await.unwrap_or_else(|_| Response::Refused { message: "the gateway failed to answer".to_owned() })
        }
        Err(error) => Response::Refused { message: format!("not a request: {error}") },
    };
    let mut text = serde_json::to_vec(&response)?;
    text.push(b'\n');
    write.write_all(&text).await?;
    write.shutdown().await
}

fn respond(request: Request, control: &dyn Control) -> Response {
    let board = |json: Result<serde_json::Value, serde_json::Error>, text: String| match json {
        Ok(json) => Response::Board { json, text },
        Err(error) => Response::Refused { message: error.to_string() },
    };
    match request {
        Request::Status => {
            let status = control.status();
            board(serde_json::to_value(&status), status.to_string())
        }
        Request::Health => {
            let health = control.status().health;
            board(serde_json::to_value(&health), health.to_string())
        }
        Request::Reload => Response::Reloaded(control.reload()),
    }
}
