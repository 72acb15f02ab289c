//! What a certificate should be like.

use rcgen::{CertificateParams, IsCa, KeyPair, KeyUsagePurpose, date_time_ymd};

use super::{named, responder_at, serial};

/// When a certificate is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dates {
    /// Now, and for decades.
    Now,
    /// It was.
    Expired,
    /// It will be.
    NotYet,
}

impl Dates {
    pub(super) fn apply(self, params: &mut CertificateParams) {
        let (first, last) = match self {
            Self::Now => (2020, 2060),
            Self::Expired => (2001, 2010),
            Self::NotYet => (2090, 2100),
        };
        (params.not_before, params.not_after) = (date_time_ymd(first, 1, 1), date_time_ymd(last, 1, 1));
    }
}

/// What a certificate may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Servers.
    Server,
    /// Clients.
    Client,
    /// Answers about revocation.
    OcspSigning,
}

#[derive(Clone, Copy, Debug)]
enum Key {
    P256,
    P384,
    Rsa,
}

/// A certificate to be issued.
#[derive(Clone, Debug)]
pub struct Wish {
    common_name: String,
    names: Vec<String>,
    purpose: Option<Purpose>,
    dates: Dates,
    key: Key,
    ca: bool,
    responder: Option<String>,
}

impl Wish {
    fn new(common_name: &str, purpose: Purpose) -> Self {
        Self {
            common_name: common_name.to_owned(),
            names: Vec::new(),
            purpose: Some(purpose),
            dates: Dates::Now,
            key: Key::P256,
            ca: false,
            responder: None,
        }
    }

    /// A server's, for these names or addresses; the first is its common name.
    pub fn server(names: &[&str]) -> Self {
        let common_name = names.first().copied().unwrap_or("nameless");
        let names = names.iter().map(|&name| name.to_owned()).collect();
        Self { names, ..Self::new(common_name, Purpose::Server) }
    }

    /// A client's.
    pub fn client(name: &str) -> Self {
        Self::new(name, Purpose::Client)
    }

    /// For another purpose.
    pub fn purpose(self, purpose: Purpose) -> Self {
        Self { purpose: Some(purpose), ..self }
    }

    /// Without a word about purposes, which allows all.
    pub fn any_purpose(self) -> Self {
        Self { purpose: None, ..self }
    }

    /// With these dates.
    pub fn dates(self, dates: Dates) -> Self {
        Self { dates, ..self }
    }

    /// With a common name and no other.
    pub fn common_name_only(self) -> Self {
        Self { names: Vec::new(), ..self }
    }

    /// With a common name that is not among the other names.
    pub fn common_name(self, name: &str) -> Self {
        Self { common_name: name.to_owned(), ..self }
    }

    /// With an RSA key of 2048 bits.
    pub fn rsa(self) -> Self {
        Self { key: Key::Rsa, ..self }
    }

    /// With a key on the curve P-384.
    pub fn p384(self) -> Self {
        Self { key: Key::P384, ..self }
    }

    /// Marked as an authority.
    pub fn ca(self) -> Self {
        Self { ca: true, ..self }
    }

    /// With the address of an OCSP responder.
    pub fn responder(self, url: &str) -> Self {
        Self { responder: Some(url.to_owned()), ..self }
    }

    pub(super) fn key(&self) -> KeyPair {
        let algorithm = match self.key {
            Key::P256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            Key::P384 => &rcgen::PKCS_ECDSA_P384_SHA384,
            Key::Rsa => &rcgen::PKCS_RSA_SHA256,
        };
        KeyPair::generate_for(algorithm).unwrap()
    }

    pub(super) fn params(&self) -> CertificateParams {
        let mut params = CertificateParams::new(self.names.clone()).unwrap();
        params.distinguished_name = named(&self.common_name);
        params.serial_number = Some(serial());
        params.use_authority_key_identifier_extension = true;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = self.purpose.map(Purpose::usages).unwrap_or_default();
        params.is_ca = if self.ca { IsCa::Ca(rcgen::BasicConstraints::Unconstrained) } else { IsCa::ExplicitNoCa };
        if self.ca {
            params.key_usages.push(KeyUsagePurpose::KeyCertSign);
        }
        self.dates.apply(&mut params);
        params.custom_extensions.extend(self.responder.as_deref().map(responder_at));
        params
    }
}
