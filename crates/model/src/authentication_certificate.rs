//! Backend certificates of the retired v1 tier.
//!
//! Source: Azure REST reference, "ApplicationGatewayAuthenticationCertificate", api-version 2026-03-01.

use crate::extension::NoExtension;
use crate::provisioning_state::ProvisioningState;
use crate::schema::{Opt, properties, resource};

properties! {
    /// A backend certificate that is trusted as it is.
    pub struct AuthenticationCertificate {
        /// The certificate: base64 of DER or PEM. Public, but hidden in excerpts as everything called `data`.
        pub data: Opt<String> = "data", public;
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(AuthenticationCertificate, "authenticationCertificates", NoExtension);
