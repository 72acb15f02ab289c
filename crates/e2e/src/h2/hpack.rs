//! HPACK as far as a test needs it: an encoder that writes whatever form it is told, and a strict decoder.
//!
//! Source: RFC 7541.

use std::collections::VecDeque;

use super::huffman;

/// A header field.
pub type Field = (String, String);

/// How an integer begins: the bits before it, and how many bits of the first octet are its own.
pub fn integer(first: u8, prefix: u8, value: usize) -> Vec<u8> {
    let most = (1_usize << prefix) - 1;
    if value < most {
        return vec![first | u8::try_from(value).unwrap()];
    }
    let mut bytes = vec![first | u8::try_from(most).unwrap()];
    let mut left = value - most;
    while left >= 0x80 {
        bytes.push(0x80 | (left & 0x7f) as u8);
        left >>= 7;
    }
    bytes.push(u8::try_from(left).unwrap());
    bytes
}

/// A string as it is.
pub fn plain(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = text.as_ref();
    [integer(0, 7, text.len()), text.to_vec()].concat()
}

/// A string in the Huffman code.
pub fn coded(text: impl AsRef<[u8]>) -> Vec<u8> {
    let text = huffman::encode(text.as_ref());
    [integer(0x80, 7, text.len()), text].concat()
}

/// A field from a table.
pub fn indexed(index: usize) -> Vec<u8> {
    integer(0x80, 7, index)
}

/// How a literal field is to be remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Literal {
    /// In the dynamic table.
    Indexed,
    /// Not at all.
    Plain,
    /// Never, by nobody on the way.
    Never,
}

impl Literal {
    fn start(self, index: usize) -> Vec<u8> {
        match self {
            Self::Indexed => integer(0x40, 6, index),
            Self::Plain => integer(0, 4, index),
            Self::Never => integer(0x10, 4, index),
        }
    }

    /// A field whose name is in a table.
    pub fn with_index(self, index: usize, value: Vec<u8>) -> Vec<u8> {
        [self.start(index), value].concat()
    }

    /// A field with a name of its own. Both strings are encoded already.
    pub fn with_name(self, name: Vec<u8>, value: Vec<u8>) -> Vec<u8> {
        [self.start(0), name, value].concat()
    }
}

/// A change of the dynamic table's size.
pub fn table_size(size: usize) -> Vec<u8> {
    integer(0x20, 5, size)
}

/// A block of literal fields that change no table.
pub fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    fields.iter().flat_map(|(name, value)| Literal::Plain.with_name(plain(name), plain(value))).collect()
}

/// The static table.
pub const STATIC: [(&str, &str); 61] = [
    (":authority", ""),
    (":method", "GET"),
    (":method", "POST"),
    (":path", "/"),
    (":path", "/index.html"),
    (":scheme", "http"),
    (":scheme", "https"),
    (":status", "200"),
    (":status", "204"),
    (":status", "206"),
    (":status", "304"),
    (":status", "400"),
    (":status", "404"),
    (":status", "500"),
    ("accept-charset", ""),
    ("accept-encoding", "gzip, deflate"),
    ("accept-language", ""),
    ("accept-ranges", ""),
    ("accept", ""),
    ("access-control-allow-origin", ""),
    ("age", ""),
    ("allow", ""),
    ("authorization", ""),
    ("cache-control", ""),
    ("content-disposition", ""),
    ("content-encoding", ""),
    ("content-language", ""),
    ("content-length", ""),
    ("content-location", ""),
    ("content-range", ""),
    ("content-type", ""),
    ("cookie", ""),
    ("date", ""),
    ("etag", ""),
    ("expect", ""),
    ("expires", ""),
    ("from", ""),
    ("host", ""),
    ("if-match", ""),
    ("if-modified-since", ""),
    ("if-none-match", ""),
    ("if-range", ""),
    ("if-unmodified-since", ""),
    ("last-modified", ""),
    ("link", ""),
    ("location", ""),
    ("max-forwards", ""),
    ("proxy-authenticate", ""),
    ("proxy-authorization", ""),
    ("range", ""),
    ("referer", ""),
    ("refresh", ""),
    ("retry-after", ""),
    ("server", ""),
    ("set-cookie", ""),
    ("strict-transport-security", ""),
    ("transfer-encoding", ""),
    ("user-agent", ""),
    ("vary", ""),
    ("via", ""),
    ("www-authenticate", ""),
];

