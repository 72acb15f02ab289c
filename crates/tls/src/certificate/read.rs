//! From the bytes of files to a certificate that can be shown.

use rustls::pki_types::CertificateDer;

use super::error::{CertificateError, Finding};
use super::form::{self, Der, Form};
use super::key::{self, Key};
use super::pem::{self, Section};
use super::{Read, chain, codes, pfx, tlv};

/// Largest file that is read, in bytes.
pub const LARGEST: usize = 64 * 1024;
/// Largest certificate file that Azure takes, in bytes.
pub const LARGEST_IN_AZURE: usize = 16 * 1024;

/// Reads a PFX (PKCS#12). `now` in Unix seconds.
///
/// # Errors
/// It cannot be opened, or holds nothing that can be shown; see [`codes`].
pub fn read_pfx(data: &[u8], password: Option<&str>, now: i64) -> Result<Read, CertificateError> {
    within(data)?;
    match form::form(data) {
        Form::Der(Der::Pfx) => finished(pfx(data, password, now)?, data.len()),
        Form::Pem(_) => Err(instead("PEM", "a PFX", "name it as `cert` and its key as `key`")),
        Form::Base64(_) => {
            let error = CertificateError::new(codes::FILE_BASE64, "this is the base64 text of a file, not the file");
            Err(error.expected("a PFX").help("\"base64 -d OLD > NEW\" decodes it"))
        }
        other => Err(unusable(&other, data.len(), "a PFX")),
    }
}

/// Reads a PEM chain and its key; without `key` it stands in the same file. One certificate or key in DER is taken as
/// well. `now` in Unix seconds.
///
/// # Errors
/// There is no certificate, no key that fits, or one of them cannot be used; see [`codes`].
pub fn read_pem(
    certificates: &[u8],
    key: Option<&[u8]>,
    password: Option<&str>,
    now: i64,
) -> Result<Read, CertificateError> {
    within(certificates)?;
    key.map_or(Ok(()), within)?;
    let (chain, mut keys) =
        certificates_of(certificates, if key.is_none() { Keys::Read(password) } else { Keys::Skip })?;
    if let Some(key) = key {
        keys = keys_of(key, password)?;
    }
    if keys.is_empty() {
        let error = CertificateError::new(codes::KEY_NOT_IN_FILE, "there is a certificate, but no private key");
        return Err(error
            .expected("\"-----BEGIN PRIVATE KEY-----\"")
            .help("add the key to the file, or name the file that holds it"));
    }
    let read = chain::assemble(&keys, &chain, now)?;
    finished(read, certificates.len() + key.map_or(0, <[u8]>::len))
}

/// Reads whatever it is: a PFX, its base64 (what Key Vault secrets hold), or a PEM with chain and key. `now` in Unix
/// seconds.
///
/// # Errors
/// As [`read_pfx`] and [`read_pem`], or it is neither.
pub fn read_any(data: &[u8], password: Option<&str>, now: i64) -> Result<Read, CertificateError> {
    within(data)?;
    match form::form(data) {
        Form::Pem(_) | Form::Der(Der::Certificate) => read_pem(data, None, password, now),
        // Once more: what it holds is not text.
        Form::Base64(inner) if !matches!(form::form(&inner), Form::Base64(_)) => read_any(&inner, password, now),
        Form::Der(Der::Pfx) => read_pfx(data, password, now),
        other => Err(unusable(&other, data.len(), "a PFX, or PEM with certificate and key")),
    }
}

fn finished(mut read: Read, length: usize) -> Result<Read, CertificateError> {
    if length > LARGEST_IN_AZURE {
        let message = format!("the file has {length} bytes; Azure takes {LARGEST_IN_AZURE}");
        read.findings
            .push(Finding::new(codes::ABOVE_AZURE_SIZE, message).help("leave out certificates that clients have"));
    }
    Ok(read)
}

