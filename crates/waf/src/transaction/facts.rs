//! What is known of a request and its response, before rules ask for it by variable.

use std::borrow::Cow;
use std::net::IpAddr;

use super::contents::{ContentId, Contents};
use super::head::Head;
use crate::body::{self, Anomalies, Processor};
use crate::transformations::Transformation;

/// A value with its key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) key: ContentId,
    pub(super) value: ContentId,
}

/// All that was told or read.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) method: ContentId,
    pub(super) target: ContentId,
    pub(super) protocol: ContentId,
    pub(super) unique_id: ContentId,
    pub(super) remote: IpAddr,
    pub(super) remote_port: u16,
    pub(super) headers: Vec<Entry>,
    pub(super) body: Vec<u8>,
    /// What rules say about the bodies of this request and its response.
    pub(super) body_access: Option<bool>,
    pub(super) body_limit: Option<usize>,
    pub(super) response_access: Option<bool>,
    pub(super) response_limit: Option<usize>,
    /// The clock as the host told it: seconds since 1970, and the offset of local time.
    pub(super) time: Option<(i64, i32)>,
    /// The address and port the client came to.
    pub(super) server: Option<(IpAddr, u16)>,
    pub(super) processor: Option<Processor>,
    pub(super) force_body: bool,
    pub(super) post: Vec<Entry>,
    /// Field names with file names.
    pub(super) files: Vec<Entry>,
    pub(super) file_sizes: Vec<usize>,
    pub(super) part_headers: Vec<Entry>,
    pub(super) texts: Vec<ContentId>,
    pub(super) attributes: Vec<ContentId>,
    pub(super) anomalies: Anomalies,
    pub(super) bad_escape: bool,
    pub(super) body_error: Option<&'static str>,
    pub(super) response_status: Option<u16>,
    pub(super) response_protocol: ContentId,
    pub(super) response_headers: Vec<Entry>,
    pub(super) response_body: Vec<u8>,
    pub(super) response_cut: bool,
    pub(super) elapsed_ms: u64,
}

