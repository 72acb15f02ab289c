//! PFX (PKCS#12): a box of keys and certificates under one password.
//!
//! Source: RFC 7292. Read are boxes whose integrity and privacy come from a password, which all tools write.

use aws_lc_rs::{digest, hmac};
use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::codes;
use super::error::CertificateError;
use super::protection::{Closed, Password, Purpose};
use super::tlv::{self, CONTEXT_0, Element, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, SEQUENCE};

/// What was in the box, in its order.
#[derive(Debug, Default)]
pub(super) struct Contents {
    /// Private keys in PKCS#8.
    pub(super) keys: Vec<Zeroizing<Vec<u8>>>,
    /// Certificates.
    pub(super) certificates: Vec<CertificateDer<'static>>,
}

/// Why a box was not opened.
enum Refused {
    /// The password is not the one.
    Password,
    /// Everything else.
    Error(CertificateError),
}

impl From<CertificateError> for Refused {
    fn from(error: CertificateError) -> Self {
        Self::Error(error)
    }
}

type Result<T> = std::result::Result<T, Refused>;

/// Opens a box.
pub(super) fn open(data: &[u8], password: Option<&str>) -> std::result::Result<Contents, CertificateError> {
    let text = password.unwrap_or_default();
    // Without a password some tools write an empty one, and others none, which is not the same to a derivation.
    let none = if text.is_empty() { Some(Password::none()) } else { None };
    for password in std::iter::once(Password::new(text)).chain(none) {
        match open_with(data, &password) {
            Ok(contents) => return Ok(contents),
            Err(Refused::Password) => {}
            Err(Refused::Error(error)) => return Err(error),
        }
    }
    if text.is_empty() {
        let error = CertificateError::new(codes::PFX_PASSWORD_MISSING, "the PFX is protected by a password");
        return Err(error.expected("its password"));
    }
    let error = CertificateError::new(codes::PFX_PASSWORD, "the password does not open the PFX");
    Err(error.help("\"openssl pkcs12 -in FILE -info -noout\" tries a password; a damaged file looks the same"))
}

fn open_with(data: &[u8], password: &Password<'_>) -> Result<Contents> {
    let (whole, _) = tlv::first(data).map_err(|_| damaged())?;
    let mut parts = whole.children();
    parts.tagged(INTEGER).ok_or_else(damaged)?;
    let (kind, content) = content_info(&parts.tagged(SEQUENCE).ok_or_else(damaged)?)?;
    if kind != DATA {
        return Err(unsupported("a signature instead of a password").into());
    }
    let safes = content.and_then(|content| content.octets()).ok_or_else(damaged)?;
    let mac = parts.tagged(SEQUENCE);
    if let Some(mac) = &mac {
        authenticate(mac, &safes, password)?;
    }
    let mut reading = Reading { password, is_authentic: mac.is_some(), contents: Contents::default() };
    let (list, _) = tlv::first(&safes).map_err(|_| damaged())?;
    let mut list = list.children();
    for safe in list.by_ref() {
        reading.safe(&safe)?;
    }
    if !list.is_empty() {
        return Err(damaged().into());
    }
    Ok(reading.contents)
}

const DATA: &str = "1.2.840.113549.1.7.1";
const ENCRYPTED_DATA: &str = "1.2.840.113549.1.7.6";

/// `ContentInfo`: what it is, and the element in its `[0]`.
fn content_info<'a>(info: &Element<'a>) -> std::result::Result<(String, Option<Element<'a>>), CertificateError> {
    let mut parts = info.children();
    let kind = parts.tagged(OBJECT_IDENTIFIER).ok_or_else(damaged)?.id();
    Ok((kind, parts.tagged(CONTEXT_0).and_then(|content| content.children().next())))
}

/// Checks the box's own sum, which only the right password can make.
fn authenticate(mac: &Element<'_>, data: &[u8], password: &Password<'_>) -> Result<()> {
    let mut parts = mac.children();
    let mut sum = parts.tagged(SEQUENCE).ok_or_else(damaged)?.children();
    let algorithm =
        sum.tagged(SEQUENCE).and_then(|id| id.children().tagged(OBJECT_IDENTIFIER)).ok_or_else(damaged)?.id();
    let expected = sum.tagged(OCTET_STRING).ok_or_else(damaged)?.content;
    let salt = parts.tagged(OCTET_STRING).ok_or_else(damaged)?.content;
    let rounds = parts.next().map_or(Some(1), |rounds| rounds.number()).ok_or_else(damaged)?;
    let (hash, hmac) = match algorithm.as_str() {
        "1.3.14.3.2.26" => (&digest::SHA1_FOR_LEGACY_USE_ONLY, hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY),
        "2.16.840.1.101.3.4.2.4" => (&digest::SHA224, hmac::HMAC_SHA224),
        "2.16.840.1.101.3.4.2.1" => (&digest::SHA256, hmac::HMAC_SHA256),
        "2.16.840.1.101.3.4.2.2" => (&digest::SHA384, hmac::HMAC_SHA384),
        "2.16.840.1.101.3.4.2.3" => (&digest::SHA512, hmac::HMAC_SHA512),
        "1.2.840.113549.1.5.14" => return Err(unsupported("PBMAC1").into()),
        other => return Err(unsupported(&format!("the sum {other}")).into()),
    };
    let key = password.derive(hash, Purpose::Mac, salt, rounds, hash.output_len()).map_err(|closed| match closed {
        Closed::Scheme(name) => unsupported(&name),
        Closed::Password | Closed::Damaged => damaged(),
    })?;
    hmac::verify(&hmac::Key::new(hmac, &key), data, expected).map_err(|_| Refused::Password)
}

