//! Content: how it is delimited, and a strict decoder that finds where it ends.
//!
//! The decoder never copies chunk framing through: it yields the data between, and the sender frames it anew.

use std::ops::Range;

/// How a message delimits its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// No content.
    None,
    /// So many bytes.
    Length(u64),
    /// Chunks.
    Chunked,
    /// Everything until the connection ends (responses only).
    UntilClose,
}

/// The content is not framed as RFC 9112 7.1 says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Malformed;

/// Blanks and bytes of chunk extensions, in one chunk line.
const MAX_EXTENSION: u16 = 256;
/// Chunk extensions and trailers, in one message.
const MAX_EXTRA: u32 = 16 * 1024;

/// Finds the data in the bytes of a message's content.
#[derive(Clone, Debug)]
pub struct Decoder {
    state: State,
    /// Bytes of data left: of the content, or of the chunk.
    left: u64,
    digits: u8,
    extension: u16,
    extra: u32,
    trailer: Trailer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Done,
    Length,
    UntilClose,
    Size,
    Extension(Extension),
    SizeEnd,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
}

/// Where in a chunk extension the decoder is (RFC 9112 7.1.1): `; name`, `; name = token`, `; name = "quoted"`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Extension {
    BeforeName,
    Name,
    AfterName,
    BeforeValue,
    Value,
    Quoted,
    Escaped,
    AfterValue,
}

impl Extension {
    /// The place after one more byte of the line.
    fn next(self, byte: u8) -> Result<Self, Malformed> {
        use Extension::*;
        let blank = byte == b' ' || byte == b'\t';
        Ok(match (self, byte) {
            (BeforeName | BeforeValue, _) if blank => self,
            (Name | AfterName, _) if blank => AfterName,
            (Value | AfterValue, _) if blank => AfterValue,
            (BeforeName | Name, _) if token(byte) => Name,
            (Name | AfterName, b'=') => BeforeValue,
            (Name | AfterName | Value | AfterValue, b';') => BeforeName,
            (BeforeValue, b'"') => Quoted,
            (BeforeValue | Value, _) if token(byte) => Value,
            (Quoted, b'"') => AfterValue,
            (Quoted, b'\\') => Escaped,
            (Quoted | Escaped, b'\t' | 0x20..=0x7e | 0x80..) => Quoted,
            _ => return Err(Malformed),
        })
    }

    /// Whether the line may end here.
    fn may_end(self) -> bool {
        matches!(self, Extension::Name | Extension::AfterName | Extension::Value | Extension::AfterValue)
    }
}

fn token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Where in a trailer line the decoder is; its grammar is that of a field line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Trailer {
    #[default]
    Name,
    Value,
}

/// What a step found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// Bytes looked at, from the start of the input; they are done with once the data is used.
    pub used: usize,
    /// Where the data is, inside `used`.
    pub data: Range<usize>,
}

impl Decoder {
    /// A decoder for content so delimited.
    pub const fn new(framing: Framing) -> Self {
        let (state, left) = match framing {
            Framing::None | Framing::Length(0) => (State::Done, 0),
            Framing::Length(length) => (State::Length, length),
            Framing::Chunked => (State::Size, 0),
            Framing::UntilClose => (State::UntilClose, 0),
        };
        Self { state, left, digits: 0, extension: 0, extra: 0, trailer: Trailer::Name }
    }

    /// True when the whole content was seen.
    #[inline]
    pub fn done(&self) -> bool {
        self.state == State::Done
    }

    /// True when only the end of the connection ends the content.
    #[inline]
    pub fn until_close(&self) -> bool {
        self.state == State::UntilClose
    }

