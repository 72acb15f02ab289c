//! The request and its answer as rewrites see them, and what they make of them.
//!
//! The engine is `rewrite`; here it gets its eyes. Server variables always show the request as it came.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rewrite::{Edits, RequestView, ResponseEdits, ResponseView, Server};

use crate::http::body::Framing;
use crate::http::compose::ClientSide;
use crate::http::field::{self, Known};
use crate::http::head::{Request, Version};
use crate::http::scan::Field;

/// What rewrites make of one request and its answer.
#[derive(Debug, Default)]
pub struct Changes {
    /// Of the request.
    pub edits: Edits,
    /// Of the answer.
    pub answer: ResponseEdits,
}

/// Kept for the next request of the thread, so that none allocates.
const KEPT: usize = 64;

thread_local! {
    #[expect(clippy::vec_box, reason = "what is handed out and taken back is the box")]
    static SPARE: RefCell<Vec<Box<Changes>>> = const { RefCell::new(Vec::new()) };
}

impl Changes {
    /// Empty ones.
    pub fn take() -> Box<Self> {
        SPARE.with_borrow_mut(Vec::pop).unwrap_or_default()
    }

    /// Keeps them for the next request.
    pub fn give(mut changes: Box<Self>) {
        changes.edits.clear();
        changes.answer.clear();
        SPARE.with_borrow_mut(|spare| {
            if spare.len() < KEPT {
                spare.push(changes);
            }
        });
    }
}

/// A request as rewrites see it.
pub struct Seen<'a> {
    /// Its head.
    pub request: &'a Request<'a>,
    /// Its client.
    pub client: &'a ClientSide,
    /// The host it is for.
    pub host: &'a [u8],
    /// Bytes of its head.
    pub head_bytes: u64,
    /// Who the bearer token says is asking.
    pub identity: Option<&'a str>,
}

impl RequestView for Seen<'_> {
    fn header(&self, name: &str) -> Option<Cow<'_, [u8]>> {
        let known = Known::of(name.as_bytes());
        match known {
            Known::Host => return Some(Cow::Borrowed(self.request.host.unwrap_or(self.host))),
            Known::EntraIdentity => return self.identity.map(|identity| Cow::Borrowed(identity.as_bytes())),
            // A client's own are not believed.
            Known::TraceId | Known::Ja4 | Known::OriginalUrl => return None,
            _ => {}
        }
        let is = |field: &&Field<'_>| match known {
            Known::Other | Known::Common => field.name.eq_ignore_ascii_case(name.as_bytes()),
            known => field.known == known,
        };
        let mut all = self.request.fields.iter().filter(is);
        let first = all.next()?;
        let separator: &[u8] = if known == Known::Cookie { b"; " } else { b", " };
        all.next().map_or(Some(Cow::Borrowed(first.value)), |second| {
            let rest = std::iter::once(second).chain(all);
            let mut joined = first.value.to_vec();
            rest.for_each(|field| {
                joined.extend_from_slice(separator);
                joined.extend_from_slice(field.value);
            });
            Some(Cow::Owned(joined))
        })
    }

    fn cookie(&self, name: &str) -> Option<&[u8]> {
        self.request.all(Known::Cookie).find_map(|field| field::cookies(field.value, name.as_bytes()).next())
    }

    fn standing(&self, variable: Server) -> Option<&[u8]> {
        let target = &self.request.target;
        match variable {
            Server::UriPath => Some(target.path()),
            Server::RequestUri => Some(target.path_and_query),
            Server::QueryString | Server::RequestQuery => Some(target.query().unwrap_or_default()),
            Server::Host => Some(field::without_port(self.host)),
            Server::HttpMethod => Some(self.request.method),
            Server::HttpVersion => Some(match self.request.version {
                Version::Http10 => b"HTTP/1.0",
                Version::Http11 => b"HTTP/1.1",
                Version::Http2 => b"HTTP/2.0",
            }),
            Server::RequestScheme => Some(if self.client.tls.is_some() { b"https" } else { b"http" }),
            Server::ServerPort => Some(self.client.port().as_bytes()),
            _ => None,
        }
    }

    fn server(&self, variable: Server, out: &mut Vec<u8>) {
        match variable {
            Server::AddXForwardedForProxy => self.forwarded_for(out),
            Server::ClientIp => put(out, format_args!("{}", self.client.peer.ip())),
            Server::ClientPort => put(out, format_args!("{}", self.client.peer.port())),
            Server::ClientTcpRtt => {
                if let Some(time) = self.client.round_trip {
                    put(out, format_args!("{}", time.as_micros()));
                }
            }
            Server::ClientUser => self.user(out),
            Server::ReceivedBytes => put(out, format_args!("{}", self.received())),
            // Known when the answer is: the engine asks the other view.
            Server::HttpStatus | Server::SentBytes => {}
            variable => match self.standing(variable) {
                Some(value) => out.extend_from_slice(value),
                None => self.session(variable, out),
            },
        }
    }
}

