//! Routing on headers, query, path, client and method. In Azure's model since 2026-03-01.
//!
//! Source: Azure REST reference, "ApplicationGatewayAdvancedRoutingMap", api-version 2026-03-01.

use crate::advanced_routing_condition_set::AdvancedRoutingConditionSet;
use crate::backend_address_pool::BackendAddressPool;
use crate::backend_http_settings::BackendHttpSettings;
use crate::extension::NoExtension;
use crate::provisioning_state::ProvisioningState;
use crate::redirect_configuration::RedirectConfiguration;
use crate::reference::{AuthenticationPolicy, Reference};
use crate::rewrite_rule_set::RewriteRuleSet;
use crate::schema::{Collection, List, Opt, properties, resource};

properties! {
    /// Rules in order of priority, and where everything else goes.
    pub struct AdvancedRoutingMap {
        /// Pool when no rule matches.
        pub default_backend_address_pool: Opt<Reference<BackendAddressPool>> = "defaultBackendAddressPool";
        /// Settings when no rule matches.
        pub default_backend_http_settings: Opt<Reference<BackendHttpSettings>> = "defaultBackendHttpSettings";
        /// Redirect when no rule matches.
        pub default_redirect_configuration: Opt<Reference<RedirectConfiguration>> = "defaultRedirectConfiguration";
        /// Rewrites when no rule matches.
        pub default_rewrite_rule_set: Opt<Reference<RewriteRuleSet>> = "defaultRewriteRuleSet";
        /// Authentication when no rule matches.
        pub default_auth_configs: List<AuthConfig> = "defaultAuthConfigs";
        /// The rules.
        pub advanced_routing_rules: Collection<AdvancedRoutingRule> = "advancedRoutingRules", required;
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(AdvancedRoutingMap, "advancedRoutingMaps", NoExtension);

properties! {
    /// Where requests that meet a set of conditions go.
    pub struct AdvancedRoutingRule {
        /// Lower goes first.
        pub priority: Opt<i64> = "priority", required;
        /// The conditions.
        pub advanced_routing_condition_set: Opt<Reference<AdvancedRoutingConditionSet>> = "advancedRoutingConditionSet";
        /// The pool.
        pub backend_address_pool: Opt<Reference<BackendAddressPool>> = "backendAddressPool";
        /// The settings.
        pub backend_http_settings: Opt<Reference<BackendHttpSettings>> = "backendHttpSettings";
        /// The redirect; excludes pool and settings.
        pub redirect_configuration: Opt<Reference<RedirectConfiguration>> = "redirectConfiguration";
        /// Rewrites.
        pub rewrite_rule_set: Opt<Reference<RewriteRuleSet>> = "rewriteRuleSet";
        /// Authentication.
        pub auth_configs: List<AuthConfig> = "authConfigs";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(AdvancedRoutingRule, "advancedRoutingRules", NoExtension);

properties! {
    /// Which authentication policy a request has to satisfy.
    pub struct AuthConfig {
        /// Its name.
        pub name: Opt<String> = "name", required;
        /// The policy.
        pub authentication_policy: Opt<Reference<AuthenticationPolicy>> = "authenticationPolicy", required;
    }
}
