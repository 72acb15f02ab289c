//! What Azure has and this gateway does not have yet, in one table. To support a feature, remove
//! its line.
//!
//! Where ignoring a feature would open what it guards, or send traffic elsewhere than meant, its use
//! is an error; elsewhere, and wherever nothing live uses it, a warning.

use model::node::At;
use model::{Problem, Severity};

use super::codes;
use super::context::Context;

/// A feature that may be missing here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Feature {
    /// Firewall rules against excessive requests that block.
    BlockingExcess,
    /// Those that only log.
    LoggingExcess,
    /// Firewall rules that ask for a CAPTCHA.
    Captcha,
    /// Authentication policies.
    AuthenticationPolicy,
    /// Routing on headers, queries and more.
    AdvancedRouting,
    /// HTTP/3 with clients, who can do without.
    Http3,
    /// Private link.
    PrivateLink,
    /// Validated cryptography.
    Fips,
}

/// What is missing: the feature, how bad its live use is, and what it means.
const NOT_YET: &[(Feature, Severity, &str)] = &[
    (Feature::BlockingExcess, Severity::Error, "the rule set Microsoft_HTTPDDoSRuleSet; rate-limit rules are"),
    (Feature::LoggingExcess, Severity::Warning, "the rule set Microsoft_HTTPDDoSRuleSet; rate-limit rules are"),
    (Feature::Captcha, Severity::Error, "CAPTCHA; JSChallenge is"),
    (Feature::AuthenticationPolicy, Severity::Error, "authentication policies"),
    (Feature::AdvancedRouting, Severity::Error, "advanced routing"),
    (Feature::Http3, Severity::Warning, "HTTP/3; clients use HTTP/2 or HTTP/1.1"),
    (Feature::PrivateLink, Severity::Warning, "private link, which exists in Azure only"),
    (Feature::Fips, Severity::Warning, "validated cryptography"),
];

impl Context<'_> {
    /// Reports the use of a feature, if it is one of those missing. `live`: requests would meet it.
    pub(super) fn uses(&mut self, feature: Feature, at: &At, live: bool) {
        let Some((_, severity, what)) = NOT_YET.iter().find(|(missing, ..)| *missing == feature) else {
            return;
        };
        // Whether Azure takes the document does not depend on what this gateway can do.
        let is_error = *severity == Severity::Error && live && !self.environment.target_azure;
        let message = format!("not supported by this gateway yet: {what}");
        let problem = if is_error {
            Problem::error(codes::NOT_SUPPORTED_YET, at, message)
        } else if live {
            Problem::warning(codes::NOT_SUPPORTED_YET, at, message).help("it is ignored")
        } else {
            let help = "nothing in use depends on it; it is ignored";
            Problem::warning(codes::NOT_SUPPORTED_YET, at, message).help(help)
        };
        self.problems.push(problem);
    }
}
