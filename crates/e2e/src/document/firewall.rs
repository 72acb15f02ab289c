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
        let is_other =
            |text: &String| serde_json::from_str::<Value>(text).is_ok_and(|other| other["name"].as_str() != Some(name));
        self.policies.retain(is_other);
        self.policies.push(policy.to_string());
        self
    }

    /// A policy `waf` for the whole gateway: the built-in rules, in this mode, with further settings and custom rules.
    pub fn guarded(self, mode: &str, settings: Value, custom_rules: Value) -> Self {
        self.policy("waf", &policy(mode, settings, custom_rules)).section("firewallPolicy", "waf")
    }

    /// A policy `waf` for the whole gateway with these `managedRules`, in this mode.
    pub fn managed(self, mode: &str, managed_rules: &Value) -> Self {
        self.policy("waf", &managed(mode, managed_rules)).section("firewallPolicy", "waf")
    }

    /// A folder of rules, by names and texts of its files, for rule sets that need one.
    pub fn rule_folder(self, files: &[(&str, &str)]) -> Self {
        let paths: Vec<_> = files.iter().map(|(name, text)| self.file(name, text)).collect();
        let folder = paths.first().and_then(|path| path.parent()).unwrap_or_else(|| panic!("no rules"));
        let entry = format!("folders: {{ruleSets: '{}'}}", folder.display());
        self.site_entry(&entry)
    }
}

/// The properties of a policy with these `managedRules` and nothing else.
pub fn managed(mode: &str, managed_rules: &Value) -> Value {
    json!({ "policySettings": { "state": "Enabled", "mode": mode }, "managedRules": managed_rules })
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