    /// Looks at the next bytes: skips framing, and returns one run of data or none. Call again while bytes are left
    /// and the content is not done.
    pub fn step(&mut self, input: &[u8]) -> Result<Step, Malformed> {
        match self.state {
            State::Done => Ok(Step { used: 0, data: 0..0 }),
            State::UntilClose => Ok(Step { used: input.len(), data: 0..input.len() }),
            State::Length => {
                let run = self.run(input.len());
                if self.left == 0 {
                    self.state = State::Done;
                }
                Ok(Step { used: run, data: 0..run })
            }
            _ => self.chunked(input),
        }
    }

    fn run(&mut self, available: usize) -> usize {
        let run = usize::try_from(self.left).unwrap_or(usize::MAX).min(available);
        self.left -= run as u64;
        run
    }

    fn chunked(&mut self, input: &[u8]) -> Result<Step, Malformed> {
        let mut at = 0;
        while at < input.len() && self.state != State::Done {
            if self.state == State::Data {
                let run = self.run(input.len() - at);
                if self.left == 0 {
                    self.state = State::DataCr;
                }
                return Ok(Step { used: at + run, data: at..at + run });
            }
            self.byte(input[at])?;
            at += 1;
        }
        Ok(Step { used: at, data: 0..0 })
    }

    fn byte(&mut self, byte: u8) -> Result<(), Malformed> {
        self.state = match (self.state, byte) {
            (State::Size, _) if byte.is_ascii_hexdigit() => self.digit(byte)?,
            (State::Size, b'\r') if self.digits > 0 => State::SizeEnd,
            (State::Size, b';') if self.digits > 0 => State::Extension(Extension::BeforeName),
            (State::Extension(at), b'\r') if at.may_end() => State::SizeEnd,
            (State::Extension(at), _) => self.extension(at.next(byte)?)?,
            (State::SizeEnd, b'\n') if self.left == 0 => State::TrailerStart,
            (State::SizeEnd, b'\n') => State::Data,
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => {
                (self.digits, self.extension) = (0, 0);
                State::Size
            }
            (State::TrailerStart, b'\r') => State::EndLf,
            (State::TrailerStart, _) => {
                self.trailer = Trailer::Name;
                if byte == b':' {
                    return Err(Malformed);
                }
                self.trailer(byte)?
            }
            (State::Trailer, b'\r') if self.trailer == Trailer::Value => State::TrailerLf,
            (State::Trailer, _) => self.trailer(byte)?,
            (State::TrailerLf, b'\n') => State::TrailerStart,
            (State::EndLf, b'\n') => State::Done,
            _ => return Err(Malformed),
        };
        Ok(())
    }

    fn digit(&mut self, byte: u8) -> Result<State, Malformed> {
        self.digits += 1;
        let digit = (byte as char).to_digit(16).ok_or(Malformed)?;
        if self.digits > 16 || self.left >> 59 != 0 {
            return Err(Malformed);
        }
        self.left = self.left << 4 | u64::from(digit);
        Ok(State::Size)
    }

    fn extension(&mut self, at: Extension) -> Result<State, Malformed> {
        self.extension += 1;
        if self.extension > MAX_EXTENSION {
            return Err(Malformed);
        }
        self.count_extra(State::Extension(at))
    }

    fn trailer(&mut self, byte: u8) -> Result<State, Malformed> {
        match (self.trailer, byte) {
            (Trailer::Name, b':') => self.trailer = Trailer::Value,
            (Trailer::Name, _) if token(byte) => {}
            (Trailer::Value, b'\t' | 0x20..=0x7e | 0x80..) => {}
            _ => return Err(Malformed),
        }
        self.count_extra(State::Trailer)
    }

    fn count_extra(&mut self, next: State) -> Result<State, Malformed> {
        self.extra += 1;
        if self.extra > MAX_EXTRA { Err(Malformed) } else { Ok(next) }
    }
}

/// Most bytes a chunk line takes: sixteen digits and CRLF.
pub const CHUNK_LINE: usize = 18;

