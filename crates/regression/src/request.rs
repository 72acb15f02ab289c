//! A request as it is sent, completed as the runner completes it.

use crate::form;

/// What is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// These bytes, whatever they are.
    Raw(Vec<u8>),
    /// What the parts come to.
    Parts(Parts),
}

impl Request {
    /// The bytes for the connection.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self {
            Self::Raw(bytes) => bytes.clone(),
            Self::Parts(parts) => parts.bytes(),
        }
    }
}

/// The parts of a request that is no raw text. Nothing in them is checked: tests want to break HTTP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parts {
    /// The method, by default `GET`.
    pub method: String,
    /// The target, by default `/`.
    pub uri: String,
    /// The version, by default `HTTP/1.1`.
    pub version: String,
    /// Fields in the order in which they are sent.
    pub fields: Vec<(String, String)>,
    /// The content.
    pub data: Vec<u8>,
    /// Whether Connection, Content-Type and Content-Length are added where they are missing, and plain forms escaped.
    pub is_completed: bool,
}

const FORM: &str = "application/x-www-form-urlencoded";

impl Parts {
    /// The same request for the place that a redirect names.
    #[must_use]
    pub fn redirected(&self, host: &str, uri: &str) -> Self {
        let mut parts = self.clone();
        parts.fields.retain(|(name, _)| !name.eq_ignore_ascii_case("host"));
        parts.fields.push(("Host".to_owned(), host.to_owned()));
        uri.clone_into(&mut parts.uri);
        parts
    }

    fn bytes(&self) -> Vec<u8> {
        let mut fields = self.fields.clone();
        let mut data = self.data.clone();
        if self.is_completed && !data.is_empty() {
            if !has(&fields, "content-type") {
                fields.push(("Content-Type".to_owned(), FORM.to_owned()));
            }
            if content_types(&fields).any(|kind| kind.eq_ignore_ascii_case(FORM)) {
                data = form::escape_plain(&data);
            }
        }
        // Files are written with line feeds; parts of a form need both characters, however the request is completed.
        if content_types(&fields).any(|kind| kind.to_ascii_lowercase().contains("multipart/form-data;")) {
            data = with_carriage_returns(&data);
        }
        if self.is_completed {
            self.complete(&mut fields, data.len());
        }
        let mut bytes = format!("{} {} {}\r\n", self.method, self.uri, self.version).into_bytes();
        for (name, value) in fields {
            bytes.extend_from_slice(format!("{name}: {value}\r\n").as_bytes());
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&data);
        bytes
    }

    fn complete(&self, fields: &mut Vec<(String, String)>, length: usize) {
        if !has(fields, "connection") {
            fields.push(("Connection".to_owned(), "close".to_owned()));
        }
        let counts = length > 0 || usually_has_content(&self.method);
        if counts && !has(fields, "content-length") {
            fields.push(("Content-Length".to_owned(), length.to_string()));
        }
    }
}

/// The runner's pattern `^POST|PUT|PATCH|DELETE$`, which takes more methods than it seems to.
fn usually_has_content(method: &str) -> bool {
    method.starts_with("POST") || method.contains("PUT") || method.contains("PATCH") || method.ends_with("DELETE")
}

fn has(fields: &[(String, String)], wanted: &str) -> bool {
    fields.iter().any(|(name, _)| name.eq_ignore_ascii_case(wanted))
}

fn content_types(fields: &[(String, String)]) -> impl Iterator<Item = &str> {
    let kinds = fields.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    kinds.map(|(_, value)| value.as_str())
}

fn with_carriage_returns(data: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(data.len() + data.len() / 16);
    for byte in data {
        if *byte == b'\n' {
            out.push(b'\r');
        }
        out.push(*byte);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(method: &str, fields: &[(&str, &str)], data: &str) -> Parts {
        Parts {
            method: method.to_owned(),
            uri: "/a b".to_owned(),
            version: "HTTP/1.1".to_owned(),
            fields: fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect(),
            data: data.as_bytes().to_vec(),
            is_completed: true,
        }
    }

    fn sent(parts: Parts) -> String {
        String::from_utf8(Request::Parts(parts).bytes()).expect("text in, text out")
    }

    #[test]
    fn missing_fields_are_added_behind_those_that_are_there() {
        let plain = parts("POST", &[("Host", "h"), ("X-A", "")], "a=<b>");
        assert_eq!(
            sent(plain),
            "POST /a b HTTP/1.1\r\nHost: h\r\nX-A: \r\nContent-Type: application/x-www-form-urlencoded\r\n\
             Connection: close\r\nContent-Length: 9\r\n\r\na=%3Cb%3E"
        );
        let nothing = parts("GET", &[], "");
        assert_eq!(sent(nothing), "GET /a b HTTP/1.1\r\nConnection: close\r\n\r\n");
    }

    #[test]
    fn fields_that_are_there_stay_as_they_are() {
        let all = [("content-length", "3"), ("CONNECTION", "keep-alive"), ("content-type", "text/plain")];
        assert_eq!(
            sent(parts("PUT", &all, "a=<b>")),
            "PUT /a b HTTP/1.1\r\ncontent-length: 3\r\nCONNECTION: keep-alive\r\ncontent-type: text/plain\r\n\r\na=<b>"
        );
    }

    #[test]
    fn a_request_that_is_not_completed_gets_nothing() {
        let bare = Parts { is_completed: false, ..parts("POST", &[], "a=<b>") };
        assert_eq!(sent(bare), "POST /a b HTTP/1.1\r\n\r\na=<b>");
    }

    #[test]
    fn a_length_is_told_for_methods_that_usually_have_content() {
        for (method, told) in [("POST", true), ("PUT", true), ("PATCH", true), ("DELETE", true), ("OPTIONS", false)] {
            assert_eq!(sent(parts(method, &[], "")).contains("Content-Length: 0"), told, "{method}");
        }
    }

    #[test]
    fn parts_of_a_form_end_their_lines_with_both_characters() {
        let kind = [("Content-Type", "multipart/form-data; boundary=x")];
        let sent = sent(parts("POST", &kind, "--x\na\r\n--x--"));
        assert!(sent.ends_with("\r\n\r\n--x\r\na\r\r\n--x--"), "{sent}");
        assert!(sent.contains("Content-Length: 14\r\n"), "{sent}");
    }

    #[test]
    fn a_redirect_changes_host_and_target() {
        let moved = parts("GET", &[("host", "old"), ("A", "b")], "").redirected("new:8080", "/there");
        assert_eq!(sent(moved), "GET /there HTTP/1.1\r\nA: b\r\nHost: new:8080\r\nConnection: close\r\n\r\n");
    }
}
