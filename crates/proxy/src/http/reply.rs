//! Answers that the gateway makes itself: refusals, failures, redirects.
//!
//! Source: Azure, "HTTP response codes in Application Gateway"; the bodies are the ones that users see there, byte for
//! byte, with the product's name replaced where the operator set another `Server`.

use observe::{Stamp, TransactionId};
use snapshot::Page;
use snapshot::pages::TRANSACTION_ID;

use crate::failure::Failure;
use crate::http::head::Version;
use crate::http::response::{Onward, write_connection, write_content_length, write_status_line};

/// An answer of the gateway.
#[derive(Clone, Copy, Debug)]
pub struct Reply<'a> {
    /// Status code.
    pub status: u16,
    /// What went wrong, where something did: some have a page of their own.
    pub failure: Option<Failure>,
    /// The operator's page for the status, instead of the gateway's.
    pub page: Option<&'a Page>,
    /// `Location`, for redirects.
    pub location: Option<&'a [u8]>,
    /// Further fields; a `Content-Type` among them stands in for the usual one.
    pub fields: &'a [(&'static str, String)],
    /// The operator's `Server`; `None` leaves it out.
    pub server: Option<&'a str>,
    /// The present second.
    pub stamp: &'a Stamp,
    /// Goes into `x-appgw-trace-id`, so that a user can quote it.
    pub id: &'a TransactionId,
    /// The client's version.
    pub version: Version,
    /// Whether the connection lives on.
    pub keep_alive: bool,
    /// Whether the request was HEAD: the same head, no content.
    pub to_head: bool,
}

const CONTENT_TYPE: &str = "Content-Type";

/// The reason phrase of a status. nginx's wording where it differs from the RFC's, as Azure's answers have it.
pub const fn phrase(status: u16) -> &'static str {
    match status {
        200 => "OK",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        307 => "Temporary Redirect",
        400 => "Bad Request",
        401 => "Authorization Required",
        403 => "Forbidden",
        404 => "Not Found",
        405 => "Not Allowed",
        406 => "Not Acceptable",
        408 => "Request Time-out",
        413 => "Request Entity Too Large",
        414 => "Request-URI Too Large",
        417 => "Expectation Failed",
        421 => "Misdirected Request",
        429 => "Too Many Requests",
        431 => "Request Header Fields Too Large",
        500 => "Internal Server Error",
        501 => "Not Implemented",
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        505 => "HTTP Version Not Supported",
        _ => "",
    }
}

/// What the page of a failure says beside its status.
const fn note(failure: Failure) -> Option<&'static str> {
    match failure {
        Failure::HttpToHttpsPort => Some("The plain HTTP request was sent to HTTPS port"),
        Failure::ClientCertificateMissing => Some("No required SSL certificate was sent"),
        Failure::ClientCertificateInvalid => Some("The SSL certificate error"),
        _ => None,
    }
}

impl Reply<'_> {
    /// Appends head and body. Returns the length of the body that was left out for HEAD.
    pub fn write(&self, out: &mut Vec<u8>) {
        write_status_line(self.status, phrase(self.status).as_bytes(), out);
        if let Some(server) = self.server {
            out.extend_from_slice(b"Server: ");
            out.extend_from_slice(server.as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        out.extend_from_slice(b"Date: ");
        out.extend_from_slice(&self.stamp.http_date);
        out.extend_from_slice(b"\r\n");
        if let Some(content_type) = self.content_type() {
            out.extend_from_slice(b"Content-Type: ");
            out.extend_from_slice(content_type.as_bytes());
            out.extend_from_slice(b"\r\n");
            write_content_length(self.body_len() as u64, out);
        }
        for (name, value) in self.more_fields() {
            for piece in [name, ": ", value, "\r\n"] {
                out.extend_from_slice(piece.as_bytes());
            }
        }
        if let Some(location) = self.location {
            out.extend_from_slice(b"Location: ");
            out.extend_from_slice(location);
            out.extend_from_slice(b"\r\n");
        }
        if let Some((name, value)) = self.advice() {
            for piece in [name, ": ", value, "\r\n"] {
                out.extend_from_slice(piece.as_bytes());
            }
        }
        out.extend_from_slice(b"x-appgw-trace-id: ");
        out.extend_from_slice(self.id.as_str().as_bytes());
        out.extend_from_slice(b"\r\n");
        if self.keep_alive && self.version == Version::Http11 {
            // Azure's answers say so although HTTP/1.1 does not need it.
            out.extend_from_slice(b"Connection: keep-alive\r\n");
        } else {
            write_connection(Onward { version: self.version, keep_alive: self.keep_alive, chunked: false }, out);
        }
        out.extend_from_slice(b"\r\n");
        if !self.to_head {
            self.each_piece(|piece| out.extend_from_slice(piece));
        }
    }

    /// What the content is; `None` for an answer that has none.
    pub(super) fn content_type(&self) -> Option<&str> {
        let own = self.fields.iter().find(|(name, _)| *name == CONTENT_TYPE);
        (self.status != 204).then(|| own.map_or("text/html", |(_, value)| value))
    }

    /// Further fields.
    pub(super) fn more_fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.fields.iter().filter(|(name, _)| *name != CONTENT_TYPE).map(|(name, value)| (*name, value.as_str()))
    }

    /// The field that tells a client what to do about a status.
    pub(super) const fn advice(&self) -> Option<(&'static str, &'static str)> {
        match self.status {
            401 => Some(("www-authenticate", "Bearer")),
            503 => Some(("retry-after", "1")),
            _ => None,
        }
    }

    /// The body, piece by piece.
    pub(super) fn each_piece(&self, mut take: impl FnMut(&[u8])) {
        if self.status == 204 {
            return;
        }
        let Some(page) = self.page else { return self.own_page().into_iter().for_each(take) };
        let mut from = 0;
        for &at in &page.ids {
            take(page.body.get(from..at).unwrap_or_default());
            take(self.id.as_str().as_bytes());
            from = at + TRANSACTION_ID.len();
        }
        take(page.body.get(from..).unwrap_or_default());
    }

    fn own_page(&self) -> [&[u8]; 13] {
        let digits = STATUS_TEXT[usize::from(self.status.clamp(100, 999) - 100)].as_slice();
        let phrase = phrase(self.status).as_bytes();
        let note = self.failure.and_then(note).map(str::as_bytes);
        let (open, close): (&[u8], &[u8]) = if note.is_some() { (b"<center>", b"</center>\r\n") } else { (b"", b"") };
        [
            b"<html>\r\n<head><title>",
            digits,
            note.unwrap_or(phrase),
            b"</title></head>\r\n<body>\r\n<center><h1>",
            digits,
            phrase,
            b"</h1></center>\r\n",
            open,
            note.unwrap_or(b""),
            close,
            b"<hr><center>",
            self.server.unwrap_or("").as_bytes(),
            b"</center>\r\n</body>\r\n</html>\r\n",
        ]
    }

    pub(super) fn body_len(&self) -> usize {
        let mut length = 0;
        self.each_piece(|piece| length += piece.len());
        length
    }
}

