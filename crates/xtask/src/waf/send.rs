//! One request on a connection of its own.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};

/// What came of a request.
pub(super) struct Exchange {
    /// Our port: the gateway's logs have it.
    pub(super) port: u16,
    /// All that came back.
    pub(super) answer: Vec<u8>,
    /// Kept open until the logs have been read, so that no other request gets the port meanwhile.
    connection: TcpStream,
}

/// Sends a request and waits for its answer, at most so long. An answer that does not come is no error; a gateway that
/// cannot be reached is one.
pub(super) fn exchange(gateway: u16, request: &[u8], patience: Duration) -> Result<Exchange> {
    let mut connection = TcpStream::connect(("127.0.0.1", gateway)).context("connect to the gateway")?;
    let port = connection.local_addr()?.port();
    connection.set_nodelay(true)?;
    connection.set_write_timeout(Some(patience))?;
    // A gateway may refuse before it has taken everything; its answer tells more than the broken pipe.
    let _ = connection.write_all(request);
    let is_head = request.starts_with(b"HEAD ");
    let mut answer = Vec::new();
    let end = Instant::now() + patience;
    let mut piece = [0; 16 << 10];
    while !is_complete(&answer, is_head) {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            break;
        }
        connection.set_read_timeout(Some(left))?;
        match connection.read(&mut piece) {
            Ok(0) | Err(_) => break,
            Ok(length) => answer.extend_from_slice(&piece[..length]),
        }
    }
    if !is_complete(&answer, is_head) {
        // The gateway waits for the rest, and would tell of the request only when it gives up.
        let _ = connection.shutdown(Shutdown::Both);
    }
    Ok(Exchange { port, answer, connection })
}

impl Exchange {
    /// The status of the answer; `None` where there is no answer that is HTTP.
    pub(super) fn status(&self) -> Option<u16> {
        status(final_answer(&self.answer)?.0)
    }

    /// A field of the answer.
    pub(super) fn field(&self, name: &str) -> Option<String> {
        field(final_answer(&self.answer)?.0, name).map(str::to_owned)
    }

    /// Gives the port free.
    pub(super) fn close(self) {
        drop(self.connection);
    }
}

/// The head of the final answer and what stands behind it; interim answers are passed over.
fn final_answer(mut answer: &[u8]) -> Option<(&str, &[u8])> {
    loop {
        let length = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
        let (head, rest) = answer.split_at(length);
        let head = std::str::from_utf8(head).ok()?;
        if !matches!(status(head), Some(100..=199)) {
            return Some((head, rest));
        }
        answer = rest;
    }
}

fn status(head: &str) -> Option<u16> {
    let (version, rest) = head.split_once(' ')?;
    let status = rest.get(..3)?.parse().ok();
    status.filter(|_| version == "HTTP/1.1" || version == "HTTP/1.0")
}

fn field<'h>(head: &'h str, wanted: &str) -> Option<&'h str> {
    let mut fields = head.split("\r\n").skip(1).filter_map(|line| line.split_once(':'));
    fields.find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value.trim())
}

/// Whether all of an answer is there; one without a length ends with its connection.
fn is_complete(answer: &[u8], is_head: bool) -> bool {
    let Some((head, content)) = final_answer(answer) else { return false };
    if is_head || matches!(status(head), Some(204 | 304)) {
        return true;
    }
    if let Some(length) = field(head, "content-length").and_then(|length| length.parse::<usize>().ok()) {
        return content.len() >= length;
    }
    field(head, "transfer-encoding").is_some() && content.ends_with(b"0\r\n\r\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waf::backend::Backend;

    const PATIENCE: Duration = Duration::from_secs(20);

    #[test]
    fn an_answer_is_complete_when_its_content_is() {
        for (answer, complete) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", true),
            ("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\na", false),
            ("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n", false),
            ("HTTP/1.1 204 No\r\n\r\n", true),
            ("HTTP/1.1 100 Continue\r\n\r\n", false),
            ("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", true),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", false),
            ("HTTP/1.1 200 OK\r\n\r\nuntil the end", false),
            ("nonsense\r\n\r\n", false),
        ] {
            assert_eq!(is_complete(answer.as_bytes(), false), complete, "{answer}");
        }
        assert!(is_complete(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", true));
    }

    #[test]
    fn a_request_is_sent_as_it_is_and_its_answer_read() {
        let backend = Backend::start().expect("a server");
        let request =
            b"POST /reflect HTTP/1.1\r\nContent-Length: 39\r\n\r\n{\"status\":302,\"headers\":{\"Location\":\"/\"}}";
        let request = String::from_utf8_lossy(request).replace("39", "41");
        let exchange = exchange(backend.port, request.as_bytes(), PATIENCE).expect("it listens");
        assert_eq!((exchange.status(), exchange.field("location").as_deref()), (Some(302), Some("/")));
        assert_eq!(backend.requests(), 1);
        exchange.close();
    }

    #[test]
    fn an_answer_that_does_not_come_is_not_waited_for_long() {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("a port");
        let port = listener.local_addr().expect("it has one").port();
        let exchange = exchange(port, b"GET / HTTP/1.1\r\n", Duration::from_millis(50)).expect("it listens");
        assert_eq!(exchange.status(), None);
    }
}
