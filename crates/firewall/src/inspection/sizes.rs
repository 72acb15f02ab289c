//! Counts a body against the policy's limits, without keeping any of it.
//!
//! Files are parts of `multipart/form-data` that have a file name; all else counts against the body's limit. Files may
//! be 4 KiB over theirs.
//!
//! Source: `application-gateway-waf-request-size-limits`, read 2026-11-22.

use super::multipart::Files;
use crate::policy::Limits;
use crate::request::Request;

/// What files may be over their limit.
const TOLERANCE: u64 = 4 << 10;

/// What is too large.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Excess {
    /// The body without files.
    Body {
        /// The limit in bytes.
        limit: u64,
    },
    /// The files.
    Upload {
        /// The limit in bytes.
        limit: u64,
    },
}

/// Counts; by default without limits.
#[derive(Debug, Default)]
pub(super) struct Sizes {
    max_body: Option<u64>,
    max_upload: Option<u64>,
    declared: Option<u64>,
    files: Option<Files>,
    bytes: u64,
}

impl Sizes {
    pub(super) fn new(limits: &Limits, request: &Request<'_>) -> Self {
        let content_type = request.header("content-type").next().unwrap_or_default();
        let declared = request.header("content-length").next();
        Self {
            max_body: limits.max_body,
            max_upload: limits.max_upload,
            declared: declared.and_then(|text| std::str::from_utf8(text).ok()?.trim().parse().ok()),
            files: Files::new(content_type),
            bytes: 0,
        }
    }

    /// Whether more of the body can still be too much.
    pub(super) fn are_limited(&self) -> bool {
        self.max_body.is_some() || (self.max_upload.is_some() && self.files.is_some())
    }

    /// Whether a body of any kind is declared larger than an upload may be: in detection it is then not looked at.
    pub(super) fn upload_excess(&self) -> Option<Excess> {
        let declared = self.declared?;
        self.max_upload.filter(|limit| declared > *limit).map(|limit| Excess::Upload { limit })
    }

    /// What is too large by its declared length alone.
    pub(super) fn declared_excess(&self) -> Option<Excess> {
        let declared = self.declared?;
        if self.files.is_none() {
            return self.max_body.filter(|limit| declared > *limit).map(|limit| Excess::Body { limit });
        }
        let (body, upload) = (self.max_body?, self.max_upload?);
        // Less may still be files and fields that are both small enough.
        let most = body.saturating_add(upload).saturating_add(TOLERANCE);
        (declared > most).then_some(Excess::Upload { limit: upload })
    }

    /// Counts a piece.
    pub(super) fn feed(&mut self, piece: &[u8]) -> Option<Excess> {
        self.bytes = self.bytes.saturating_add(piece.len() as u64);
        if let Some(files) = &mut self.files {
            files.feed(piece);
        }
        let undecided = self.files.as_ref().map_or(0, Files::undecided);
        self.compare(undecided)
    }

    /// What is too large once the body has ended.
    pub(super) fn end(&mut self) -> Option<Excess> {
        if let Some(files) = &mut self.files {
            files.end();
        }
        self.compare(0)
    }

    fn compare(&self, undecided: u64) -> Option<Excess> {
        let of_files = self.files.as_ref().map_or(0, Files::bytes);
        if let Some(limit) = self.max_upload.filter(|limit| of_files > limit.saturating_add(TOLERANCE)) {
            return Some(Excess::Upload { limit });
        }
        let of_body = self.bytes.saturating_sub(of_files).saturating_sub(undecided);
        self.max_body.filter(|limit| of_body > *limit).map(|limit| Excess::Body { limit })
    }
}

impl Excess {
    /// In words.
    pub(super) fn text(self) -> String {
        match self {
            Self::Body { limit } => format!("Request body without files is larger than {limit} bytes."),
            Self::Upload { limit } => format!("Upload is larger than {limit} bytes."),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: &[u8] = b"multipart/form-data; boundary=B";

    fn sizes(content_type: &[u8], declared: &str, max_body: Option<u64>, max_upload: Option<u64>) -> Sizes {
        let headers = [(&b"Content-Type"[..], content_type), (b"content-length", declared.as_bytes())];
        let request = Request {
            method: b"POST",
            target: b"/",
            protocol: "HTTP/1.1",
            client: [192, 0, 2, 1].into(),
            client_port: 1,
            headers: &headers,
            id: "1",
        };
        Sizes::new(&Limits { max_body, max_upload, ..Limits::default() }, &request)
    }

    #[test]
    fn only_multipart_counts_as_an_upload() {
        let mut sizes = sizes(b"application/octet-stream", "", Some(10), Some(1000));
        assert_eq!(sizes.feed(&[0; 10]), None);
        assert_eq!(sizes.feed(&[0]), Some(Excess::Body { limit: 10 }));
    }

    #[test]
    fn files_may_be_over_their_limit_by_a_little_and_fields_not() {
        let head = b"--B\r\nContent-Disposition: form-data; name=a; filename=x\r\n\r\n";
        let file = |bytes: usize| [&head[..], &vec![b'x'; bytes], b"\r\n--B--\r\n"].concat();
        for (bytes, expected) in
            [(50_000, None), (50_000 + 4096, None), (50_000 + 4097, Some(Excess::Upload { limit: 50_000 }))]
        {
            let mut sizes = sizes(FORM, "", Some(100), Some(50_000));
            let body = file(bytes);
            let found = body.chunks(1000).find_map(|piece| sizes.feed(piece)).or_else(|| sizes.end());
            assert_eq!(found, expected, "{bytes}");
        }
        let field = [&b"--B\r\nContent-Disposition: form-data; name=a\r\n\r\n"[..], &[b'x'; 60], b"\r\n--B--"].concat();
        let mut sizes = sizes(FORM, "", Some(100), Some(50_000));
        assert_eq!(sizes.feed(&field).or_else(|| sizes.end()), Some(Excess::Body { limit: 100 }));
    }

    #[test]
    fn a_declared_length_is_enough_where_it_leaves_no_doubt() {
        for (content_type, declared, max_body, max_upload, expected) in [
            (&b"a/b"[..], "101", Some(100), Some(1), Some(Excess::Body { limit: 100 })),
            (b"a/b", "100", Some(100), Some(1), None),
            (b"a/b", "101", None, Some(1), None),
            (FORM, "5196", Some(100), Some(1000), None),
            (FORM, "5197", Some(100), Some(1000), Some(Excess::Upload { limit: 1000 })),
            (FORM, "99999", None, Some(1000), None),
            (b"a/b", "x", Some(1), None, None),
        ] {
            let sizes = sizes(content_type, declared, max_body, max_upload);
            assert_eq!(sizes.declared_excess(), expected, "{declared} {max_body:?} {max_upload:?}");
        }
    }
}
