//! The head of a server's answer: read strictly, because what is misread here is misread by the client too.
//!
//! Two repairs only, both asked for by RFC 9112 of a proxy: blanks before a colon are removed (5.1) and an obs-fold
//! becomes a space (5.2). Everything else that is odd is a 502.

use crate::failure::Failure;
use crate::http::body::Framing;
use crate::http::field::{self, Known};
use crate::http::head::Version;
use crate::http::scan::{self, Fault, Field, Fields, Rules, is_value};

/// The most fields of a response head.
const MAX_FIELDS: usize = 200;

/// Room for the fields of one response head, and for a second reading of one that needs repairs.
#[derive(Default)]
pub struct Room<'a> {
    fields: Fields<'a>,
    repaired: Fields<'a>,
}

impl Room<'_> {
    /// Empty room.
    #[inline]
    pub fn new() -> Self {
        Self::default()
    }
}

/// A valid response head.
#[derive(Debug)]
pub struct Response<'a> {
    /// 100 to 599.
    pub status: u16,
    /// The reason phrase; may be empty.
    pub reason: &'a [u8],
    /// All fields in order.
    pub fields: &'a [Field<'a>],
    /// Some value holds an obs-fold.
    folded: bool,
    /// How the content is delimited on the server's side.
    pub framing: Framing,
    /// Whether the server's connection may be used again.
    pub keep_alive: bool,
    /// Whether Connection names further fields that end here.
    pub names_fields: bool,
}

/// What the bytes so far are.
#[derive(Debug)]
pub enum Parsed<'a> {
    /// Not a whole head yet.
    Partial,
    /// A head and its length in bytes.
    Complete(Response<'a>, usize),
}

/// Parses a response head from the start of `input`; `to_head` when the request was HEAD.
pub fn parse<'r, 'a: 'r>(
    input: &'a [u8],
    room: &'r mut Room<'a>,
    to_head: bool,
    limit: usize,
) -> Result<Parsed<'r>, Failure> {
    let newline = match scan::find_control(input) {
        Some(at) if input[at..].starts_with(b"\r\n") => Some(at + 1),
        // A tab in the reason, or something that is refused below.
        _ => memchr::memchr(b'\n', input),
    };
    let Some(newline) = newline else {
        return if input.len() <= limit && could_begin(input) {
            Ok(Parsed::Partial)
        } else {
            Err(Failure::InvalidResponse)
        };
    };
    let (status, version, reason) = status_line(&input[..newline]).ok_or(Failure::InvalidResponse)?;
    let strict = scan::fields(input, newline + 1, Rules::Strict, &mut room.fields);
    let (end, fields, folded): (_, &'r [Field<'r>], _) = match strict {
        Err(Fault::Malformed) => {
            (scan::fields(input, newline + 1, Rules::Repair, &mut room.repaired), &room.repaired, true)
        }
        read => (read, &room.fields, false),
    };
    let end = end.map_err(|fault| match fault {
        Fault::Malformed => Failure::InvalidResponse,
        Fault::TooMany => Failure::ResponseHeaderTooLarge,
    })?;
    if end.unwrap_or(input.len()) > limit || fields.len() > MAX_FIELDS {
        return Err(Failure::ResponseHeaderTooLarge);
    }
    let Some(end) = end else { return Ok(Parsed::Partial) };
    let mut facts = Facts::default();
    for field in fields.iter().filter(|field| field.known != Known::Other) {
        facts.note(field.known, field.value)?;
    }
    let framing = facts.framing(status, version, to_head)?;
    let response = Response {
        status,
        reason,
        fields,
        folded,
        framing,
        keep_alive: framing != Framing::UntilClose && !facts.close && (version == Version::Http11 || facts.stay),
        names_fields: facts.names_fields,
    };
    Ok(Parsed::Complete(response, end))
}

/// Status, version and reason of a line without its LF.
#[inline]
fn status_line(line: &[u8]) -> Option<(u16, Version, &[u8])> {
    let line = line.strip_suffix(b"\r")?;
    let (version, rest) = line.split_at_checked(b"HTTP/1.1 ".len())?;
    let version = match version {
        b"HTTP/1.1 " => Version::Http11,
        b"HTTP/1.0 " => Version::Http10,
        _ => return None,
    };
    let [a @ b'1'..=b'5', b, c, reason @ ..] = rest else { return None };
    if !b.is_ascii_digit() || !c.is_ascii_digit() {
        return None;
    }
    let reason = match reason {
        [] => reason,
        [b' ', reason @ ..] if is_value(reason) => reason,
        _ => return None,
    };
    let digit = |byte: &u8| u16::from(byte - b'0');
    Some((digit(a) * 100 + digit(b) * 10 + digit(c), version, reason))
}

