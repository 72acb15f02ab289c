//! Every kind of object with its properties, for documentation and for checks against Azure's published model.

use crate::schema::{Properties, Property};

/// One kind of object.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// The name of the type here.
    pub name: &'static str,
    /// The name of the definition in Azure's published model.
    pub definition: &'static str,
    /// Its properties in canonical order.
    pub properties: &'static [Property],
}

/// Every kind of object Azure knows, in the order in which the gateway's properties lead to them.
pub fn catalog() -> Vec<Kind> {
    vec![
        kind::<crate::application_gateway::ApplicationGateway>(
            "ApplicationGateway",
            "ApplicationGatewayPropertiesFormat",
        ),
        kind::<crate::sku::Sku>("Sku", "ApplicationGatewaySku"),
        kind::<crate::ssl_policy::SslPolicy>("SslPolicy", "ApplicationGatewaySslPolicy"),
        kind::<crate::gateway_ip_configuration::GatewayIpConfiguration>(
            "GatewayIpConfiguration",
            "ApplicationGatewayIPConfigurationPropertiesFormat",
        ),
        kind::<crate::authentication_certificate::AuthenticationCertificate>(
            "AuthenticationCertificate",
            "ApplicationGatewayAuthenticationCertificatePropertiesFormat",
        ),
        kind::<crate::trusted_root_certificate::TrustedRootCertificate>(
            "TrustedRootCertificate",
            "ApplicationGatewayTrustedRootCertificatePropertiesFormat",
        ),
        kind::<crate::trusted_client_certificate::TrustedClientCertificate>(
            "TrustedClientCertificate",
            "ApplicationGatewayTrustedClientCertificatePropertiesFormat",
        ),
        kind::<crate::ssl_certificate::SslCertificate>(
            "SslCertificate",
            "ApplicationGatewaySslCertificatePropertiesFormat",
        ),
        kind::<crate::ssl_certificate::ManagedHsm>("ManagedHsm", "ApplicationGatewayManagedHsm"),
        kind::<crate::frontend_ip_configuration::FrontendIpConfiguration>(
            "FrontendIpConfiguration",
            "ApplicationGatewayFrontendIPConfigurationPropertiesFormat",
        ),
        kind::<crate::frontend_port::FrontendPort>("FrontendPort", "ApplicationGatewayFrontendPortPropertiesFormat"),
        kind::<crate::probe::Probe>("Probe", "ApplicationGatewayProbePropertiesFormat"),
        kind::<crate::probe::ProbeHealthResponseMatch>(
            "ProbeHealthResponseMatch",
            "ApplicationGatewayProbeHealthResponseMatch",
        ),
        kind::<crate::backend_address_pool::BackendAddressPool>(
            "BackendAddressPool",
            "ApplicationGatewayBackendAddressPoolPropertiesFormat",
        ),
        kind::<crate::backend_address_pool::BackendAddress>("BackendAddress", "ApplicationGatewayBackendAddress"),
        kind::<crate::backend_http_settings::BackendHttpSettings>(
            "BackendHttpSettings",
            "ApplicationGatewayBackendHttpSettingsPropertiesFormat",
        ),
        kind::<crate::backend_http_settings::ConnectionDraining>(
            "ConnectionDraining",
            "ApplicationGatewayConnectionDraining",
        ),
        kind::<crate::backend_settings::BackendSettings>(
            "BackendSettings",
            "ApplicationGatewayBackendSettingsPropertiesFormat",
        ),
        kind::<crate::http_listener::HttpListener>("HttpListener", "ApplicationGatewayHttpListenerPropertiesFormat"),
        kind::<crate::custom_error::CustomError>("CustomError", "ApplicationGatewayCustomError"),
        kind::<crate::listener::Listener>("Listener", "ApplicationGatewayListenerPropertiesFormat"),
        kind::<crate::ssl_profile::SslProfile>("SslProfile", "ApplicationGatewaySslProfilePropertiesFormat"),
        kind::<crate::ssl_profile::ClientAuthConfiguration>(
            "ClientAuthConfiguration",
            "ApplicationGatewayClientAuthConfiguration",
        ),
        kind::<crate::url_path_map::UrlPathMap>("UrlPathMap", "ApplicationGatewayUrlPathMapPropertiesFormat"),
        kind::<crate::path_rule::PathRule>("PathRule", "ApplicationGatewayPathRulePropertiesFormat"),
        kind::<crate::advanced_routing_map::AdvancedRoutingMap>(
            "AdvancedRoutingMap",
            "ApplicationGatewayAdvancedRoutingMapPropertiesFormat",
        ),
        kind::<crate::advanced_routing_map::AuthConfig>("AuthConfig", "ApplicationGatewayAuthConfig"),
        kind::<crate::advanced_routing_map::AdvancedRoutingRule>(
            "AdvancedRoutingRule",
            "ApplicationGatewayAdvancedRoutingRulePropertiesFormat",
        ),
        kind::<crate::request_routing_rule::RequestRoutingRule>(
            "RequestRoutingRule",
            "ApplicationGatewayRequestRoutingRulePropertiesFormat",
        ),
        kind::<crate::routing_rule::RoutingRule>("RoutingRule", "ApplicationGatewayRoutingRulePropertiesFormat"),
        kind::<crate::rewrite_rule_set::RewriteRuleSet>(
            "RewriteRuleSet",
            "ApplicationGatewayRewriteRuleSetPropertiesFormat",
        ),
        kind::<crate::rewrite_rule_set::RewriteRule>("RewriteRule", "ApplicationGatewayRewriteRule"),
        kind::<crate::rewrite_rule_set::RewriteRuleCondition>(
            "RewriteRuleCondition",
            "ApplicationGatewayRewriteRuleCondition",
        ),
        kind::<crate::rewrite_rule_set::RewriteRuleActionSet>(
            "RewriteRuleActionSet",
            "ApplicationGatewayRewriteRuleActionSet",
        ),
        kind::<crate::rewrite_rule_set::HeaderConfiguration>(
            "HeaderConfiguration",
            "ApplicationGatewayHeaderConfiguration",
        ),
        kind::<crate::rewrite_rule_set::HeaderValueMatcher>("HeaderValueMatcher", "HeaderValueMatcher"),
        kind::<crate::rewrite_rule_set::UrlConfiguration>("UrlConfiguration", "ApplicationGatewayUrlConfiguration"),
        kind::<crate::advanced_routing_condition_set::AdvancedRoutingConditionSet>(
            "AdvancedRoutingConditionSet",
            "ApplicationGatewayAdvancedRoutingConditionSetPropertiesFormat",
        ),
        kind::<crate::advanced_routing_condition_set::AdvancedRoutingCondition>(
            "AdvancedRoutingCondition",
            "ApplicationGatewayAdvancedRoutingCondition",
        ),
        kind::<crate::advanced_routing_condition_set::AdvancedRoutingPropertyValueMatcher>(
            "AdvancedRoutingPropertyValueMatcher",
            "ApplicationGatewayAdvancedRoutingPropertyValueMatcher",
        ),
        kind::<crate::redirect_configuration::RedirectConfiguration>(
            "RedirectConfiguration",
            "ApplicationGatewayRedirectConfigurationPropertiesFormat",
        ),
        kind::<crate::web_application_firewall_configuration::WebApplicationFirewallConfiguration>(
            "WebApplicationFirewallConfiguration",
            "ApplicationGatewayWebApplicationFirewallConfiguration",
        ),
        kind::<crate::web_application_firewall_configuration::FirewallDisabledRuleGroup>(
            "FirewallDisabledRuleGroup",
            "ApplicationGatewayFirewallDisabledRuleGroup",
        ),
        kind::<crate::web_application_firewall_configuration::FirewallExclusion>(
            "FirewallExclusion",
            "ApplicationGatewayFirewallExclusion",
        ),
        kind::<crate::sku::AutoscaleConfiguration>(
            "AutoscaleConfiguration",
            "ApplicationGatewayAutoscaleConfiguration",
        ),
        kind::<crate::private_link::PrivateLinkConfiguration>(
            "PrivateLinkConfiguration",
            "ApplicationGatewayPrivateLinkConfigurationProperties",
        ),
        kind::<crate::private_link::PrivateLinkIpConfiguration>(
            "PrivateLinkIpConfiguration",
            "ApplicationGatewayPrivateLinkIpConfigurationProperties",
        ),
        kind::<crate::private_link::PrivateEndpointConnection>(
            "PrivateEndpointConnection",
            "ApplicationGatewayPrivateEndpointConnectionProperties",
        ),
        kind::<crate::private_link::PrivateLinkServiceConnectionState>(
            "PrivateLinkServiceConnectionState",
            "PrivateLinkServiceConnectionState",
        ),
        kind::<crate::load_distribution_policy::LoadDistributionPolicy>(
            "LoadDistributionPolicy",
            "ApplicationGatewayLoadDistributionPolicyPropertiesFormat",
        ),
        kind::<crate::load_distribution_policy::LoadDistributionTarget>(
            "LoadDistributionTarget",
            "ApplicationGatewayLoadDistributionTargetPropertiesFormat",
        ),
        kind::<crate::entra_jwt_validation_config::EntraJwtValidationConfig>(
            "EntraJwtValidationConfig",
            "ApplicationGatewayEntraJWTValidationConfigPropertiesFormat",
        ),
        kind::<crate::global_configuration::GlobalConfiguration>(
            "GlobalConfiguration",
            "ApplicationGatewayGlobalConfiguration",
        ),
        kind::<crate::identity::ManagedServiceIdentity>("ManagedServiceIdentity", "ManagedServiceIdentity"),
        kind::<crate::identity::UserAssignedIdentity>(
            "UserAssignedIdentity",
            "ManagedServiceIdentityUserAssignedIdentities",
        ),
        kind::<crate::web_application_firewall_policy::WebApplicationFirewallPolicy>(
            "WebApplicationFirewallPolicy",
            "WebApplicationFirewallPolicyPropertiesFormat",
        ),
        kind::<crate::web_application_firewall_policy::policy_settings::PolicySettings>(
            "PolicySettings",
            "PolicySettings",
        ),
        kind::<crate::web_application_firewall_policy::policy_settings::LogScrubbing>(
            "LogScrubbing",
            "PolicySettingsLogScrubbing",
        ),
        kind::<crate::web_application_firewall_policy::policy_settings::ScrubbingRule>(
            "ScrubbingRule",
            "WebApplicationFirewallScrubbingRules",
        ),
        kind::<crate::web_application_firewall_policy::custom_rule::CustomRule>(
            "CustomRule",
            "WebApplicationFirewallCustomRule",
        ),
        kind::<crate::web_application_firewall_policy::custom_rule::MatchCondition>("MatchCondition", "MatchCondition"),
        kind::<crate::web_application_firewall_policy::custom_rule::MatchVariable>("MatchVariable", "MatchVariable"),
        kind::<crate::web_application_firewall_policy::custom_rule::GroupByUserSession>(
            "GroupByUserSession",
            "GroupByUserSession",
        ),
        kind::<crate::web_application_firewall_policy::custom_rule::GroupByVariable>(
            "GroupByVariable",
            "GroupByVariable",
        ),
        kind::<crate::web_application_firewall_policy::managed_rules::ManagedRulesDefinition>(
            "ManagedRulesDefinition",
            "ManagedRulesDefinition",
        ),
        kind::<crate::web_application_firewall_policy::managed_rules::ExceptionEntry>(
            "ExceptionEntry",
            "ExceptionEntry",
        ),
        kind::<crate::web_application_firewall_policy::managed_rules::ExclusionManagedRuleSet>(
            "ExclusionManagedRuleSet",
            "ExclusionManagedRuleSet",
        ),
        kind::<crate::web_application_firewall_policy::managed_rules::ExclusionManagedRuleGroup>(
            "ExclusionManagedRuleGroup",
            "ExclusionManagedRuleGroup",
        ),
        kind::<crate::web_application_firewall_policy::managed_rules::ExclusionManagedRule>(
            "ExclusionManagedRule",
            "ExclusionManagedRule",
        ),
        kind::<crate::web_application_firewall_policy::managed_rules::ExclusionEntry>(
            "ExclusionEntry",
            "OwaspCrsExclusionEntry",
        ),
        kind::<crate::web_application_firewall_policy::managed_rules::ManagedRuleSet>(
            "ManagedRuleSet",
            "ManagedRuleSet",
        ),
        kind::<crate::web_application_firewall_policy::managed_rules::ManagedRuleGroupOverride>(
            "ManagedRuleGroupOverride",
            "ManagedRuleGroupOverride",
        ),
        kind::<crate::web_application_firewall_policy::managed_rules::ManagedRuleOverride>(
            "ManagedRuleOverride",
            "ManagedRuleOverride",
        ),
        kind::<crate::web_application_firewall_policy::managed_rules::ManagedRuleSetRuleGroup>(
            "ManagedRuleSetRuleGroup",
            "ManagedRuleSetRuleGroup",
        ),
    ]
}

fn kind<P: Properties>(name: &'static str, definition: &'static str) -> Kind {
    Kind { name, definition, properties: P::table() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_property_is_explained_and_stands_once() {
        for kind in catalog() {
            let mut seen = std::collections::HashSet::new();
            for property in kind.properties {
                assert!(property.doc.ends_with('.'), "{}.{}: {:?}", kind.name, property.name, property.doc);
                assert!(seen.insert(property.name.to_lowercase()), "{}.{} stands twice", kind.name, property.name);
            }
        }
    }
}
