//! Firewall policies: resources of their own that gateways, listeners and path rules refer to.
//!
//! Source: `create-waf-policy-ag`; Azure REST reference, "Web Application Firewall Policies - Create Or Update",
//! api-version 2026-03-01.

use crate::extension::NoExtension;
use crate::node::Node;
use crate::provisioning_state::ProvisioningState;
use crate::reference::{AnyResource, Reference};
use crate::resource_id::TOP_LEVEL_KEYS;
use crate::schema::{List, Map, Opt, Resource, choices, properties};
use crate::web_application_firewall_policy::custom_rule::CustomRule;
use crate::web_application_firewall_policy::managed_rules::ManagedRulesDefinition;
use crate::web_application_firewall_policy::policy_settings::PolicySettings;

pub mod custom_rule;
pub mod managed_rules;
pub mod policy_settings;

properties! {
    /// A firewall policy.
    pub struct WebApplicationFirewallPolicy {
        /// Azure region; means nothing here.
        pub location: Opt<String> = "location", envelope;
        /// Free labels; mean nothing here.
        pub tags: Map<String> = "tags", envelope;
        /// Mode and limits.
        pub policy_settings: Opt<PolicySettings> = "policySettings";
        /// Rules of the operator's own. At most 100.
        pub custom_rules: List<CustomRule> = "customRules";
        /// Gateways that use the policy; filled in by Azure.
        pub application_gateways: List<Node> = "applicationGateways", read_only;
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
        /// State of the policy.
        pub resource_state: Opt<PolicyResourceState> = "resourceState", read_only;
        /// Rule sets and what is left out of them. At least one set in Azure.
        pub managed_rules: Opt<ManagedRulesDefinition> = "managedRules", required;
        /// Listeners that use the policy; filled in by Azure.
        pub http_listeners: List<Reference<AnyResource>> = "httpListeners", read_only;
        /// Path rules that use the policy; filled in by Azure.
        pub path_based_rules: List<Reference<AnyResource>> = "pathBasedRules", read_only;
        /// Gateways for containers that use the policy; filled in by Azure.
        pub application_gateway_for_containers: List<Reference<AnyResource>> = "applicationGatewayForContainers", read_only;
        /// Tier of the policy; since 2026-03-01.
        pub tier: Opt<PolicyTier> = "tier";
    }
}

impl Resource for WebApplicationFirewallPolicy {
    const COLLECTION: &'static str = "ApplicationGatewayWebApplicationFirewallPolicies";
    type Extension = NoExtension;
    const IGNORED: &'static [&'static str] = TOP_LEVEL_KEYS;
}

choices! {
    /// State of a policy in Azure.
    pub enum PolicyResourceState {
        /// `Creating`.
        Creating = "Creating",
        /// `Enabling`.
        Enabling = "Enabling",
        /// `Enabled`.
        Enabled = "Enabled",
        /// `Disabling`.
        Disabling = "Disabling",
        /// `Disabled`.
        Disabled = "Disabled",
        /// `Deleting`.
        Deleting = "Deleting",
    }
}

choices! {
    /// Tiers of policies.
    pub enum PolicyTier {
        /// `Standard`.
        Standard = "Standard",
        /// `Basic`.
        Basic = "Basic",
    }
}
