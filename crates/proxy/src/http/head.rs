//! The head of a request: parsed once, strictly, into a view over the bytes that arrived.
//!
//! Every later step reads this view, so no two of them can read a request differently.

use observe::access_log::HttpVersion;
use snapshot::Limits;

use crate::failure::Failure;
use crate::http::body::Framing;
use crate::http::field::{self, Known};
use crate::http::scan::{self, Fault, Field, Fields, Rules, is_token_byte, is_value};
use crate::http::target::{self, Target};

/// The version a client speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// HTTP/1.0: no persistence unless asked for, no chunked answers.
    Http10,
    /// HTTP/1.1.
    Http11,
    /// HTTP/2.
    Http2,
}

impl Version {
    /// As the log names it.
    pub const fn logged(self) -> HttpVersion {
        match self {
            Self::Http10 => HttpVersion::Http10,
            Self::Http11 => HttpVersion::Http11,
            Self::Http2 => HttpVersion::Http2,
        }
    }
}

/// A valid request head. Everything borrows from the bytes that arrived.
#[derive(Debug)]
pub struct Request<'a> {
    /// Upper-case letters, `-` and `_`.
    pub method: &'a [u8],
    /// The target, split.
    pub target: Target<'a>,
    /// The client's version.
    pub version: Version,
    /// The host the request is for: the target's authority, else Host. `None` only in HTTP/1.0.
    pub host: Option<&'a [u8]>,
    /// All fields in order.
    pub fields: &'a [Field<'a>],
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
    pub fn value(&self, known: Known) -> Option<&'a [u8]> {
        self.all(known).next().map(|field| field.value)
    }

    /// Every field of a known name.
    pub fn all(&self, known: Known) -> impl Iterator<Item = &'a Field<'a>> {
        self.fields.iter().filter(move |field| field.known == known)
    }
}

/// Parses a head from the start of `input`. `room` must be empty.
pub fn parse<'r, 'a: 'r>(input: &'a [u8], room: &'r mut Fields<'a>, limits: &Limits) -> Parsed<'r> {
    // One empty line before a request line is tolerated (RFC 9112 2.2), a second one is not.
    let skipped = if input.starts_with(b"\r\n") { 2 } else { 0 };
    let input = &input[skipped..];
    match read(input, room, limits) {
        Ok(Some((request, len))) => Parsed::Complete(request, skipped + len),
        Ok(None) => match oversized(input, limits) {
            Some(failure) => Parsed::Refused(failure),
            None => Parsed::Partial,
        },
        Err(failure) => Parsed::Refused(failure),
    }
}

fn read<'r, 'a: 'r>(
    input: &'a [u8],
    room: &'r mut Fields<'a>,
    limits: &Limits,
) -> Result<Option<(Request<'r>, usize)>, Failure> {
    // The first control byte is the CR before the LF that ends the line, or the line is not one.
    let newline = match scan::find_control(input) {
        Some(at) if input[at..].starts_with(b"\r\n") => at + 1,
        Some(at) if input[at..] != *b"\r" => return Err(diagnose(&input[..line_end(input)])),
        _ => return unfinished_line(input).map(|()| None),
    };
    let (method, path, version) = request_line(&input[..newline]).ok_or_else(|| diagnose(&input[..newline]))?;
    if path.len() > limits.max_url_bytes {
        return Err(Failure::TargetTooLong);
    }
    let end = scan::fields(input, newline + 1, Rules::Strict, room).map_err(|fault| match fault {
        Fault::Malformed => Failure::InvalidHeader,
        Fault::TooMany => Failure::HeaderTooLarge,
    })?;
    let Some(end) = end else { return Ok(None) };
    let fields: &'r [Field<'r>] = room;
    if end - newline > limits.max_header_bytes || fields.len() > limits.max_header_fields {
        return Err(Failure::HeaderTooLarge);
    }
    check_method(method)?;
    let target = Target::parse(path, method)?;
    let facts = Facts::read(fields)?;
    let host = facts.host(version, &target)?;
    let framing = facts.framing(version, method)?;
    if let Framing::Length(length) = framing
        && length > limits.max_body_bytes
    {
        return Err(Failure::BodyTooLarge);
    }
    let request = Request {
        method,
        target,
        version,
        host,
        fields,
        framing,
        keep_alive: facts.keep_alive(version),
        expects_continue: facts.expects_continue && version == Version::Http11,
        names_fields: facts.names_fields,
        cookies: facts.cookies,
    };
    Ok(Some((request, end)))
}

/// The head of an HTTP/2 request but for its fields.
#[derive(Clone, Copy, Debug)]
pub struct Multiplexed<'a> {
    /// `:method`.
    pub method: &'a [u8],
    /// `:path`.
    pub target: &'a [u8],
    /// `:authority`.
    pub authority: Option<&'a [u8]>,
    /// Whether there is no content.
    pub ends: bool,
}

