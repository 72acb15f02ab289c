//! Roots that the certificates of clients are checked against.
//!
//! Source: `mutual-authentication-overview`; Azure REST reference, api-version 2026-03-01.

use crate::extension::NoExtension;
use crate::provisioning_state::ProvisioningState;
use crate::schema::{Opt, properties, resource};

properties! {
    /// A chain that client certificates may lead to.
    pub struct TrustedClientCertificate {
        /// The chain: base64 of PEM text, at most 25 KB, with the root.
        pub data: Opt<String> = "data", public;
        /// The chain as Azure accepted it.
        pub validated_cert_data: Opt<String> = "validatedCertData", read_only;
        /// Distinguished name of the issuer.
        pub client_cert_issuer_dn: Opt<String> = "clientCertIssuerDN", read_only;
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(TrustedClientCertificate, "trustedClientCertificates", NoExtension);
