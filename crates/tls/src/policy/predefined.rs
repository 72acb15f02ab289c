//! Azure's predefined policies with all their members, spoken here or not.
//!
//! Source: Azure, "Application Gateway TLS policy overview", table of predefined policies (read 2026-11-22).

use std::sync::Arc;

use super::{Family, Policy, Suite, Version};

/// A policy that Azure names.
#[derive(Debug)]
pub struct Predefined {
    /// Its name.
    pub name: &'static str,
    /// Its generation.
    pub family: Family,
    /// Lowest version of TLS as documents write it.
    pub minimum: &'static str,
    /// Cannot be chosen anew since 2025-08-31, because it allows versions below TLS 1.2.
    pub retired: bool,
    /// All members by their IANA names.
    pub suites: &'static [&'static str],
}

impl Predefined {
    /// What of it is spoken: TLS 1.2 and above.
    pub fn policy(&self) -> Policy {
        // Azure publishes no order within the policies of 2022; the longer key comes first, as in the older ones.
        let spoken = |suite: &Suite| self.suites.contains(&suite.iana());
        let max = if self.family == Family::New { Version::Tls13 } else { Version::Tls12 };
        let suites = Suite::ALL.into_iter().filter(spoken).collect();
        Policy { name: Arc::from(self.name), family: self.family, min: Version::Tls12, max, suites }
    }

    /// The members that are not spoken here.
    pub fn unusable(&self) -> impl Iterator<Item = &'static str> {
        self.suites.iter().copied().filter(|name| Suite::named(name).is_none())
    }
}

/// The predefined policy of this name, in any case.
pub fn predefined(name: &str) -> Option<&'static Predefined> {
    PREDEFINED.iter().find(|policy| policy.name.eq_ignore_ascii_case(name))
}

const P20150501: Predefined = Predefined {
    name: "AppGwSslPolicy20150501",
    family: Family::Old,
    minimum: "TLSv1_0",
    retired: true,
    suites: &[
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
        "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_RSA_WITH_AES_256_CBC_SHA256",
        "TLS_RSA_WITH_AES_128_CBC_SHA256",
        "TLS_RSA_WITH_AES_256_CBC_SHA",
        "TLS_RSA_WITH_AES_128_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256",
        "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256",
        "TLS_DHE_DSS_WITH_AES_256_CBC_SHA",
        "TLS_DHE_DSS_WITH_AES_128_CBC_SHA",
        "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA",
    ],
};

/// The two policies of 2017 differ in their lowest version alone.
const SUITES_OF_2017: &[&str] = &[
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
    "TLS_RSA_WITH_AES_256_GCM_SHA384",
    "TLS_RSA_WITH_AES_128_GCM_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA256",
    "TLS_RSA_WITH_AES_128_CBC_SHA256",
    "TLS_RSA_WITH_AES_256_CBC_SHA",
    "TLS_RSA_WITH_AES_128_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
];

const P20170401: Predefined = Predefined {
    name: "AppGwSslPolicy20170401",
    family: Family::Old,
    minimum: "TLSv1_1",
    retired: true,
    suites: SUITES_OF_2017,
};

const P20170401S: Predefined = Predefined {
    name: "AppGwSslPolicy20170401S",
    family: Family::Old,
    minimum: "TLSv1_2",
    retired: false,
    suites: SUITES_OF_2017,
};

pub(super) const DEFAULT: Predefined = Predefined {
    name: "AppGwSslPolicy20220101",
    family: Family::New,
    minimum: "TLSv1_2",
    retired: false,
    suites: &[
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
    ],
};

const P20220101S: Predefined = Predefined {
    name: "AppGwSslPolicy20220101S",
    family: Family::New,
    minimum: "TLSv1_2",
    retired: false,
    suites: &[
        "TLS_AES_128_GCM_SHA256",
        "TLS_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    ],
};

/// Every predefined policy, the oldest first.
pub static PREDEFINED: &[Predefined] = &[P20150501, P20170401, P20170401S, DEFAULT, P20220101S];
