//! Roots that the certificates of servers are checked against.
//!
//! Source: `certificates-for-backend-authentication`; Azure REST reference, api-version 2026-03-01.

use crate::extension::NoExtension;
use crate::provisioning_state::ProvisioningState;
use crate::schema::{Opt, properties, resource};

properties! {
    /// A root that server certificates may chain to.
    pub struct TrustedRootCertificate {
        /// The root: base64 of DER or of PEM text.
        pub data: Opt<String> = "data", public;
        /// Key Vault secret with the root; the site file says where it is on this machine.
        pub key_vault_secret_id: Opt<String> = "keyVaultSecretId";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(TrustedRootCertificate, "trustedRootCertificates", NoExtension);
