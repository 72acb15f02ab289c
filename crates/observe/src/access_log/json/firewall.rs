//! A finding of the firewall as a row of JSON: Azure's fields in its order, all of them strings.

use super::Line;
use crate::access_log::FirewallRecord;
use crate::access_log::escape::MAX_FIELD;
use crate::access_log::labels::MAX_LABEL;
use crate::access_log::line::{MAX_LINE, RESERVE};

/// Longest `message`, escaped.
const MAX_MESSAGE: usize = 2 * 1024;
/// Longest `details.message` and `details.data`, escaped.
const MAX_DETAIL: usize = 4 * 1024;
/// Longest of the other fields, escaped: names of the document's, a host, a file, an address.
const MAX_NAME: usize = 512;
/// How many others there are.
const NAMES: usize = 13;

// Each field has its share, however long those before it are.
const _: () = assert!(
    2 * MAX_LABEL + MAX_FIELD + MAX_MESSAGE + 2 * MAX_DETAIL + NAMES * MAX_NAME + RESERVE <= MAX_LINE,
    "the longest row does not fit into a line"
);

/// Writes the row and its newline; returns its length.
pub(in crate::access_log) fn write(bytes: &mut [u8; MAX_LINE], record: &FirewallRecord<'_>) -> usize {
    let mut line = Line::new(bytes);
    let gateway = record.labels.gateway();
    line.literal(b"{\"timeStamp\":\"");
    line.literal(&record.stamp.log);
    line.literal(b"\",\"resourceId\":\"");
    line.plain(gateway.resource_id);
    line.literal(b"\",\"operationName\":\"ApplicationGatewayFirewall\",\"category\":\"ApplicationGatewayFirewallLog\"");
    line.literal(b",\"properties\":{\"instanceId\":\"");
    line.plain(gateway.instance);
    request(&mut line, record);
    rule(&mut line, record);
    details(&mut line, record);
    line.literal(b"\"},\"hostname\":\"");
    line.escaped_within(record.hostname.as_bytes(), MAX_NAME);
    line.literal(b"\",\"transactionId\":\"");
    line.literal(record.transaction.as_bytes());
    policy(&mut line, record);
    line.literal(b"\",\"engine\":\"Azwaf\"");
    const EXPLANATION: &[u8; 15] = b",\"explanation\":";
    if !record.explanation.is_empty() && record.explanation.len() + EXPLANATION.len() + 8 < line.room() {
        line.literal(EXPLANATION);
        line.plain(record.explanation.as_bytes());
    }
    line.literal(b"}}\n");
    line.finish()
}

fn request(line: &mut Line<'_>, record: &FirewallRecord<'_>) {
    line.literal(b"\",\"clientIp\":\"");
    line.escaped_within(record.client_ip.as_bytes(), MAX_NAME);
    line.literal(b"\",\"clientPort\":\"");
    line.escaped_within(record.client_port.as_bytes(), MAX_NAME);
    line.literal(b"\",\"requestUri\":\"");
    line.escaped(record.request_uri.as_bytes());
}

fn rule(line: &mut Line<'_>, record: &FirewallRecord<'_>) {
    line.literal(b"\",\"ruleSetType\":\"");
    line.escaped_within(record.rule_set_type.as_bytes(), MAX_NAME);
    line.literal(b"\",\"ruleSetVersion\":\"");
    line.escaped_within(record.rule_set_version.as_bytes(), MAX_NAME);
    line.literal(b"\",\"ruleId\":\"");
    line.escaped_within(record.rule_id.as_bytes(), MAX_NAME);
    line.literal(b"\",\"ruleGroup\":\"");
    line.escaped_within(record.rule_group.as_bytes(), MAX_NAME);
    line.literal(b"\",\"message\":\"");
    line.escaped_within(record.message.as_bytes(), MAX_MESSAGE);
    line.literal(b"\",\"action\":\"");
    line.escaped_within(record.action.as_bytes(), MAX_NAME);
}

fn details(line: &mut Line<'_>, record: &FirewallRecord<'_>) {
    line.literal(b"\",\"site\":\"Global\",\"details\":{\"message\":\"");
    line.escaped_within(record.detail_message.as_bytes(), MAX_DETAIL);
    line.literal(b"\",\"data\":\"");
    line.escaped_within(record.detail_data.as_bytes(), MAX_DETAIL);
    line.literal(b"\",\"file\":\"");
    line.escaped_within(record.detail_file.as_bytes(), MAX_NAME);
    line.literal(b"\",\"line\":\"");
    line.escaped_within(record.detail_line.as_bytes(), MAX_NAME);
}

fn policy(line: &mut Line<'_>, record: &FirewallRecord<'_>) {
    line.literal(b"\",\"policyId\":\"");
    line.escaped_within(record.policy_id.as_bytes(), MAX_NAME);
    line.literal(b"\",\"policyScope\":\"");
    line.escaped_within(record.policy_scope.as_bytes(), MAX_NAME);
    line.literal(b"\",\"policyScopeName\":\"");
    line.escaped_within(record.policy_scope_name.as_bytes(), MAX_NAME);
}

#[cfg(test)]
pub(in crate::access_log) mod tests;