/// Refuses files that hold nothing or too much.
pub(crate) fn within(data: &[u8]) -> Result<(), CertificateError> {
    if data.len() > LARGEST {
        let message = format!("the file has {} bytes", data.len());
        return Err(CertificateError::new(codes::FILE_TOO_LARGE, message).expected(format!("at most {LARGEST}")));
    }
    if data.trim_ascii().is_empty() {
        return Err(CertificateError::new(codes::FILE_EMPTY, "the file is empty"));
    }
    Ok(())
}

fn pfx(data: &[u8], password: Option<&str>, now: i64) -> Result<Read, CertificateError> {
    let contents = pfx::open(data, password)?;
    if contents.certificates.is_empty() {
        let error = CertificateError::new(codes::CERTIFICATE_NOT_IN_FILE, "the PFX holds no certificate");
        return Err(error.help("\"openssl pkcs12 -export -inkey KEY -in CHAIN -out NEW\" makes a whole one"));
    }
    if contents.keys.is_empty() {
        let error = CertificateError::new(codes::KEY_NOT_IN_FILE, "the PFX holds no private key");
        return Err(error.help("export it again with its private key"));
    }
    let keys: Result<Vec<Key>, _> = contents.keys.iter().map(|der| key::read(Der::Pkcs8, der)).collect();
    chain::assemble(&keys?, &contents.certificates, now)
}

/// Whether the keys beside certificates are read.
#[derive(Clone, Copy)]
enum Keys<'a> {
    Read(Option<&'a str>),
    Skip,
}

/// The certificates of a file, at least one, and its keys when wanted.
fn certificates_of(data: &[u8], keys: Keys<'_>) -> Result<(Vec<CertificateDer<'static>>, Vec<Key>), CertificateError> {
    let expected = "\"-----BEGIN CERTIFICATE-----\"";
    match form::form(data) {
        Form::Pem(text) => {
            let sections = pem::sections(&text)?;
            let read = match keys {
                Keys::Read(password) => sections.iter().filter_map(|one| key::of_section(one, password)).collect(),
                Keys::Skip => Ok(Vec::new()),
            };
            let certificates = certificates_in(&sections);
            if certificates.is_empty() {
                return Err(no_certificate(&sections));
            }
            Ok((certificates, read?))
        }
        Form::Der(Der::Certificate) => Ok((vec![CertificateDer::from(data.to_vec())], Vec::new())),
        Form::Base64(inner) if form::form(&inner) == Form::Der(Der::Certificate) => {
            Ok((vec![CertificateDer::from(inner.to_vec())], Vec::new()))
        }
        Form::Der(Der::Pfx) => Err(instead("a PFX", expected, "name it as `pfx`")),
        other => Err(unusable(&other, data.len(), expected)),
    }
}

/// The certificates among parts of a PEM file.
pub(crate) fn certificates_in(sections: &[Section]) -> Vec<CertificateDer<'static>> {
    let is_one =
        |one: &&Section| matches!(one.label.as_str(), "CERTIFICATE" | "X509 CERTIFICATE" | "TRUSTED CERTIFICATE");
    // What OpenSSL calls trusted has more behind the certificate.
    let first = |der: &[u8]| tlv::first(der).map_or(der, |(first, _)| first.whole).to_vec();
    sections.iter().filter(is_one).map(|one| CertificateDer::from(first(&one.der))).collect()
}

fn keys_of(data: &[u8], password: Option<&str>) -> Result<Vec<Key>, CertificateError> {
    let expected = "\"-----BEGIN PRIVATE KEY-----\"";
    let form = form::form(data);
    let Form::Pem(text) = &form else {
        if let Some(key) = key::of_der(data, password) {
            return Ok(vec![key?]);
        }
        return Err(match form {
            Form::Der(Der::PublicKey) => public_key(),
            other => unusable(&other, data.len(), expected),
        });
    };
    let sections = pem::sections(text)?;
    let keys: Result<Vec<Key>, _> = sections.iter().filter_map(|one| key::of_section(one, password)).collect();
    let keys = keys?;
    if !keys.is_empty() {
        return Ok(keys);
    }
    if sections.iter().any(|one| one.label.ends_with("PUBLIC KEY")) {
        return Err(public_key());
    }
    let error = CertificateError::new(codes::KEY_NOT_IN_FILE, "the key file holds no private key");
    Err(error.found(labels(&sections)).expected(expected))
}

