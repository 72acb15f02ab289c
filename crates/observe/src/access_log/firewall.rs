//! What the firewall found in a request, when its row is written. Everything is borrowed.

use super::Labels;
use crate::{Stamp, TransactionId};

/// One thing that the firewall found: a rule that matched, or what the request was refused for. A request in which
/// nothing was found has none, others may have several. The names in parentheses are the row's fields; all are
/// strings, empty where there is nothing to say.
///
/// Source: Azure, "Monitoring data reference", Firewall log category, and "Resource logs for Web Application Firewall"
/// (read 2026-11-22).
#[derive(Clone, Copy, Debug)]
pub struct FirewallRecord<'a> {
    /// The present second (`timeStamp`).
    pub stamp: &'a Stamp,
    /// The route's names, of which JSON rows show the gateway's (`resourceId`, `instanceId`).
    pub labels: &'a Labels,
    /// The TCP peer, or what stands for it where the policy hides it (`clientIp`; the access log has `clientIP`).
    pub client_ip: &'a str,
    /// `clientPort`.
    pub client_port: &'a str,
    /// Path and query that rules saw (`requestUri`).
    pub request_uri: &'a str,
    /// `Microsoft_DefaultRuleSet`, `Custom` (`ruleSetType`).
    pub rule_set_type: &'a str,
    /// `2.2` (`ruleSetVersion`).
    pub rule_set_version: &'a str,
    /// The rule's number; the name of a custom rule (`ruleId`).
    pub rule_id: &'a str,
    /// The rule's group (`ruleGroup`).
    pub rule_group: &'a str,
    /// What was found, in words (`message`).
    pub message: &'a str,
    /// What was done, one of [`super::firewall_action`] (`action`).
    pub action: &'a str,
    /// What the rule's operator found (`details.message`).
    pub detail_message: &'a str,
    /// The data it found (`details.data`). The policy has hidden what must not be told.
    pub detail_data: &'a str,
    /// The file that the rule stands in (`details.file`).
    pub detail_file: &'a str,
    /// The line it stands in (`details.line`).
    pub detail_line: &'a str,
    /// Why, where this row is the one that decides: a JSON object, put in as it is where the line has room for it
    /// (`explanation`, an extension). Empty for other rows.
    pub explanation: &'a str,
    /// The host that was asked for (`hostname`).
    pub hostname: &'a str,
    /// `transactionId`, which the access row has as well.
    pub transaction: &'a TransactionId,
    /// The policy's resource id (`policyId`).
    pub policy_id: &'a str,
    /// `Global`, `Listener` or `Location` (`policyScope`).
    pub policy_scope: &'a str,
    /// The name of the listener or path rule; `Global` for the gateway (`policyScopeName`).
    pub policy_scope_name: &'a str,
}