/// What a field costs in the dynamic table beside its bytes.
const OVERHEAD: usize = 32;

/// The reading end of a connection's header compression.
#[derive(Debug)]
pub struct Decoder {
    entries: VecDeque<Field>,
    size: usize,
    allowed: usize,
    /// The other end has been told of a smaller table and has to say that it has understood.
    to_be_told: bool,
}

impl Default for Decoder {
    fn default() -> Self {
        Self { entries: VecDeque::new(), size: 4096, allowed: 4096, to_be_told: false }
    }
}

struct Input<'a>(&'a [u8]);

impl Input<'_> {
    fn octet(&mut self) -> Result<u8, String> {
        let (&octet, rest) = self.0.split_first().ok_or("the block ends in the middle of a field")?;
        self.0 = rest;
        Ok(octet)
    }

    fn integer(&mut self, first: u8, prefix: u8) -> Result<usize, String> {
        let most = (1_usize << prefix) - 1;
        let mut value = usize::from(first) & most;
        if value < most {
            return Ok(value);
        }
        for shift in (0..28).step_by(7) {
            let octet = self.octet()?;
            value += (usize::from(octet) & 0x7f) << shift;
            if octet & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err("an integer of more than 28 bits".to_owned())
    }

    fn string(&mut self) -> Result<String, String> {
        let first = self.octet()?;
        let length = self.integer(first, 7)?;
        let (text, rest) = self.0.split_at_checked(length).ok_or("a string is longer than its block")?;
        self.0 = rest;
        let text = if first & 0x80 == 0 { text.to_vec() } else { huffman::decode(text).ok_or("no Huffman code")? };
        Ok(text.into_iter().map(char::from).collect())
    }
}

impl Decoder {
    /// What the other end was allowed, once it has confirmed it.
    pub fn allow(&mut self, size: usize) {
        self.allowed = size;
        self.to_be_told = size < self.size;
    }

    /// The size of the table, as the other end has set it.
    pub fn size(&self) -> usize {
        self.size
    }

    /// Reads a whole block. `Err` says what is wrong with it.
    pub fn decode(&mut self, block: &[u8]) -> Result<Vec<Field>, String> {
        let mut input = Input(block);
        let mut fields = Vec::new();
        while let Ok(first) = input.octet() {
            if self.to_be_told && !(0x20..0x40).contains(&first) {
                return Err("the table was not made smaller first (RFC 7541, section 4.2)".to_owned());
            }
            match first {
                0x80.. => fields.push(self.entry(input.integer(first, 7)?)?),
                0x40.. => {
                    let field = self.literal(input.integer(first, 6)?, &mut input)?;
                    self.remember(field.clone());
                    fields.push(field);
                }
                0x20.. if fields.is_empty() => {
                    self.size = input.integer(first, 5)?;
                    if self.size > self.allowed {
                        return Err(format!("a table of {} octets, where {} are allowed", self.size, self.allowed));
                    }
                    self.to_be_told = false;
                    self.evict();
                }
                0x20.. => return Err("a table size after a field".to_owned()),
                _ => fields.push(self.literal(input.integer(first, 4)?, &mut input)?),
            }
        }
        Ok(fields)
    }

    fn literal(&self, index: usize, input: &mut Input<'_>) -> Result<Field, String> {
        let name = if index == 0 { input.string()? } else { self.entry(index)?.0 };
        Ok((name, input.string()?))
    }

    fn entry(&self, index: usize) -> Result<Field, String> {
        let fixed = index.checked_sub(1).ok_or("index 0")?;
        if let Some((name, value)) = STATIC.get(fixed) {
            return Ok(((*name).to_owned(), (*value).to_owned()));
        }
        self.entries.get(fixed - STATIC.len()).cloned().ok_or_else(|| format!("index {index} is nowhere"))
    }

    fn remember(&mut self, field: Field) {
        self.entries.push_front(field);
        self.evict();
    }

    fn evict(&mut self) {
        let cost = |(name, value): &Field| name.len() + value.len() + OVERHEAD;
        while self.entries.iter().map(cost).sum::<usize>() > self.size {
            self.entries.pop_back();
        }
    }
}