impl Seen<'_> {
    fn forwarded_for(&self, out: &mut Vec<u8>) {
        for field in self.request.all(Known::ForwardedFor).filter(|field| !field.value.is_empty()) {
            out.extend_from_slice(field.value);
            out.extend_from_slice(b", ");
        }
        put(out, format_args!("{}", self.client.peer.ip()));
    }

    /// The name in `Authorization: Basic`.
    fn user(&self, out: &mut Vec<u8>) {
        let Some((scheme, credentials)) =
            self.request.value(Known::Authorization).and_then(|value| value.split_at_checked(6))
        else {
            return;
        };
        if !scheme.eq_ignore_ascii_case(b"basic ") {
            return;
        }
        if let Ok(decoded) = STANDARD.decode(credentials.trim_ascii())
            && let Some(end) = memchr::memchr(b':', &decoded)
        {
            out.extend_from_slice(&decoded[..end]);
        }
    }

    fn received(&self) -> u64 {
        match self.request.framing {
            Framing::Length(length) => self.head_bytes.saturating_add(length),
            _ => self.head_bytes,
        }
    }

    /// What the TLS session says; nothing without one, but for the verdict on a client's certificate.
    #[cold]
    fn session(&self, variable: Server, out: &mut Vec<u8>) {
        let Some(session) = &self.client.tls else {
            if variable == Server::ClientCertificateVerification {
                out.extend_from_slice(b"NONE");
            }
            return;
        };
        let info = session.info();
        let certificate = session.certificate();
        let text: Cow<'_, str> = match variable {
            Server::CiphersSupported => session.offered().into(),
            Server::CiphersUsed => info.cipher.into(),
            Server::SslConnectionProtocol => info.protocol.into(),
            Server::SslEnabled => "On".into(),
            Server::ClientCertificateVerification => info.client_verify.into(),
            Server::ClientCertificateFingerprint => info.fingerprint.into(),
            Server::ClientCertificateIssuer => info.issuer.into(),
            Server::ClientCertificate => certificate.map(|one| one.escaped_pem()).unwrap_or_default().into(),
            Server::ClientCertificateStartDate => certificate.map(|one| one.start_date()).unwrap_or_default().into(),
            Server::ClientCertificateEndDate => certificate.map(|one| one.end_date()).unwrap_or_default().into(),
            Server::ClientCertificateSerial => certificate.map_or("", |one| &one.facts.serial).into(),
            Server::ClientCertificateSubject => certificate.map_or("", |one| &one.facts.subject).into(),
            _ => "".into(),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    // Writing to a vector cannot fail.
    let _ = out.write_fmt(text);
}

/// An answer as rewrites see it.
pub struct Answer<'a> {
    /// Its status.
    pub status: u16,
    /// Its fields, those that the gateway adds included.
    pub fields: &'a [Field<'a>],
}

impl ResponseView for Answer<'_> {
    fn status(&self) -> u16 {
        self.status
    }

    /// Nothing of the answer has gone to the client when its head is rewritten.
    fn sent_bytes(&self) -> u64 {
        0
    }

    fn fields(&self) -> usize {
        self.fields.len()
    }

    fn field(&self, index: usize) -> (&[u8], &[u8]) {
        self.fields.get(index).map_or((b"", b""), |field| (field.name, field.value))
    }
}

#[cfg(test)]
mod tests;
