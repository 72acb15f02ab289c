//! One rule of a path map.
//!
//! Source: `url-route-overview`; Azure REST reference, "ApplicationGatewayPathRule", api-version 2026-03-01.

use crate::backend_address_pool::BackendAddressPool;
use crate::backend_http_settings::BackendHttpSettings;
use crate::extension::PathRuleExtension;
use crate::load_distribution_policy::LoadDistributionPolicy;
use crate::provisioning_state::ProvisioningState;
use crate::redirect_configuration::RedirectConfiguration;
use crate::reference::{FirewallPolicy, Reference};
use crate::rewrite_rule_set::RewriteRuleSet;
use crate::schema::{List, Opt, properties, resource};

properties! {
    /// Where requests for certain paths go.
    pub struct PathRule {
        /// Patterns; begin with `/`, a `*` only at the end.
        pub paths: List<String> = "paths";
        /// The pool; needed without a redirect.
        pub backend_address_pool: Opt<Reference<BackendAddressPool>> = "backendAddressPool";
        /// The settings; needed without a redirect.
        pub backend_http_settings: Opt<Reference<BackendHttpSettings>> = "backendHttpSettings";
        /// The redirect; excludes pool and settings.
        pub redirect_configuration: Opt<Reference<RedirectConfiguration>> = "redirectConfiguration";
        /// Rewrites.
        pub rewrite_rule_set: Opt<Reference<RewriteRuleSet>> = "rewriteRuleSet";
        /// Distribution; excludes the pool.
        pub load_distribution_policy: Opt<Reference<LoadDistributionPolicy>> = "loadDistributionPolicy";
        /// Firewall policy of these paths instead of the listener's.
        pub firewall_policy: Opt<Reference<FirewallPolicy>> = "firewallPolicy";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(PathRule, "pathRules", PathRuleExtension);
