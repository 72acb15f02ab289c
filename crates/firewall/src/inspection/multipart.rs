//! Tells the bytes of files in a multipart body from the rest of it, piece by piece, keeping next to nothing.

/// The longest head of a part that is read; what follows counts as no file.
const PART_HEAD: usize = 8 << 10;

/// Counts bytes of files.
#[derive(Debug)]
pub(super) struct Files {
    /// `--` and the boundary.
    delimiter: Vec<u8>,
    state: State,
    /// What could not be decided yet: the start of a delimiter, or of a part's head.
    pending: Vec<u8>,
    /// Bytes in files so far.
    bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Between delimiter and blank line.
    Head,
    /// Behind the blank line.
    Content { file: bool },
    /// Before the first delimiter.
    Before,
}

impl Files {
    /// For a `Content-Type`; none where it is not `multipart/form-data` with a boundary.
    pub(super) fn new(content_type: &[u8]) -> Option<Self> {
        let text = std::str::from_utf8(content_type).ok()?;
        let mut parts = text.split(';');
        let form_data = parts.next()?.trim().eq_ignore_ascii_case("multipart/form-data");
        let boundary = parts.find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
        });
        let boundary = boundary.filter(|boundary| form_data && !boundary.is_empty() && boundary.len() <= 200)?;
        let delimiter = [b"--", boundary.as_bytes()].concat();
        Some(Self { delimiter, state: State::Before, pending: Vec::new(), bytes: 0 })
    }

    /// Bytes in files so far; what is not decided yet is not counted.
    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Bytes of which it is not decided yet whether they are of a file.
    pub(super) fn undecided(&self) -> u64 {
        self.pending.len() as u64
    }

    /// There is no more: what looked like the start of a delimiter is none.
    pub(super) fn end(&mut self) {
        let left = std::mem::take(&mut self.pending).len();
        self.count(left);
    }

    /// Takes the next piece.
    pub(super) fn feed(&mut self, piece: &[u8]) {
        let mut data = std::mem::take(&mut self.pending);
        data.extend_from_slice(piece);
        let mut at = 0;
        loop {
            let rest = data.get(at..).unwrap_or_default();
            let step = match self.state {
                State::Head => self.head(rest),
                State::Before | State::Content { .. } => self.content(rest),
            };
            at += step.taken;
            match step.then {
                Some(state) => self.state = state,
                None => break,
            }
        }
        data.drain(..at.min(data.len()));
        self.pending = data;
    }

    /// Looks for the next delimiter, which stands at the start of a line.
    fn content(&mut self, rest: &[u8]) -> Step {
        let found = memchr::memmem::find_iter(rest, &self.delimiter).find(|at| self.begins_line(rest, *at));
        if let Some(at) = found {
            let line_end = match rest.get(..at) {
                Some(before) if before.ends_with(b"\r\n") => 2,
                Some(before) if before.ends_with(b"\n") => 1,
                _ => 0,
            };
            self.count(at - line_end);
            return Step { taken: at + self.delimiter.len(), then: Some(State::Head) };
        }
        // The end may be the start of a line end and a delimiter.
        let taken = rest.len().saturating_sub(self.delimiter.len() + 2);
        self.count(taken);
        Step { taken, then: None }
    }

    fn begins_line(&self, rest: &[u8], at: usize) -> bool {
        match at.checked_sub(1) {
            None => true,
            Some(before) => rest.get(before) == Some(&b'\n'),
        }
    }

    fn head(&self, rest: &[u8]) -> Step {
        let end = memchr::memmem::find(rest, b"\r\n\r\n").map(|at| at + 4);
        let end = end.or_else(|| memchr::memmem::find(rest, b"\n\n").map(|at| at + 2));
        match end {
            Some(end) => {
                let file = names_file(rest.get(..end).unwrap_or_default());
                Step { taken: end, then: Some(State::Content { file }) }
            }
            None if rest.len() > PART_HEAD => Step { taken: rest.len(), then: Some(State::Content { file: false }) },
            None => Step { taken: 0, then: None },
        }
    }

    fn count(&mut self, bytes: usize) {
        if self.state == (State::Content { file: true }) {
            self.bytes = self.bytes.saturating_add(bytes as u64);
        }
    }
}

struct Step {
    taken: usize,
    /// None: more is needed.
    then: Option<State>,
}

/// Whether a part's head has a parameter `filename` or `filename*`.
fn names_file(head: &[u8]) -> bool {
    let lower = head.to_ascii_lowercase();
    memchr::memmem::find_iter(&lower, b"filename").any(|at| {
        let before = at.checked_sub(1).and_then(|at| lower.get(at));
        let after = lower.get(at + 8..).unwrap_or_default();
        let after = after.strip_prefix(b"*").unwrap_or(after).trim_ascii_start();
        before.is_some_and(|byte| b"; \t\r\n".contains(byte)) && after.starts_with(b"=")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const BODY: &str = "before\r\n--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nfield\r\n--B\r\n\
        Content-Disposition: form-data; name=\"b\"; filename=\"x\"\r\nContent-Type: a/b\r\n\r\n0123\r\n--C--56789\r\n\
        --B\r\nContent-Disposition: form-data; name=\"filename\"\r\n\r\nno file\r\n--B\r\n\
        Content-Disposition: form-data; FileName*=utf-8''y\r\n\r\nabc\r\n--B--\r\nafter";

    fn count(content_type: &str, body: &str, piece: usize) -> Option<u64> {
        let mut files = Files::new(content_type.as_bytes())?;
        body.as_bytes().chunks(piece).for_each(|piece| files.feed(piece));
        assert!(files.undecided() <= PART_HEAD as u64);
        files.end();
        Some(files.bytes())
    }

    #[test]
    fn bytes_of_files_are_counted_however_the_body_is_cut() {
        let expected = Some(u64::try_from("0123\r\n--C--56789abc".len()).unwrap());
        for piece in 1..=BODY.len() {
            assert_eq!(count("multipart/form-data; boundary=B", BODY, piece), expected, "pieces of {piece}");
        }
        assert_eq!(count("Multipart/Form-Data; charset=x; boundary=\"B\"", BODY, 7), expected);
    }

    #[test]
    fn other_bodies_hold_no_files() {
        for other in ["multipart/mixed; boundary=B", "multipart/form-data", "multipart/form-data; boundary=", "a/b"] {
            assert_eq!(count(other, BODY, 10), None, "{other}");
        }
    }

    #[test]
    fn a_head_without_end_is_no_file_and_not_kept() {
        let body = format!("--B\r\n{}; filename=x\r\n\r\n12345", "a".repeat(2 * PART_HEAD));
        assert_eq!(count("multipart/form-data; boundary=B", &body, 100), Some(0));
    }
}
