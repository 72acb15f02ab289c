//! Path-based routing.
//!
//! Source: `url-route-overview`; Azure REST reference, "ApplicationGatewayUrlPathMap", api-version 2026-03-01.

use crate::backend_address_pool::BackendAddressPool;
use crate::backend_http_settings::BackendHttpSettings;
use crate::extension::UrlPathMapExtension;
use crate::load_distribution_policy::LoadDistributionPolicy;
use crate::path_rule::PathRule;
use crate::provisioning_state::ProvisioningState;
use crate::redirect_configuration::RedirectConfiguration;
use crate::reference::Reference;
use crate::rewrite_rule_set::RewriteRuleSet;
use crate::schema::{Collection, Opt, properties, resource};

properties! {
    /// Which paths go where, and where all the others go.
    pub struct UrlPathMap {
        /// Pool for other paths; needed without a default redirect.
        pub default_backend_address_pool: Opt<Reference<BackendAddressPool>> = "defaultBackendAddressPool";
        /// Settings for other paths; needed without a default redirect.
        pub default_backend_http_settings: Opt<Reference<BackendHttpSettings>> = "defaultBackendHttpSettings";
        /// Rewrites for other paths.
        pub default_rewrite_rule_set: Opt<Reference<RewriteRuleSet>> = "defaultRewriteRuleSet";
        /// Redirect for other paths; excludes pool and settings.
        pub default_redirect_configuration: Opt<Reference<RedirectConfiguration>> = "defaultRedirectConfiguration";
        /// Distribution for other paths; excludes the pool.
        pub default_load_distribution_policy: Opt<Reference<LoadDistributionPolicy>> = "defaultLoadDistributionPolicy";
        /// The rules; their order is the order of matching. At most 100.
        pub path_rules: Collection<PathRule> = "pathRules";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(UrlPathMap, "urlPathMaps", UrlPathMapExtension);
