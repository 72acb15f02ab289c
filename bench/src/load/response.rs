//! Reading responses as they come: status, length, and when they are complete. Nothing is kept.

/// The end of a response head.
const END_OF_HEAD: &[u8] = b"\r\n\r\n";

/// How far the current response is.
#[derive(Debug, Default)]
pub(crate) struct Response {
    /// Head bytes of a head that came in pieces.
    head: Vec<u8>,
    /// Body bytes still to come, once the head is read.
    missing: Option<usize>,
}

/// What some bytes did to a response.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More has to come.
    More,
    /// Status and length were right and nothing is left over.
    Complete,
    /// Something was wrong.
    Wrong(String),
}

impl Response {
    /// Begins anew, for the next response on the connection.
    pub(crate) fn reset(&mut self) {
        self.head.clear();
        self.missing = None;
    }

    /// Takes bytes that have arrived; `body` is the length the response must have.
    pub(crate) fn take(&mut self, bytes: &[u8], body: usize) -> Progress {
        let rest = match self.missing {
            Some(missing) => return self.count(missing, bytes.len()),
            None if self.head.is_empty() => match memchr::memmem::find(bytes, END_OF_HEAD) {
                Some(end) => {
                    if let Err(problem) = check_head(&bytes[..end + 2], body) {
                        return Progress::Wrong(problem);
                    }
                    bytes.len() - end - END_OF_HEAD.len()
                }
                None => {
                    self.head.extend_from_slice(bytes);
                    return Progress::More;
                }
            },
            None => {
                self.head.extend_from_slice(bytes);
                let Some(end) = memchr::memmem::find(&self.head, END_OF_HEAD) else {
                    return Progress::More;
                };
                if let Err(problem) = check_head(&self.head[..end + 2], body) {
                    return Progress::Wrong(problem);
                }
                self.head.len() - end - END_OF_HEAD.len()
            }
        };
        self.count(body, rest)
    }

    fn count(&mut self, missing: usize, arrived: usize) -> Progress {
        match missing.checked_sub(arrived) {
            Some(0) => Progress::Complete,
            Some(left) => {
                self.missing = Some(left);
                Progress::More
            }
            None => Progress::Wrong(format!("{} bytes more than announced", arrived - missing)),
        }
    }
}

/// Checks status line and `Content-Length`; the head ends with the last field's line end.
fn check_head(head: &[u8], body: usize) -> Result<(), String> {
    if !head.starts_with(b"HTTP/1.1 200 ") {
        let line = head.split(|byte| *byte == b'\r').next().unwrap_or_default();
        return Err(format!("answered {}", String::from_utf8_lossy(line)));
    }
    let length = head.split(|byte| *byte == b'\n').find_map(content_length);
    match length {
        Some(length) if length == body => Ok(()),
        Some(length) => Err(format!("Content-Length {length}, expected {body}")),
        None => Err("no Content-Length".to_owned()),
    }
}

/// The value of a `Content-Length` line.
fn content_length(line: &[u8]) -> Option<usize> {
    const NAME: &[u8] = b"content-length:";
    let (name, value) = line.split_at_checked(NAME.len())?;
    if !name.eq_ignore_ascii_case(NAME) {
        return None;
    }
    std::str::from_utf8(value).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OK: &[u8] = b"HTTP/1.1 200 OK\r\nA: b\r\ncontent-length: 5\r\n\r\nhello";

    #[test]
    fn a_response_may_come_in_any_pieces() {
        for cut in 1..OK.len() {
            let mut response = Response::default();
            assert_eq!(response.take(&OK[..cut], 5), Progress::More, "cut at {cut}");
            assert_eq!(response.take(&OK[cut..], 5), Progress::Complete, "cut at {cut}");
        }
    }

    #[test]
    fn a_wrong_status_is_an_error() {
        let wrong = Response::default().take(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n", 0);
        assert_eq!(wrong, Progress::Wrong("answered HTTP/1.1 502 Bad Gateway".into()));
    }

    #[test]
    fn a_wrong_length_is_an_error() {
        assert!(matches!(Response::default().take(OK, 6), Progress::Wrong(_)));
        let long = [OK, b"!"].concat();
        assert_eq!(Response::default().take(&long, 5), Progress::Wrong("1 bytes more than announced".into()));
    }
}
