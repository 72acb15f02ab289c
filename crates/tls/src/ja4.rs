//! JA4: a fingerprint of the way in which a client opens TLS.
//!
//! Source: FoxIO, "JA4: TLS client fingerprinting", technical details (read 2026-11-22): three parts, of which the first
//! can be read and the others are the beginnings of SHA-256 over sorted lists.

use sha2::{Digest, Sha256};

use crate::hello::{ALPN, Bytes, ClientHello, SERVER_NAME, message};

const SIGNATURE_ALGORITHMS: u16 = 0x000d;
const SUPPORTED_VERSIONS: u16 = 0x002b;

/// The JA4 fingerprint of a ClientHello that came over TCP, from the TLS records that carried it. `None` when they are
/// not a whole ClientHello.
pub fn fingerprint(records: &[u8]) -> Option<String> {
    let message = message(records)?;
    Some(Hello::parse(&message)?.fingerprint())
}

/// The newest version that a ClientHello offers (`0x0303` is TLS 1.2). `None` when it is not whole.
pub fn newest_version(records: &[u8]) -> Option<u16> {
    let message = message(records)?;
    Some(Hello::parse(&message)?.version)
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
        let read = ClientHello::parse(message)?;
        let mut hello = Self { version: read.version, ciphers: numbers(read.ciphers), ..Self::default() };
        for (kind, content) in read.extensions().filter(|(kind, _)| !is_grease(*kind)) {
            hello.extensions.push(kind);
            let mut content = Bytes(content);
            match kind {
                SUPPORTED_VERSIONS => {
                    hello.version = numbers(content.short()?).into_iter().max().unwrap_or(hello.version);
                }
                SIGNATURE_ALGORITHMS => hello.signatures = numbers(content.long()?),
                ALPN => {
                    content.u16()?;
                    hello.protocol = content.short()?;
                }
                _ => {}
            }
        }
        Some(hello)
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
        // Counted and not hashed, because they depend on where the client goes.
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hello::samples::{published, records};

    #[test]
    fn the_published_example_has_its_published_fingerprint() {
        for size in [10_000, 100, 1] {
            let found = fingerprint(&records(&published(), size));
            assert_eq!(found.as_deref(), Some("t13d1516h2_8daaf6152771_e5627efa2ab1"), "records of {size}");
        }
    }

    #[test]
    fn what_is_no_whole_client_hello_has_none() {
        let whole = records(&published(), 100);
        for length in 0..whole.len() {
            assert_eq!(fingerprint(&whole[..length]), None, "{length}");
        }
        assert_eq!(fingerprint(b"GET / HTTP/1.1\r\n\r\n"), None);
    }

    #[test]
    fn the_newest_version_offered_is_found() {
        assert_eq!(newest_version(&records(&published(), 100)), Some(0x0304));
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
