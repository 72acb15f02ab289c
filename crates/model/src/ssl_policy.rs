//! TLS policy: versions and ciphers offered to clients.
//!
//! Source: `application-gateway-ssl-policy-overview`; Azure REST reference, "ApplicationGatewaySslPolicy",
//! api-version 2026-03-01.

use crate::schema::{List, Opt, choices, properties};

properties! {
    /// TLS versions and ciphers offered to clients.
    pub struct SslPolicy {
        /// Versions switched off; legacy way, only without `policyType`.
        pub disabled_ssl_protocols: List<SslProtocol> = "disabledSslProtocols";
        /// Predefined, Custom (TLS 1.2 at most) or CustomV2 (with TLS 1.3).
        pub policy_type: Opt<SslPolicyType> = "policyType";
        /// The predefined policy; with policyType Predefined.
        pub policy_name: Opt<SslPolicyName> = "policyName";
        /// Ciphers in order of preference; with the custom types. TLS 1.3 suites are always on.
        pub cipher_suites: List<SslCipherSuite> = "cipherSuites";
        /// Lowest version accepted; with the custom types.
        pub min_protocol_version: Opt<SslProtocol> = "minProtocolVersion";
    }
}

choices! {
    /// TLS versions.
    pub enum SslProtocol {
        /// `TLSv1_0`.
        Tls10 = "TLSv1_0",
        /// `TLSv1_1`.
        Tls11 = "TLSv1_1",
        /// `TLSv1_2`.
        Tls12 = "TLSv1_2",
        /// `TLSv1_3`.
        Tls13 = "TLSv1_3",
    }
}

choices! {
    /// Kinds of TLS policy.
    pub enum SslPolicyType {
        /// `Predefined`.
        Predefined = "Predefined",
        /// `Custom`.
        Custom = "Custom",
        /// `CustomV2`.
        CustomV2 = "CustomV2",
    }
}

choices! {
    /// Predefined TLS policies.
    pub enum SslPolicyName {
        /// `AppGwSslPolicy20150501`.
        AppGwSslPolicy20150501 = "AppGwSslPolicy20150501",
        /// `AppGwSslPolicy20170401`.
        AppGwSslPolicy20170401 = "AppGwSslPolicy20170401",
        /// `AppGwSslPolicy20170401S`.
        AppGwSslPolicy20170401S = "AppGwSslPolicy20170401S",
        /// `AppGwSslPolicy20220101`.
        AppGwSslPolicy20220101 = "AppGwSslPolicy20220101",
        /// `AppGwSslPolicy20220101S`.
        AppGwSslPolicy20220101S = "AppGwSslPolicy20220101S",
    }
}

choices! {
    /// Cipher suites that custom policies may name.
    pub enum SslCipherSuite {
        /// `TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384`.
        TlsEcdheRsaWithAes256CbcSha384 = "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384",
        /// `TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256`.
        TlsEcdheRsaWithAes128CbcSha256 = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256",
        /// `TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA`.
        TlsEcdheRsaWithAes256CbcSha = "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
        /// `TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA`.
        TlsEcdheRsaWithAes128CbcSha = "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
        /// `TLS_DHE_RSA_WITH_AES_256_GCM_SHA384`.
        TlsDheRsaWithAes256GcmSha384 = "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384",
        /// `TLS_DHE_RSA_WITH_AES_128_GCM_SHA256`.
        TlsDheRsaWithAes128GcmSha256 = "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256",
        /// `TLS_DHE_RSA_WITH_AES_256_CBC_SHA`.
        TlsDheRsaWithAes256CbcSha = "TLS_DHE_RSA_WITH_AES_256_CBC_SHA",
        /// `TLS_DHE_RSA_WITH_AES_128_CBC_SHA`.
        TlsDheRsaWithAes128CbcSha = "TLS_DHE_RSA_WITH_AES_128_CBC_SHA",
        /// `TLS_RSA_WITH_AES_256_GCM_SHA384`.
        TlsRsaWithAes256GcmSha384 = "TLS_RSA_WITH_AES_256_GCM_SHA384",
        /// `TLS_RSA_WITH_AES_128_GCM_SHA256`.
        TlsRsaWithAes128GcmSha256 = "TLS_RSA_WITH_AES_128_GCM_SHA256",
        /// `TLS_RSA_WITH_AES_256_CBC_SHA256`.
        TlsRsaWithAes256CbcSha256 = "TLS_RSA_WITH_AES_256_CBC_SHA256",
        /// `TLS_RSA_WITH_AES_128_CBC_SHA256`.
        TlsRsaWithAes128CbcSha256 = "TLS_RSA_WITH_AES_128_CBC_SHA256",
        /// `TLS_RSA_WITH_AES_256_CBC_SHA`.
        TlsRsaWithAes256CbcSha = "TLS_RSA_WITH_AES_256_CBC_SHA",
        /// `TLS_RSA_WITH_AES_128_CBC_SHA`.
        TlsRsaWithAes128CbcSha = "TLS_RSA_WITH_AES_128_CBC_SHA",
        /// `TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384`.
        TlsEcdheEcdsaWithAes256GcmSha384 = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        /// `TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256`.
        TlsEcdheEcdsaWithAes128GcmSha256 = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        /// `TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384`.
        TlsEcdheEcdsaWithAes256CbcSha384 = "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384",
        /// `TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256`.
        TlsEcdheEcdsaWithAes128CbcSha256 = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256",
        /// `TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA`.
        TlsEcdheEcdsaWithAes256CbcSha = "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
        /// `TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA`.
        TlsEcdheEcdsaWithAes128CbcSha = "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
        /// `TLS_DHE_DSS_WITH_AES_256_CBC_SHA256`.
        TlsDheDssWithAes256CbcSha256 = "TLS_DHE_DSS_WITH_AES_256_CBC_SHA256",
        /// `TLS_DHE_DSS_WITH_AES_128_CBC_SHA256`.
        TlsDheDssWithAes128CbcSha256 = "TLS_DHE_DSS_WITH_AES_128_CBC_SHA256",
        /// `TLS_DHE_DSS_WITH_AES_256_CBC_SHA`.
        TlsDheDssWithAes256CbcSha = "TLS_DHE_DSS_WITH_AES_256_CBC_SHA",
        /// `TLS_DHE_DSS_WITH_AES_128_CBC_SHA`.
        TlsDheDssWithAes128CbcSha = "TLS_DHE_DSS_WITH_AES_128_CBC_SHA",
        /// `TLS_RSA_WITH_3DES_EDE_CBC_SHA`.
        TlsRsaWith3DESEdeCbcSha = "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
        /// `TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA`.
        TlsDheDssWith3DESEdeCbcSha = "TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA",
        /// `TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256`.
        TlsEcdheRsaWithAes128GcmSha256 = "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
        /// `TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384`.
        TlsEcdheRsaWithAes256GcmSha384 = "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
        /// `TLS_AES_256_GCM_SHA384`; not in Azure's list, and always on with TLS 1.3.
        TlsAes256GcmSha384 = "TLS_AES_256_GCM_SHA384",
        /// `TLS_AES_128_GCM_SHA256`; likewise.
        TlsAes128GcmSha256 = "TLS_AES_128_GCM_SHA256",
    }
}
