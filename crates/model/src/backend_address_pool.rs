//! Pools of servers.
//!
//! Source: `application-gateway-components`; Azure REST reference, api-version 2026-03-01.

use crate::backend_ip_configuration::BackendIpConfiguration;
use crate::extension::BackendAddressPoolExtension;
use crate::provisioning_state::ProvisioningState;
use crate::schema::{List, Opt, properties, resource};

properties! {
    /// A pool of servers; may be empty.
    pub struct BackendAddressPool {
        /// Network interfaces in the pool, filled in by Azure; the site file gives their addresses.
        pub backend_ip_configurations: List<BackendIpConfiguration> = "backendIPConfigurations", read_only;
        /// The servers by address or name. At most 1200.
        pub backend_addresses: List<BackendAddress> = "backendAddresses";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(BackendAddressPool, "backendAddressPools", BackendAddressPoolExtension);

properties! {
    /// One server: a name or an address.
    pub struct BackendAddress {
        /// Name, looked up in DNS; an address written here counts as one.
        pub fqdn: Opt<String> = "fqdn";
        /// IPv4 or IPv6 address.
        pub ip_address: Opt<String> = "ipAddress";
    }
}
