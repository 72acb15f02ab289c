//! Rows of the firewall log: what a policy found in one request, one row for each thing.
//!
//! What all rows of a request share, such as the client and the host, is [`Common`]; time, instance and the gateway's
//! resource id are the log's.
//!
//! Source: `web-application-firewall-logs`, `monitor-application-gateway-reference`, read 2026-11-22.

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Value, json};

use crate::custom::Told;
use crate::managed::RuleSet;
use crate::policy::Policy;
use crate::request::Request;

/// Where a policy is in force.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// What it is bound to.
    pub scope: Scope,
    /// The name of the listener or path rule; `Global` for the gateway.
    pub name: Arc<str>,
}

/// What a policy is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// The gateway.
    Global,
    /// A listener.
    Listener,
    /// A path rule.
    Location,
}

impl Scope {
    /// As the log spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Global => "Global",
            Self::Listener => "Listener",
            Self::Location => "Location",
        }
    }
}

/// What was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A rule let the request pass.
    Allowed,
    /// It was refused.
    Blocked,
    /// It would have been refused, if the policy did not only detect.
    Detected,
    /// A rule that only tells matched.
    Log,
    /// A rule matched and added to the score.
    Matched,
    /// A custom rule did something of its own, such as a challenge; the word is the log's.
    Custom(&'static str),
}

impl Action {
    /// As the log spells it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Allowed => "Allowed",
            Self::Blocked => "Blocked",
            Self::Detected => "Detected",
            Self::Log => "Log",
            Self::Matched => "Matched",
            Self::Custom(name) => name,
        }
    }
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What was done.
    pub action: Action,
    /// `Microsoft_DefaultRuleSet`, `Custom`; empty for what no rule set can switch off.
    pub rule_set_type: &'static str,
    /// `2.2`; empty where there is none.
    pub rule_set_version: &'static str,
    /// The rule's number; the name of a custom rule; `0` for what is no rule.
    pub rule_id: String,
    /// The rule's group.
    pub rule_group: Cow<'static, str>,
    /// What was found, in words.
    pub message: String,
    /// More of it; custom rules have none.
    pub details: Option<Details>,
}

/// What a managed rule found, where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Details {
    /// What its operator found.
    pub message: String,
    /// The data it found, secrets hidden.
    pub data: String,
    /// The file the rule stands in.
    pub file: String,
    /// The line; empty where there is none.
    pub line: String,
}

/// What all rows of one request share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Common {
    /// The client's address, unless it is hidden.
    pub client_ip: String,
    /// Its port; empty where the address is hidden.
    pub client_port: String,
    /// Path and query, values hidden where the policy wants it.
    pub request_uri: String,
    /// The host that was asked for.
    pub hostname: String,
    /// What the request is called in all logs.
    pub transaction_id: String,
    /// The policy's resource id.
    pub policy_id: Arc<str>,
    /// Where it is in force.
    pub place: Place,
}

impl Common {
    /// What rows tell of a request under a policy.
    #[must_use]
    pub fn new(policy: &Policy, place: &Place, request: &Request<'_>) -> Self {
        let client_ip = policy.scrubbing.client(request.client);
        let hidden = client_ip == crate::scrubbing::HIDDEN;
        Self {
            client_ip,
            client_port: if hidden { String::new() } else { request.client_port.to_string() },
            request_uri: policy.scrubbing.target(request.target),
            hostname: String::from_utf8_lossy(request.header("host").next().unwrap_or_default()).into_owned(),
            transaction_id: request.id.to_owned(),
            policy_id: Arc::clone(&policy.id),
            place: place.clone(),
        }
    }
}

impl Event {
    /// The `properties` of the row, but for `instanceId`.
    #[must_use]
    pub fn properties(&self, common: &Common) -> Value {
        let details = self.details.clone().unwrap_or_default();
        json!({
            "clientIp": common.client_ip,
            "clientPort": common.client_port,
            "requestUri": common.request_uri,
            "ruleSetType": self.rule_set_type,
            "ruleSetVersion": self.rule_set_version,
            "ruleId": self.rule_id,
            "ruleGroup": self.rule_group,
            "message": self.message,
            "action": self.action.name(),
            "site": "Global",
            "details": {
                "message": details.message,
                "data": details.data,
                "file": details.file,
                "line": details.line,
            },
            "hostname": common.hostname,
            "transactionId": common.transaction_id,
            "policyId": &*common.policy_id,
            "policyScope": common.place.scope.name(),
            "policyScopeName": &*common.place.name,
            "engine": "Azwaf",
        })
    }

    /// What a custom rule tells.
    pub(crate) fn of_custom(told: &Told) -> Self {
        let limit = if told.is_rate_limit { "Rate limit exceeded: " } else { "" };
        let country = told.country.map(|country| format!(" ({})", String::from_utf8_lossy(&country)));
        let conditions = told.conditions.join(" and ");
        Self {
            action: Action::Custom(told.outcome.name()),
            rule_set_type: "Custom",
            rule_set_version: "",
            rule_id: told.rule.to_string(),
            rule_group: Cow::Borrowed(""),
            message: format!("{limit}{conditions}{}", country.unwrap_or_default()),
            details: None,
        }
    }

    /// What a rule on bots tells.
    pub(crate) fn of_bot(
        action: Action,
        set: &'static RuleSet,
        id: u32,
        rule_group: Cow<'static, str>,
        message: &str,
        data: String,
    ) -> Self {
        Self {
            action,
            rule_set_type: set.kind,
            rule_set_version: set.version,
            rule_id: id.to_string(),
            rule_group,
            message: message.to_owned(),
            details: Some(Details { data, ..Details::default() }),
        }
    }

    /// Rows that are not told.
    pub(crate) fn left_out(count: usize) -> Self {
        Self { message: format!("{count} more rows are left out"), ..Self::mandatory(Action::Log, "") }
    }

    /// What no rule set can switch off. The old engine's number for it is kept: the new one's is not documented.
    pub(crate) fn mandatory(action: Action, what: &str) -> Self {
        Self {
            action,
            rule_set_type: "",
            rule_set_version: "",
            rule_id: "0".to_owned(),
            rule_group: Cow::Borrowed(""),
            message: format!("Mandatory rule. Cannot be disabled. {what}"),
            details: None,
        }
    }
}
