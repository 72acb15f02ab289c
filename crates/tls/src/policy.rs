//! TLS policies: which versions and cipher suites a listener offers.
//!
//! Source: Azure, "Application Gateway TLS policy overview" (application-gateway-ssl-policy-overview, read
//! 2026-11-22). Of the suites named there six can be spoken: TLS 1.3, and TLS 1.2 with ECDHE and AES-GCM. There is no
//! CBC, no RSA key exchange and no finite-field DHE here, so a policy is served as far as those six go.

mod predefined;

use std::fmt;
use std::sync::Arc;

use rustls::crypto::aws_lc_rs::cipher_suite;
use rustls::{CipherSuite, SupportedCipherSuite};

use crate::certificate::KeyKind;

pub use predefined::{PREDEFINED, Predefined, predefined};

/// A cipher suite that an Azure policy can name and this gateway can speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Suite {
    /// `TLS_AES_256_GCM_SHA384`.
    Aes256GcmSha384Tls13,
    /// `TLS_AES_128_GCM_SHA256`.
    Aes128GcmSha256Tls13,
    /// `TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384`.
    EcdheEcdsaAes256,
    /// `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`.
    EcdheEcdsaAes128,
    /// `TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384`.
    EcdheRsaAes256,
    /// `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`.
    EcdheRsaAes128,
}

impl Suite {
    /// Every suite, the preferred ones first.
    pub const ALL: [Self; 6] = [
        Self::Aes256GcmSha384Tls13,
        Self::Aes128GcmSha256Tls13,
        Self::EcdheEcdsaAes256,
        Self::EcdheEcdsaAes128,
        Self::EcdheRsaAes256,
        Self::EcdheRsaAes128,
    ];
    /// The suites of TLS 1.3, which no policy can switch off.
    pub const TLS13: [Self; 2] = [Self::Aes256GcmSha384Tls13, Self::Aes128GcmSha256Tls13];

    /// The name in the registry of IANA, which documents use.
    pub fn iana(self) -> &'static str {
        match self {
            Self::Aes256GcmSha384Tls13 => "TLS_AES_256_GCM_SHA384",
            Self::Aes128GcmSha256Tls13 => "TLS_AES_128_GCM_SHA256",
            Self::EcdheEcdsaAes256 => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
            Self::EcdheEcdsaAes128 => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
            Self::EcdheRsaAes256 => "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
            Self::EcdheRsaAes128 => "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        }
    }

    /// The name that OpenSSL gives it, which access logs use.
    pub fn openssl(self) -> &'static str {
        match self {
            Self::Aes256GcmSha384Tls13 => "TLS_AES_256_GCM_SHA384",
            Self::Aes128GcmSha256Tls13 => "TLS_AES_128_GCM_SHA256",
            Self::EcdheEcdsaAes256 => "ECDHE-ECDSA-AES256-GCM-SHA384",
            Self::EcdheEcdsaAes128 => "ECDHE-ECDSA-AES128-GCM-SHA256",
            Self::EcdheRsaAes256 => "ECDHE-RSA-AES256-GCM-SHA384",
            Self::EcdheRsaAes128 => "ECDHE-RSA-AES128-GCM-SHA256",
        }
    }

    /// The suite of this IANA name, in any case.
    pub fn named(iana: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|suite| suite.iana().eq_ignore_ascii_case(iana))
    }

    /// The suite that a handshake ended with.
    pub fn of(suite: CipherSuite) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.supported().suite() == suite)
    }

    /// Whether it belongs to TLS 1.3.
    pub fn is_tls13(self) -> bool {
        Self::TLS13.contains(&self)
    }

    /// Whether a certificate with such a key can be shown with it. In TLS 1.3 the suite says nothing about keys.
    pub fn takes(self, key: KeyKind) -> bool {
        match self {
            Self::Aes256GcmSha384Tls13 | Self::Aes128GcmSha256Tls13 => true,
            Self::EcdheRsaAes256 | Self::EcdheRsaAes128 => matches!(key, KeyKind::Rsa(_)),
            Self::EcdheEcdsaAes256 | Self::EcdheEcdsaAes128 => !matches!(key, KeyKind::Rsa(_)),
        }
    }

    /// The provider's implementation.
    pub fn supported(self) -> SupportedCipherSuite {
        match self {
            Self::Aes256GcmSha384Tls13 => cipher_suite::TLS13_AES_256_GCM_SHA384,
            Self::Aes128GcmSha256Tls13 => cipher_suite::TLS13_AES_128_GCM_SHA256,
            Self::EcdheEcdsaAes256 => cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            Self::EcdheEcdsaAes128 => cipher_suite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
            Self::EcdheRsaAes256 => cipher_suite::TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384,
            Self::EcdheRsaAes128 => cipher_suite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
        }
    }
}

/// A version of TLS that is spoken. Older ones are not: Azure retired them on 2025-08-31.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Version {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Tls12 => "TLSv1.2",
            Self::Tls13 => "TLSv1.3",
        })
    }
}

/// The two generations of policies. Azure takes only one of them in one gateway.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// Predefined policies of 2015 and 2017, and Custom: TLS 1.2 at most.
    Old,
    /// Predefined policies of 2022, and CustomV2: with TLS 1.3.
    New,
}

/// The policy of a listener, reduced to what is spoken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// `AppGwSslPolicy20220101`, `Custom`, `CustomV2` and so on.
    pub name: Arc<str>,
    /// Its generation.
    pub family: Family,
    /// Lowest version.
    pub min: Version,
    /// Highest version.
    pub max: Version,
    /// In the server's order of preference, those of TLS 1.3 included. Never empty.
    pub suites: Vec<Suite>,
}

impl Policy {
    /// Whether a certificate with such a key can be shown under TLS 1.2; true where TLS 1.2 is off.
    pub fn takes_with_tls12(&self, key: KeyKind) -> bool {
        self.min > Version::Tls12 || self.suites.iter().any(|suite| !suite.is_tls13() && suite.takes(key))
    }
}

impl Default for Policy {
    /// `AppGwSslPolicy20220101`, Azure's default since api-version 2023-02-01.
    fn default() -> Self {
        predefined::DEFAULT.policy()
    }
}

#[cfg(test)]
mod tests;
