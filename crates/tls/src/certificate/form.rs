//! What a file is, told from its bytes and not from its name.

use base64::Engine as _;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use super::tlv::{self, BIT_STRING, CONTEXT_0, INTEGER, Malformed, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};

/// Base64 as people paste it: padded or not.
pub(super) const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing, or blanks.
    Empty,
    /// Text with `-----BEGIN`.
    Pem(Zeroizing<Vec<u8>>),
    /// Base64 of something else.
    Base64(Zeroizing<Vec<u8>>),
    /// ASN.1 of this kind.
    Der(Der),
    /// ASN.1 of this kind that ends too early; with the length it should have, if it says so.
    Cut(Der, Option<usize>),
    /// A key store of Java.
    JavaKeyStore,
    /// None of these.
    Unknown,
}

/// Kinds of ASN.1 that people take for one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Der {
    /// PKCS#12.
    Pfx,
    /// An X.509 certificate.
    Certificate,
    /// A request for a certificate (PKCS#10).
    Request,
    /// A list of revoked certificates.
    Crl,
    /// PKCS#7, such as a `.p7b`.
    Pkcs7,
    /// A private key in PKCS#8.
    Pkcs8,
    /// The same, encrypted.
    EncryptedPkcs8,
    /// A private key of RSA.
    Pkcs1,
    /// A private key of EC.
    Sec1,
    /// A public key.
    PublicKey,
    /// ASN.1, but of no kind known here.
    Other,
}

/// Looks at the first bytes.
pub(super) fn form(data: &[u8]) -> Form {
    if let Some(text) = text(data) {
        return text;
    }
    if data.starts_with(&[0xFE, 0xED, 0xFE, 0xED]) {
        return Form::JavaKeyStore;
    }
    if data.first() != Some(&SEQUENCE) {
        return Form::Unknown;
    }
    match tlv::first(data) {
        Ok((element, _)) => Form::Der(kind(element.content)),
        Err(malformed) => {
            let needed = if let Malformed::Short { needed } = malformed { needed } else { None };
            let header = tlv::header(data).map_or(2, |(_, header, _)| header);
            Form::Cut(kind(data.get(header..).unwrap_or_default()), needed)
        }
    }
}

/// PEM, base64 or nothing; `None` for what is no text.
fn text(data: &[u8]) -> Option<Form> {
    let data = without_encoding(data)?;
    let trimmed = data.trim_ascii();
    if trimmed.is_empty() {
        return Some(Form::Empty);
    }
    if memchr::memmem::find(trimmed, b"-----BEGIN ").is_some() {
        return Some(Form::Pem(data));
    }
    let digits: Zeroizing<Vec<u8>> =
        Zeroizing::new(trimmed.iter().filter(|b| !b.is_ascii_whitespace()).copied().collect());
    let decoded = Zeroizing::new(BASE64.decode(&*digits).ok()?);
    (decoded.len() > 16).then_some(Form::Base64(decoded))
}

/// UTF-8 without its mark; UTF-16, which PowerShell writes, as UTF-8. `None` for bytes that are no text.
fn without_encoding(data: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let wide = |data: &[u8], unit: fn([u8; 2]) -> u16| {
        let units = data.chunks_exact(2).filter_map(|pair| Some(unit(pair.try_into().ok()?)));
        let text: String = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect();
        Zeroizing::new(text.into_bytes())
    };
    match data {
        [0xFF, 0xFE, rest @ ..] => Some(wide(rest, u16::from_le_bytes)),
        [0xFE, 0xFF, rest @ ..] => Some(wide(rest, u16::from_be_bytes)),
        [0xEF, 0xBB, 0xBF, rest @ ..] => Some(Zeroizing::new(rest.to_vec())),
        _ if data.contains(&0) => None,
        _ => Some(Zeroizing::new(data.to_vec())),
    }
}

/// What a sequence with this content, perhaps cut, is: told by the tags of its parts.
fn kind(content: &[u8]) -> Der {
    const TIMES: [u8; 2] = [0x17, 0x18];
    match *tags(content) {
        [INTEGER, SEQUENCE, ..] if first_number(content) == Some(3) => Der::Pfx,
        [INTEGER, SEQUENCE, ..] => Der::Pkcs8,
        [INTEGER, INTEGER, ..] => Der::Pkcs1,
        [INTEGER, OCTET_STRING, ..] => Der::Sec1,
        [OBJECT_IDENTIFIER, ..] => Der::Pkcs7,
        [SEQUENCE, OCTET_STRING, ..] => Der::EncryptedPkcs8,
        [SEQUENCE, BIT_STRING, ..] => Der::PublicKey,
        [SEQUENCE, ..] => {
            match *tags(tlv::header(content).ok().and_then(|(_, at, _)| content.get(at..)).unwrap_or(&[])) {
                // Certificates of version 3 begin with it, those of version 1 with their serial number.
                [CONTEXT_0, ..] | [INTEGER, SEQUENCE, SEQUENCE, SEQUENCE, ..] => Der::Certificate,
                [INTEGER, SEQUENCE, SEQUENCE, CONTEXT_0] | [INTEGER, SEQUENCE, SEQUENCE] => Der::Request,
                [INTEGER, SEQUENCE, SEQUENCE, time] if TIMES.contains(&time) => Der::Crl,
                [SEQUENCE, SEQUENCE, time, ..] if TIMES.contains(&time) => Der::Crl,
                _ => Der::Other,
            }
        }
        _ => Der::Other,
    }
}

/// The tags of the first four elements; the last of them may be cut.
fn tags(content: &[u8]) -> Vec<u8> {
    let mut tags = Vec::with_capacity(4);
    let mut rest = content;
    while let (true, Ok((tag, ..))) = (tags.len() < 4, tlv::header(rest)) {
        tags.push(tag);
        rest = tlv::first(rest).map_or(&[], |(_, rest)| rest);
    }
    tags
}

fn first_number(content: &[u8]) -> Option<u32> {
    tlv::first(content).ok()?.0.number()
}
