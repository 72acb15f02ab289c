//! JA4: a fingerprint of the way in which a client opens TLS.
//!
//! Source: FoxIO, "JA4: TLS client fingerprinting", technical details (read 2026-11-22): three parts, of which the first
//! can be read and the others are the beginnings of SHA-256 over sorted lists.

use sha2::{Digest, Sha256};

/// Extension numbers that are counted but not hashed, because they depend on where the client goes.
const SERVER_NAME: u16 = 0x0000;
const ALPN: u16 = 0x0010;
const SIGNATURE_ALGORITHMS: u16 = 0x000d;
const SUPPORTED_VERSIONS: u16 = 0x002b;

/// Handshake content and ClientHello, as the record layer and the handshake layer number them.
const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;

/// The JA4 fingerprint of a ClientHello that came over TCP, from the TLS records that carried it. `None` when they are
/// not a whole ClientHello.
pub fn fingerprint(records: &[u8]) -> Option<String> {
    let message = handshake(records)?;
    Some(Hello::parse(&message)?.fingerprint())
}

/// The newest version that a ClientHello offers (`0x0303` is TLS 1.2). `None` when it is not whole.
pub fn newest_version(records: &[u8]) -> Option<u16> {
    let message = handshake(records)?;
    Some(Hello::parse(&message)?.version)
}

/// The content of the handshake records, joined.
fn handshake(records: &[u8]) -> Option<Vec<u8>> {
    let (mut records, mut message) = (Reader(records), Vec::with_capacity(records.len()));
    while !records.0.is_empty() {
        let kind = records.u8()?;
        let _version = records.u16()?;
        let length = records.u16()?;
        if kind != HANDSHAKE {
            break;
        }
        message.extend_from_slice(records.take(usize::from(length))?);
    }
    Some(message)
}

/// What of a ClientHello counts, without the values that clients scatter in to keep servers tolerant (GREASE).
#[derive(Debug, Default)]
struct Hello<'a> {
    version: u16,
    ciphers: Vec<u16>,
    extensions: Vec<u16>,
    signatures: Vec<u16>,
    protocol: &'a [u8],
}

impl<'a> Hello<'a> {
    fn parse(message: &'a [u8]) -> Option<Self> {
        let mut reader = Reader(message);
        if reader.u8()? != CLIENT_HELLO {
            return None;
        }
        let length = reader.u24()?;
        let mut body = Reader(reader.take(length)?);
        let mut hello = Self { version: body.u16()?, ..Self::default() };
        body.take(32)?;
        let session = body.u8()?;
        body.take(usize::from(session))?;
        let length = body.u16()?;
        hello.ciphers = numbers(body.take(usize::from(length))?);
        let compressions = body.u8()?;
        body.take(usize::from(compressions))?;
        if !body.0.is_empty() {
            let length = body.u16()?;
            hello.extensions(Reader(body.take(usize::from(length))?))?;
        }
        Some(hello)
    }

    fn extensions(&mut self, mut list: Reader<'a>) -> Option<()> {
        while !list.0.is_empty() {
            let kind = list.u16()?;
            let length = list.u16()?;
            let mut content = Reader(list.take(usize::from(length))?);
            if is_grease(kind) {
                continue;
            }
            self.extensions.push(kind);
            match kind {
                SUPPORTED_VERSIONS => {
                    let length = content.u8()?;
                    let offered = numbers(content.take(usize::from(length))?);
                    self.version = offered.into_iter().max().unwrap_or(self.version);
                }
                SIGNATURE_ALGORITHMS => {
                    let length = content.u16()?;
                    self.signatures = numbers(content.take(usize::from(length))?);
                }
                ALPN => {
                    content.u16()?;
                    let length = content.u8()?;
                    self.protocol = content.take(usize::from(length))?;
                }
                _ => {}
            }
        }
        Some(())
    }

    fn fingerprint(mut self) -> String {
        let version = match self.version {
            0x0304 => "13",
            0x0303 => "12",
            0x0302 => "11",
            0x0301 => "10",
            0x0300 => "s3",
            0x0002 => "s2",
            _ => "00",
        };
        let name = if self.extensions.contains(&SERVER_NAME) { 'd' } else { 'i' };
        let (ciphers, extensions) = (self.ciphers.len().min(99), self.extensions.len().min(99));
        let protocol = ends(self.protocol);
        self.ciphers.sort_unstable();
        self.extensions.retain(|kind| *kind != SERVER_NAME && *kind != ALPN);
        self.extensions.sort_unstable();
        let mut kinds = joined(&self.extensions);
        if !self.signatures.is_empty() {
            kinds.push('_');
            kinds.push_str(&joined(&self.signatures));
        }
        let (ciphers_hash, kinds_hash) = (hashed(&joined(&self.ciphers)), hashed(&kinds));
        format!("t{version}{name}{ciphers:02}{extensions:02}{protocol}_{ciphers_hash}_{kinds_hash}")
    }
}

