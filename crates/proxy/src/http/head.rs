//! The head of a request: parsed once, strictly, into a view over the bytes that arrived.
//!
//! httparse finds the pieces; what it tolerates beyond RFC 9112 and what it does not look at is refused here. Every
//! later step reads this view, so no two of them can read a request differently.

use std::mem::MaybeUninit;

use snapshot::Limits;

use crate::failure::Failure;
use crate::http::body::Framing;
use crate::http::field::{self, Field, Known};
use crate::http::target::{self, Target};

/// The most fields that can be parsed; the limit in force is a setting below this.
pub const MAX_FIELDS: usize = 256;

/// Room for the fields of one head, on the stack of the step that parses.
pub struct Room<'a> {
    fields: [MaybeUninit<Field<'a>>; MAX_FIELDS],
    known: [Known; MAX_FIELDS],
}

impl Room<'_> {
    /// Uninitialised room; costs nothing.
    #[inline]
    pub const fn new() -> Self {
        Self { fields: [const { MaybeUninit::uninit() }; MAX_FIELDS], known: [Known::Other; MAX_FIELDS] }
    }
}

/// The version a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0: no persistence unless asked for, no chunked answers.
    Http10,
    /// HTTP/1.1.
    Http11,
}

/// A valid request head. Everything borrows from the bytes that arrived.
#[derive(Debug)]
pub struct Request<'a> {
    /// Upper-case letters, `-` and `_`.
    pub method: &'a str,
    /// The target, split.
    pub target: Target<'a>,
    /// The client's version.
    pub version: Version,
    /// The host the request is for: the target's authority, else Host. `None` only in HTTP/1.0.
    pub host: Option<&'a str>,
    /// All fields in order.
    pub fields: &'a [Field<'a>],
    /// What is known of each field; as long as `fields`.
    pub known: &'a [Known],
    /// How the content is delimited.
    pub framing: Framing,
    /// Whether the client wants the connection to live on.
    pub keep_alive: bool,
    /// Whether the client waits for 100 before it sends content.
    pub expects_continue: bool,
    /// Whether Connection names further fields that end here.
    pub names_fields: bool,
    /// More than one Cookie field: they are joined.
    pub cookies: u16,
}

/// What the bytes so far are.
#[derive(Debug)]
pub enum Parsed<'a> {
    /// Not a whole head yet.
    Partial,
    /// A head and its length in bytes.
    Complete(Request<'a>, usize),
    /// Not acceptable.
    Refused(Failure),
}

impl<'a> Request<'a> {
    /// The first value of a known field.
    pub fn value(&self, wanted: Known) -> Option<&'a [u8]> {
        self.known.iter().position(|&known| known == wanted).map(|at| self.fields[at].value)
    }

    /// The fields with what is known of each.
    pub fn entries(&self) -> impl Iterator<Item = (Known, &'a Field<'a>)> {
        self.known.iter().copied().zip(self.fields)
    }
}

/// Parses a head from the start of `input`.
pub fn parse<'a>(input: &'a [u8], room: &'a mut Room<'a>, limits: &Limits) -> Parsed<'a> {
    // One empty line before a request line is tolerated (RFC 9112 2.2), a second one is not.
    let skipped = if input.starts_with(b"\r\n") { 2 } else { 0 };
    let input = &input[skipped..];
    if input.first().is_some_and(|&byte| byte == b'\r' || byte == b'\n') {
        return if input == b"\r" { Parsed::Partial } else { Parsed::Refused(Failure::MalformedRequest) };
    }
    let mut head = httparse::Request::new(&mut []);
    match httparse::ParserConfig::default().parse_request_with_uninit_headers(&mut head, input, &mut room.fields) {
        Ok(httparse::Status::Complete(len)) => match check(input, len, head, &mut room.known, limits) {
            Ok(request) => Parsed::Complete(request, skipped + len),
            Err(failure) => Parsed::Refused(failure),
        },
        Ok(httparse::Status::Partial) => match oversized(input, limits) {
            Some(failure) => Parsed::Refused(failure),
            None => Parsed::Partial,
        },
        Err(error) => Parsed::Refused(diagnose(input, error)),
    }
}

