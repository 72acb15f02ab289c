//! The body of a probe's answer: whatever its framing, its first 64 KiB.

use super::response::invalid;
use crate::health::Failure;

/// Bytes of a body that are kept and looked at.
pub(super) const MAX_BODY: usize = 64 * 1024;
/// A chunk's size line may have this many bytes, extensions included.
const MAX_SIZE_LINE: usize = 256;

/// A body being read.
#[derive(Debug)]
pub(super) struct Body {
    framing: Framing,
    bytes: Vec<u8>,
}

#[derive(Debug)]
enum Framing {
    /// So many bytes are missing.
    Length(u64),
    Close,
    /// In a chunk's size line; what of it has come.
    Size(Vec<u8>),
    /// In a chunk; so many bytes are missing.
    Data(u64),
    /// In the line end after a chunk; so many bytes of it have come.
    End(usize),
    /// After the last chunk. Trailers are of no interest, nor is their end.
    Done,
}

impl Body {
    pub(super) fn none() -> Self {
        Self::new(Framing::Done)
    }

    pub(super) fn of_length(length: u64) -> Self {
        Self::new(Framing::Length(length))
    }

    pub(super) fn chunked() -> Self {
        Self::new(Framing::Size(Vec::new()))
    }

    pub(super) fn until_close() -> Self {
        Self::new(Framing::Close)
    }

    fn new(framing: Framing) -> Self {
        Self { framing, bytes: Vec::new() }
    }

    /// True when nothing more is wanted: the body ended, or the bound is reached.
    pub(super) fn is_done(&self) -> bool {
        matches!(self.framing, Framing::Done | Framing::Length(0)) || self.bytes.len() >= MAX_BODY
    }

    /// True when the end of the connection is the end of the body.
    pub(super) fn may_end_by_closing(&self) -> bool {
        matches!(self.framing, Framing::Close)
    }

    /// The content.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.bytes
    }

    /// Takes bytes of the connection.
    pub(super) fn take(&mut self, mut input: &[u8]) -> Result<(), Failure> {
        while !input.is_empty() && !self.is_done() {
            match &mut self.framing {
                Framing::Done => return Ok(()),
                Framing::Close => {
                    self.keep(input);
                    return Ok(());
                }
                Framing::Length(missing) | Framing::Data(missing) => {
                    let count = usize::try_from(*missing).unwrap_or(usize::MAX).min(input.len());
                    *missing -= count as u64;
                    let chunk_ended = *missing == 0;
                    let (content, rest) = input.split_at(count);
                    input = rest;
                    self.keep(content);
                    if chunk_ended && matches!(self.framing, Framing::Data(_)) {
                        self.framing = Framing::End(0);
                    }
                }
                Framing::End(come) => {
                    if input[0] != b"\r\n"[*come] {
                        return Err(invalid("a chunk is longer than its size"));
                    }
                    input = &input[1..];
                    *come += 1;
                    if *come == 2 {
                        self.framing = Framing::Size(Vec::new());
                    }
                }
                Framing::Size(line) => {
                    line.push(input[0]);
                    input = &input[1..];
                    if let Some(line) = line.strip_suffix(b"\r\n") {
                        self.framing = match chunk_size(line)? {
                            0 => Framing::Done,
                            size => Framing::Data(size),
                        };
                    } else if line.len() > MAX_SIZE_LINE {
                        return Err(invalid("a chunk's size line is longer than 256 bytes"));
                    }
                }
            }
        }
        Ok(())
    }

    fn keep(&mut self, content: &[u8]) {
        let room = MAX_BODY.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&content[..content.len().min(room)]);
    }
}

/// The hexadecimal number before an extension.
fn chunk_size(line: &[u8]) -> Result<u64, Failure> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii_end();
    let is_hex = (1..=16).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    let size = std::str::from_utf8(digits).ok().filter(|_| is_hex).and_then(|text| u64::from_str_radix(text, 16).ok());
    size.ok_or_else(|| invalid("a chunk's size is not a hexadecimal number"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(mut body: Body, input: &[u8], step: usize) -> Result<(Vec<u8>, bool), Failure> {
        for piece in input.chunks(step) {
            body.take(piece)?;
        }
        let done = body.is_done();
        Ok((body.into_bytes(), done))
    }

    #[test]
    fn every_framing_gives_the_content_however_it_is_cut() {
        for step in [1, 2, 3, 7, 1000] {
            let chunked = b"5\r\nhello\r\n6;ext=1\r\n world\r\n0\r\n\r\n";
            assert_eq!(whole(Body::chunked(), chunked, step).unwrap(), (b"hello world".to_vec(), true));
            assert_eq!(whole(Body::of_length(5), b"hello, more", step).unwrap(), (b"hello".to_vec(), true));
            assert_eq!(whole(Body::until_close(), b"hello", step).unwrap(), (b"hello".to_vec(), false));
            assert_eq!(whole(Body::none(), b"hello", step).unwrap(), (Vec::new(), true));
        }
    }

    #[test]
    fn chunks_that_lie_are_refused() {
        for input in ["5\r\nhello world\r\n", "x\r\n", "\r\n", "-1\r\n", "0x5\r\nhello", "11111111111111111\r\n"] {
            assert!(whole(Body::chunked(), input.as_bytes(), 1).is_err(), "{input:?}");
        }
        assert!(whole(Body::chunked(), &[b'1'; 300], 1).is_err());
    }

    #[test]
    fn no_more_than_64_kib_is_kept() {
        let (bytes, done) = whole(Body::until_close(), &vec![b'x'; MAX_BODY + 5], 5000).unwrap();
        assert_eq!((bytes.len(), done), (MAX_BODY, true));
        let (bytes, done) = whole(Body::of_length(u64::MAX), &vec![b'x'; MAX_BODY + 5], 5000).unwrap();
        assert_eq!((bytes.len(), done), (MAX_BODY, true));
    }
}