impl Facts {
    pub(super) fn new<'h>(
        head: &Head<'_>,
        headers: impl IntoIterator<Item = (&'h [u8], &'h [u8])>,
        contents: &mut Contents,
    ) -> Self {
        let mut facts = Self {
            method: contents.add(head.method),
            target: contents.add(head.target),
            protocol: contents.add(head.protocol.as_bytes()),
            unique_id: contents.add(head.unique_id.as_bytes()),
            remote: head.remote,
            remote_port: head.remote_port,
            headers: entries(headers, contents),
            body: Vec::new(),
            body_access: None,
            body_limit: None,
            response_access: None,
            response_limit: None,
            time: None,
            server: None,
            processor: None,
            force_body: false,
            post: Vec::new(),
            files: Vec::new(),
            file_sizes: Vec::new(),
            part_headers: Vec::new(),
            texts: Vec::new(),
            attributes: Vec::new(),
            anomalies: Anomalies::default(),
            bad_escape: false,
            body_error: None,
            response_status: None,
            response_protocol: ContentId::EMPTY,
            response_headers: Vec::new(),
            response_body: Vec::new(),
            response_cut: false,
            elapsed_ms: 0,
        };
        facts.processor = Processor::for_content_type(facts.header(b"content-type", contents));
        facts
    }

    pub(super) fn response<'h>(
        &mut self,
        status: u16,
        protocol: &str,
        headers: impl IntoIterator<Item = (&'h [u8], &'h [u8])>,
        contents: &mut Contents,
    ) {
        self.response_status = Some(status);
        self.response_protocol = contents.add(protocol.as_bytes());
        self.response_headers = entries(headers, contents);
    }

    /// The value of the first header field of this name; empty where there is none.
    pub(super) fn header<'c>(&self, name: &[u8], contents: &'c Contents) -> &'c [u8] {
        first(&self.headers, name, contents)
    }

    /// The scheme of the client's credentials, and what stands behind it.
    pub(super) fn credentials<'c>(&self, contents: &'c Contents) -> Option<(&'c [u8], &'c [u8])> {
        let field = self.header(b"authorization", contents).trim_ascii();
        let end = field.iter().position(|byte| *byte == b' ').unwrap_or(field.len());
        (end > 0).then(|| (&field[..end], field[end..].trim_ascii()))
    }

    /// The user's name where the client sends it with its password.
    pub(super) fn user(&self, contents: &Contents) -> Option<Vec<u8>> {
        let (scheme, token) = self.credentials(contents)?;
        let decoded = Transformation::Base64Decode.apply(Cow::Borrowed(token));
        let end = memchr::memchr(b':', &decoded).filter(|_| scheme.eq_ignore_ascii_case(b"Basic"))?;
        Some(decoded[..end].to_vec())
    }

    pub(super) fn response_type<'c>(&self, contents: &'c Contents) -> &'c [u8] {
        first(&self.response_headers, b"content-type", contents)
    }

    /// Takes up what a body holds.
    pub(super) fn body_read(&mut self, read: body::Contents, contents: &mut Contents) {
        let pairs = |pairs: Vec<body::Pair>, contents: &mut Contents| -> Vec<Entry> {
            pairs.iter().map(|(key, value)| entry(key, value, contents)).collect()
        };
        self.post = pairs(read.arguments, contents);
        self.part_headers = pairs(read.part_headers, contents);
        self.file_sizes = read.files.iter().map(|file| file.size).collect();
        self.files = read.files.iter().map(|file| entry(&file.field, &file.name, contents)).collect();
        self.texts = read.texts.iter().map(|text| contents.add(text)).collect();
        self.attributes = read.attributes.iter().map(|text| contents.add(text)).collect();
        self.anomalies = read.anomalies;
        self.bad_escape = read.bad_escape;
        self.body_error = read.error.or(self.body_error);
    }

    /// The target without scheme and host.
    pub(super) fn uri<'c>(&self, contents: &'c Contents) -> &'c [u8] {
        let target = contents.bytes(self.target);
        // Nearly all targets are paths, and this is asked for often.
        if target.first() == Some(&b'/') {
            return target;
        }
        let Some(at) = memchr::memmem::find(target, b"://") else { return target };
        let scheme = &target[..at];
        if scheme.is_empty() || !scheme.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(byte)) {
            return target;
        }
        let rest = &target[at + 3..];
        let path = rest.iter().position(|byte| b"/?".contains(byte));
        path.map_or(b"/", |path| &rest[path..])
    }

    /// The target's path, not decoded.
    pub(super) fn path<'c>(&self, contents: &'c Contents) -> &'c [u8] {
        let uri = self.uri(contents);
        &uri[..memchr::memchr(b'?', uri).unwrap_or(uri.len())]
    }

    /// What stands behind the question mark.
    pub(super) fn query<'c>(&self, contents: &'c Contents) -> &'c [u8] {
        let uri = self.uri(contents);
        memchr::memchr(b'?', uri).map_or(b"", |at| &uri[at + 1..])
    }
}

fn first<'c>(entries: &[Entry], name: &[u8], contents: &'c Contents) -> &'c [u8] {
    let found = entries.iter().find(|entry| contents.bytes(entry.key).eq_ignore_ascii_case(name));
    found.map_or(b"", |entry| contents.bytes(entry.value))
}

fn entries<'h>(pairs: impl IntoIterator<Item = (&'h [u8], &'h [u8])>, contents: &mut Contents) -> Vec<Entry> {
    pairs.into_iter().map(|(key, value)| entry(key, value, contents)).collect()
}

fn entry(key: &[u8], value: &[u8], contents: &mut Contents) -> Entry {
    Entry { key: contents.add(key), value: contents.add(value) }
}
