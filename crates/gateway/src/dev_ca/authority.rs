//! The authority itself: a root without a key, an intermediate authority with one, and the certificates it signs.

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, Issuer, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use sha2::{Digest, Sha256};
use tls::certificate::{CertificateError, Identity, read_pem};
use zeroize::Zeroizing;

use super::names::{DOMAINS, Name, Names};
use super::not_issued;

/// How long the authority is good, in days: ten years.
const AUTHORITY_DAYS: i64 = 3652;
/// How long its certificates are good, in days.
const CERTIFICATE_DAYS: i64 = 90;
/// Clocks of virtual machines and phones lag behind.
const BACK_DATED_DAYS: i64 = 1;
const DAY: i64 = 86_400;

/// An authority, ready to sign.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    issuer_pem: String,
    file: Option<PathBuf>,
}

/// What is written down of a new authority.
pub(super) struct Created {
    pub(super) authority: Authority,
    /// The root, to be trusted.
    pub(super) root_pem: String,
    /// The intermediate authority.
    pub(super) issuer_pem: String,
    /// Its key.
    pub(super) key_pem: Zeroizing<String>,
}

impl Authority {
    /// A new one. The root's key is dropped here and exists nowhere else.
    pub(super) fn create(now: i64) -> Result<Created, rcgen::Error> {
        let (root_key, key) = (KeyPair::generate()?, KeyPair::generate()?);
        let mut root = authority_params("Gatehouse dev CA", &key, now);
        root.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        let root_pem = root.self_signed(&root_key)?.pem();
        let params = authority_params(ISSUER, &key, now);
        let issuer_pem = params.signed_by(&key, &Issuer::from_params(&root, &root_key))?.pem();
        let key_pem = Zeroizing::new(key.serialize_pem());
        let authority = Self { issuer: Issuer::new(params, key), issuer_pem: issuer_pem.clone(), file: None };
        Ok(Created { authority, root_pem, issuer_pem, key_pem })
    }

    /// The one that was written down. `file` holds its root.
    ///
    /// # Errors
    /// Certificate and key do not belong together, or cannot be read, or its time is over.
    pub(super) fn read(issuer_pem: String, key_pem: &str, file: &Path, now: i64) -> Result<Self, String> {
        let read = read_pem(issuer_pem.as_bytes(), Some(key_pem.as_bytes()), None, now);
        let identity = read.map_err(|error| error.to_string())?.identity;
        if identity.facts().not_after - now < CERTIFICATE_DAYS * DAY {
            return Err("its time is over".to_owned());
        }
        let key = KeyPair::from_pem(key_pem).map_err(|error| error.to_string())?;
        // Name and key identifier come from the key, so the certificate need not be taken apart.
        let issuer = Issuer::new(authority_params(ISSUER, &key, now), key);
        Ok(Self { issuer, issuer_pem, file: Some(file.to_owned()) })
    }

    /// The file with its root, if it was written down.
    pub(super) fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// A certificate with a key of its own.
    pub(super) fn issue(&self, names: &Names, now: i64) -> Result<Identity, CertificateError> {
        let issue = || {
            let key = KeyPair::generate()?;
            let certificate = certificate_params(names, now)?.signed_by(&key, &self.issuer)?;
            Ok((certificate.pem() + &self.issuer_pem, Zeroizing::new(key.serialize_pem())))
        };
        let (chain, key) = issue().map_err(|error: rcgen::Error| not_issued(&error))?;
        Ok(read_pem(chain.as_bytes(), Some(key.as_bytes()), None, now)?.identity)
    }
}

/// Never the key.
impl fmt::Debug for Authority {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Authority").field("file", &self.file).finish_non_exhaustive()
    }
}

const ISSUER: &str = "Gatehouse dev issuer";

/// Root and intermediate differ in their name and in how long a chain may be below them. The name ends in a part of the
/// intermediate's key, so that those of two machines can be told apart.
fn authority_params(name: &str, key: &KeyPair, now: i64) -> CertificateParams {
    let mark: String = Sha256::digest(key.public_key_raw())[..4].iter().map(|byte| format!("{byte:02x}")).collect();
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&format!("{name} {mark}"));
    limit(&mut params, now, AUTHORITY_DAYS);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let domains = DOMAINS.map(|domain| GeneralSubtree::DnsName(domain.to_owned()));
    let loopback = [
        CidrSubnet::from_v4_prefix([127, 0, 0, 0], 8),
        CidrSubnet::from_v6_prefix(std::net::Ipv6Addr::LOCALHOST.octets(), 128),
    ];
    let permitted = domains.into_iter().chain(loopback.map(GeneralSubtree::IpAddress));
    params.name_constraints =
        Some(NameConstraints { permitted_subtrees: permitted.collect(), excluded_subtrees: Vec::new() });
    params
}

fn certificate_params(names: &Names, now: i64) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named("Gatehouse dev certificate");
    limit(&mut params, now, CERTIFICATE_DAYS);
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    for name in &names.borne {
        params.subject_alt_names.push(match name {
            Name::Dns(name) => SanType::DnsName(name.as_ref().try_into()?),
            Name::Address(address) => SanType::IpAddress(*address),
        });
    }
    Ok(params)
}

fn named(name: &str) -> DistinguishedName {
    let mut full = DistinguishedName::new();
    full.push(DnType::OrganizationName, "Gatehouse");
    full.push(DnType::CommonName, name);
    full
}

/// Good from the beginning of yesterday, for so many whole days from now on; in UTC.
fn limit(params: &mut CertificateParams, now: i64, days: i64) {
    let day = |days: i64| {
        let date = Timestamp::from_second(now + days * DAY).unwrap_or_default().to_zoned(TimeZone::UTC).date();
        let part = |part: i8| u8::try_from(part).unwrap_or(1);
        rcgen::date_time_ymd(i32::from(date.year()), part(date.month()), part(date.day()))
    };
    (params.not_before, params.not_after) = (day(-BACK_DATED_DAYS), day(days + 1));
}
