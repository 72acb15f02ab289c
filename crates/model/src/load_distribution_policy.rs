//! Weighted distribution over pools. Preview in Azure.
//!
//! Source: Azure REST reference, "ApplicationGatewayLoadDistributionPolicy", api-version 2026-03-01.

use crate::backend_address_pool::BackendAddressPool;
use crate::extension::NoExtension;
use crate::provisioning_state::ProvisioningState;
use crate::reference::Reference;
use crate::schema::{Collection, Opt, choices, properties, resource};

properties! {
    /// Distribution over several pools.
    pub struct LoadDistributionPolicy {
        /// The pools with their weights.
        pub load_distribution_targets: Collection<LoadDistributionTarget> = "loadDistributionTargets";
        /// How one is chosen. Default RoundRobin.
        pub load_distribution_algorithm: Opt<LoadDistributionAlgorithm> = "loadDistributionAlgorithm";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(LoadDistributionPolicy, "loadDistributionPolicies", NoExtension);

properties! {
    /// One pool with its weight.
    pub struct LoadDistributionTarget {
        /// Weight of each server. 1 to 100.
        pub weight_per_server: Opt<i64> = "weightPerServer";
        /// The pool.
        pub backend_address_pool: Opt<Reference<BackendAddressPool>> = "backendAddressPool";
        /// State of the last write; not in the published model of this resource.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(LoadDistributionTarget, "loadDistributionTargets", NoExtension);

choices! {
    /// How a server is chosen.
    pub enum LoadDistributionAlgorithm {
        /// `RoundRobin`.
        RoundRobin = "RoundRobin",
        /// `LeastConnections`.
        LeastConnections = "LeastConnections",
        /// `IpHash`.
        IpHash = "IpHash",
    }
}
