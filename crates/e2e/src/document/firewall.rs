//! Documents with firewall policies.

use serde_json::{Value, json};

use super::Document;

impl Document {
    /// A firewall policy of this name, with the given `properties`; nothing uses it yet. Another of the same name is
    /// replaced.
    pub fn policy(mut self, name: &str, properties: &Value) -> Self {
        let policy = json!({
            "name": name,
            "type": "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
            "properties": properties,
        });
        let is_other = |text: &String| {
            serde_json::from_str::<Value>(text).is_ok_and(|other| other["name"].as_str() != Some(name))
        };
        self.policies.retain(is_other);
        self.policies.push(policy.to_string());
        self
    }

    /// A policy `waf` for the whole gateway: the built-in rules, in this mode, with further settings and custom rules.
    pub fn guarded(self, mode: &str, settings: Value, custom_rules: Value) -> Self {
        self.policy("waf", &policy(mode, settings, custom_rules)).section("firewallPolicy", "waf")
    }
}

/// The properties of a policy with the built-in rules.
pub fn policy(mode: &str, settings: Value, custom_rules: Value) -> Value {
    let mut all = json!({ "state": "Enabled", "mode": mode });
    if let (Some(all), Value::Object(settings)) = (all.as_object_mut(), settings) {
        all.extend(settings);
    }
    json!({
        "policySettings": all,
        "customRules": custom_rules,
        "managedRules": {
            "managedRuleSets": [{ "ruleSetType": "Gatehouse_Baseline", "ruleSetVersion": "1.0" }],
        },
    })
}
