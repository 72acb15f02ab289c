//! The gateway itself: the top of the document, with every collection it owns.
//!
//! Source: Azure REST reference, "Application Gateways - Create Or Update", api-version 2026-03-01; limits:
//! "application-gateway-limits".

use crate::advanced_routing_condition_set::AdvancedRoutingConditionSet;
use crate::advanced_routing_map::AdvancedRoutingMap;
use crate::authentication_certificate::AuthenticationCertificate;
use crate::backend_address_pool::BackendAddressPool;
use crate::backend_http_settings::BackendHttpSettings;
use crate::backend_settings::BackendSettings;
use crate::custom_error::CustomError;
use crate::entra_jwt_validation_config::EntraJwtValidationConfig;
use crate::extension::GatewayExtension;
use crate::frontend_ip_configuration::FrontendIpConfiguration;
use crate::frontend_port::FrontendPort;
use crate::gateway_ip_configuration::GatewayIpConfiguration;
use crate::global_configuration::GlobalConfiguration;
use crate::http_listener::HttpListener;
use crate::identity::ManagedServiceIdentity;
use crate::listener::Listener;
use crate::load_distribution_policy::LoadDistributionPolicy;
use crate::private_link::{PrivateEndpointConnection, PrivateLinkConfiguration};
use crate::probe::Probe;
use crate::provisioning_state::ProvisioningState;
use crate::redirect_configuration::RedirectConfiguration;
use crate::reference::{FirewallPolicy, Reference};
use crate::request_routing_rule::RequestRoutingRule;
use crate::resource_id::TOP_LEVEL_KEYS;
use crate::rewrite_rule_set::RewriteRuleSet;
use crate::routing_rule::RoutingRule;
use crate::schema::{Collection, List, Map, Opt, Resource, choices, properties};
use crate::sku::{AutoscaleConfiguration, Sku};
use crate::ssl_certificate::SslCertificate;
use crate::ssl_policy::{SslPolicy, SslPolicyName};
use crate::ssl_profile::SslProfile;
use crate::trusted_client_certificate::TrustedClientCertificate;
use crate::trusted_root_certificate::TrustedRootCertificate;
use crate::url_path_map::UrlPathMap;
use crate::web_application_firewall_configuration::WebApplicationFirewallConfiguration;