/// Checks the head of an HTTP/2 request by the rules of [`parse`] and those of RFC 9113 8.
pub fn multiplexed<'r>(
    head: Multiplexed<'r>,
    fields: &'r [Field<'r>],
    limits: &Limits,
) -> Result<Request<'r>, Failure> {
    check_method(head.method)?;
    let is_path = head.target.starts_with(b"/") || (head.target == b"*" && head.method == b"OPTIONS");
    if !is_path || fields.iter().any(|field| ends_here(field.known, field.value)) {
        return Err(Failure::MalformedHttp2);
    }
    if head.target.len() > limits.max_url_bytes {
        return Err(Failure::TargetTooLong);
    }
    if fields.len() > limits.max_header_fields {
        return Err(Failure::HeaderTooLarge);
    }
    let target = Target::parse(head.target, head.method)?;
    let facts = Facts::read(fields)?;
    if let (Some(authority), Some(host)) = (head.authority, facts.host)
        && !authority.eq_ignore_ascii_case(host)
    {
        return Err(Failure::MalformedHttp2);
    }
    let host = head.authority.or(facts.host).ok_or(Failure::MissingHost)?;
    if !target::valid_host(host) {
        return Err(Failure::InvalidHost);
    }
    let framing = match (facts.length, head.ends) {
        (None, true) if matches!(head.method, b"POST" | b"PUT" | b"PATCH") => Framing::Length(0),
        (None, true) => Framing::None,
        // The length has been compared with what came.
        (Some(_), true) => Framing::Length(0),
        (Some(length), false) => Framing::Length(length),
        (None, false) => Framing::Chunked,
    };
    if let Framing::Length(length) = framing
        && length > limits.max_body_bytes
    {
        return Err(Failure::BodyTooLarge);
    }
    Ok(Request {
        method: head.method,
        target,
        version: Version::Http2,
        host: Some(host),
        fields,
        framing,
        keep_alive: true,
        expects_continue: facts.expects_continue && !head.ends,
        names_fields: false,
        cookies: facts.cookies,
    })
}

/// Fields of a connection, which HTTP/2 does not have (RFC 9113 8.2.2).
fn ends_here(known: Known, value: &[u8]) -> bool {
    match known {
        Known::Te => !value.eq_ignore_ascii_case(b"trailers"),
        Known::Connection
        | Known::KeepAlive
        | Known::ProxyConnection
        | Known::TransferEncoding
        | Known::Upgrade
        | Known::Http2Settings => true,
        _ => false,
    }
}

/// Method, target and version of a line without its LF: single blanks between, CR at the end.
#[inline]
fn request_line(line: &[u8]) -> Option<(&[u8], &[u8], Version)> {
    let (rest, version) = line.split_at_checked(line.len().checked_sub(b" HTTP/1.1\r".len())?)?;
    let version = match version {
        b" HTTP/1.1\r" => Version::Http11,
        b" HTTP/1.0\r" => Version::Http10,
        _ => return None,
    };
    let space = rest.iter().position(|byte| *byte == b' ')?;
    let (method, target) = (&rest[..space], &rest[space + 1..]);
    let token = !method.is_empty() && method.iter().all(|byte| is_token_byte(*byte));
    (token && !target.is_empty() && !target.contains(&b' ')).then_some((method, target, version))
}

#[cold]
fn line_end(input: &[u8]) -> usize {
    memchr::memchr(b'\n', input).unwrap_or(input.len())
}

/// Refuses the beginning of a line that cannot become a request line any more.
#[cold]
fn unfinished_line(line: &[u8]) -> Result<(), Failure> {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let method = line.split(|byte| *byte == b' ').next().unwrap_or(line);
    if !is_value(line) || line.contains(&b'\t') || !method.iter().all(|byte| is_token_byte(*byte)) {
        return Err(diagnose(line));
    }
    if !line.is_empty() && method.is_empty() { Err(Failure::MalformedRequest) } else { Ok(()) }
}

fn check_method(method: &[u8]) -> Result<(), Failure> {
    match method {
        b"GET" | b"POST" | b"HEAD" | b"PUT" | b"DELETE" | b"OPTIONS" | b"PATCH" => Ok(()),
        b"TRACE" => Err(Failure::MethodTrace),
        b"CONNECT" => Err(Failure::MethodConnect),
        _ if method.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'-' || *byte == b'_') => Ok(()),
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
    fn read(fields: &[Field<'a>]) -> Result<Self, Failure> {
        let mut facts = Self::default();
        for field in fields {
            if field.known != Known::Other {
                facts.note(field.known, field.value)?;
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
            Known::Upgrade if field::has_token(value, b"h2c") => return Err(Failure::UpgradeH2c),
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

    fn host(&self, version: Version, target: &Target<'a>) -> Result<Option<&'a [u8]>, Failure> {
        match self.host {
            Some(value) if !target::valid_host(value) => return Err(Failure::InvalidHost),
            None if version == Version::Http11 => return Err(Failure::MissingHost),
            _ => {}
        }
        Ok(target.authority.or(self.host))
    }

    fn framing(&self, version: Version, method: &[u8]) -> Result<Framing, Failure> {
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(Failure::ConflictingFraming),
            (true, None) if version == Version::Http10 => Err(Failure::InvalidTransferEncoding),
            (true, None) => Ok(Framing::Chunked),
            (false, Some(length)) => Ok(Framing::Length(length)),
            (false, None) if method == b"POST" => Err(Failure::MissingContentLength),
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

/// Why a request line was refused: which of Azure's tokens fits best.
#[cold]
fn diagnose(line: &[u8]) -> Failure {
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let mut parts = line.split(|&byte| byte == b' ');
    let (method, path, version) = (parts.next().unwrap_or(b""), parts.next(), parts.next());
    if method.is_empty() || !method.iter().all(|byte| is_token_byte(*byte)) {
        let visible = !method.is_empty() && method.iter().all(u8::is_ascii_graphic);
        return if visible { Failure::InvalidMethod } else { Failure::MalformedRequest };
    }
    let Some(path) = path else { return Failure::MalformedRequest };
    if path.is_empty() || path.iter().any(|byte| byte.is_ascii_control()) {
        return Failure::InvalidTarget;
    }
    match version {
        None => Failure::Http09,
        Some(_) if parts.next().is_some() => Failure::MalformedRequest,
        // Right but for the line's end.
        Some(b"HTTP/1.1" | b"HTTP/1.0") => Failure::MalformedRequest,
        Some(version) => diagnose_version(method, version),
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
