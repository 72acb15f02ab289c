//! The command line's end of the socket.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use crate::{Request, Response};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a running gateway could not be asked.
#[derive(Debug)]
pub enum RequestError {
    /// Nobody answers at the socket.
    Unreachable(std::io::Error),
    /// The answer broke off or makes no sense.
    Broken(String),
}

impl std::fmt::Display for RequestError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unreachable(error) => write!(out, "no gateway answers there: {error}"),
            Self::Broken(what) => write!(out, "the gateway's answer is not one: {what}"),
        }
    }
}

impl std::error::Error for RequestError {}

/// Asks the gateway at a socket, waiting for its answer.
pub fn request(path: &Path, request: Request) -> Result<Response, RequestError> {
    let mut stream = UnixStream::connect(path).map_err(RequestError::Unreachable)?;
    let broken = |error: std::io::Error| RequestError::Broken(error.to_string());
    stream.set_read_timeout(Some(PATIENCE)).map_err(broken)?;
    let mut question = serde_json::to_vec(&request).map_err(|error| RequestError::Broken(error.to_string()))?;
    question.push(b'\n');
    stream.write_all(&question).map_err(broken)?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).map_err(broken)?;
    serde_json::from_str(&line).map_err(|error| RequestError::Broken(error.to_string()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::{Control, Reloaded, serve};

    struct Fake(AtomicU64);

    impl Control for Fake {
        fn status(&self) -> observe::status::StatusReport {
            observe::status::StatusReport { gateway: "gw".to_owned(), ..Default::default() }
        }

        fn reload(&self) -> Reloaded {
            let revision = self.0.fetch_add(1, Ordering::Relaxed) + 1;
            Reloaded { applied: true, revision, text: String::new() }
        }
    }

    #[tokio::test]
    async fn a_gateway_answers_at_its_socket_and_a_second_one_is_refused() {
        let folder = std::env::temp_dir().join(format!("gatehouse-admin-{}", std::process::id()));
        let path = folder.join("admin.sock");
        let task = serve(&path, Arc::new(Fake(AtomicU64::new(0)))).unwrap();
        let ask = |question| {
            let path = path.clone();
            tokio::task::spawn_blocking(move || request(&path, question))
        };
        let Response::Board { json, .. } = ask(Request::Status).await.unwrap().unwrap() else { panic!("no board") };
        assert_eq!(json["gateway"], "gw");
        let reloaded = ask(Request::Reload).await.unwrap().unwrap();
        assert!(matches!(reloaded, Response::Reloaded(Reloaded { applied: true, revision: 1, .. })));
        let second = serve(&path, Arc::new(Fake(AtomicU64::new(0)))).map(|_| ()).unwrap_err();
        assert!(second.to_string().contains("another gateway answers"), "{second}");
        task.abort();
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
