//! Addresses the gateway listens on.
//!
//! Source: `configuration-frontend-ip`; Azure REST reference, api-version 2026-03-01.

use crate::extension::NoExtension;
use crate::private_link::PrivateLinkConfiguration;
use crate::provisioning_state::ProvisioningState;
use crate::reference::{PublicIpAddress, Reference, Subnet};
use crate::schema::{Opt, choices, properties, resource};

properties! {
    /// An address the gateway listens on; the site file binds it to addresses of this machine.
    pub struct FrontendIpConfiguration {
        /// The private address, when static.
        pub private_ip_address: Opt<String> = "privateIPAddress";
        /// How the private address comes about. Static is needed on v2.
        pub private_ip_allocation_method: Opt<IpAllocationMethod> = "privateIPAllocationMethod";
        /// The subnet of a private address; excludes `publicIPAddress`.
        pub subnet: Opt<Reference<Subnet>> = "subnet";
        /// The public address; excludes `subnet`.
        pub public_ip_address: Opt<Reference<PublicIpAddress>> = "publicIPAddress";
        /// The private link end that leads here.
        pub private_link_configuration: Opt<Reference<PrivateLinkConfiguration>> = "privateLinkConfiguration";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(FrontendIpConfiguration, "frontendIPConfigurations", NoExtension);

choices! {
    /// How an address comes about.
    pub enum IpAllocationMethod {
        /// `Static`.
        Static = "Static",
        /// `Dynamic`.
        Dynamic = "Dynamic",
    }
}
