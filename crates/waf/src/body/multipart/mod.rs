//! `multipart/form-data`, read strictly: everything that two readers could read differently is noted.
//!
//! Reading is lenient, so that what is hidden behind an oddity is looked at, and tells every oddity, so that a rule can
//! refuse it.

mod boundary;
mod disposition;

use super::{Bounds, Contents, File, PARTS};
use disposition::Disposition;

/// Header lines of one part; each is told under the name of the field.
const PART_HEADERS: usize = 16;

/// What was odd about a multipart body; each has a variable of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Anomalies {
    pub(crate) boundary_quoted: bool,
    pub(crate) boundary_whitespace: bool,
    pub(crate) data_before: bool,
    pub(crate) data_after: bool,
    pub(crate) header_folding: bool,
    pub(crate) invalid_header_folding: bool,
    pub(crate) lf_line: bool,
    pub(crate) missing_semicolon: bool,
    pub(crate) invalid_quoting: bool,
    pub(crate) invalid_part: bool,
    pub(crate) file_limit: bool,
    pub(crate) unmatched_boundary: bool,
}

impl Anomalies {
    /// Any of them but the unmatched boundary, which is asked for on its own.
    pub(crate) fn strict_error(&self) -> bool {
        let without = Self { unmatched_boundary: false, ..*self };
        without != Self::default()
    }
}

/// Reads as far as it can.
pub(super) fn parse(body: &[u8], content_type: &[u8], bounds: Bounds) -> Contents {
    let mut contents = Contents::default();
    if body.is_empty() {
        return contents;
    }
    match boundary::find(content_type, &mut contents.anomalies) {
        Ok(boundary) => {
            let mut reading = Reading { contents, bounds, part: None, parts: 0 };
            reading.run(body, &boundary);
            reading.contents
        }
        Err(error) => {
            contents.anomalies.invalid_part = true;
            contents.error = Some(error);
            contents
        }
    }
}

/// A part that is being read.
#[derive(Default)]
struct Part {
    headers: Vec<Vec<u8>>,
    in_body: bool,
    body: Vec<u8>,
    /// The line end of the last line, which belongs to the boundary if one follows.
    line_end: Vec<u8>,
}

struct Reading {
    contents: Contents,
    bounds: Bounds,
    part: Option<Part>,
    parts: usize,
}

impl Reading {
    fn run(&mut self, body: &[u8], boundary: &[u8]) {
        let mut ended = false;
        for line in body.split_inclusive(|byte| *byte == b'\n') {
            let text = line.strip_suffix(b"\n").map_or(line, |text| text.strip_suffix(b"\r").unwrap_or(text));
            let end = &line[text.len()..];
            if ended {
                self.contents.anomalies.data_after |= !text.is_empty();
                continue;
            }
            match delimiter(text, boundary) {
                Some(last) => {
                    self.note_line_end(end);
                    self.end_part();
                    ended = last;
                    if !last && !self.next_part() {
                        return;
                    }
                }
                None => self.line(text, end, boundary),
            }
        }
        if !ended {
            self.end_part();
            if !self.bounds.cut {
                self.fail("multipart body without its last boundary");
            }
        }
    }

    fn fail(&mut self, error: &'static str) {
        self.contents.anomalies.invalid_part = true;
        self.contents.error.get_or_insert(error);
    }

    fn note_line_end(&mut self, end: &[u8]) {
        self.contents.anomalies.lf_line |= end == b"\n";
    }

    fn next_part(&mut self) -> bool {
        self.parts += 1;
        if self.parts > PARTS || self.contents.arguments.len() > self.bounds.arguments {
            self.contents.anomalies.file_limit = true;
            self.contents.error = Some("more parts than allowed");
            return false;
        }
        self.part = Some(Part::default());
        true
    }

    fn line(&mut self, text: &[u8], end: &[u8], boundary: &[u8]) {
        let Some(part) = &mut self.part else {
            self.contents.anomalies.data_before |= !text.is_empty();
            return;
        };
        if part.in_body {
            self.contents.anomalies.unmatched_boundary |= resembles(text, boundary);
            let before = std::mem::take(&mut part.line_end);
            part.body.extend_from_slice(&before);
            part.body.extend_from_slice(text);
            part.line_end.extend_from_slice(end);
            return;
        }
        let folded = text.first().is_some_and(|byte| *byte == b' ' || *byte == b'\t');
        let room = part.headers.len() < PART_HEADERS;
        match (text.is_empty(), folded, part.headers.last_mut()) {
            (true, ..) => part.in_body = true,
            (_, true, Some(header)) => {
                header.push(b' ');
                header.extend_from_slice(text.trim_ascii_start());
                self.contents.anomalies.header_folding = true;
            }
            (_, true, None) => self.contents.anomalies.invalid_header_folding = true,
            (_, false, _) if room => part.headers.push(text.to_vec()),
            (_, false, _) => self.contents.anomalies.invalid_part = true,
        }
        self.note_line_end(end);
    }

    /// What was gathered of a part becomes a file or an argument.
    fn end_part(&mut self) {
        let Some(part) = self.part.take() else { return };
        if !part.in_body && !self.bounds.cut {
            self.fail("multipart part without an empty line after its header");
        }
        let anomalies = &mut self.contents.anomalies;
        let mut disposition = None;
        for header in &part.headers {
            let Some(colon) = memchr::memchr(b':', header) else {
                anomalies.invalid_part = true;
                continue;
            };
            if header[..colon].trim_ascii().eq_ignore_ascii_case(b"content-disposition") {
                anomalies.invalid_part |= disposition.is_some();
                disposition.get_or_insert_with(|| Disposition::parse(&header[colon + 1..], anomalies));
            }
        }
        let disposition = disposition.unwrap_or_default();
        anomalies.invalid_part |= disposition.name.is_none() && !self.bounds.cut;
        let field = disposition.name.unwrap_or_default();
        self.contents.part_headers.extend(part.headers.into_iter().map(|header| (field.clone(), header)));
        match disposition.file {
            Some(name) => self.contents.files.push(File { field, name, size: part.body.len() }),
            None => self.contents.arguments.push((field, part.body)),
        }
    }
}

/// Whether a line is the boundary, and whether the last one. Blanks after it are allowed (RFC 2046, section 5.1.1).
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let (rest, last) = rest.strip_prefix(b"--").map_or((rest, false), |rest| (rest, true));
    rest.iter().all(|byte| *byte == b' ' || *byte == b'\t').then_some(last)
}

/// Whether a line looks like the boundary to a careless reader.
fn resembles(line: &[u8], boundary: &[u8]) -> bool {
    let Some(rest) = line.strip_prefix(b"--") else { return false };
    rest.get(..boundary.len()).is_some_and(|start| start.eq_ignore_ascii_case(boundary))
}

#[cfg(test)]
mod tests;
