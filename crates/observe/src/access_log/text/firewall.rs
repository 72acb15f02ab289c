//! A finding of the firewall as one line for a person at a terminal:
//!
//! `07:53:15 firewall Blocked 942100 SQLI SQL Injection Attack Detected via libinjection (Matched Data: ...)
//! shop.example/?id=1  203.0.113.7  web/shop`.

use super::{DIM, Line, PLAIN, paint};
use crate::access_log::FirewallRecord;
use crate::access_log::firewall_action::{BLOCKED, DETECTED};
use crate::access_log::line::MAX_LINE;

/// As much of what a rule found as a person reads in passing; the JSON form has the rest.
const MAX_FOUND: usize = 200;

/// Writes the line and its newline; returns its length.
pub(in crate::access_log) fn write(bytes: &mut [u8; MAX_LINE], record: &FirewallRecord<'_>, colour: bool) -> usize {
    let mut owned = Line::new(bytes);
    let line = &mut owned;
    let paint = |line: &mut Line<'_>, code: &[u8; 5]| paint(line, code, colour);
    paint(line, DIM);
    line.plain(&record.stamp.log[11..19]);
    paint(line, PLAIN);
    line.literal(b" firewall ");
    paint(line, action_colour(record.action));
    line.visible(record.action.as_bytes());
    paint(line, PLAIN);
    line.literal(b" ");
    line.visible(record.rule_id.as_bytes());
    let group = if record.rule_group.is_empty() { record.rule_set_type } else { record.rule_group };
    for part in [group, record.message].into_iter().filter(|part| !part.is_empty()) {
        line.literal(b" ");
        line.visible(part.as_bytes());
    }
    let found = if record.detail_data.is_empty() { record.detail_message } else { record.detail_data };
    if !found.is_empty() {
        line.literal(b" (");
        line.visible_within(found.as_bytes(), MAX_FOUND);
        line.literal(b")");
    }
    line.literal(b"  ");
    line.visible(record.hostname.as_bytes());
    line.visible(record.request_uri.as_bytes());
    line.literal(b"  ");
    line.visible(record.client_ip.as_bytes());
    line.literal(b"  ");
    paint(line, DIM);
    line.plain(&record.labels.text);
    paint(line, PLAIN);
    line.literal(b"\n");
    owned.finish()
}

/// Red for what was refused, yellow for what would have been, cyan for challenges; the rest tells and changes nothing.
fn action_colour(action: &str) -> &'static [u8; 5] {
    match action {
        BLOCKED => b"\x1b[31m",
        DETECTED => b"\x1b[33m",
        challenge if challenge.starts_with("JSChallenge") => b"\x1b[36m",
        _ => PLAIN,
    }
}

#[cfg(test)]
mod tests;
