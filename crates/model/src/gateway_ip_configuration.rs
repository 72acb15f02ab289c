//! The subnet the gateway lives in. A machine has no such thing: read, kept, without effect.
//!
//! Source: Azure REST reference, "ApplicationGatewayIPConfiguration", api-version 2026-03-01.

use crate::extension::NoExtension;
use crate::provisioning_state::ProvisioningState;
use crate::reference::{Reference, Subnet};
use crate::schema::{Opt, properties, resource};

properties! {
    /// Subnet the gateway lives in.
    pub struct GatewayIpConfiguration {
        /// The dedicated subnet.
        pub subnet: Opt<Reference<Subnet>> = "subnet";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(GatewayIpConfiguration, "gatewayIPConfigurations", NoExtension);