fn public_key() -> CertificateError {
    let error = CertificateError::new(codes::KEY_NOT_IN_FILE, "this is the public key; the private one is needed");
    error.found("PUBLIC KEY").expected("\"-----BEGIN PRIVATE KEY-----\"")
}

fn labels(sections: &[Section]) -> String {
    sections.iter().map(|one| one.label.as_str()).collect::<Vec<_>>().join(", ")
}

pub(crate) fn no_certificate(sections: &[Section]) -> CertificateError {
    let expected = "\"-----BEGIN CERTIFICATE-----\"";
    let has = |label: &str| sections.iter().any(|one| one.label.contains(label));
    if has("CERTIFICATE REQUEST") {
        return instead("a request for a certificate", expected, REQUEST);
    }
    if has("PKCS7") || has("CMS") {
        return instead("a PKCS#7 bag", expected, PKCS7);
    }
    let error = CertificateError::new(codes::CERTIFICATE_NOT_IN_FILE, "the file holds no certificate");
    error.found(labels(sections)).expected(expected)
}

const REQUEST: &str = "send it to an authority, and use the certificate that comes back";
const PKCS7: &str =
    "\"openssl pkcs7 -print_certs -in OLD -out NEW\" takes the certificates out; add \"-inform DER\" for a binary one";

fn instead(found: &str, expected: &str, help: &str) -> CertificateError {
    CertificateError::new(codes::FILE_WRONG_KIND, format!("this is {found}")).expected(expected).help(help)
}

/// What a file is that is none of those wanted.
pub(crate) fn unusable(form: &Form, length: usize, expected: &str) -> CertificateError {
    match form {
        Form::Empty => CertificateError::new(codes::FILE_EMPTY, "the file is empty"),
        Form::Cut(Der::Pfx, needed) => {
            let of = needed.map_or_else(String::new, |needed| format!(" of {needed}"));
            let message = format!("the PFX ends after {length}{of} bytes");
            CertificateError::new(codes::PFX_DAMAGED, message).help("copy it again, whole and in binary mode")
        }
        Form::Cut(Der::Certificate, _) => {
            let message = format!("the certificate ends too early, after {length} bytes");
            CertificateError::new(codes::CERTIFICATE_DAMAGED, message).help("copy it again, whole and in binary mode")
        }
        Form::Der(Der::Certificate) => {
            instead("a certificate without its key", expected, "export it with its private key")
        }
        Form::Der(Der::Request) => instead("a request for a certificate", expected, REQUEST),
        Form::Der(Der::Pkcs7) => instead("a PKCS#7 bag", expected, PKCS7),
        Form::Der(Der::Crl) => instead("a list of revoked certificates", expected, "name the certificate's file"),
        Form::Der(Der::Pkcs8 | Der::EncryptedPkcs8 | Der::Pkcs1 | Der::Sec1) => instead(
            "a private key without a certificate",
            expected,
            "name it as `key`, beside its certificate as `cert`",
        ),
        Form::Der(Der::PublicKey) => instead("a public key", expected, "name the certificate's file"),
        Form::Der(Der::Pfx) => instead("a PFX", expected, "name it as `pfx`"),
        Form::JavaKeyStore => {
            let help =
                "\"keytool -importkeystore -srckeystore OLD -destkeystore NEW -deststoretype PKCS12\" makes a PFX";
            instead("a key store of Java", expected, help)
        }
        Form::Pem(_) => instead("PEM", expected, "name it as `cert` and its key as `key`"),
        Form::Base64(_) | Form::Cut(..) | Form::Der(Der::Other) | Form::Unknown => {
            CertificateError::new(codes::FILE_UNKNOWN, "this is no certificate file").expected(expected)
        }
    }
}
