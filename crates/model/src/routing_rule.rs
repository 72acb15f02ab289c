//! Rules for TCP and TLS: which listener leads to which pool.
//!
//! Source: `tcp-tls-proxy-overview`; Azure REST reference, "ApplicationGatewayRoutingRule", api-version 2026-03-01.

use crate::backend_address_pool::BackendAddressPool;
use crate::backend_settings::BackendSettings;
use crate::extension::RoutingRuleExtension;
use crate::listener::Listener;
use crate::provisioning_state::ProvisioningState;
use crate::reference::Reference;
use crate::request_routing_rule::RequestRoutingRuleType;
use crate::schema::{Opt, properties, resource};

properties! {
    /// Where the connections of one listener go.
    pub struct RoutingRule {
        /// Basic only.
        pub rule_type: Opt<RequestRoutingRuleType> = "ruleType";
        /// 1 to 20000, unique.
        pub priority: Opt<i64> = "priority", required;
        /// The pool.
        pub backend_address_pool: Opt<Reference<BackendAddressPool>> = "backendAddressPool";
        /// The settings.
        pub backend_settings: Opt<Reference<BackendSettings>> = "backendSettings";
        /// The listener.
        pub listener: Opt<Reference<Listener>> = "listener";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(RoutingRule, "routingRules", RoutingRuleExtension);
