//! The server behind the gateway: answers 200, and under `/reflect` what the content asks for, as the tests want it.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

/// More than any request of a test.
const LARGEST: usize = 16 << 20;
/// A connection that the gateway keeps for later.
const IDLE: Duration = Duration::from_secs(60);

/// Serves for as long as this process lives.
pub(super) struct Backend {
    pub(super) port: u16,
    requests: Arc<AtomicUsize>,
}

impl Backend {
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).context("bind a port for the server")?;
        let port = listener.local_addr()?.port();
        let requests = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&requests);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let count = Arc::clone(&count);
                // An error ends the connection, which is all there is to do about it.
                std::thread::spawn(move || serve(stream, &count));
            }
        });
        Ok(Self { port, requests })
    }

    /// How many requests have come through the gateway.
    pub(super) fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }
}

fn serve(stream: TcpStream, count: &AtomicUsize) -> std::io::Result<()> {
    stream.set_read_timeout(Some(IDLE))?;
    stream.set_nodelay(true)?;
    let mut writer = stream.try_clone()?;
    let mut reader = BufReader::new(stream);
    while let Some(request) = Request::read(&mut reader)? {
        count.fetch_add(1, Ordering::Relaxed);
        writer.write_all(&answer(&request))?;
    }
    Ok(())
}

/// A request, as far as the answer hangs on it.
#[derive(Debug, PartialEq, Eq)]
struct Request {
    method: String,
    path: String,
    content: Vec<u8>,
}

impl Request {
    /// The next one of a connection; `None` at its end. The gateway frames with a length or in chunks.
    fn read(reader: &mut impl BufRead) -> std::io::Result<Option<Self>> {
        let head = line(reader)?;
        if head.is_empty() {
            return Ok(None);
        }
        let mut words = head.split(' ').map(str::to_owned);
        let method = words.next().unwrap_or_default();
        let path = words.next().unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default().to_owned();
        let (mut length, mut is_chunked) = (0, false);
        loop {
            let field = line(reader)?;
            if field.is_empty() {
                break;
            }
            let (name, value) = field.split_once(':').unwrap_or((&field, ""));
            match name.to_ascii_lowercase().as_str() {
                "content-length" => length = value.trim().parse().unwrap_or(0),
                "transfer-encoding" => is_chunked = true,
                _ => {}
            }
        }
        let content = if is_chunked { chunks(reader)? } else { exactly(reader, length)? };
        Ok(Some(Self { method, path, content }))
    }
}

fn line(reader: &mut impl BufRead) -> std::io::Result<String> {
    let mut line = Vec::new();
    reader.take(LARGEST as u64).read_until(b'\n', &mut line)?;
    Ok(String::from_utf8_lossy(&line).trim_end_matches(['\r', '\n']).to_owned())
}

fn exactly(reader: &mut impl Read, length: usize) -> std::io::Result<Vec<u8>> {
    if length > LARGEST {
        return Err(std::io::ErrorKind::InvalidData.into());
    }
    let mut content = vec![0; length];
    reader.read_exact(&mut content)?;
    Ok(content)
}

fn chunks(reader: &mut impl BufRead) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    loop {
        let size = line(reader)?;
        let size = usize::from_str_radix(size.split(';').next().unwrap_or_default().trim(), 16);
        let size = size.map_err(|_| std::io::ErrorKind::InvalidData)?;
        if size == 0 {
            while !line(reader)?.is_empty() {}
            return Ok(content);
        }
        content.extend(exactly(reader, size)?);
        line(reader)?;
        if content.len() > LARGEST {
            return Err(std::io::ErrorKind::InvalidData.into());
        }
    }
}

fn answer(request: &Request) -> Vec<u8> {
    let reflects = request.path == "/reflect" || request.path.starts_with("/reflect/");
    let (status, fields, content) = match reflects && request.method == "POST" {
        true => reflected(&request.content).unwrap_or_else(|why| (400, Vec::new(), why.as_bytes().to_vec())),
        false => (200, Vec::new(), Vec::new()),
    };
    let mut head = format!("HTTP/1.1 {status} Answer\r\n");
    for (name, value) in &fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if !fields.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type")) {
        head.push_str("Content-Type: text/plain\r\n");
    }
    let is_bare = matches!(status, 100..=199 | 204 | 304);
    if !is_bare {
        head.push_str(&format!("Content-Length: {}\r\n", content.len()));
    }
    head.push_str("\r\n");
    let mut answer = head.into_bytes();
    if !is_bare && request.method != "HEAD" {
        answer.extend(content);
    }
    answer
}

type Reflected = (u16, Vec<(String, String)>, Vec<u8>);

/// `status`, `headers`, `body` or `encodedBody`; `logMessage` is for the log of a server that has one.
fn reflected(asked: &[u8]) -> Result<Reflected, &'static str> {
    let asked: Value = serde_json::from_slice(asked).map_err(|_| "Invalid JSON in request body")?;
    let status = match asked["status"].as_u64() {
        None | Some(0) => 200,
        Some(status) => u16::try_from(status).ok().filter(|s| (100..600).contains(s)).ok_or("Invalid status code")?,
    };
    let mut fields = Vec::new();
    for (name, value) in asked["headers"].as_object().into_iter().flatten() {
        let value = value.as_str().unwrap_or_default();
        let is_framing = ["content-length", "transfer-encoding", "connection"];
        let is_name =
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b));
        let is_value = !value.bytes().any(|byte| byte != b'\t' && byte.is_ascii_control());
        if is_name && is_value && !is_framing.contains(&name.to_ascii_lowercase().as_str()) {
            fields.push((name.clone(), value.to_owned()));
        }
    }
    let body = asked["body"].as_str().filter(|body| !body.is_empty()).map(|body| body.as_bytes().to_vec());
    let encoded = || STANDARD.decode(asked["encodedBody"].as_str().unwrap_or_default());
    let content = body.map_or_else(encoded, Ok).map_err(|_| "invalid base64 encoding of response body")?;
    Ok((status, fields, content))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<Request> {
        let mut reader = text.as_bytes();
        std::iter::from_fn(|| Request::read(&mut reader).expect("well-formed")).collect()
    }

    #[test]
    fn requests_of_a_connection_are_told_apart() {
        let text = "POST /a?b HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: x\r\n\r\n\
                    PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2;x\r\nde\r\n1\r\nf\r\n0\r\n\r\n";
        let request = |method: &str, path: &str, content: &str| Request {
            method: method.to_owned(),
            path: path.to_owned(),
            content: content.as_bytes().to_vec(),
        };
        assert_eq!(read(text), [request("POST", "/a", "abc"), request("GET", "/", ""), request("PUT", "/c", "def")]);
    }

    #[test]
    fn content_under_reflect_says_what_the_answer_is() {
        let ask = |path: &str, content: &str| {
            let request =
                Request { method: "POST".to_owned(), path: path.to_owned(), content: content.as_bytes().to_vec() };
            String::from_utf8(answer(&request)).expect("text")
        };
        let asked = r#"{"status": 404, "headers": {"X-A": "b", "X-B": "a\r\nb", "Content-Length": "9"}, "body": "no"}"#;
        assert_eq!(
            ask("/reflect", asked),
            "HTTP/1.1 404 Answer\r\nX-A: b\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nno"
        );
        assert!(ask("/reflect/x", r#"{"encodedBody": "YWI="}"#).ends_with("\r\n\r\nab"));
        assert!(ask("/reflect", "{").starts_with("HTTP/1.1 400 "));
        assert!(ask("/reflected", asked).starts_with("HTTP/1.1 200 "));
    }
}
