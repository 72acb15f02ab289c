//! Managed rule sets of a firewall policy, and what is left out of them.
//!
//! Source: `application-gateway-crs-rulegroups-rules`, `application-gateway-waf-configuration`; Azure REST reference,
//! "ManagedRulesDefinition", api-version 2026-03-01.

use crate::schema::{List, Opt, choices, properties};
use crate::web_application_firewall_policy::policy_settings::EnabledState;

properties! {
    /// Rule sets and what is left out of them.
    pub struct ManagedRulesDefinition {
        /// Requests that rules are not applied to.
        pub exceptions: List<ExceptionEntry> = "exceptions";
        /// Parts of requests that rules do not look at.
        pub exclusions: List<ExclusionEntry> = "exclusions";
        /// The rule sets.
        pub managed_rule_sets: List<ManagedRuleSet> = "managedRuleSets", required;
    }
}

properties! {
    /// Requests that rules are not applied to.
    pub struct ExceptionEntry {
        /// What is looked at.
        pub match_variable: Opt<ExceptionMatchVariable> = "matchVariable", required;
        /// Values that make the exception.
        pub values: List<String> = "values";
        /// How values are compared.
        pub value_match_operator: Opt<ExceptionValueOperator> = "valueMatchOperator", required;
        /// How the selector is compared; for headers.
        pub selector_match_operator: Opt<ExceptionSelectorOperator> = "selectorMatchOperator";
        /// Name of the header.
        pub selector: Opt<String> = "selector";
        /// Rules meant; absent means all.
        pub exception_managed_rule_sets: List<ExclusionManagedRuleSet> = "exceptionManagedRuleSets";
    }
}

properties! {
    /// The rules of one set that an exclusion is for.
    pub struct ExclusionManagedRuleSet {
        /// The rule set.
        pub rule_set_type: Opt<String> = "ruleSetType", required;
        /// Its version.
        pub rule_set_version: Opt<String> = "ruleSetVersion", required;
        /// The groups; absent means all.
        pub rule_groups: List<ExclusionManagedRuleGroup> = "ruleGroups";
    }
}

properties! {
    /// The rules of one group that an exclusion is for.
    pub struct ExclusionManagedRuleGroup {
        /// The group.
        pub rule_group_name: Opt<String> = "ruleGroupName", required;
        /// The rules; absent means all.
        pub rules: List<ExclusionManagedRule> = "rules";
    }
}

properties! {
    /// A rule that an exclusion is for.
    pub struct ExclusionManagedRule {
        /// Its number.
        pub rule_id: Opt<String> = "ruleId", required;
    }
}

properties! {
    /// Parts of requests that rules do not look at.
    pub struct ExclusionEntry {
        /// Kind of part.
        pub match_variable: Opt<ExclusionMatchVariable> = "matchVariable", required;
        /// How the selector is compared.
        pub selector_match_operator: Opt<ExclusionSelectorOperator> = "selectorMatchOperator", required;
        /// Which parts of that kind.
        pub selector: Opt<String> = "selector", required;
        /// Rules meant; absent means all.
        pub exclusion_managed_rule_sets: List<ExclusionManagedRuleSet> = "exclusionManagedRuleSets";
    }
}

properties! {
    /// A managed rule set.
    pub struct ManagedRuleSet {
        /// OWASP, Microsoft_DefaultRuleSet, Microsoft_BotManagerRuleSet or Microsoft_HTTPDDoSRuleSet.
        pub rule_set_type: Opt<String> = "ruleSetType", required;
        /// Its version, such as 2.1.
        pub rule_set_version: Opt<String> = "ruleSetVersion", required;
        /// Rules changed or switched off.
        pub rule_group_overrides: List<ManagedRuleGroupOverride> = "ruleGroupOverrides";
        /// Rules off in effect; filled in by Azure.
        pub computed_disabled_rules: List<ManagedRuleSetRuleGroup> = "computedDisabledRules", read_only;
    }
}

properties! {
    /// Rules of one group that are changed.
    pub struct ManagedRuleGroupOverride {
        /// The group.
        pub rule_group_name: Opt<String> = "ruleGroupName", required;
        /// The rules; absent switches the group off.
        pub rules: List<ManagedRuleOverride> = "rules";
    }
}