/// Appends the line that opens a chunk of this size.
pub fn write_chunk_line(out: &mut Vec<u8>, size: usize) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let digits = (usize::BITS - size.leading_zeros()).div_ceil(4).max(1);
    for at in (0..digits).rev() {
        out.push(DIGITS[size >> (4 * at) & 15]);
    }
    out.extend_from_slice(b"\r\n");
}

/// Ends a chunked message; trailers are never sent.
pub const LAST_CHUNK: &[u8] = b"0\r\n\r\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(framing: Framing, input: &[u8], cut: usize) -> Result<(Vec<u8>, usize, bool), Malformed> {
        let mut decoder = Decoder::new(framing);
        let (mut data, mut total) = (Vec::new(), 0);
        for piece in input.chunks(cut.max(1)) {
            let mut at = 0;
            while at < piece.len() && !decoder.done() {
                let step = decoder.step(&piece[at..])?;
                data.extend_from_slice(&piece[at..][step.data]);
                at += step.used;
                total += step.used;
            }
        }
        Ok((data, total, decoder.done()))
    }

    #[test]
    fn chunks_decode_the_same_however_they_are_cut() {
        let input = b"3\r\nabc\r\nA; name = \"va\\\"l;ue\" ;x\r\n0123456789\r\n00\r\nTrailer: x\r\n\r\nnext";
        for cut in 1..=input.len() {
            let (data, used, done) = decode(Framing::Chunked, input, cut).unwrap();
            assert_eq!((data.as_slice(), used, done), (&b"abc0123456789"[..], input.len() - 4, true), "cut {cut}");
        }
    }

    #[test]
    fn what_is_not_a_chunk_is_refused() {
        let rows: &[&[u8]] = &[
            b"\r\n",
            b"g\r\n",
            b"0x3\r\nabc",
            b"+3\r\n",
            b"-3\r\n",
            b"3_0\r\n",
            b" 3\r\n",
            b"3 \r\n",
            b"3\nabc",
            b"3\r\nabcX",
            b"3\r\nabc\n",
            b"3\r\nabc\rX",
            b"3;\r\n",
            b"3;a=\r\n",
            b"3;a=\"b\r\n",
            b"3;a b\r\n",
            b"3;\x01\r\n",
            b"3;a\nb\r\n",
            b"11111111111111111\r\n",
            b"8000000000000000\r\n",
            b";a\r\n",
            b"0\r\n: x\r\n",
            b"0\r\nbad name: x\r\n",
            b"0\r\nnocolon\r\n",
            b"0\r\nA: b\n\r\n",
            b"0\r\n\n",
            b"0\r\nA: \x00\r\n",
            b"0\r\n folded\r\n",
        ];
        for input in rows {
            assert_eq!(decode(Framing::Chunked, input, 1), Err(Malformed), "{}", String::from_utf8_lossy(input));
        }
    }

    #[test]
    fn extensions_and_trailers_are_bounded() {
        let long = [b"3;", "a".repeat(257).as_bytes(), b"\r\n"].concat();
        assert_eq!(decode(Framing::Chunked, &long, 1000), Err(Malformed));
        let trailers = [b"0\r\n", "A: b\r\n".repeat(5000).as_bytes()].concat();
        assert_eq!(decode(Framing::Chunked, &trailers, 1000), Err(Malformed));
    }

    #[test]
    fn a_length_takes_its_bytes_and_no_more() {
        assert_eq!(decode(Framing::Length(3), b"abcd", 10), Ok((b"abc".to_vec(), 3, true)));
        assert!(Decoder::new(Framing::Length(0)).done() && Decoder::new(Framing::None).done());
    }

    #[test]
    fn a_chunk_line_is_the_size_in_hexadecimal() {
        for size in [1usize, 15, 16, 255, 256, 65_536, 1 << 40] {
            let mut out = Vec::new();
            write_chunk_line(&mut out, size);
            assert_eq!(out, format!("{size:x}\r\n").into_bytes());
        }
    }
}
