//! Firewall settings inside the gateway, retired in favour of firewall policies.
//!
//! Source: Azure REST reference, "ApplicationGatewayWebApplicationFirewallConfiguration", api-version 2026-03-01.

use crate::schema::{List, Opt, choices, properties};

properties! {
    /// Firewall settings of the old kind.
    pub struct WebApplicationFirewallConfiguration {
        /// Whether the firewall is on.
        pub enabled: Opt<bool> = "enabled", required;
        /// Whether it blocks.
        pub firewall_mode: Opt<FirewallMode> = "firewallMode", required;
        /// The rule set: OWASP.
        pub rule_set_type: Opt<String> = "ruleSetType", required;
        /// Its version, such as 3.2.
        pub rule_set_version: Opt<String> = "ruleSetVersion", required;
        /// Rules switched off.
        pub disabled_rule_groups: List<FirewallDisabledRuleGroup> = "disabledRuleGroups";
        /// Whether bodies are inspected. Default true.
        pub request_body_check: Opt<bool> = "requestBodyCheck";
        /// Largest body. KB; 8 to 128.
        pub max_request_body_size: Opt<i64> = "maxRequestBodySize";
        /// Largest body. KB; 8 to 128.
        pub max_request_body_size_in_kb: Opt<i64> = "maxRequestBodySizeInKb";
        /// Largest upload. MB; 0 or more.
        pub file_upload_limit_in_mb: Opt<i64> = "fileUploadLimitInMb";
        /// What is not inspected.
        pub exclusions: List<FirewallExclusion> = "exclusions";
    }
}

properties! {
    /// Rules switched off.
    pub struct FirewallDisabledRuleGroup {
        /// The group.
        pub rule_group_name: Opt<String> = "ruleGroupName", required;
        /// The rules; absent means the whole group.
        pub rules: List<i64> = "rules";
    }
}

properties! {
    /// A part of requests that is not inspected.
    pub struct FirewallExclusion {
        /// Kind of part.
        pub match_variable: Opt<String> = "matchVariable", required;
        /// How the selector is compared.
        pub selector_match_operator: Opt<String> = "selectorMatchOperator", required;
        /// Which parts of that kind.
        pub selector: Opt<String> = "selector", required;
    }
}

choices! {
    /// Whether the firewall blocks.
    pub enum FirewallMode {
        /// `Detection`.
        Detection = "Detection",
        /// `Prevention`.
        Prevention = "Prevention",
    }
}
