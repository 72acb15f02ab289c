//! Mode and limits of a firewall policy.
//!
//! Source: `policy-overview`, `application-gateway-waf-request-size-limits`; Azure REST reference, "PolicySettings",
//! api-version 2026-03-01.

use crate::schema::{List, Opt, choices, properties};

properties! {
    /// Mode and limits.
    pub struct PolicySettings {
        /// Whether the firewall is on. Default Enabled.
        pub state: Opt<EnabledState> = "state";
        /// Whether it blocks. Default Detection.
        pub mode: Opt<PolicyMode> = "mode";
        /// Whether bodies are inspected. Default true.
        pub request_body_check: Opt<bool> = "requestBodyCheck";
        /// How much of a body is inspected. KB; default 128.
        pub request_body_inspect_limit_in_kb: Opt<i64> = "requestBodyInspectLimitInKB";
        /// Whether the size limit is enforced. Default true.
        pub request_body_enforcement: Opt<bool> = "requestBodyEnforcement";
        /// Largest body without uploads. KB; default 128; 8 to 2000 with CRS 3.2 and later.
        pub max_request_body_size_in_kb: Opt<i64> = "maxRequestBodySizeInKb";
        /// Whether the upload limit is enforced. Default true.
        pub file_upload_enforcement: Opt<bool> = "fileUploadEnforcement";
        /// Largest upload. MB; default 100; 0 to 4000.
        pub file_upload_limit_in_mb: Opt<i64> = "fileUploadLimitInMb";
        /// Status of blocked requests. Default 403.
        pub custom_block_response_status_code: Opt<i64> = "customBlockResponseStatusCode";
        /// Body of blocked requests, base64. At most 32768 characters.
        pub custom_block_response_body: Opt<String> = "customBlockResponseBody";
        /// What is left out of the firewall log.
        pub log_scrubbing: Opt<LogScrubbing> = "logScrubbing";
        /// How long a passed challenge counts. Minutes; default 30; 5 to 1440.
        pub js_challenge_cookie_expiration_in_mins: Opt<i64> = "jsChallengeCookieExpirationInMins";
        /// How long a solved captcha counts. Minutes; default 30; 5 to 1440.
        pub captcha_expiration_in_mins: Opt<i64> = "captchaExpirationInMins";
    }
}

properties! {
    /// What is left out of the firewall log.
    pub struct LogScrubbing {
        /// Whether anything is.
        pub state: Opt<EnabledState> = "state";
        /// What.
        pub scrubbing_rules: List<ScrubbingRule> = "scrubbingRules";
    }
}

properties! {
    /// A part of requests that the firewall log does not show.
    pub struct ScrubbingRule {
        /// Kind of part.
        pub match_variable: Opt<ScrubbingMatchVariable> = "matchVariable", required;
        /// How the selector is compared.
        pub selector_match_operator: Opt<ScrubbingMatchOperator> = "selectorMatchOperator", required;
        /// Which parts of that kind.
        pub selector: Opt<String> = "selector";
        /// Whether the rule is on. Default Enabled.
        pub state: Opt<EnabledState> = "state";
    }
}

choices! {
    /// On or off.
    pub enum EnabledState {
        /// `Disabled`.
        Disabled = "Disabled",
        /// `Enabled`.
        Enabled = "Enabled",
    }
}

choices! {
    /// Whether a policy blocks.
    pub enum PolicyMode {
        /// `Prevention`.
        Prevention = "Prevention",
        /// `Detection`.
        Detection = "Detection",
    }
}

choices! {
    /// Kinds of parts the log may leave out.
    pub enum ScrubbingMatchVariable {
        /// `RequestHeaderNames`.
        RequestHeaderNames = "RequestHeaderNames",
        /// `RequestCookieNames`.
        RequestCookieNames = "RequestCookieNames",
        /// `RequestArgNames`.
        RequestArgNames = "RequestArgNames",
        /// `RequestPostArgNames`.
        RequestPostArgNames = "RequestPostArgNames",
        /// `RequestJSONArgNames`.
        RequestJsonArgNames = "RequestJSONArgNames",
        /// `RequestIPAddress`.
        RequestIpAddress = "RequestIPAddress",
    }
}

choices! {
    /// How a scrubbing selector is compared.
    pub enum ScrubbingMatchOperator {
        /// `Equals`.
        Equals = "Equals",
        /// `EqualsAny`.
        EqualsAny = "EqualsAny",
    }
}