/// Whether the beginning of a status line can still become one.
#[cold]
fn could_begin(line: &[u8]) -> bool {
    const BEGINNING: &[u8] = b"HTTP/1.";
    let common = line.len().min(BEGINNING.len());
    line[..common] == BEGINNING[..common]
}

#[derive(Default)]
struct Facts {
    length: Option<u64>,
    chunked: bool,
    close: bool,
    stay: bool,
    names_fields: bool,
}

impl Facts {
    fn note(&mut self, known: Known, value: &[u8]) -> Result<(), Failure> {
        match known {
            Known::ContentLength => {
                let length = field::content_length(value).ok_or(Failure::InvalidResponse)?;
                if self.length.is_some_and(|before| before != length) {
                    return Err(Failure::InvalidResponse);
                }
                self.length = Some(length);
            }
            Known::TransferEncoding => {
                if self.chunked || !value.eq_ignore_ascii_case(b"chunked") {
                    return Err(Failure::InvalidResponse);
                }
                self.chunked = true;
            }
            Known::Connection => {
                for token in field::members(value) {
                    if token.eq_ignore_ascii_case(b"close") {
                        self.close = true;
                    } else if token.eq_ignore_ascii_case(b"keep-alive") {
                        self.stay = true;
                    } else if !token.is_empty() {
                        self.names_fields = true;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn framing(&self, status: u16, version: Version, to_head: bool) -> Result<Framing, Failure> {
        if self.chunked && (self.length.is_some() || version == Version::Http10) {
            return Err(Failure::InvalidResponse);
        }
        // RFC 9110 6.4.1: these have no content, whatever their fields say.
        if to_head || status < 200 || status == 204 || status == 304 {
            return Ok(Framing::None);
        }
        Ok(match self.length {
            _ if self.chunked => Framing::Chunked,
            Some(length) => Framing::Length(length),
            None => Framing::UntilClose,
        })
    }
}

/// How the answer goes on to the client.
#[derive(Clone, Copy, Debug)]
pub struct Onward {
    /// The client's version.
    pub version: Version,
    /// Whether the client connection lives on.
    pub keep_alive: bool,
    /// Whether content is sent in chunks.
    pub chunked: bool,
}

impl Onward {
    /// Decides chunks and persistence for a client. Content that only the end of a connection delimits is sent in
    /// chunks where the client knows them, so that a cut shows.
    pub fn new(version: Version, keep_alive: bool, framing: Framing) -> Self {
        let unsized_content = matches!(framing, Framing::Chunked | Framing::UntilClose);
        let chunked = unsized_content && version != Version::Http10;
        Self { version, keep_alive: keep_alive && (chunked || !unsized_content), chunked }
    }
}

/// What the writer saw of the fields, for the log.
#[derive(Clone, Debug, Default)]
pub struct Written {
    /// Where the Content-Type's value stands in the output.
    pub content_type: std::ops::Range<usize>,
}

impl Response<'_> {
    /// The same with other fields; what they are framed by does not change.
    pub fn with_fields<'a>(&'a self, fields: &'a [Field<'a>]) -> Response<'a> {
        Response { fields, reason: self.reason, ..*self }
    }

    /// Every field that goes on to the client, but for the length of content that is moved: the server may have
    /// repeated it, and each protocol writes it in its own way.
    #[inline]
    pub fn each_onward(&self, mut take: impl FnMut(Known, &[u8], &[u8])) {
        for field in self.fields {
            let known = field.known;
            if known != Known::Other {
                if known.hop_by_hop() || (known == Known::ContentLength && !keeps_length(self)) {
                    continue;
                }
                if known == Known::ContentLength && matches!(self.framing, Framing::Length(_)) {
                    continue;
                }
            }
            if self.names_fields && matches!(known, Known::Other | Known::Common) && named(self, field.name) {
                continue;
            }
            if self.folded {
                take(known, field.name, &unfold(field.value));
            } else {
                take(known, field.name, field.value);
            }
        }
    }
}

/// Appends the head as the client gets it.
pub fn write(response: &Response<'_>, onward: Onward, out: &mut Vec<u8>) -> Written {
    let mut written = Written::default();
    write_status_line(response.status, response.reason, out);
    response.each_onward(|known, name, value| {
        let value = field::write(name, value, out);
        if known == Known::ContentType {
            written.content_type = value;
        }
    });
    match response.framing {
        Framing::Length(length) => write_content_length(length, out),
        _ if onward.chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        _ => {}
    }
    if response.status == 101 {
        out.extend_from_slice(b"Connection: Upgrade\r\nUpgrade: websocket\r\n");
    } else {
        write_connection(onward, out);
    }
    out.extend_from_slice(b"\r\n");
    written
}

/// HEAD and 304 tell the length that a GET would have; 204 and 1xx may not have one (RFC 9110 8.6).
fn keeps_length(response: &Response<'_>) -> bool {
    response.status >= 200
        && response.status != 204
        && !matches!(response.framing, Framing::Chunked | Framing::UntilClose)
}

#[cold]
fn named(response: &Response<'_>, name: &[u8]) -> bool {
    let mut fields = response.fields.iter().filter(|field| field.known == Known::Connection);
    fields.any(|field| field::has_token(field.value, name))
}

/// obs-fold: each line end with the blanks after it becomes one space.
fn unfold(value: &[u8]) -> Vec<u8> {
    let (mut out, mut blank) = (Vec::with_capacity(value.len()), false);
    for &byte in value {
        match byte {
            b'\r' | b'\n' => blank = true,
            b' ' | b'\t' if blank => {}
            _ => {
                if std::mem::take(&mut blank) {
                    out.push(b' ');
                }
                out.push(byte);
            }
        }
    }
    out
}

/// Appends `HTTP/1.1 status reason`.
pub fn write_status_line(status: u16, reason: &[u8], out: &mut Vec<u8>) {
    let digit = |value: u16| b'0' + (value % 10) as u8;
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(&[digit(status / 100), digit(status / 10), digit(status), b' ']);
    out.extend_from_slice(reason);
    out.extend_from_slice(b"\r\n");
}

/// Appends a Content-Length field.
pub fn write_content_length(length: u64, out: &mut Vec<u8>) {
    out.extend_from_slice(b"Content-Length: ");
    write_number(length, out);
    out.extend_from_slice(b"\r\n");
}

/// Appends a number in decimal digits.
pub fn write_number(mut number: u64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends the Connection field that the client's version calls for, if any.
pub fn write_connection(onward: Onward, out: &mut Vec<u8>) {
    match (onward.keep_alive, onward.version) {
        (false, _) => out.extend_from_slice(b"Connection: close\r\n"),
        (true, Version::Http10) => out.extend_from_slice(b"Connection: keep-alive\r\n"),
        (true, Version::Http11 | Version::Http2) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn forward(input: &str, version: Version, to_head: bool) -> Result<String, Failure> {
        let mut room = Room::new();
        match parse(input.as_bytes(), &mut room, to_head, 65_536)? {
            Parsed::Partial => Ok("partial".to_owned()),
            Parsed::Complete(response, _) => {
                let mut out = Vec::new();
                write(&response, Onward::new(version, true, response.framing), &mut out);
                Ok(String::from_utf8(out).unwrap())
            }
        }
    }

    #[test]
    fn an_answer_goes_on_without_the_fields_of_its_connection() {
        let rows = [
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nKeep-Alive: timeout=5\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
            ),
            (
                "HTTP/1.1 200 OK\r\nConnection: close, x-a\r\nX-A: 1\r\nX-B: 2\r\nContent-Length: 0\r\n\r\n",
                "HTTP/1.1 200 OK\r\nX-B: 2\r\nContent-Length: 0\r\n\r\n",
            ),
            (
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n",
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
            ),
            ("HTTP/1.0 200 OK\r\nX: y\r\n\r\n", "HTTP/1.1 200 OK\r\nX: y\r\nTransfer-Encoding: chunked\r\n\r\n"),
            (
                "HTTP/1.1 200\r\nContent-Length : 3\r\nX: a\r\n\tb\r\n\r\n",
                "HTTP/1.1 200 \r\nX: a b\r\nContent-Length: 3\r\n\r\n",
            ),
            ("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n"),
            (
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
                "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
            ),
            (
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
                "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n",
            ),
        ];
        for (input, expected) in rows {
            assert_eq!(forward(input, Version::Http11, false).as_deref(), Ok(expected), "{input:?}");
        }
    }

    #[test]
    fn what_is_not_a_valid_answer_is_refused() {
        let rows = [
            "HTTP/1.1 99 x\r\n\r\n",
            "HTTP/1.1 600 x\r\n\r\n",
            "HTTP/2.0 200 x\r\n\r\n",
            "hello\r\n\r\n",
            "\r\nHTTP/1.1 200 OK\r\n\r\n",
            "HTTP/1.1 200 OK\nX: y\r\n\r\n",
            "HTTP/1.1 200 OK\r\nX: y\n\r\n",
            "HTTP/1.1 200 OK\r\nX: \0\r\n\r\n",
            "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
        ];
        for input in rows {
            assert_eq!(forward(input, Version::Http11, false), Err(Failure::InvalidResponse), "{input:?}");
        }
    }

    #[test]
    fn an_http10_client_gets_no_chunks_and_is_told_to_close() {
        let expected = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
        assert_eq!(
            forward("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", Version::Http10, false).as_deref(),
            Ok(expected)
        );
        let expected = "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nConnection: keep-alive\r\n\r\n";
        assert_eq!(
            forward("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", Version::Http10, false).as_deref(),
            Ok(expected)
        );
    }
}