properties! {
    /// A gateway: what stands inside `properties` of the resource, and its envelope.
    pub struct ApplicationGateway {
        /// Azure region. Required by Azure on create; means nothing here.
        pub location: Opt<String> = "location", envelope;
        /// Free labels, at most 50; mean nothing here.
        pub tags: Map<String> = "tags", envelope;
        /// Availability zones; mean nothing here. `null` is accepted.
        pub zones: List<String> = "zones", envelope;
        /// Identity that reads Key Vault in Azure; here the site file says where certificates are.
        pub identity: Opt<ManagedServiceIdentity> = "identity", envelope;
        /// Product tier and fixed size. Required by Azure.
        pub sku: Opt<Sku> = "sku";
        /// TLS versions and ciphers of every listener without a TLS profile that has its own. Default: the predefined
        /// policy of the api-version.
        pub ssl_policy: Opt<SslPolicy> = "sslPolicy";
        /// Whether the gateway runs.
        pub operational_state: Opt<OperationalState> = "operationalState", read_only;
        /// Subnet the gateway lives in; exactly one in Azure, may be absent here.
        pub gateway_ip_configurations: Collection<GatewayIpConfiguration> = "gatewayIPConfigurations";
        /// Backend certificates of the retired v1 tier. At most 100.
        pub authentication_certificates: Collection<AuthenticationCertificate> = "authenticationCertificates";
        /// Roots that backend certificates are checked against. At most 100.
        pub trusted_root_certificates: Collection<TrustedRootCertificate> = "trustedRootCertificates";
        /// Roots that client certificates are checked against. At most 200.
        pub trusted_client_certificates: Collection<TrustedClientCertificate> = "trustedClientCertificates";
        /// Server certificates with keys. At most 100.
        pub ssl_certificates: Collection<SslCertificate> = "sslCertificates";
        /// Addresses the gateway listens on. One to four.
        pub frontend_ip_configurations: Collection<FrontendIpConfiguration> = "frontendIPConfigurations";
        /// Ports the gateway listens on. At most 100.
        pub frontend_ports: Collection<FrontendPort> = "frontendPorts";
        /// Health probes.
        pub probes: Collection<Probe> = "probes";
        /// Pools of servers. At most 100.
        pub backend_address_pools: Collection<BackendAddressPool> = "backendAddressPools";
        /// How to speak HTTP to servers. At most 100.
        pub backend_http_settings_collection: Collection<BackendHttpSettings> = "backendHttpSettingsCollection";
        /// How to speak TCP or TLS to servers.
        pub backend_settings_collection: Collection<BackendSettings> = "backendSettingsCollection";
        /// HTTP and HTTPS listeners. At most 200.
        pub http_listeners: Collection<HttpListener> = "httpListeners";
        /// TCP and TLS listeners.
        pub listeners: Collection<Listener> = "listeners";
        /// TLS profiles: policy and client authentication that listeners share.
        pub ssl_profiles: Collection<SslProfile> = "sslProfiles";
        /// Path-based routing.
        pub url_path_maps: Collection<UrlPathMap> = "urlPathMaps";
        /// Routing on headers, query, path, client and method; in the model since 2026-03-01.
        pub advanced_routing_maps: Collection<AdvancedRoutingMap> = "advancedRoutingMaps";
        /// Rules for HTTP. At most 400.
        pub request_routing_rules: Collection<RequestRoutingRule> = "requestRoutingRules";
        /// Rules for TCP and TLS.
        pub routing_rules: Collection<RoutingRule> = "routingRules";
        /// Changes to headers and URLs. At most 400.
        pub rewrite_rule_sets: Collection<RewriteRuleSet> = "rewriteRuleSets";
        /// Conditions that advanced routing rules share; since 2026-03-01.
        pub advanced_routing_condition_sets: Collection<AdvancedRoutingConditionSet> = "advancedRoutingConditionSets";
        /// Redirects. At most 100.
        pub redirect_configurations: Collection<RedirectConfiguration> = "redirectConfigurations";
        /// Firewall settings inside the gateway, retired in favour of `firewallPolicy`.
        pub web_application_firewall_configuration: Opt<WebApplicationFirewallConfiguration> = "webApplicationFirewallConfiguration";
        /// Firewall policy of the whole gateway. Firewall tiers only.
        pub firewall_policy: Opt<Reference<FirewallPolicy>> = "firewallPolicy";
        /// HTTP/2 between clients and gateway. Default false.
        pub enable_http2: Opt<bool> = "enableHttp2";
        /// Validated cryptography only. Default false.
        pub enable_fips: Opt<bool> = "enableFips";
        /// Range of sizes; excludes `sku.capacity`. Means nothing here.
        pub autoscale_configuration: Opt<AutoscaleConfiguration> = "autoscaleConfiguration";
        /// Reserved units of the Basic_v2 tiers; means nothing here.
        pub reserved_capacity: Opt<i64> = "reservedCapacity";
        /// Private link ends.
        pub private_link_configurations: Collection<PrivateLinkConfiguration> = "privateLinkConfigurations";
        /// Private endpoints connected to the gateway.
        pub private_endpoint_connections: Collection<PrivateEndpointConnection> = "privateEndpointConnections", read_only;
        /// A stable GUID of the resource.
        pub resource_guid: Opt<String> = "resourceGuid", read_only;
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
        /// Error pages for every listener that has none of its own.
        pub custom_error_configurations: List<CustomError> = "customErrorConfigurations";
        /// Keep the gateway bound to its firewall policy whatever the rules say. Default false.
        pub force_firewall_policy_association: Opt<bool> = "forceFirewallPolicyAssociation";
        /// Weighted distribution over pools; preview in Azure.
        pub load_distribution_policies: Collection<LoadDistributionPolicy> = "loadDistributionPolicies";
        /// Checks of bearer tokens.
        pub entra_jwt_validation_configs: Collection<EntraJwtValidationConfig> = "entraJWTValidationConfigs";
        /// Buffering and the server header.
        pub global_configuration: Opt<GlobalConfiguration> = "globalConfiguration";
        /// The TLS policy in force when `sslPolicy` is absent.
        pub default_predefined_ssl_policy: Opt<SslPolicyName> = "defaultPredefinedSslPolicy", read_only;
    }
}

impl Resource for ApplicationGateway {
    const COLLECTION: &'static str = "applicationGateways";
    type Extension = GatewayExtension;
    const IGNORED: &'static [&'static str] = TOP_LEVEL_KEYS;
}

choices! {
    /// Whether a gateway runs.
    pub enum OperationalState {
        /// `Stopped`.
        Stopped = "Stopped",
        /// `Starting`.
        Starting = "Starting",
        /// `Running`.
        Running = "Running",
        /// `Stopping`.
        Stopping = "Stopping",
    }
}
