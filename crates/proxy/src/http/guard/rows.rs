//! Rows of the firewall log.

use firewall::events::{Action, Common, Event};
use firewall::explain::Explanation;
use observe::FirewallRecord;

use crate::http::client::Seat;
use crate::http::exchange::Exchange;

impl Exchange {
    /// Writes what a policy found.
    pub(super) fn write_events(&self, seat: &Seat, common: &Common, events: &[Event], why: &Explanation) {
        for event in events {
            seat.worker.counters.firewall_row(event.action.name());
            if seat.worker.log.is_firewall_enabled() {
                let decides = matches!(event.action, Action::Blocked | Action::Detected);
                let explanation = if decides { why.line() } else { String::new() };
                self.write_event(seat, common, event, &explanation);
            }
        }
    }

    fn write_event(&self, seat: &Seat, common: &Common, event: &Event, explanation: &str) {
        let stamp = seat.worker.clock.cached();
        let details = event.details.as_ref();
        let detail = |of: fn(&firewall::events::Details) -> &String| details.map_or("", |details| of(details));
        seat.worker.log.firewall(&FirewallRecord {
            stamp: &stamp,
            labels: self.labels(seat),
            client_ip: &common.client_ip,
            client_port: &common.client_port,
            request_uri: &common.request_uri,
            rule_set_type: event.rule_set_type,
            rule_set_version: event.rule_set_version,
            rule_id: &event.rule_id,
            rule_group: &event.rule_group,
            message: &event.message,
            action: event.action.name(),
            detail_message: detail(|details| &details.message),
            detail_data: detail(|details| &details.data),
            detail_file: detail(|details| &details.file),
            detail_line: detail(|details| &details.line),
            explanation,
            hostname: &common.hostname,
            transaction: &self.id,
            policy_id: &common.policy_id,
            policy_scope: common.place.scope.name(),
            policy_scope_name: &common.place.name,
        });
    }
}
