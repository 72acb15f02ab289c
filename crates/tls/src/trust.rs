//! What others' certificates are checked against: roots for servers, chains for clients.
//!
//! Source: Azure, "Overview of TLS termination and end to end TLS with Application Gateway" (ssl-overview) and
//! "Overview of mutual authentication with Application Gateway" (mutual-authentication-overview), both read 2026-11-22.

pub use rustls::pki_types::CertificateDer;
use x509_parser::certificate::X509Certificate;
use x509_parser::x509::X509Version;

use crate::certificate::files::{self, Content};
use crate::certificate::{CertificateError, Facts, codes, parse};
use crate::client_auth::LIST_INVALID;

/// Largest file of roots that is read, in bytes. Bundles of public roots have some 250 KiB.
pub const LARGEST: usize = 1024 * 1024;

/// A chain that client certificates may lead to (`trustedClientCertificates`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// Its one root.
    pub root: CertificateDer<'static>,
    /// What stands between the root and the certificates of clients, in the order of the file.
    pub intermediates: Vec<CertificateDer<'static>>,
    /// DER of the name that signs leaves: `clientCertIssuerDN`.
    pub issuer_dn: Vec<u8>,
    /// The same as RFC 2253 text.
    pub issuer_text: String,
}

/// Reads roots for the certificates of servers: DER, PEM, a bundle of PEM, or base64 of any of them.
///
/// # Errors
/// There is no certificate in it, or a private key; see [`codes`].
pub fn read_roots(data: &[u8]) -> Result<Vec<CertificateDer<'static>>, CertificateError> {
    let certificates = match files::content(data, LARGEST) {
        Ok(Content::Certificates(certificates)) => certificates,
        Ok(Content::PrivateKey) => {
            let error =
                CertificateError::new(codes::ROOT_PRIVATE_KEY, "there is a private key beside the trusted root");
            return Err(error
                .expected("certificates only")
                .help("remove the key from the file: nobody but its owner needs it"));
        }
        Err(error) => return Err(CertificateError { code: codes::ROOT_INVALID, ..error }),
    };
    for (index, der) in certificates.iter().enumerate() {
        Facts::read(der).map_err(|error| {
            let message = format!("certificate {} of the trusted root cannot be read: {error}", index + 1);
            CertificateError::new(codes::ROOT_INVALID, message)
        })?;
    }
    Ok(certificates)
}

/// Reads a chain for the certificates of clients: one root and its intermediates. Certificates that are no
/// authority's are left out, as Azure does.
///
/// # Errors
/// With Azure's codes: no data, a private key in it, unreadable, no root, or more than one.
pub fn read_client_chain(data: &[u8]) -> Result<Chain, CertificateError> {
    if data.trim_ascii().is_empty() {
        return Err(CertificateError::new(codes::CLIENT_CA_MISSING, "the trusted client certificate has no data"));
    }
    let certificates = match files::content(data, LARGEST) {
        Ok(Content::Certificates(certificates)) => certificates,
        Ok(Content::PrivateKey) => {
            let message = "there is a private key in the trusted client certificate";
            let error = CertificateError::new(codes::CLIENT_CA_PRIVATE_KEY, message);
            return Err(error.expected("certificates only").help("remove the key from the file"));
        }
        Err(error) => return Err(CertificateError { code: codes::CLIENT_CA_INVALID, ..error }),
    };
    let mut authorities: Vec<Authority<'_>> = Vec::new();
    for (index, der) in certificates.iter().enumerate() {
        let authority = Authority::read(der).map_err(|error| {
            let message =
                format!("certificate {} of the trusted client certificate cannot be read: {error}", index + 1);
            CertificateError::new(codes::CLIENT_CA_INVALID, message)
        })?;
        if let Some(authority) = authority.filter(|_| authorities.iter().all(|other| other.der != der)) {
            authorities.push(authority);
        }
    }
    chain(&authorities)
}

/// Reads lists of revoked certificates: DER, or PEM with one or more. They come out as DER.
///
/// # Errors
/// There is none in it ([`LIST_INVALID`]).
pub fn read_revocation_lists(data: &[u8]) -> Result<Vec<Vec<u8>>, CertificateError> {
    let lists = files::revocation_lists(data).map_err(|error| CertificateError { code: LIST_INVALID, ..error })?;
    if lists.iter().any(|der| x509_parser::parse_x509_crl(der).is_err()) {
        return Err(CertificateError::new(LIST_INVALID, "the list of revoked certificates cannot be read"));
    }
    Ok(lists)
}

/// A certificate that may sign others.
struct Authority<'a> {
    der: &'a CertificateDer<'static>,
    parsed: X509Certificate<'a>,
    facts: Facts,
}

impl<'a> Authority<'a> {
    /// `None` for the certificate of anybody else.
    fn read(der: &'a CertificateDer<'static>) -> Result<Option<Self>, crate::certificate::Unreadable> {
        let (parsed, facts) = (parse(der)?, Facts::read(der)?);
        // Version 1 has no way to say that it is an authority's; roots of it are still about.
        let is_old_root = facts.is_self_signed && parsed.version() == X509Version::V1;
        Ok((facts.is_ca || is_old_root).then_some(Self { der, parsed, facts }))
    }
}

fn chain(authorities: &[Authority<'_>]) -> Result<Chain, CertificateError> {
    let mut roots = authorities.iter().filter(|one| one.facts.is_self_signed);
    let Some(root) = roots.next() else {
        let message = match authorities.first() {
            None => "the trusted client certificate holds no certificate of an authority".to_owned(),
            Some(one) => format!("the chain of {} has no root", one.facts.subject),
        };
        let error = CertificateError::new(codes::CLIENT_CA_NONE, message);
        return Err(error.expected("a self-signed root (CA:TRUE)").help("add the root to the file"));
    };
    let others: Vec<&str> = roots.map(|one| one.facts.subject.as_str()).collect();
    if !others.is_empty() {
        let message = format!("the trusted client certificate holds {} roots", others.len() + 1);
        let error = CertificateError::new(codes::CLIENT_CA_SEVERAL, message);
        let found = format!("{}; {}", root.facts.subject, others.join("; "));
        return Err(error.found(found).expected("one").help("make a trusted client certificate of each root's chain"));
    }
    let issuer = lowest(root, authorities);
    let intermediates = authorities.iter().filter(|one| !one.facts.is_self_signed).map(|one| one.der.clone());
    Ok(Chain {
        root: root.der.clone(),
        intermediates: intermediates.collect(),
        issuer_dn: issuer.parsed.subject().as_raw().to_vec(),
        issuer_text: issuer.facts.subject.clone(),
    })
}

/// Who signs leaves: the last authority of the longest way down from the root; of equal ways that of the first listed.
fn lowest<'r, 'a>(root: &'r Authority<'a>, authorities: &'r [Authority<'a>]) -> &'r Authority<'a> {
    let mut level = vec![root];
    let mut last = root;
    // Names that go round in a circle end after as many levels as there are certificates.
    for _ in 0..authorities.len() {
        let is_below = |one: &&Authority<'_>| {
            let issuer = one.parsed.issuer().as_raw();
            !one.facts.is_self_signed && level.iter().any(|upper| upper.parsed.subject().as_raw() == issuer)
        };
        level = authorities.iter().filter(is_below).collect();
        let Some(first) = level.first() else { break };
        last = *first;
    }
    last
}

#[cfg(test)]
mod tests;