struct Reading<'a> {
    password: &'a Password<'a>,
    /// The sum was right, and so is the password: what cannot be opened with it is damaged.
    is_authentic: bool,
    contents: Contents,
}

/// How deep boxes may stand in boxes.
const DEEPEST: u8 = 4;

impl Reading<'_> {
    fn safe(&mut self, info: &Element<'_>) -> Result<()> {
        let (kind, content) = content_info(info)?;
        let content = content.ok_or_else(damaged)?;
        match kind.as_str() {
            DATA => self.bags(&content.octets().ok_or_else(damaged)?, DEEPEST),
            ENCRYPTED_DATA => {
                let mut parts = content.children();
                let inner = parts.tagged(INTEGER).and_then(|_| parts.tagged(SEQUENCE)).ok_or_else(damaged)?;
                let mut parts = inner.children();
                let scheme =
                    parts.tagged(OBJECT_IDENTIFIER).and_then(|_| parts.tagged(SEQUENCE)).ok_or_else(damaged)?;
                let data = parts.next().and_then(|data| data.octets()).ok_or_else(damaged)?;
                self.bags(&self.decrypted(&scheme, &data)?, DEEPEST)
            }
            _ => Err(unsupported("a public key instead of a password").into()),
        }
    }

    fn decrypted(&self, scheme: &Element<'_>, data: &[u8]) -> Result<Zeroizing<Vec<u8>>> {
        self.password.open(scheme, data).map_err(|closed| match closed {
            Closed::Password if !self.is_authentic => Refused::Password,
            Closed::Scheme(name) => unsupported(&name).into(),
            Closed::Password | Closed::Damaged => damaged().into(),
        })
    }

    fn bags(&mut self, data: &[u8], depth: u8) -> Result<()> {
        // Padding that happens to look right is not yet a right password.
        let wrong = || if self.is_authentic { damaged().into() } else { Refused::Password };
        let (list, _) = tlv::first(data).ok().filter(|(list, _)| list.tag == SEQUENCE).ok_or_else(wrong)?;
        let mut list = list.children();
        for bag in list.by_ref() {
            self.bag(&bag, depth)?;
        }
        if list.is_empty() { Ok(()) } else { Err(damaged().into()) }
    }

    fn bag(&mut self, bag: &Element<'_>, depth: u8) -> Result<()> {
        let (kind, content) = content_info(bag)?;
        let content = content.ok_or_else(damaged)?;
        match kind.strip_prefix("1.2.840.113549.1.12.10.1.") {
            Some("1") => self.contents.keys.push(Zeroizing::new(content.whole.to_vec())),
            Some("2") => {
                let mut parts = content.children();
                let scheme = parts.tagged(SEQUENCE).ok_or_else(damaged)?;
                let data = parts.next().and_then(|data| data.octets()).ok_or_else(damaged)?;
                let key = self.decrypted(&scheme, &data)?;
                self.contents.keys.push(key);
            }
            Some("3") => self.contents.certificates.extend(certificate(&content)?),
            Some("6") => {
                let depth = depth.checked_sub(1).ok_or_else(damaged)?;
                for bag in content.children() {
                    self.bag(&bag, depth)?;
                }
            }
            // Revocation lists, other secrets, and what may come.
            _ => {}
        }
        Ok(())
    }
}

/// A bag's certificate; `None` when it is not X.509.
fn certificate(bag: &Element<'_>) -> std::result::Result<Option<CertificateDer<'static>>, CertificateError> {
    let mut parts = bag.children();
    let kind = parts.tagged(OBJECT_IDENTIFIER).ok_or_else(damaged)?.id();
    if kind != "1.2.840.113549.1.9.22.1" {
        return Ok(None);
    }
    let content = parts.tagged(CONTEXT_0).and_then(|content| content.children().next());
    let der = content.and_then(|content| content.octets().map(std::borrow::Cow::into_owned)).ok_or_else(damaged)?;
    Ok(Some(CertificateDer::from(der)))
}

fn damaged() -> CertificateError {
    CertificateError::new(codes::PFX_DAMAGED, "the PFX is damaged")
        .help("export it again, or copy it again in binary mode")
}

fn unsupported(what: &str) -> CertificateError {
    CertificateError::new(codes::PFX_PROTECTION, format!("the PFX is protected by {what}, which is not read here"))
        .expected("AES or 3DES or RC2 with a password, and a sum of SHA-1 or SHA-2")
        .help(
            "\"openssl pkcs12 -in OLD -out ALL.pem\" and \"openssl pkcs12 -export -in ALL.pem -out NEW\" write it anew",
        )
}