fn is_grease(number: u16) -> bool {
    number & 0x0f0f == 0x0a0a && number >> 8 == number & 0xff
}

fn numbers(bytes: &[u8]) -> Vec<u16> {
    let all = bytes.as_chunks().0.iter().map(|pair| u16::from_be_bytes(*pair));
    all.filter(|number| !is_grease(*number)).collect()
}

/// The first and last character of a protocol's name; of its hexadecimal form where they are not letters or digits.
fn ends(protocol: &[u8]) -> String {
    let (Some(first), Some(last)) = (protocol.first(), protocol.last()) else { return "00".to_owned() };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return format!("{}{}", char::from(*first), char::from(*last));
    }
    format!("{:x}{:x}", first >> 4, last & 15)
}

fn joined(numbers: &[u16]) -> String {
    let all: Vec<String> = numbers.iter().map(|number| format!("{number:04x}")).collect();
    all.join(",")
}

fn hashed(text: &str) -> String {
    if text.is_empty() {
        return "0".repeat(12);
    }
    Sha256::digest(text).iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2)?.first_chunk().map(|pair| u16::from_be_bytes(*pair))
    }

    fn u24(&mut self) -> Option<usize> {
        let [high, middle, low] = *self.take(3)?.first_chunk()?;
        Some(usize::from(high) << 16 | usize::from(middle) << 8 | usize::from(low))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A ClientHello with the numbers of the published example, in another order and with GREASE between.
    fn example() -> Vec<u8> {
        let ciphers: [u16; 16] = [
            0x8a8a, 0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
            0x009d, 0x002f, 0x0035,
        ];
        let signatures: [u16; 8] = [0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601];
        let plain: [u16; 11] = [0x001b, 0x0033, 0x4469, 0x0017, 0x002d, 0x0005, 0x0023, 0x0012, 0xff01, 0x000b, 0x000a];
        let bytes = |numbers: &[u16]| numbers.iter().flat_map(|number| number.to_be_bytes()).collect::<Vec<u8>>();
        let with_length = |content: Vec<u8>| [&(content.len() as u16).to_be_bytes()[..], &content].concat();
        let extension = |kind: u16, content: Vec<u8>| [kind.to_be_bytes().to_vec(), with_length(content)].concat();
        let mut extensions = extension(0x0a0a, vec![]);
        extensions.extend(extension(0x0000, vec![0, 4, 0, 0, 1, b'a']));
        extensions.extend(extension(0x0010, [&[0, 12, 2], &b"h2"[..], &[8], b"http/1.1"].concat()));
        extensions.extend(extension(0x002b, vec![6, 0x6a, 0x6a, 3, 4, 3, 3]));
        extensions.extend(extension(0x000d, with_length(bytes(&signatures))));
        plain.iter().for_each(|kind| extensions.extend(extension(*kind, vec![])));
        extensions.extend(extension(0x0015, vec![0; 9]));
        let mut body = vec![3, 3];
        body.extend([7; 32]);
        body.push(0);
        body.extend(with_length(bytes(&ciphers)));
        body.extend([1, 0]);
        body.extend(with_length(extensions));
        [&[1, 0][..], &with_length(body)].concat()
    }

    fn records(message: &[u8], size: usize) -> Vec<u8> {
        let record = |part: &[u8]| [&[22, 3, 1][..], &(part.len() as u16).to_be_bytes(), part].concat();
        message.chunks(size).flat_map(record).collect()
    }

    #[test]
    fn the_published_example_has_its_published_fingerprint() {
        for size in [10_000, 100, 1] {
            let found = fingerprint(&records(&example(), size));
            assert_eq!(found.as_deref(), Some("t13d1516h2_8daaf6152771_e5627efa2ab1"), "records of {size}");
        }
    }

    #[test]
    fn what_is_no_whole_client_hello_has_none() {
        let whole = records(&example(), 100);
        for length in 0..whole.len() {
            assert_eq!(fingerprint(&whole[..length]), None, "{length}");
        }
        assert_eq!(fingerprint(b"GET / HTTP/1.1\r\n\r\n"), None);
    }

    #[test]
    fn the_newest_version_offered_is_found() {
        assert_eq!(newest_version(&records(&example(), 100)), Some(0x0304));
        assert_eq!(newest_version(b"GET / HTTP/1.1\r\n\r\n"), None);
    }

    #[test]
    fn the_ends_of_a_protocol_name() {
        let rows: [(&[u8], &str); 5] =
            [(b"h2", "h2"), (b"http/1.1", "h1"), (b"", "00"), (b"x", "xx"), (b"\xab\xcd", "ad")];
        for (protocol, expected) in rows {
            assert_eq!(ends(protocol), expected);
        }
    }
}
