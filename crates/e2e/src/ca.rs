//! Certificate authorities for tests, and certificates with every fault that a gateway has to notice.

mod issued;
mod wish;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rcgen::{
    CertificateParams, CertificateRevocationListParams, CertifiedIssuer, CustomExtension, DistinguishedName, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SerialNumber, SigningKey,
    date_time_ymd,
};
use rustls::pki_types::CertificateDer;

use crate::der::{element, elements, first, sequence};

pub use issued::Issued;
pub use wish::{Dates, Purpose, Wish};

/// A certificate authority: a root, or one that another has signed.
#[derive(Clone)]
pub struct Ca(Arc<Authority>);

struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    above: Option<Ca>,
}

/// A number that no other certificate of this process has.
fn serial() -> SerialNumber {
    static NEXT: AtomicU64 = AtomicU64::new(0x1000_0001);
    SerialNumber::from(NEXT.fetch_add(1, Ordering::Relaxed))
}

impl Ca {
    /// A root.
    pub fn root(name: &str) -> Self {
        Self::new(name, Dates::Now, None)
    }

    /// A root with these dates.
    pub fn root_with(name: &str, dates: Dates) -> Self {
        Self::new(name, dates, None)
    }

    /// An authority that this one has signed.
    pub fn intermediate(&self, name: &str) -> Self {
        Self::new(name, Dates::Now, Some(self))
    }

    /// An authority that this one has signed, with these dates.
    pub fn intermediate_with(&self, name: &str, dates: Dates) -> Self {
        Self::new(name, dates, Some(self))
    }

    fn new(name: &str, dates: Dates, above: Option<&Self>) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name = named(name);
        params.is_ca = IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        params.serial_number = Some(serial());
        params.use_authority_key_identifier_extension = above.is_some();
        dates.apply(&mut params);
        let key = KeyPair::generate().unwrap();
        let issuer = match above {
            Some(above) => CertifiedIssuer::signed_by(params, key, &above.0.issuer),
            None => CertifiedIssuer::self_signed(params, key),
        };
        Self(Arc::new(Authority { issuer: issuer.unwrap(), above: above.cloned() }))
    }

    /// Its own certificate.
    pub fn certificate(&self) -> CertificateDer<'static> {
        self.0.issuer.der().clone()
    }

    /// Its own certificate, PEM.
    pub fn pem(&self) -> String {
        self.0.issuer.pem()
    }

    /// Its own certificate and those above it up to the root, PEM.
    pub fn chain_pem(&self) -> String {
        let above = self.0.above.as_ref().map(Self::chain_pem).unwrap_or_default();
        format!("{}{above}", self.pem())
    }

    /// Its own certificate and those above it without the root: what goes behind a leaf.
    fn path(&self) -> Vec<CertificateDer<'static>> {
        let Some(above) = &self.0.above else { return Vec::new() };
        let mut path = vec![self.certificate()];
        path.extend(above.path());
        path
    }

    fn root_certificate(&self) -> CertificateDer<'static> {
        self.0.above.as_ref().map_or_else(|| self.certificate(), Self::root_certificate)
    }

    /// A server's certificate for these names or addresses; the first is its common name.
    pub fn server(&self, names: &[&str]) -> Issued {
        self.issue(&Wish::server(names))
    }

    /// A client's certificate.
    pub fn client(&self, name: &str) -> Issued {
        self.issue(&Wish::client(name))
    }

    /// A certificate as wished for.
    pub fn issue(&self, wish: &Wish) -> Issued {
        let (params, key) = (wish.params(), wish.key());
        let number = params.serial_number.clone().unwrap();
        let leaf = params.signed_by(&key, &self.0.issuer).unwrap();
        let mut chain = vec![leaf.der().clone()];
        chain.extend(self.path());
        Issued::new(chain, Some(self.root_certificate()), Arc::new(key), number.to_bytes())
    }

    /// The authority as a server: its own certificate and key.
    pub fn as_server(&self) -> Issued {
        let mut chain = vec![self.certificate()];
        chain.extend(self.0.above.iter().flat_map(Self::path));
        let key = KeyPair::try_from(self.0.issuer.key().serialized_der()).unwrap();
        Issued::new(chain, None, Arc::new(key), Vec::new())
    }

    /// A revocation list with these certificates in it, DER.
    pub fn revocation_list(&self, revoked: &[&Issued]) -> Vec<u8> {
        let entry = |issued: &&Issued| RevokedCertParams {
            serial_number: SerialNumber::from_slice(&issued.serial),
            revocation_time: date_time_ymd(2024, 1, 1),
            reason_code: None,
            invalidity_date: None,
        };
        let list = CertificateRevocationListParams {
            this_update: date_time_ymd(2024, 1, 1),
            next_update: date_time_ymd(2060, 1, 1),
            crl_number: SerialNumber::from(1_u64),
            issuing_distribution_point: None,
            revoked_certs: revoked.iter().map(entry).collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        list.signed_by(&self.0.issuer).unwrap().der().to_vec()
    }

    /// A signature by its key, ECDSA over P-256 with SHA-256.
    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        self.0.issuer.key().sign(bytes).unwrap()
    }
}

/// The name of a certificate's subject, DER.
pub fn subject(certificate: &[u8]) -> Vec<u8> {
    let signed = first(first(certificate).content).content;
    // Version, serial number, algorithm, issuer, dates, subject.
    elements(signed)[5].to_vec()
}

/// SHA-1 of some bytes, lower-case hexadecimal.
pub fn sha1(bytes: &[u8]) -> String {
    use sha1::Digest as _;
    sha1::Sha1::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn named(name: &str) -> DistinguishedName {
    let mut full = DistinguishedName::new();
    full.push(DnType::OrganizationName, "Gatehouse tests");
    full.push(DnType::CommonName, name);
    full
}

/// Authority information access: where an OCSP responder is.
fn responder_at(url: &str) -> CustomExtension {
    const AUTHORITY_INFORMATION: &[u64] = &[1, 3, 6, 1, 5, 5, 7, 1, 1];
    const OCSP: &[u8] = &[0x06, 8, 0x2b, 6, 1, 5, 5, 7, 0x30, 1];
    let content = sequence(&[sequence(&[OCSP.to_vec(), element(0x86, url.as_bytes())])]);
    CustomExtension::from_oid_content(AUTHORITY_INFORMATION, content)
}

/// A certificate that signs itself, as wished for.
pub fn self_signed(wish: &Wish) -> Issued {
    let (params, key) = (wish.params(), wish.key());
    let number = params.serial_number.clone().unwrap();
    let leaf = params.self_signed(&key).unwrap();
    Issued::new(vec![leaf.der().clone()], None, Arc::new(key), number.to_bytes())
}

impl Purpose {
    fn usages(self) -> Vec<ExtendedKeyUsagePurpose> {
        match self {
            Self::Server => vec![ExtendedKeyUsagePurpose::ServerAuth],
            Self::Client => vec![ExtendedKeyUsagePurpose::ClientAuth],
            Self::OcspSigning => vec![ExtendedKeyUsagePurpose::OcspSigning],
        }
    }
}
