//! Reading a probe's answer: strictly, and no more of it than needed.

use tls::connector::ServerTlsError;
use tokio::io::{AsyncRead, AsyncReadExt};

use super::body::Body;
use super::run::Progress;
use crate::health::{Failure, Step};

/// A head may have this many bytes.
const MAX_HEAD: usize = 64 * 1024;
/// A head may have this many fields.
const MAX_FIELDS: usize = 200;
/// Interim responses (100, 103) before the real one.
const MAX_INTERIM: usize = 8;

/// The answer to a probe.
#[derive(Debug)]
pub(super) struct Response {
    pub(super) status: u16,
    /// The first 64 KiB of the body, transfer coding undone.
    pub(super) body: Vec<u8>,
}

/// Reads to the end of the answer or to the bound on its body.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin), progress: &Progress) -> Result<Response, Failure> {
    let mut bytes = Vec::with_capacity(4096);
    for _ in 0..=MAX_INTERIM {
        let head = read_head(stream, &mut bytes).await?;
        bytes.drain(..head.len);
        if matches!(head.status, 100 | 102..=199) {
            continue;
        }
        progress.set(Step::Body);
        let body = read_body(stream, head.body, &bytes).await?;
        return Ok(Response { status: head.status, body });
    }
    Err(invalid("too many interim responses"))
}

struct Head {
    /// Bytes it takes.
    len: usize,
    status: u16,
    body: Body,
}

async fn read_head(stream: &mut (impl AsyncRead + Unpin), bytes: &mut Vec<u8>) -> Result<Head, Failure> {
    loop {
        if let Some(head) = parse_head(bytes)? {
            return Ok(head);
        }
        if bytes.len() >= MAX_HEAD {
            return Err(invalid("its head is longer than 64 KiB"));
        }
        match stream.read_buf(bytes).await {
            Ok(0) if bytes.is_empty() => return Err(invalid("the connection was closed without an answer")),
            Ok(0) => return Err(invalid("the connection was closed within its head")),
            Ok(_) => {}
            Err(error) if bytes.is_empty() => {
                return Err(broken(&error, "the connection was reset without an answer"));
            }
            Err(error) => return Err(broken(&error, "the connection was reset within its head")),
        }
    }
}

/// `None` while the head is not whole.
fn parse_head(bytes: &[u8]) -> Result<Option<Head>, Failure> {
    let mut fields = [httparse::EMPTY_HEADER; MAX_FIELDS];
    let mut response = httparse::Response::new(&mut fields);
    let len = match response.parse(bytes) {
        Ok(httparse::Status::Complete(len)) => len,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(invalid("it has more than 200 fields")),
        Err(httparse::Error::Version) => return Err(invalid("it does not begin with HTTP/1.1 or HTTP/1.0")),
        Err(httparse::Error::Status) => return Err(invalid("its status is not a number of three digits")),
        Err(_) => return Err(invalid("its head has bytes that no head may have")),
    };
    let Some(status @ 100..=999) = response.code else { return Err(invalid("its status is below 100")) };
    let body = framing(status, response.headers)?;
    Ok(Some(Head { len, status, body }))
}

/// How the body ends (RFC 9112 6.3).
fn framing(status: u16, fields: &[httparse::Header<'_>]) -> Result<Body, Failure> {
    let (mut length, mut chunked) = (None, false);
    for field in fields {
        if field.name.eq_ignore_ascii_case("content-length") {
            let value = decimal(field.value).ok_or_else(|| invalid("its Content-Length is not a number"))?;
            if length.is_some_and(|other| other != value) {
                return Err(invalid("it has two different Content-Length fields"));
            }
            length = Some(value);
        } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
            if chunked || !field.value.trim_ascii().eq_ignore_ascii_case(b"chunked") {
                return Err(invalid("its Transfer-Encoding is not chunked"));
            }
            chunked = true;
        }
    }
    match (status, length, chunked) {
        (_, Some(_), true) => Err(invalid("it has both Content-Length and Transfer-Encoding")),
        (100..=199 | 204 | 304, ..) => Ok(Body::none()),
        (_, Some(length), false) => Ok(Body::of_length(length)),
        (_, None, true) => Ok(Body::chunked()),
        (_, None, false) => Ok(Body::until_close()),
    }
}

fn decimal(value: &[u8]) -> Option<u64> {
    let digits = value.trim_ascii();
    let digits = digits.iter().all(u8::is_ascii_digit).then_some(digits)?;
    std::str::from_utf8(digits).ok()?.parse().ok()
}

async fn read_body(stream: &mut (impl AsyncRead + Unpin), mut body: Body, first: &[u8]) -> Result<Vec<u8>, Failure> {
    body.take(first)?;
    let mut piece = Vec::with_capacity(8192);
    while !body.is_done() {
        piece.clear();
        match stream.read_buf(&mut piece).await {
            Ok(0) if body.may_end_by_closing() => break,
            Ok(0) => return Err(invalid("the connection was closed before the end of its body")),
            Ok(_) => body.take(&piece)?,
            Err(error) => return Err(broken(&error, "the connection was reset before the end of its body")),
        }
    }
    Ok(body.into_bytes())
}

/// A read that failed. What TLS says of it says more: a server may refuse a client certificate after the handshake.
fn broken(error: &std::io::Error, problem: &'static str) -> Failure {
    ServerTlsError::of(error).map_or_else(|| invalid(problem), Failure::from)
}

pub(super) const fn invalid(problem: &'static str) -> Failure {
    Failure::InvalidHttp { problem }
}

#[cfg(test)]
mod tests;
