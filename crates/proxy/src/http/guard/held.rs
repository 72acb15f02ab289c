//! A request's head as the firewall sees it, kept while its content is waited for, or with what rewrites made of it.

use std::net::SocketAddr;
use std::ops::Range;

use rewrite::Edits;
use snapshot::FirewallId;

use crate::http::head::Version;
use crate::http::rewriting::Seen;

/// A head, copied.
#[derive(Debug)]
pub struct Held {
    /// The policy that is to see it.
    pub guard: FirewallId,
    text: Vec<u8>,
    method: Range<usize>,
    target: Range<usize>,
    /// The target as the request line had it, or as rewrites have left it.
    whole: Range<usize>,
    fields: Vec<(Range<usize>, Range<usize>)>,
    protocol: &'static str,
    client: SocketAddr,
    /// The address that the client came to.
    pub(super) server: Option<SocketAddr>,
}

/// Name and value.
pub(super) type FieldView<'a> = (&'a [u8], &'a [u8]);

/// How rules know a version.
pub(super) const fn protocol(version: Version) -> &'static str {
    match version {
        Version::Http10 => "HTTP/1.0",
        Version::Http11 => "HTTP/1.1",
        Version::Http2 => "HTTP/2.0",
    }
}

/// The fields as they came. HTTP/2 names the host elsewhere; rules look for it here.
pub(super) fn fields<'a>(seen: &Seen<'a>) -> Vec<FieldView<'a>> {
    let mut fields = Vec::with_capacity(seen.request.fields.len() + 1);
    if seen.request.version == Version::Http2 && seen.request.value(crate::http::field::Known::Host).is_none() {
        fields.push((&b"Host"[..], seen.host));
    }
    fields.extend(seen.request.fields.iter().map(|field| (field.name, field.value)));
    fields
}

impl Held {
    /// Copies a head, as rewrites have left it where there are any.
    pub(super) fn new(
        guard: FirewallId,
        seen: &Seen<'_>,
        edits: Option<&Edits>,
        server: Option<SocketAddr>,
    ) -> Box<Self> {
        let request = seen.request;
        let mut text = Vec::with_capacity(1024);
        let mut put = |bytes: &[u8]| {
            let start = text.len();
            text.extend_from_slice(bytes);
            start..text.len()
        };
        let method = put(request.method);
        let target = match edits.filter(|edits| edits.path().is_some() || edits.query().is_some()) {
            None => put(request.target.path_and_query),
            Some(edits) => {
                let path = put(edits.path().unwrap_or(request.target.path()));
                let query = edits.query().or(request.target.query()).filter(|query| !query.is_empty());
                let end = query.map(|query| (put(b"?"), put(query)).1.end);
                path.start..end.unwrap_or(path.end)
            }
        };
        let whole = if edits.is_some() { target.clone() } else { put(request.target.whole) };
        let edited = |name: &[u8]| edits.is_some_and(|edits| edits.header(name).is_some());
        let mut kept = Vec::new();
        for (name, value) in fields(seen).into_iter().filter(|(name, _)| !edited(name)) {
            kept.push((put(name), put(value)));
        }
        for (name, value) in edits.into_iter().flat_map(Edits::headers) {
            let Some(value) = value else { continue };
            kept.push((put(name), put(value)));
        }
        let (protocol, client) = (protocol(request.version), seen.client.peer);
        Box::new(Self { guard, text, method, target, whole, fields: kept, protocol, client, server })
    }

    /// The fields.
    pub(super) fn fields(&self) -> Vec<FieldView<'_>> {
        self.fields.iter().map(|(name, value)| (self.get(name), self.get(value))).collect()
    }

    /// As a policy sees it.
    pub(super) fn request<'r>(&'r self, headers: &'r [FieldView<'r>], id: &'r str) -> firewall::Request<'r> {
        firewall::Request {
            method: self.get(&self.method),
            target: self.get(&self.target),
            protocol: self.protocol,
            client: self.client.ip(),
            client_port: self.client.port(),
            headers,
            id,
        }
    }

    /// The target as rules know it that look at the request line.
    pub(super) fn whole(&self) -> &[u8] {
        self.get(&self.whole)
    }

    fn get(&self, range: &Range<usize>) -> &[u8] {
        self.text.get(range.clone()).unwrap_or_default()
    }
}
