//! TLS profiles: a TLS policy and client authentication that listeners share.
//!
//! Source: `mutual-authentication-overview`; Azure REST reference, "ApplicationGatewaySslProfile", api-version
//! 2026-03-01.

use crate::extension::SslProfileExtension;
use crate::provisioning_state::ProvisioningState;
use crate::reference::Reference;
use crate::schema::{List, Opt, choices, properties, resource};
use crate::ssl_policy::SslPolicy;
use crate::trusted_client_certificate::TrustedClientCertificate;

properties! {
    /// TLS policy and client authentication for listeners.
    pub struct SslProfile {
        /// Chains that client certificates may lead to. At most 100.
        pub trusted_client_certificates: List<Reference<TrustedClientCertificate>> = "trustedClientCertificates";
        /// TLS versions and ciphers. Default: the gateway's.
        pub ssl_policy: Opt<SslPolicy> = "sslPolicy";
        /// How strictly clients are checked.
        pub client_auth_configuration: Opt<ClientAuthConfiguration> = "clientAuthConfiguration";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(SslProfile, "sslProfiles", SslProfileExtension);

properties! {
    /// How strictly client certificates are checked.
    pub struct ClientAuthConfiguration {
        /// The issuer has to be the one in the uploaded chain. Default false.
        pub verify_client_cert_issuer_dn: Opt<bool> = "verifyClientCertIssuerDN";
        /// Ask whether the certificate was revoked. Default None.
        pub verify_client_revocation: Opt<ClientRevocationOptions> = "verifyClientRevocation";
        /// What happens without a good certificate. Default Strict; since 2025-03-01.
        pub verify_client_auth_mode: Opt<ClientAuthVerificationMode> = "verifyClientAuthMode";
    }
}

choices! {
    /// How revocation is checked.
    pub enum ClientRevocationOptions {
        /// `None`.
        None = "None",
        /// `OCSP`.
        Ocsp = "OCSP",
    }
}

choices! {
    /// What happens to clients without a good certificate.
    pub enum ClientAuthVerificationMode {
        /// `Strict`.
        Strict = "Strict",
        /// `Passthrough`.
        Passthrough = "Passthrough",
    }
}
