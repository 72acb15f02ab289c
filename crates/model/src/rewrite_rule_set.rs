//! Changes to headers and URLs.
//!
//! Source: `rewrite-http-headers-url`; Azure REST reference, "ApplicationGatewayRewriteRuleSet", api-version
//! 2026-03-01.

use crate::extension::NoExtension;
use crate::provisioning_state::ProvisioningState;
use crate::schema::{List, Opt, properties, resource};

properties! {
    /// Rewrites that rules share.
    pub struct RewriteRuleSet {
        /// The rewrites.
        pub rewrite_rules: List<RewriteRule> = "rewriteRules";
        /// State of the last write.
        pub provisioning_state: Opt<ProvisioningState> = "provisioningState", read_only;
    }
}

resource!(RewriteRuleSet, "rewriteRuleSets", NoExtension);

properties! {
    /// One rewrite: when, and what.
    pub struct RewriteRule {
        /// Its name.
        pub name: Opt<String> = "name";
        /// Order: lower first. 1 to 1000.
        pub rule_sequence: Opt<i64> = "ruleSequence";
        /// All have to hold; none means always.
        pub conditions: List<RewriteRuleCondition> = "conditions";
        /// What changes.
        pub action_set: Opt<RewriteRuleActionSet> = "actionSet";
    }
}

properties! {
    /// One condition of a rewrite.
    pub struct RewriteRuleCondition {
        /// What is looked at: `var_...`, `http_req_...` or `http_resp_...`.
        pub variable: Opt<String> = "variable";
        /// Regular expression in PCRE's manner.
        pub pattern: Opt<String> = "pattern";
        /// Upper and lower case are the same. Default false.
        pub ignore_case: Opt<bool> = "ignoreCase";
        /// Holds when it does not match. Default false.
        pub negate: Opt<bool> = "negate";
    }
}

properties! {
    /// What a rewrite changes.
    pub struct RewriteRuleActionSet {
        /// Headers of the request.
        pub request_header_configurations: List<HeaderConfiguration> = "requestHeaderConfigurations";
        /// Headers of the response.
        pub response_header_configurations: List<HeaderConfiguration> = "responseHeaderConfigurations";
        /// Path and query.
        pub url_configuration: Opt<UrlConfiguration> = "urlConfiguration";
    }
}

properties! {
    /// A header to set or delete.
    pub struct HeaderConfiguration {
        /// Its name.
        pub header_name: Opt<String> = "headerName";
        /// Which of several headers of that name, for `Set-Cookie`.
        pub header_value_matcher: Opt<HeaderValueMatcher> = "headerValueMatcher";
        /// The new value, with variables and captures; empty deletes.
        pub header_value: Opt<String> = "headerValue";
    }
}

properties! {
    /// Which of several headers of one name is meant.
    pub struct HeaderValueMatcher {
        /// Regular expression on the value.
        pub pattern: Opt<String> = "pattern";
        /// Upper and lower case are the same. Default false.
        pub ignore_case: Opt<bool> = "ignoreCase";
        /// Those that do not match. Default false.
        pub negate: Opt<bool> = "negate";
    }
}

properties! {
    /// The new path and query.
    pub struct UrlConfiguration {
        /// The new path, with variables and captures.
        pub modified_path: Opt<String> = "modifiedPath";
        /// The new query, with variables and captures.
        pub modified_query_string: Opt<String> = "modifiedQueryString";
        /// Choose the path rule again with the new path. Default false.
        pub reroute: Opt<bool> = "reroute";
    }
}
