//! The backend: answers 1 KB or 100 KB by path from prebuilt bytes, keeps every connection alive.
//!
//! Two addresses, one process: two members of a pool to the proxies, one CPU account to us.

use std::net::SocketAddrV4;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::sockets::{self, Poll, Ready, Transfer};

/// Body length of an ordinary path.
pub(crate) const SMALL_BODY: usize = 1_024;
/// Body length of a path that begins with `/large`.
pub(crate) const LARGE_BODY: usize = 102_400;
/// The end of a request head; bodies are never sent to this backend.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";
/// More unfinished request bytes than this and the connection is dropped.
const MAX_REQUEST: usize = 64 * 1024;

/// What the backend process is told.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct BackendSpec {
    /// Addresses to listen on: the members of the pool.
    pub(crate) addresses: Vec<SocketAddrV4>,
    /// The backend ends by itself after this many seconds, whatever happens to the tool.
    pub(crate) seconds: u64,
}

/// Serves until told to end.
pub(crate) fn run(spec: &BackendSpec) -> Result<()> {
    let end = Instant::now() + Duration::from_secs(spec.seconds);
    let mut poll = Poll::new()?;
    let mut listeners = Vec::new();
    for (index, address) in spec.addresses.iter().enumerate() {
        let listener = sockets::listen(*address)?;
        poll.add_listener(&listener, index)?;
        listeners.push(listener);
    }
    let answers = Answers::new();
    let mut clients: Vec<Option<Client>> = Vec::new();
    let mut free = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    let mut ready = Vec::new();
    while Instant::now() < end {
        ready.clear();
        poll.wait(&mut ready, Duration::from_secs(1))?;
        for event in &ready {
            if let Some(listener) = listeners.get(event.index) {
                while let Some(socket) = sockets::accept(listener)? {
                    let slot = free.pop().unwrap_or_else(|| {
                        clients.push(None);
                        clients.len() - 1
                    });
                    poll.add(&socket, slot + listeners.len())?;
                    clients[slot] = Some(Client { socket, unfinished: Vec::new(), owed: None });
                }
                continue;
            }
            let slot = event.index - listeners.len();
            let Some(client) = clients.get_mut(slot).and_then(Option::as_mut) else {
                continue;
            };
            if !client.serve(&answers, &mut buffer, event) {
                clients[slot] = None;
                free.push(slot);
            }
        }
    }
    Ok(())
}

/// The two prebuilt answers.
struct Answers {
    small: Vec<u8>,
    large: Vec<u8>,
}

impl Answers {
    fn new() -> Answers {
        Answers { small: answer(SMALL_BODY), large: answer(LARGE_BODY) }
    }

    /// The answer to a request head.
    fn to(&self, head: &[u8]) -> &[u8] {
        if head.starts_with(b"GET /large") { &self.large } else { &self.small }
    }
}

/// Headers as an ordinary application sends them, then a body of the given length.
fn answer(body: usize) -> Vec<u8> {
    let mut out = format!(
        "HTTP/1.1 200 OK\r\nServer: bench\r\nDate: Mon, 02 Jun 2025 10:00:00 GMT\r\n\
         Content-Type: text/html; charset=utf-8\r\nContent-Length: {body}\r\nCache-Control: private, max-age=0\r\n\
         Vary: Accept-Encoding\r\nETag: \"5f3c-1b2e\"\r\n\r\n"
    )
    .into_bytes();
    out.extend((0..body).map(|at| b'a' + (at % 23) as u8));
    out
}

/// Whether a request asks for its connection to be closed; of all targets only the relay passes that on.
fn asks_to_close(head: &[u8]) -> bool {
    memchr::memmem::find(head, b"\r\nConnection: close\r\n").is_some()
}

/// One connection from a proxy.
struct Client {
    socket: OwnedFd,
    /// Bytes of a request whose head has not ended yet.
    unfinished: Vec<u8>,
    /// An answer (large or not) of which only the first bytes have left.
    owed: Option<(bool, usize)>,
}

impl Client {
    /// Reads and answers what is there; false when the connection is over.
    fn serve(&mut self, answers: &Answers, buffer: &mut [u8], event: &Ready) -> bool {
        if let Some((large, sent)) = self.owed.take()
            && !self.reply(if large { &answers.large } else { &answers.small }, large, sent)
        {
            return false;
        }
        if !event.readable {
            return true;
        }
        loop {
            let count = match sockets::receive(&self.socket, buffer) {
                Transfer::Moved(count) => count,
                Transfer::NotNow => return true,
                Transfer::Closed => return false,
            };
            if !self.take(&buffer[..count], answers) {
                return false;
            }
            if count < buffer.len() && !event.hung_up {
                return true;
            }
        }
    }

    /// Answers every request that these bytes complete.
    fn take(&mut self, bytes: &[u8], answers: &Answers) -> bool {
        // The common case: exactly one whole request.
        if self.unfinished.is_empty() && memchr::memmem::find(bytes, END_OF_HEAD) == bytes.len().checked_sub(4) {
            let answer = answers.to(bytes);
            return self.reply(answer, answer.len() > LARGE_BODY, 0) && !asks_to_close(bytes);
        }
        self.unfinished.extend_from_slice(bytes);
        while let Some(end) = memchr::memmem::find(&self.unfinished, END_OF_HEAD) {
            let answer = answers.to(&self.unfinished);
            if !self.reply(answer, answer.len() > LARGE_BODY, 0) || asks_to_close(&self.unfinished[..end]) {
                return false;
            }
            self.unfinished.drain(..end + END_OF_HEAD.len());
        }
        self.unfinished.len() <= MAX_REQUEST
    }

    /// Sends an answer from `sent` on; what the socket does not take now is owed.
    fn reply(&mut self, answer: &[u8], large: bool, mut sent: usize) -> bool {
        if self.owed.is_some() {
            // A second request before the first answer has left: no proxy here does that.
            return false;
        }
        while sent < answer.len() {
            match sockets::send(&self.socket, &answer[sent..]) {
                Transfer::Moved(count) => sent += count,
                Transfer::NotNow => {
                    self.owed = Some((large, sent));
                    return true;
                }
                Transfer::Closed => return false,
            }
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_chooses_the_length() {
        let answers = Answers::new();
        assert!(answers.to(b"GET /large/1 HTTP/1.1\r\n").ends_with(&answers.large[answers.large.len() - 9..]));
        assert!(answers.to(b"GET /large HTTP/1.1\r\n").len() > LARGE_BODY);
        assert!(answers.to(b"GET / HTTP/1.1\r\n").len() < 2 * SMALL_BODY);
    }
}
