//! Authorities and certificates for this crate's tests.

mod talk;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DistinguishedName, DnType, IsCa, Issuer, KeyPair, SigningKey,
    date_time_ymd,
};
use rustls::pki_types::CertificateDer;

use crate::certificate::{Identity, parse, read_pem};
use crate::der;

pub(crate) use talk::{talk, trusting};

/// A time at which everything is valid that does not say otherwise: summer of 2026.
pub(crate) const NOW: i64 = 1_782_000_000;

/// An authority with its key.
pub(crate) struct Authority(CertifiedIssuer<'static, KeyPair>);

/// A certificate with its key.
pub(crate) struct Leaf {
    pub(crate) der: CertificateDer<'static>,
    pub(crate) key: KeyPair,
}

/// What a certificate says, before a test changes it: a name, no alternative names, valid for centuries.
pub(crate) fn params(common_name: &str, names: &[&str]) -> CertificateParams {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).unwrap();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, common_name);
    params
}

impl Authority {
    pub(crate) fn root(name: &str) -> Self {
        Self::root_with(name, |_| {})
    }

    pub(crate) fn root_with(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        Self(CertifiedIssuer::self_signed(authority(name, change), KeyPair::generate().unwrap()).unwrap())
    }

    pub(crate) fn intermediate(&self, name: &str) -> Self {
        self.intermediate_with(name, |_| {})
    }

    pub(crate) fn intermediate_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Self {
        let key = KeyPair::generate().unwrap();
        Self(CertifiedIssuer::signed_by(authority(name, change), key, &self.0).unwrap())
    }

    pub(crate) fn leaf(&self, name: &str) -> Leaf {
        self.leaf_with(name, |_| {})
    }

    /// A leaf whose common name is also its one alternative name.
    pub(crate) fn leaf_with(&self, name: &str, change: impl FnOnce(&mut CertificateParams)) -> Leaf {
        let (mut params, key) = (params(name, &[name]), KeyPair::generate().unwrap());
        change(&mut params);
        Leaf { der: params.signed_by(&key, &self.0).unwrap().der().clone(), key }
    }

    /// The same name and key in another certificate, which is valid and allows everything.
    pub(crate) fn renewed(&self) -> Self {
        let key = KeyPair::try_from(self.0.key().serialized_der()).unwrap();
        let name =
            parse(self.0.der()).unwrap().subject().iter_common_name().next().unwrap().as_str().unwrap().to_owned();
        Self(CertifiedIssuer::self_signed(authority(&name, |_| {}), key).unwrap())
    }

    pub(crate) fn der(&self) -> CertificateDer<'static> {
        self.0.der().clone()
    }

    pub(crate) fn issuer(&self) -> &Issuer<'static, KeyPair> {
        &self.0
    }
}

fn authority(name: &str, change: impl FnOnce(&mut CertificateParams)) -> CertificateParams {
    let mut params = params(name, &[]);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    change(&mut params);
    params
}

impl Leaf {
    /// Ready to be shown.
    pub(crate) fn identity(&self) -> Identity {
        let body = STANDARD.encode(&self.der);
        let pem = format!("-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n");
        read_pem(pem.as_bytes(), Some(self.key.serialize_pem().as_bytes()), None, NOW).unwrap().identity
    }
}

/// A certificate that signs itself.
pub(crate) fn self_signed(name: &str, change: impl FnOnce(&mut CertificateParams)) -> Leaf {
    let (mut params, key) = (params(name, &[name]), KeyPair::generate().unwrap());
    change(&mut params);
    Leaf { der: params.self_signed(&key).unwrap().der().clone(), key }
}

/// A self-signed certificate of version 1, as many a script makes one: no extensions at all.
pub(crate) fn version_1(name: &str) -> Leaf {
    let key = KeyPair::generate().unwrap();
    let model = params(name, &[]).self_signed(&key).unwrap();
    let model = parse(model.der()).unwrap().tbs_certificate;
    let (name, spki) = (model.subject.as_raw(), model.subject_pki.raw);
    let data =
        der::encode(der::SEQUENCE, &tbs(&[], ECDSA_WITH_SHA256, [name, name], spki).each_ref().map(Vec::as_slice));
    Leaf { der: signed(&data, &key, &[]).into(), key }
}

/// A root with an RSA key of 1024 bits, and a leaf that says it was issued by it and has such a key, too. Nobody has
/// these keys, so all signatures are wrong.
pub(crate) fn weak() -> [CertificateDer<'static>; 2] {
    let authority = Authority::root("Weak");
    let (root, leaf) = (authority.der(), authority.leaf("shop.example").der);
    let [root, leaf] = [&root, &leaf].map(|model| parse(model).unwrap().tbs_certificate.subject.as_raw().to_vec());
    let modulus = der::encode(der::INTEGER, &[&[0], &[0xc5; 128]]);
    let key = der::encode(der::SEQUENCE, &[&modulus, &der::encode(der::INTEGER, &[&[1, 0, 1]])]);
    let spki = der::encode(der::SEQUENCE, &[RSA, &der::encode(der::BIT_STRING, &[&[0], &key])]);
    let version_3 = der::encode(der::tagged(0), &[&der::encode(der::INTEGER, &[&[2]])]);
    [&root, &leaf].map(|subject| {
        let parts = tbs(&version_3, SHA256_WITH_RSA, [&root, subject], &spki);
        let data = der::encode(der::SEQUENCE, &parts.each_ref().map(Vec::as_slice));
        let signature = der::encode(der::BIT_STRING, &[&[0], &[7; 128]]);
        der::encode(der::SEQUENCE, &[&data, SHA256_WITH_RSA, &signature]).into()
    })
}

/// The parts of a certificate without extensions: version, number, algorithm, issuer, times, subject, key.
fn tbs(version: &[u8], algorithm: &[u8], [issuer, subject]: [&[u8]; 2], spki: &[u8]) -> [Vec<u8>; 7] {
    let times = [der::encode(0x17, &[b"200101000000Z"]), der::encode(0x17, &[b"490101000000Z"])];
    let validity = der::encode(der::SEQUENCE, &[&times[0], &times[1]]);
    let number = der::encode(der::INTEGER, &[&[1]]);
    [version.to_vec(), number, algorithm.to_vec(), issuer.to_vec(), validity, subject.to_vec(), spki.to_vec()]
}

/// AlgorithmIdentifier of RSA keys.
const RSA: &[u8] = &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00];
/// AlgorithmIdentifier of `sha256WithRSAEncryption`.
const SHA256_WITH_RSA: &[u8] =
    &[0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00];
/// AlgorithmIdentifier of what rcgen's keys sign with.
const ECDSA_WITH_SHA256: &[u8] = &[0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02];

/// Data, algorithm, signature and what follows, in one SEQUENCE.
pub(crate) fn signed(data: &[u8], key: &KeyPair, rest: &[u8]) -> Vec<u8> {
    let signature = der::encode(der::BIT_STRING, &[&[0], &key.sign(data).unwrap()]);
    der::encode(der::SEQUENCE, &[data, ECDSA_WITH_SHA256, &signature, rest])
}

/// Makes a certificate one whose time is over.
pub(crate) fn expire(params: &mut CertificateParams) {
    params.not_after = date_time_ymd(2020, 1, 1);
}

/// Makes a certificate one whose time is still to come.
pub(crate) fn postpone(params: &mut CertificateParams) {
    params.not_before = date_time_ymd(4000, 1, 1);
}