fn check<'a>(
    input: &'a [u8],
    len: usize,
    head: httparse::Request<'a, 'a>,
    known: &'a mut [Known; MAX_FIELDS],
    limits: &Limits,
) -> Result<Request<'a>, Failure> {
    let (Some(method), Some(path), Some(minor)) = (head.method, head.path, head.version) else {
        return Err(Failure::MalformedRequest);
    };
    let fields: &'a [Field<'a>] = head.headers;
    let line = method.len() + path.len() + " HTTP/1.1".len() + 1;
    if path.len() > limits.max_url_bytes {
        return Err(Failure::TargetTooLong);
    }
    if len - line > limits.max_header_bytes || fields.len() > limits.max_header_fields {
        return Err(Failure::HeaderTooLarge);
    }
    check_line_ends(input, len, line, fields)?;
    let version = if minor == 1 { Version::Http11 } else { Version::Http10 };
    check_method(method)?;
    let target = Target::parse(path, method)?;
    let facts = Facts::read(fields, known)?;
    let host = facts.host(version, &target)?;
    let framing = facts.framing(version, method)?;
    if let Framing::Length(length) = framing
        && length > limits.max_body_bytes
    {
        return Err(Failure::BodyTooLarge);
    }
    Ok(Request {
        method,
        target,
        version,
        host,
        fields,
        known: &known[..fields.len()],
        framing,
        keep_alive: facts.keep_alive(version),
        expects_continue: facts.expects_continue && version == Version::Http11,
        names_fields: facts.names_fields,
        cookies: facts.cookies,
    })
}

/// httparse takes a bare LF for a line end. Each line must end in CRLF: the two bytes before every field name, after
/// the request line and before the end.
fn check_line_ends(input: &[u8], len: usize, line: usize, fields: &[Field<'_>]) -> Result<(), Failure> {
    if input.get(line..line + 2) != Some(b"\r\n") || !input[..len].ends_with(b"\r\n\r\n") {
        return Err(Failure::MalformedRequest);
    }
    let start = input.as_ptr() as usize;
    for field in fields {
        let at = field.name.as_ptr() as usize - start;
        if !input[..at].ends_with(b"\r\n") {
            return Err(Failure::InvalidHeader);
        }
    }
    Ok(())
}

fn check_method(method: &str) -> Result<(), Failure> {
    match method {
        "GET" | "POST" | "HEAD" | "PUT" | "DELETE" | "OPTIONS" | "PATCH" => Ok(()),
        "TRACE" => Err(Failure::MethodTrace),
        "CONNECT" => Err(Failure::MethodConnect),
        _ if method.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'-' || byte == b'_') => Ok(()),
        _ => Err(Failure::InvalidMethod),
    }
}

/// What one pass over the fields learns.
#[derive(Default)]
struct Facts<'a> {
    seen: u64,
    host: Option<&'a [u8]>,
    length: Option<u64>,
    chunked: bool,
    close: bool,
    stay: bool,
    names_fields: bool,
    expects_continue: bool,
    cookies: u16,
}

