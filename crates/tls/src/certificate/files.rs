//! Files that should hold certificates and nothing secret.

use rustls::pki_types::CertificateDer;

use super::error::CertificateError;
use super::form::{self, Der, Form};
use super::{codes, pem, read};

/// What such a file holds.
#[derive(Debug)]
pub(crate) enum Content {
    /// At least one certificate.
    Certificates(Vec<CertificateDer<'static>>),
    /// A private key, whatever else there is.
    PrivateKey,
}

/// Reads a file of at most `largest` bytes: DER, PEM, or base64 of them, as tools upload whole files.
pub(crate) fn content(data: &[u8], largest: usize) -> Result<Content, CertificateError> {
    if data.len() > largest {
        let error = CertificateError::new(codes::FILE_TOO_LARGE, format!("the file has {} bytes", data.len()));
        return Err(error.expected(format!("at most {largest}")));
    }
    match form::form(data) {
        Form::Base64(inner) if !matches!(form::form(&inner), Form::Base64(_)) => content(&inner, largest),
        Form::Der(Der::Certificate) => Ok(Content::Certificates(vec![CertificateDer::from(data.to_vec())])),
        Form::Der(Der::Pkcs8 | Der::EncryptedPkcs8 | Der::Pkcs1 | Der::Sec1) => Ok(Content::PrivateKey),
        Form::Pem(text) => {
            let sections = pem::sections(&text)?;
            if sections.iter().any(|one| one.label.ends_with("PRIVATE KEY")) {
                return Ok(Content::PrivateKey);
            }
            let certificates = read::certificates_in(&sections);
            if certificates.is_empty() {
                return Err(read::no_certificate(&sections));
            }
            Ok(Content::Certificates(certificates))
        }
        Form::Der(Der::Pfx) => {
            let error = CertificateError::new(codes::FILE_WRONG_KIND, "this is a PFX, which holds a private key");
            Err(error.expected("a certificate").help("export the certificate without its key"))
        }
        other => Err(read::unusable(&other, data.len(), "a certificate")),
    }
}

/// The lists of revoked certificates in a file, at least one.
pub(crate) fn revocation_lists(data: &[u8]) -> Result<Vec<Vec<u8>>, CertificateError> {
    let none = || {
        let error = CertificateError::new(codes::FILE_WRONG_KIND, "this is no list of revoked certificates");
        error.expected("DER, or \"-----BEGIN X509 CRL-----\"")
    };
    match form::form(data) {
        Form::Der(Der::Crl) => Ok(vec![data.to_vec()]),
        Form::Pem(text) => {
            let sections = pem::sections(&text)?;
            let lists = sections.iter().filter(|one| one.label == "X509 CRL").map(|one| one.der.to_vec());
            let lists: Vec<_> = lists.collect();
            if lists.is_empty() { Err(none()) } else { Ok(lists) }
        }
        _ => Err(none()),
    }
}