/// Three digits and a blank for every status.
static STATUS_TEXT: [[u8; 4]; 900] = {
    let mut table = [[b' '; 4]; 900];
    let mut at = 0;
    while at < 900 {
        let status = at + 100;
        table[at] = [b'0' + (status / 100) as u8, b'0' + (status / 10 % 10) as u8, b'0' + (status % 10) as u8, b' '];
        at += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(status: u16, to_head: bool) -> String {
        shown(status, None, None, to_head)
    }

    fn shown(status: u16, failure: Option<Failure>, page: Option<&Page>, to_head: bool) -> String {
        let id = TransactionId::from_bits(0xabc);
        let stamp = Stamp::of(0);
        let server = Some("Microsoft-Azure-Application-Gateway/v2");
        let reply = Reply {
            status,
            failure,
            page,
            location: None,
            fields: &[],
            server,
            stamp: &stamp,
            id: &id,
            version: Version::Http11,
            keep_alive: true,
            to_head,
        };
        let mut out = Vec::new();
        reply.write(&mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn default_bodies_have_the_documented_sizes() {
        for (status, size) in [(403, 179), (502, 183), (504, 193)] {
            let (head, body) =
                reply(status, false).split_once("\r\n\r\n").map(|(h, b)| (h.to_owned(), b.to_owned())).unwrap();
            assert_eq!(body.len(), size, "{status}");
            assert!(head.contains(&format!("Content-Length: {size}\r\n")), "{head}");
        }
    }

    #[test]
    fn some_failures_say_more_on_their_page() {
        let text = shown(400, Some(Failure::ClientCertificateMissing), None, false);
        assert!(text.contains("<title>400 No required SSL certificate was sent</title>"), "{text}");
        let line = "<center><h1>400 Bad Request</h1></center>\r\n<center>No required SSL certificate was sent</center>\r\n<hr>";
        assert!(text.contains(line), "{text}");
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        assert!(head.contains(&format!("Content-Length: {}\r\n", body.len())), "{head}");
    }

    #[test]
    fn a_page_of_the_operator_gets_the_id_of_the_request() {
        let id = "00000000000000000000000000000abc";
        let rows = [
            ("<p>sorry</p>", "<p>sorry</p>".to_owned()),
            ("{transactionId}", id.to_owned()),
            ("a {transactionId} b {transactionId}", format!("a {id} b {id}")),
        ];
        for (body, expected) in rows {
            let text = shown(502, None, Some(&Page::new(body.as_bytes().into())), false);
            let (head, body) = text.split_once("\r\n\r\n").unwrap();
            assert_eq!(body, expected);
            assert!(head.contains(&format!("Content-Length: {}\r\n", expected.len())), "{head}");
        }
    }

    #[test]
    fn a_head_request_gets_the_same_head_and_no_body() {
        let (full, head_only) = (reply(404, false), reply(404, true));
        assert!(full.starts_with(&head_only) && head_only.ends_with("\r\n\r\n"));
    }

    #[test]
    fn every_failure_has_a_phrase() {
        for failure in crate::failure::Failure::ALL {
            assert!(failure.status() == 499 || !phrase(failure.status()).is_empty(), "{failure:?}");
        }
    }
}