impl<'a> Facts<'a> {
    #[inline]
    fn read(fields: &[Field<'a>], known: &mut [Known; MAX_FIELDS]) -> Result<Self, Failure> {
        let mut facts = Self::default();
        for (field, slot) in fields.iter().zip(known.iter_mut()) {
            let kind = Known::of(field.name);
            *slot = kind;
            if kind != Known::Other {
                facts.note(kind, field.value)?;
            }
        }
        Ok(facts)
    }

    fn note(&mut self, kind: Known, value: &'a [u8]) -> Result<(), Failure> {
        let bit = 1u64 << kind as u8;
        if kind.single() && self.seen & bit != 0 {
            return Err(Failure::DuplicateHeader);
        }
        self.seen |= bit;
        match kind {
            Known::Host => self.host = Some(value),
            Known::ContentLength => {
                let length = field::content_length(value).ok_or(Failure::InvalidContentLength)?;
                if self.length.is_some_and(|before| before != length) {
                    return Err(Failure::InvalidContentLength);
                }
                self.length = Some(length);
            }
            Known::TransferEncoding => self.transfer_encoding(value)?,
            Known::Connection => self.connection(value)?,
            Known::Expect => {
                if !value.eq_ignore_ascii_case(b"100-continue") {
                    return Err(Failure::ExpectationFailed);
                }
                self.expects_continue = true;
            }
            Known::Upgrade => {
                if field::members(value).any(|token| token.eq_ignore_ascii_case(b"h2c")) {
                    return Err(Failure::UpgradeH2c);
                }
            }
            Known::Cookie => self.cookies += 1,
            _ => {}
        }
        Ok(())
    }

    fn transfer_encoding(&mut self, value: &[u8]) -> Result<(), Failure> {
        if self.chunked {
            return Err(Failure::InvalidTransferEncoding);
        }
        if value.eq_ignore_ascii_case(b"chunked") {
            self.chunked = true;
            return Ok(());
        }
        let codings = ["chunked", "gzip", "x-gzip", "compress", "x-compress", "deflate", "identity", "br"];
        let named = |member: &[u8]| codings.iter().any(|coding| member.eq_ignore_ascii_case(coding.as_bytes()));
        if field::members(value).all(named)
            && field::members(value).filter(|m| m.eq_ignore_ascii_case(b"chunked")).count() < 2
        {
            return Err(Failure::UnsupportedTransferEncoding);
        }
        Err(Failure::InvalidTransferEncoding)
    }

    fn connection(&mut self, value: &[u8]) -> Result<(), Failure> {
        for token in field::members(value) {
            if token.eq_ignore_ascii_case(b"close") {
                self.close = true;
            } else if token.eq_ignore_ascii_case(b"keep-alive") {
                self.stay = true;
            } else if !token.is_empty() {
                self.names_fields = true;
            }
        }
        Ok(())
    }

    fn keep_alive(&self, version: Version) -> bool {
        !self.close && (version == Version::Http11 || self.stay)
    }

    fn host(&self, version: Version, target: &Target<'a>) -> Result<Option<&'a str>, Failure> {
        let host = match self.host {
            Some(value) => {
                let text = std::str::from_utf8(value).map_err(|_| Failure::InvalidHost)?;
                if !target::valid_host(text) {
                    return Err(Failure::InvalidHost);
                }
                Some(text)
            }
            None if version == Version::Http11 => return Err(Failure::MissingHost),
            None => None,
        };
        Ok(target.authority.or(host))
    }

    fn framing(&self, version: Version, method: &str) -> Result<Framing, Failure> {
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(Failure::ConflictingFraming),
            (true, None) if version == Version::Http10 => Err(Failure::InvalidTransferEncoding),
            (true, None) => Ok(Framing::Chunked),
            (false, Some(length)) => Ok(Framing::Length(length)),
            (false, None) if method == "POST" => Err(Failure::MissingContentLength),
            (false, None) => Ok(Framing::None),
        }
    }
}

/// Whether an incomplete head is already beyond the limits.
fn oversized(input: &[u8], limits: &Limits) -> Option<Failure> {
    // Room for a method and a version beside the target.
    let line_limit = limits.max_url_bytes + 64;
    match memchr::memchr(b'\n', &input[..input.len().min(line_limit)]) {
        None if input.len() >= line_limit => Some(Failure::TargetTooLong),
        Some(line) if input.len() - line > limits.max_header_bytes => Some(Failure::HeaderTooLarge),
        _ => None,
    }
}

/// Why httparse refused: which of Azure's tokens fits best.
fn diagnose(input: &[u8], error: httparse::Error) -> Failure {
    if error == httparse::Error::TooManyHeaders {
        return Failure::HeaderTooLarge;
    }
    let Some(end) = memchr::memchr(b'\n', input) else { return diagnose_line(input) };
    let line = input[..end].strip_suffix(b"\r").unwrap_or(&input[..end]);
    match error {
        httparse::Error::HeaderName | httparse::Error::HeaderValue => Failure::InvalidHeader,
        _ => diagnose_line(line),
    }
}

fn diagnose_line(line: &[u8]) -> Failure {
    let mut parts = line.split(|&byte| byte == b' ');
    let (method, path, version) = (parts.next().unwrap_or(b""), parts.next(), parts.next());
    let token = |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    if method.is_empty() || !method.iter().all(token) {
        return if method.iter().all(u8::is_ascii_graphic) && !method.is_empty() {
            Failure::InvalidMethod
        } else {
            Failure::MalformedRequest
        };
    }
    let Some(path) = path else { return Failure::MalformedRequest };
    if path.is_empty() || path.iter().any(|byte| byte.is_ascii_control()) {
        return Failure::InvalidTarget;
    }
    match version {
        None => Failure::Http09,
        Some(version) if parts.next().is_none() => diagnose_version(method, version),
        Some(_) => Failure::MalformedRequest,
    }
}

fn diagnose_version(method: &[u8], version: &[u8]) -> Failure {
    match version.strip_prefix(b"HTTP/") {
        // The HTTP/2 preface on a plain listener: Azure answers 400.
        Some(_) if method == b"PRI" => Failure::InvalidVersion,
        Some([major @ b'2'..=b'9', b'.', minor]) if minor.is_ascii_digit() && major.is_ascii_digit() => {
            Failure::UnsupportedVersion
        }
        Some([major @ b'2'..=b'9']) if major.is_ascii_digit() => Failure::UnsupportedVersion,
        _ => Failure::InvalidVersion,
    }
}

#[cfg(test)]
mod tests;
