//! Rules of the operator's own in a firewall policy.
//!
//! Source: `custom-waf-rules-overview`, `rate-limiting-overview`; Azure REST reference,
//! "WebApplicationFirewallCustomRule", api-version 2026-03-01.

use crate::schema::{List, Opt, choices, properties};
use crate::web_application_firewall_policy::policy_settings::EnabledState;

properties! {
    /// A rule of the operator's own.
    pub struct CustomRule {
        /// Its name; letters and digits, at most 128, unique.
        pub name: Opt<String> = "name";
        /// Revision.
        pub etag: Opt<String> = "etag", read_only;
        /// Lower goes first; unique in the policy. 1 to 100.
        pub priority: Opt<i64> = "priority", required;
        /// Whether the rule is on. Default Enabled.
        pub state: Opt<EnabledState> = "state";
        /// Window of a rate limit.
        pub rate_limit_duration: Opt<RateLimitDuration> = "rateLimitDuration";
        /// Requests allowed in the window. 1 or more.
        pub rate_limit_threshold: Opt<i64> = "rateLimitThreshold";
        /// Match or rate limit.
        pub rule_type: Opt<CustomRuleType> = "ruleType", required;
        /// All have to hold.
        pub match_conditions: List<MatchCondition> = "matchConditions", required;
        /// What a rate limit counts by. Default: the client's address.
        pub group_by_user_session: List<GroupByUserSession> = "groupByUserSession";
        /// What happens to requests that match.
        pub action: Opt<CustomRuleAction> = "action", required;
    }
}

properties! {
    /// One condition of a custom rule.
    pub struct MatchCondition {
        /// Parts of the request; one that matches is enough.
        pub match_variables: List<MatchVariable> = "matchVariables", required;
        /// How they are compared.
        pub operator: Opt<MatchOperator> = "operator", required;
        /// Holds when nothing matches; Azure's spelling. Default false.
        pub negation_condition: Opt<bool> = "negationConditon";
        /// What they are compared with; one is enough. Empty for Any.
        pub match_values: List<String> = "matchValues", required;
        /// Changes before the comparison, in order.
        pub transforms: List<MatchTransform> = "transforms";
    }
}

properties! {
    /// A part of the request.
    pub struct MatchVariable {
        /// Kind of part.
        pub variable_name: Opt<MatchVariableName> = "variableName", required;
        /// Name of the header, cookie or argument.
        pub selector: Opt<String> = "selector";
    }
}

properties! {
    /// What a rate limit counts by.
    pub struct GroupByUserSession {
        /// The parts that make a group.
        pub group_by_variables: List<GroupByVariable> = "groupByVariables", required;
    }
}

properties! {
    /// A part that makes a group.
    pub struct GroupByVariable {
        /// The part.
        pub variable_name: Opt<UserSessionVariable> = "variableName", required;
    }
}

choices! {
    /// Windows of rate limits.
    pub enum RateLimitDuration {
        /// `OneMin`.
        OneMin = "OneMin",
        /// `FiveMins`.
        FiveMins = "FiveMins",
    }
}

choices! {
    /// Kinds of custom rules.
    pub enum CustomRuleType {
        /// `MatchRule`.
        MatchRule = "MatchRule",
        /// `RateLimitRule`.
        RateLimitRule = "RateLimitRule",
        /// `Invalid`.
        Invalid = "Invalid",
    }
}

choices! {
    /// Parts of requests that custom rules look at.
    pub enum MatchVariableName {
        /// `RemoteAddr`.
        RemoteAddr = "RemoteAddr",
        /// `RequestMethod`.
        RequestMethod = "RequestMethod",
        /// `QueryString`.
        QueryString = "QueryString",
        /// `PostArgs`.
        PostArgs = "PostArgs",
        /// `RequestUri`.
        RequestUri = "RequestUri",
        /// `RequestHeaders`.
        RequestHeaders = "RequestHeaders",
        /// `RequestBody`.
        RequestBody = "RequestBody",
        /// `RequestCookies`.
        RequestCookies = "RequestCookies",
    }
}

choices! {
    /// How custom rules compare.
    pub enum MatchOperator {
        /// `IPMatch`.
        IpMatch = "IPMatch",
        /// `Equal`.
        Equal = "Equal",
        /// `Contains`.
        Contains = "Contains",
        /// `LessThan`.
        LessThan = "LessThan",
        /// `GreaterThan`.
        GreaterThan = "GreaterThan",
        /// `LessThanOrEqual`.
        LessThanOrEqual = "LessThanOrEqual",
        /// `GreaterThanOrEqual`.
        GreaterThanOrEqual = "GreaterThanOrEqual",
        /// `BeginsWith`.
        BeginsWith = "BeginsWith",
        /// `EndsWith`.
        EndsWith = "EndsWith",
        /// `Regex`.
        Regex = "Regex",
        /// `GeoMatch`.
        GeoMatch = "GeoMatch",
        /// `Any`.
        Any = "Any",
    }
}

choices! {
    /// Changes before a comparison.
    pub enum MatchTransform {
        /// `Uppercase`.
        Uppercase = "Uppercase",
        /// `Lowercase`.
        Lowercase = "Lowercase",
        /// `Trim`.
        Trim = "Trim",
        /// `UrlDecode`.
        UrlDecode = "UrlDecode",
        /// `UrlEncode`.
        UrlEncode = "UrlEncode",
        /// `RemoveNulls`.
        RemoveNulls = "RemoveNulls",
        /// `HtmlEntityDecode`.
        HtmlEntityDecode = "HtmlEntityDecode",
    }
}

choices! {
    /// Parts that rate limits count by.
    pub enum UserSessionVariable {
        /// `ClientAddr`.
        ClientAddr = "ClientAddr",
        /// `GeoLocation`.
        GeoLocation = "GeoLocation",
        /// `None`.
        None = "None",
        /// `ClientAddrXFFHeader`.
        ClientAddrXffHeader = "ClientAddrXFFHeader",
        /// `GeoLocationXFFHeader`.
        GeoLocationXffHeader = "GeoLocationXFFHeader",
    }
}

choices! {
    /// What a custom rule does.
    pub enum CustomRuleAction {
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
