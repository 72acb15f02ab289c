//! The part of a row that does not change from request to request, written once when a snapshot is published.

use std::sync::Arc;

use super::escape;

/// Longest label in a row, escaped; the rest is cut. Names in a document have at most 80 characters.
pub(super) const MAX_LABEL: usize = 1024;

/// Names that a route contributes to its rows. Empty where there is none (redirects have no pool).
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    /// Full id of the gateway, upper case (`resourceId`).
    pub resource_id: &'a str,
    /// `listenerName`.
    pub listener: &'a str,
    /// `ruleName`.
    pub rule: &'a str,
    /// `backendPoolName`.
    pub pool: &'a str,
    /// `backendSettingName`.
    pub settings: &'a str,
    /// Which instance of the gateway writes, `appgw_0` (`instanceId`).
    pub instance: &'a str,
    /// Extension `pathRuleName`; empty leaves it out.
    pub path_rule: &'a str,
}

/// A route's share of its rows, ready to be copied.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Between the time and the client's address, with the quotes on both sides. Shared by the routes of a rule that
    /// lead to the same pool: a hundred thousand path rules are then no hundred thousand copies, and what is copied
    /// into a row is more likely to be in the cache.
    pub(super) head: Arc<[u8]>,
    /// After the last field, with the leading comma: the path rule, or nothing.
    pub(super) tail: Box<[u8]>,
    /// `listener/rule` for the text form.
    pub(super) text: Box<[u8]>,
}

/// What rows of the firewall have of the labels, escaped.
pub(super) struct Gateway<'a> {
    /// `resourceId`.
    pub(super) resource_id: &'a [u8],
    /// `instanceId`.
    pub(super) instance: &'a [u8],
}

impl Labels {
    /// Writes the fragments.
    pub fn new(names: &Names<'_>) -> Self {
        let mut head = Vec::with_capacity(512);
        for (key, value) in [
            (RESOURCE_ID, names.resource_id),
            (LISTENER, names.listener),
            ("\",\"ruleName\":\"", names.rule),
            ("\",\"backendPoolName\":\"", names.pool),
            ("\",\"backendSettingName\":\"", names.settings),
            ("\",\"operationName\":\"", "ApplicationGatewayAccess"),
            ("\",\"category\":\"", "ApplicationGatewayAccessLog"),
            (INSTANCE, names.instance),
        ] {
            head.extend_from_slice(key.as_bytes());
            escape::into(&mut head, value.as_bytes(), MAX_LABEL);
        }
        head.extend_from_slice(CLIENT.as_bytes());

        Self { head: head.into(), ..Self::default() }.with_path_rule(names, names.path_rule)
    }

    /// The same for another path rule; all names but the path rule's must be those of these labels.
    pub fn with_path_rule(&self, names: &Names<'_>, path_rule: &str) -> Self {
        let mut tail = Vec::new();
        let mut text = Vec::new();
        escape::into(&mut text, names.listener.as_bytes(), MAX_LABEL);
        text.push(b'/');
        escape::into(&mut text, names.rule.as_bytes(), MAX_LABEL);
        if !path_rule.is_empty() {
            tail.extend_from_slice(b",\"pathRuleName\":\"");
            escape::into(&mut tail, path_rule.as_bytes(), MAX_LABEL);
            tail.push(b'"');
            text.push(b'/');
            escape::into(&mut text, path_rule.as_bytes(), MAX_LABEL);
        }
        Self { head: Arc::clone(&self.head), tail: tail.into(), text: text.into() }
    }

    /// The gateway's share. It is looked for where it stands: rows of the firewall are few, routes may be a hundred
    /// thousand.
    pub(super) fn gateway(&self) -> Gateway<'_> {
        let resource_id = between(&self.head, RESOURCE_ID, LISTENER);
        Gateway { resource_id, instance: between(&self.head, INSTANCE, CLIENT) }
    }
}

const RESOURCE_ID: &str = "\",\"resourceId\":\"";
const LISTENER: &str = "\",\"listenerName\":\"";
const INSTANCE: &str = "\",\"properties\":{\"instanceId\":\"";
const CLIENT: &str = "\",\"clientIP\":\"";

/// A value by the keys around it. No value has the text of a key in it: its quotes are escaped.
fn between<'a>(head: &'a [u8], key: &str, next: &str) -> &'a [u8] {
    let find = |from: usize, what: &str| {
        let place = head.get(from..)?.windows(what.len()).position(|text| text == what.as_bytes())?;
        Some(from + place)
    };
    let value = find(0, key).map(|at| at + key.len()).and_then(|start| head.get(start..find(start, next)?));
    value.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_gateways_share_is_found_again_whatever_names_hold() {
        let nasty = "a\",\"listenerName\":\"b\\\",\"properties\":{\"instanceId\":\"c";
        for (resource_id, instance) in [("/GW", "appgw_0"), ("", ""), (nasty, nasty), ("\\", "\\")] {
            let labels =
                Labels::new(&Names { resource_id, listener: nasty, rule: nasty, instance, ..Names::default() });
            let gateway = labels.gateway();
            for (found, name) in [(gateway.resource_id, resource_id), (gateway.instance, instance)] {
                let mut expected = Vec::new();
                escape::into(&mut expected, name.as_bytes(), MAX_LABEL);
                assert_eq!(String::from_utf8_lossy(found), String::from_utf8_lossy(&expected));
            }
        }
    }

    #[test]
    fn labels_of_nothing_name_no_gateway() {
        let labels = Labels::default();
        assert!(labels.gateway().resource_id.is_empty() && labels.gateway().instance.is_empty());
    }
}
