//! Rules for HTTP: which listener leads where.
//!
//! Source: `configuration-request-routing-rules`; Azure REST reference, "ApplicationGatewayRequestRoutingRule",
//! api-version 2026-03-01.

use crate::advanced_routing_map::{AdvancedRoutingMap, AuthConfig};
use crate::backend_address_pool::BackendAddressPool;
use crate::backend_http_settings::BackendHttpSettings;
use crate::entra_jwt_validation_config::EntraJwtValidationConfig;
use crate::extension::RequestRoutingRuleExtension;
use crate::http_listener::HttpListener;
use crate::load_distribution_policy::LoadDistributionPolicy;
use crate::provisioning_state::ProvisioningState;
use crate::redirect_configuration::RedirectConfiguration;
use crate::reference::Reference;
use crate::rewrite_rule_set::RewriteRuleSet;
use crate::schema::{List, Opt, choices, properties, resource};
use crate::url_path_map::UrlPathMap;

properties! {
    /// Where the requests of one listener go.
    pub struct RequestRoutingRule {
        /// Straight to a pool, or by path. Default Basic.
        pub rule_type: Opt<RequestRoutingRuleType> = "ruleType";
        /// Lower goes first. 1 to 20000, unique; demanded by Azure since 2021-08-01.
        pub priority: Opt<i64> = "priority";
        /// The pool; for Basic without a redirect.
        pub backend_address_pool: Opt<Reference<BackendAddressPool>> = "backendAddressPool";
        /// The settings; for Basic without a redirect.
        pub backend_http_settings: Opt<Reference<BackendHttpSettings>> = "backendHttpSettings";
        /// The listener. Needed; one rule per listener.
        pub http_listener: Opt<Reference<HttpListener>> = "httpListener";
        /// The path map; for PathBasedRouting.
        pub url_path_map: Opt<Reference<UrlPathMap>> = "urlPathMap";
        /// The routing map; for AdvancedRouting.
        pub advanced_routing_map: Opt<Reference<AdvancedRoutingMap>> = "advancedRoutingMap";
        /// Rewrites; for Basic.
        pub rewrite_rule_set: Opt<Reference<RewriteRuleSet>> = "rewriteRuleSet";
        /// The redirect; excludes pool and settings.
        pub redirect_configuration: Opt<Reference<RedirectConfiguration>> = "redirectConfiguration";
        /// Distribution; excludes the pool.
        pub load_distribution_policy: Opt<Reference<LoadDistributionPolicy>> = "loadDistributionPolicy";
        /// Check of bearer tokens.
        pub entra_jwt_validation_config: Opt<Reference<EntraJwtValidationConfig>> = "entraJWTValidationConfig";
        /// Authentication; since 2026-03-01.
        pub auth_configs: List<AuthConfig> = "authConfigs";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(RequestRoutingRule, "requestRoutingRules", RequestRoutingRuleExtension);

choices! {
    /// How a rule chooses.
    pub enum RequestRoutingRuleType {
        /// `Basic`.
        Basic = "Basic",
        /// `PathBasedRouting`.
        PathBasedRouting = "PathBasedRouting",
        /// `AdvancedRouting`.
        AdvancedRouting = "AdvancedRouting",
    }
}
