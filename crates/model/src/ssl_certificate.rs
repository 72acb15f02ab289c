//! Server certificates with their keys.
//!
//! Source: `ssl-overview`, `key-vault-certs`; Azure REST reference, "ApplicationGatewaySslCertificate", api-version
//! 2026-03-01.

use crate::extension::NoExtension;
use crate::provisioning_state::ProvisioningState;
use crate::schema::{Opt, Secret, properties, resource};

properties! {
    /// A server certificate with its key: inline, or by Key Vault id.
    pub struct SslCertificate {
        /// Base64 of a PFX; excludes `keyVaultSecretId`. Never shown; Azure never returns it.
        pub data: Opt<Secret> = "data";
        /// Password of the PFX. Never shown; Azure never returns it.
        pub password: Opt<Secret> = "password";
        /// The public part, base64 of PKCS#7.
        pub public_cert_data: Opt<String> = "publicCertData", read_only;
        /// Key Vault secret with the PFX; the site file says where it is on this machine.
        pub key_vault_secret_id: Opt<String> = "keyVaultSecretId";
        /// Key in a hardware module; since 2026-03-01.
        pub hsm: Opt<ManagedHsm> = "hsm";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(SslCertificate, "sslCertificates", NoExtension);

properties! {
    /// A key in a hardware module.
    pub struct ManagedHsm {
        /// Id of the key.
        pub key_id: Opt<String> = "keyId";
        /// The public certificate, base64.
        pub public_cert_data: Opt<String> = "publicCertData";
    }
}