properties! {
    /// One rule that is changed.
    pub struct ManagedRuleOverride {
        /// Its number.
        pub rule_id: Opt<String> = "ruleId", required;
        /// Whether it is on. Default Disabled.
        pub state: Opt<EnabledState> = "state";
        /// What it does. Default: the set's.
        pub action: Opt<ManagedRuleAction> = "action";
        /// How soon it acts; for the HTTP DDoS set.
        pub sensitivity: Opt<Sensitivity> = "sensitivity";
    }
}

properties! {
    /// Rules of one group that are off in effect.
    pub struct ManagedRuleSetRuleGroup {
        /// The group.
        pub rule_group_name: Opt<String> = "ruleGroupName", required;
        /// The rules.
        pub rules: List<i64> = "rules";
    }
}

choices! {
    /// What exceptions look at.
    pub enum ExceptionMatchVariable {
        /// `RequestURI`.
        RequestUri = "RequestURI",
        /// `RemoteAddr`.
        RemoteAddr = "RemoteAddr",
        /// `RequestHeader`.
        RequestHeader = "RequestHeader",
    }
}

choices! {
    /// How exceptions compare values.
    pub enum ExceptionValueOperator {
        /// `Equals`.
        Equals = "Equals",
        /// `Contains`.
        Contains = "Contains",
        /// `StartsWith`.
        StartsWith = "StartsWith",
        /// `EndsWith`.
        EndsWith = "EndsWith",
        /// `IPMatch`.
        IpMatch = "IPMatch",
    }
}

choices! {
    /// How exceptions compare selectors.
    pub enum ExceptionSelectorOperator {
        /// `Equals`.
        Equals = "Equals",
        /// `Contains`.
        Contains = "Contains",
        /// `StartsWith`.
        StartsWith = "StartsWith",
        /// `EndsWith`.
        EndsWith = "EndsWith",
    }
}

choices! {
    /// Kinds of parts that can be left out.
    pub enum ExclusionMatchVariable {
        /// `RequestHeaderNames`.
        RequestHeaderNames = "RequestHeaderNames",
        /// `RequestCookieNames`.
        RequestCookieNames = "RequestCookieNames",
        /// `RequestArgNames`.
        RequestArgNames = "RequestArgNames",
        /// `RequestHeaderKeys`.
        RequestHeaderKeys = "RequestHeaderKeys",
        /// `RequestHeaderValues`.
        RequestHeaderValues = "RequestHeaderValues",
        /// `RequestCookieKeys`.
        RequestCookieKeys = "RequestCookieKeys",
        /// `RequestCookieValues`.
        RequestCookieValues = "RequestCookieValues",
        /// `RequestArgKeys`.
        RequestArgKeys = "RequestArgKeys",
        /// `RequestArgValues`.
        RequestArgValues = "RequestArgValues",
    }
}

choices! {
    /// How exclusions compare selectors.
    pub enum ExclusionSelectorOperator {
        /// `Equals`.
        Equals = "Equals",
        /// `Contains`.
        Contains = "Contains",
        /// `StartsWith`.
        StartsWith = "StartsWith",
        /// `EndsWith`.
        EndsWith = "EndsWith",
        /// `EqualsAny`.
        EqualsAny = "EqualsAny",
    }
}

choices! {
    /// What a managed rule does.
    pub enum ManagedRuleAction {
        /// `AnomalyScoring`.
        AnomalyScoring = "AnomalyScoring",
        /// `Allow`.
        Allow = "Allow",
        /// `Block`.
        Block = "Block",
        /// `Log`.
        Log = "Log",
        /// `JSChallenge`.
        JsChallenge = "JSChallenge",
        /// `CAPTCHA`.
        Captcha = "CAPTCHA",
    }
}

choices! {
    /// How soon a rule acts.
    pub enum Sensitivity {
        /// `Low`.
        Low = "Low",
        /// `Medium`.
        Medium = "Medium",
        /// `High`.
        High = "High",
    }
}
