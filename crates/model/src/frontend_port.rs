//! Ports the gateway listens on.
//!
//! Source: `configuration-listeners`; Azure REST reference, api-version 2026-03-01.

use crate::extension::NoExtension;
use crate::provisioning_state::ProvisioningState;
use crate::schema::{Opt, properties, resource};

properties! {
    /// A port the gateway listens on.
    pub struct FrontendPort {
        /// The port. 1 to 64999 except 22 in Azure; unique in the gateway. The site file may map it to another one.
        pub port: Opt<i64> = "port";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(FrontendPort, "frontendPorts", NoExtension);
