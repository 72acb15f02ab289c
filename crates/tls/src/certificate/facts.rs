//! What a certificate says of itself.

use std::fmt;
use std::net::IpAddr;

use sha1::{Digest, Sha1};
use sha2::Sha256;
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::{GeneralName, ParsedExtension};
use x509_parser::oid_registry::OID_PKIX_ACCESS_DESCRIPTOR_OCSP;

use super::key_kind::KeyKind;
use super::name;
use super::tlv::{self, Malformed};

/// The facts of one certificate, in the words that logs, status and problems use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Facts {
    /// Distinguished name of the subject, RFC 2253 text in ASCII.
    pub subject: String,
    /// Distinguished name of the issuer, RFC 2253 text in ASCII.
    pub issuer: String,
    /// The last common name of the subject.
    pub common_name: Option<String>,
    /// DNS names among the alternative names, lower case.
    pub names: Vec<String>,
    /// Addresses among the alternative names.
    pub addresses: Vec<IpAddr>,
    /// Whether there are alternative names of any kind; then the common name does not count.
    pub has_alternative_names: bool,
    /// Valid from, in Unix seconds.
    pub not_before: i64,
    /// Valid until, in Unix seconds.
    pub not_after: i64,
    /// Serial number, upper-case hexadecimal.
    pub serial: String,
    /// SHA-1 of the whole certificate, lower-case hexadecimal.
    pub sha1: String,
    /// SHA-256 of the whole certificate, lower-case hexadecimal.
    pub sha256: String,
    /// Its public key.
    pub key: KeyKind,
    /// Whether it may sign others (`basicConstraints CA:TRUE`).
    pub is_ca: bool,
    /// Whether issuer and subject are the same name.
    pub is_self_signed: bool,
    /// Where to ask whether it is revoked.
    pub ocsp_urls: Vec<String>,
}

/// Not a certificate, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable(pub(crate) String);

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unreadable {}

impl Facts {
    /// Reads a certificate.
    ///
    /// # Errors
    /// This is no X.509 certificate in DER, or more than one.
    pub fn read(der: &[u8]) -> Result<Self, Unreadable> {
        Self::of(der, &parse(der)?)
    }

    fn of(der: &[u8], certificate: &X509Certificate<'_>) -> Result<Self, Unreadable> {
        let alternatives = certificate
            .subject_alternative_name()
            .map_err(|error| Unreadable(format!("the alternative names cannot be read: {error}")))?;
        let has_alternative_names = alternatives.is_some();
        let (mut names, mut addresses) = (Vec::new(), Vec::new());
        for name in alternatives.iter().flat_map(|extension| &extension.value.general_names) {
            match name {
                GeneralName::DNSName(name) => names.push(name.to_ascii_lowercase()),
                GeneralName::IPAddress(bytes) => addresses.extend(address(bytes)),
                _ => {}
            }
        }
        let common_name = certificate.subject().iter_common_name().last();
        Ok(Self {
            subject: name::text(certificate.subject()),
            issuer: name::text(certificate.issuer()),
            common_name: common_name.map(|name| name::value(name.attr_value())),
            names,
            addresses,
            has_alternative_names,
            not_before: certificate.validity().not_before.timestamp(),
            not_after: certificate.validity().not_after.timestamp(),
            serial: serial(certificate.raw_serial()),
            sha1: lower_hex(&Sha1::digest(der)),
            sha256: lower_hex(&Sha256::digest(der)),
            key: KeyKind::of(certificate.public_key()),
            is_ca: is_ca(certificate),
            is_self_signed: certificate.subject().as_raw() == certificate.issuer().as_raw(),
            ocsp_urls: ocsp_urls(certificate),
        })
    }

    /// Whether the certificate is for this host: by its alternative names, or by its common name where it has none.
    /// A wildcard stands for one label, the left-most, before at least two others.
    pub fn covers(&self, host: &str) -> bool {
        let host = host.trim_end_matches('.').to_ascii_lowercase();
        if let Ok(address) = host.trim_matches(['[', ']']).parse::<IpAddr>() {
            return self.addresses.contains(&address);
        }
        let matches = |pattern: &str| match pattern.strip_prefix("*.") {
            Some(parent) if parent.contains('.') => {
                host.split_once('.').is_some_and(|(label, rest)| !label.is_empty() && rest == parent)
            }
            Some(_) => false,
            None => pattern == host,
        };
        if self.has_alternative_names {
            return self.names.iter().any(|name| matches(name));
        }
        self.common_name.as_ref().is_some_and(|name| matches(&name.to_ascii_lowercase()))
    }
}

/// One certificate and nothing behind it.
pub(crate) fn parse(der: &[u8]) -> Result<X509Certificate<'_>, Unreadable> {
    let unreadable = |why: &str| Unreadable(why.to_owned());
    let (whole, rest) = tlv::first(der).map_err(|malformed| match malformed {
        Malformed::Short { .. } => unreadable("it ends too early"),
        Malformed::Odd => unreadable("it is not ASN.1"),
    })?;
    if !rest.is_empty() {
        return Err(Unreadable(format!("{} bytes follow the certificate", rest.len())));
    }
    match x509_parser::parse_x509_certificate(whole.whole) {
        Ok((_, certificate)) => Ok(certificate),
        Err(x509_parser::nom::Err::Incomplete(_)) => Err(unreadable("it is not X.509")),
        Err(x509_parser::nom::Err::Error(error) | x509_parser::nom::Err::Failure(error)) => {
            Err(Unreadable(format!("it is not X.509 ({error})")))
        }
    }
}

fn address(bytes: &[u8]) -> Option<IpAddr> {
    let four = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    four.or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

fn is_ca(certificate: &X509Certificate<'_>) -> bool {
    matches!(certificate.basic_constraints(), Ok(Some(constraints)) if constraints.value.ca)
}

fn ocsp_urls(certificate: &X509Certificate<'_>) -> Vec<String> {
    let mut urls = Vec::new();
    for extension in certificate.extensions() {
        let ParsedExtension::AuthorityInfoAccess(access) = extension.parsed_extension() else { continue };
        for description in &access.accessdescs {
            if let (true, GeneralName::URI(url)) =
                (description.access_method == OID_PKIX_ACCESS_DESCRIPTOR_OCSP, &description.access_location)
            {
                urls.push((*url).to_owned());
            }
        }
    }
    urls
}

/// The number without the zero that keeps it positive.
fn serial(raw: &[u8]) -> String {
    let digits = match raw {
        [0, rest @ ..] if !rest.is_empty() => rest,
        _ => raw,
    };
    lower_hex(digits).to_ascii_uppercase()
}

pub(crate) fn lower_hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
