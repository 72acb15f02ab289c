//! Asking responders whether a client's certificate was revoked, and keeping what they said.
//!
//! Source: Azure, "Mutual authentication", OCSP: the responder named in the certificate, answers kept until they say
//! they are old, closed where nobody answers. Parity: the first request waits for the answer instead of being refused.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backend::dns::Lookup;
use rustls::pki_types::CertificateDer;
use tls::revocation::{MAX_RESPONSE, Question, Status, answer, question};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::http::body::Decoder;
use crate::http::response::{self, Parsed, Room};

/// For one answer, looking up the responder's name included.
const PATIENCE: Duration = Duration::from_secs(5);
/// Answers kept.
const KEPT: usize = 4096;
/// How long a failure to get an answer is remembered, in seconds.
const FAILED_FOR: i64 = 60;
/// The largest head of a responder's answer.
const MAX_HEAD: usize = 16 * 1024;

/// Why a certificate is not known to be good.
#[derive(Clone, Debug)]
pub struct Doubt {
    /// As the log shows it.
    pub text: Cow<'static, str>,
    /// A responder has said so; otherwise none could be asked.
    pub is_final: bool,
}

/// What is known of one certificate, until when.
#[derive(Clone, Debug)]
struct Known {
    outcome: Result<(), Doubt>,
    until: i64,
}

/// One certificate; locked while a responder is asked, so that many clients with it ask once.
type Entry = Arc<tokio::sync::Mutex<Option<Known>>>;

/// Responders and their answers, shared by all workers.
pub struct Responders {
    resolver: Arc<dyn Lookup>,
    known: Mutex<HashMap<[u8; 32], Entry>>,
}

impl Responders {
    /// Nothing asked yet. Responders' names are resolved as those of servers are.
    pub fn new(resolver: Arc<dyn Lookup>) -> Self {
        Self { resolver, known: Mutex::default() }
    }

    /// Whether a certificate is good.
    pub(super) async fn ask(
        &self,
        leaf: &CertificateDer<'_>,
        issuer: &CertificateDer<'_>,
        now: i64,
    ) -> Result<(), Doubt> {
        let question = question(leaf, issuer).map_err(|text| Doubt { text, is_final: false })?;
        let entry = self.entry(question.key);
        let mut known = entry.lock().await;
        if let Some(known) = &*known
            && known.until > now
        {
            return known.outcome.clone();
        }
        let fresh = self.fetch(&question, issuer, now).await;
        known.insert(fresh).outcome.clone()
    }

    fn entry(&self, key: [u8; 32]) -> Entry {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= KEPT && !known.contains_key(&key) {
            // Full of answers that are all in date: any may go, it can be asked for again.
            let gone = known.iter().find(|(_, entry)| Arc::strong_count(entry) == 1).map(|(key, _)| *key);
            gone.map(|gone| known.remove(&gone));
        }
        Arc::clone(known.entry(key).or_default())
    }

    async fn fetch(&self, question: &Question, issuer: &CertificateDer<'_>, now: i64) -> Known {
        let failed = |text| Known { outcome: Err(Doubt { text, is_final: false }), until: now + FAILED_FOR };
        let mut last = Cow::from("no OCSP responder could be asked");
        for url in question.urls.iter().filter(|url| url.starts_with("http://")) {
            match tokio::time::timeout(PATIENCE, self.post(url, &question.request)).await {
                Ok(Some(response)) => match answer(question, &response, issuer, now) {
                    Ok(Status::Good { until }) => return Known { outcome: Ok(()), until },
                    Ok(Status::Revoked) => return refused("certificate revoked", now),
                    Ok(Status::Unknown) => return refused("certificate unknown to its OCSP responder", now),
                    Err(text) => last = text,
                },
                Ok(None) => last = "the OCSP responder gave no usable answer".into(),
                Err(_) => last = "the OCSP responder did not answer in time".into(),
            }
        }
        failed(last)
    }

    /// Sends a request to a responder and reads its answer.
    async fn post(&self, url: &str, request: &[u8]) -> Option<Vec<u8>> {
        let (authority, path) = split(url)?;
        let (host, port) = host_and_port(authority)?;
        let mut stream = TcpStream::connect(SocketAddr::new(self.resolve(host).await?, port)).await.ok()?;
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/ocsp-request\r\nAccept: \
             application/ocsp-response\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
            request.len()
        );
        stream.write_all(&[head.as_bytes(), request].concat()).await.ok()?;
        let mut bytes = Vec::with_capacity(4096);
        stream.take((MAX_HEAD + MAX_RESPONSE) as u64).read_to_end(&mut bytes).await.ok()?;
        content(&bytes)
    }

    async fn resolve(&self, host: &str) -> Option<IpAddr> {
        if let Ok(address) = host.trim_matches(['[', ']']).parse() {
            return Some(address);
        }
        self.resolver.lookup(Arc::from(host.to_ascii_lowercase())).await.all().next()
    }
}

fn refused(text: &'static str, now: i64) -> Known {
    Known { outcome: Err(Doubt { text: text.into(), is_final: true }), until: now + FAILED_FOR }
}

/// Authority and path of a plain URL without blanks or control bytes.
fn split(url: &str) -> Option<(&str, &str)> {
    let rest = url.strip_prefix("http://")?;
    if !rest.bytes().all(|byte| byte.is_ascii_graphic()) {
        return None;
    }
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    Some((authority, if path.is_empty() { "/" } else { path }))
}

fn host_and_port(authority: &str) -> Option<(&str, u16)> {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => Some((host, port.parse().ok()?)),
        _ => Some((authority, 80)),
    }
}

/// The content of a 200 answer.
fn content(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut room = Room::new();
    let Parsed::Complete(response, head) = response::parse(bytes, &mut room, false, MAX_HEAD).ok()? else {
        return None;
    };
    let mut decoder = (response.status == 200).then(|| Decoder::new(response.framing))?;
    let (mut rest, mut content) = (bytes.get(head..)?, Vec::new());
    while !decoder.done() && !rest.is_empty() {
        let step = decoder.step(rest).ok()?;
        content.extend_from_slice(rest.get(step.data)?);
        rest = rest.get(step.used..)?;
    }
    (decoder.done() || decoder.until_close()).then_some(content)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_responders_url_is_taken_apart() {
        let rows = [
            ("http://ocsp.example/path", Some(("ocsp.example", 80, "/path"))),
            ("http://ocsp.example:8080", Some(("ocsp.example", 8080, "/"))),
            ("http://[::1]:9/x", Some(("[::1]", 9, "/x"))),
            ("http://[::1]/x", Some(("[::1]", 80, "/x"))),
            ("https://ocsp.example/", None),
            ("http://a\r\nb/", None),
            ("http://a:port/", None),
        ];
        for (url, expected) in rows {
            let found = split(url).and_then(|(authority, path)| {
                let (host, port) = host_and_port(authority)?;
                Some((host, port, path))
            });
            assert_eq!(found, expected, "{url}");
        }
    }

    #[test]
    fn only_a_whole_good_answer_has_content() {
        let rows: [(&[u8], Option<&[u8]>); 5] = [
            (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nab", Some(b"ab")),
            (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n", Some(b"ab")),
            (b"HTTP/1.0 200 OK\r\n\r\nab", Some(b"ab")),
            (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", None),
            (b"HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nab", None),
        ];
        for (bytes, expected) in rows {
            assert_eq!(content(bytes).as_deref(), expected, "{:?}", String::from_utf8_lossy(bytes));
        }
    }
}
