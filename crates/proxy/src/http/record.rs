//! What is kept of a request until its row in the access log is written.
//!
//! The head as it went to the server already holds everything the row needs, so the row borrows from it: no field of
//! the request is copied for the log.

use std::ops::Range;

use crate::http::rewriting::Changes;

/// A stretch of the kept text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    start: u32,
    end: u32,
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start as u32, end: range.end as u32 }
    }
}

/// The kept text and where things are in it.
#[derive(Debug, Default)]
pub struct Record {
    /// The head sent to the server, and content that was sent with it; or what was read of a refused request.
    pub text: Vec<u8>,
    /// The method.
    pub method: Span,
    /// Path and query as received.
    pub original_target: Span,
    /// Path and query as sent to the server.
    pub sent_target: Span,
    /// Host as received.
    pub original_host: Span,
    /// Host as sent to the server.
    pub sent_host: Span,
    /// `User-Agent`.
    pub user_agent: Span,
    /// What rewrites make of the request and its answer.
    pub changes: Option<Box<Changes>>,
}

/// The most that is kept of a head that cannot be parsed.
const MAX_REFUSED: usize = 8 * 1024;

impl Record {
    /// An empty record that writes into this buffer.
    pub fn new(text: Vec<u8>) -> Self {
        Self { text, ..Self::default() }
    }

    /// The bytes of a span.
    pub fn get(&self, span: Span) -> &[u8] {
        self.text.get(span.start as usize..span.end as usize).unwrap_or(&[])
    }

    /// Appends and returns where it stands.
    #[inline]
    pub fn push(&mut self, bytes: &[u8]) -> Span {
        let start = self.text.len();
        self.text.extend_from_slice(bytes);
        Span::from(start..self.text.len())
    }

    /// Keeps what can be told of a head that was refused: its request line, taken apart at the blanks.
    pub fn keep_refused(&mut self, input: &[u8]) {
        let line = input.strip_prefix(b"\r\n").unwrap_or(input);
        let line = &line[..line.len().min(MAX_REFUSED)];
        let line = line.split(|&byte| byte == b'\r' || byte == b'\n').next().unwrap_or(&[]);
        let mut parts = line.splitn(3, |&byte| byte == b' ');
        let method = parts.next().unwrap_or(&[]);
        self.text.clear();
        // A first word that is no token is not a method but noise; it stays out of the log.
        if !method.is_empty() && method.iter().all(u8::is_ascii_graphic) {
            self.method = self.push(&method[..method.len().min(64)]);
            self.original_target = self.push(parts.next().unwrap_or(&[]));
            self.sent_target = self.original_target;
        }
    }

    /// Keeps what can be told of an HTTP/2 head that was refused.
    pub fn keep_line(&mut self, method: &[u8], target: &[u8]) {
        self.text.clear();
        self.method = self.push(&method[..method.len().min(64)]);
        self.original_target = self.push(&target[..target.len().min(MAX_REFUSED)]);
        self.sent_target = self.original_target;
    }

    /// Replaces the Host that goes to the server, before another attempt.
    pub fn replace_host(&mut self, host: &[u8]) {
        let (start, end) = (self.sent_host.start as usize, self.sent_host.end as usize);
        if self.get(self.sent_host) == host || end > self.text.len() {
            return;
        }
        self.text.splice(start..end, host.iter().copied());
        let new_end = start + host.len();
        let shift = |at: u32| if at as usize >= end { (at as usize - end + new_end) as u32 } else { at };
        for span in [&mut self.original_target, &mut self.original_host, &mut self.user_agent] {
            *span = Span { start: shift(span.start), end: shift(span.end) };
        }
        self.sent_host = Span::from(start..new_end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_host_leaves_the_other_spans_on_their_text() {
        let mut record = Record::new(Vec::new());
        record.method = record.push(b"GET");
        record.push(b" / ");
        record.sent_host = record.push(b"one.example");
        record.push(b"\r\n");
        record.user_agent = record.push(b"curl");
        record.original_host = record.push(b"front");
        record.replace_host(b"second.example.org");
        assert_eq!(record.text, b"GET / second.example.org\r\ncurlfront");
        assert_eq!((record.get(record.user_agent), record.get(record.original_host)), (&b"curl"[..], &b"front"[..]));
        record.replace_host(b"x");
        assert_eq!((record.get(record.sent_host), record.get(record.user_agent)), (&b"x"[..], &b"curl"[..]));
    }

    #[test]
    fn a_refused_head_keeps_its_request_line_only() {
        let mut record = Record::new(Vec::new());
        record.keep_refused(b"GET /a b HTTP/1.1\r\nAuthorization: secret\r\n\r\n");
        assert_eq!((record.get(record.method), record.get(record.original_target)), (&b"GET"[..], &b"/a"[..]));
        assert!(!record.text.windows(6).any(|window| window == b"secret"));
        record.keep_refused(b"\x16\x03\x01");
        assert_eq!(record.text, b"");
    }
}
