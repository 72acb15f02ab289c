//! Private link: a way into the gateway that exists only in Azure. Read, kept, without effect.
//!
//! Source: `private-link`; Azure REST reference, api-version 2026-03-01.

use crate::extension::NoExtension;
use crate::frontend_ip_configuration::IpAllocationMethod;
use crate::node::Node;
use crate::provisioning_state::ProvisioningState;
use crate::reference::{Reference, Subnet};
use crate::schema::{Collection, Opt, properties, resource};

properties! {
    /// A private link end.
    pub struct PrivateLinkConfiguration {
        /// Its addresses.
        pub ip_configurations: Collection<PrivateLinkIpConfiguration> = "ipConfigurations";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(PrivateLinkConfiguration, "privateLinkConfigurations", NoExtension);

properties! {
    /// An address of a private link end.
    pub struct PrivateLinkIpConfiguration {
        /// The address.
        pub private_ip_address: Opt<String> = "privateIPAddress";
        /// How the address comes about.
        pub private_ip_allocation_method: Opt<IpAllocationMethod> = "privateIPAllocationMethod";
        /// Its subnet.
        pub subnet: Opt<Reference<Subnet>> = "subnet";
        /// Whether it is the first one.
        pub primary: Opt<bool> = "primary";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(PrivateLinkIpConfiguration, "ipConfigurations", NoExtension);

properties! {
    /// A private endpoint connected to the gateway.
    pub struct PrivateEndpointConnection {
        /// The endpoint.
        pub private_endpoint: Opt<Node> = "privateEndpoint", read_only;
        /// Whether it was let in.
        pub private_link_service_connection_state: Opt<PrivateLinkServiceConnectionState> = "privateLinkServiceConnectionState";
        /// A number of the connection.
        pub link_identifier: Opt<String> = "linkIdentifier", read_only;
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(PrivateEndpointConnection, "privateEndpointConnections", NoExtension);

properties! {
    /// Whether a private endpoint was let in.
    pub struct PrivateLinkServiceConnectionState {
        /// Pending, Approved, Rejected, Disconnected or Removed.
        pub status: Opt<String> = "status";
        /// Why.
        pub description: Opt<String> = "description";
        /// What is left to do.
        pub actions_required: Opt<String> = "actionsRequired";
    }
}
