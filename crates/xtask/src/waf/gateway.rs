//! The gateway under test: its documents, its start.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::rules::Rules;
use super::send::exchange;
use crate::trial::{Gateway, Scratch, free_port};

/// Rule sets take a moment to compile.
const START: Duration = Duration::from_secs(60);

/// A gateway whose firewall only detects.
pub(super) struct Guarded {
    process: Gateway,
    pub(super) port: u16,
    /// Its log: rows of the firewall and of the access log.
    pub(super) log: PathBuf,
}

impl Guarded {
    /// Starts one before a server, and waits until it serves.
    pub(super) fn start(binary: &Path, rules: &Rules, server: u16, scratch: &Scratch) -> Result<Self> {
        let port = free_port()?;
        let log = scratch.write("gateway.log", "")?;
        let document = scratch.write("gateway.json", &gateway(server).to_string())?;
        let policy = scratch.write("policy.json", &policy().to_string())?;
        scratch.write("setup.conf", &rules.setup)?;
        let site = scratch.write("site.json", &site(port, &rules.folder, &scratch.folder, &log).to_string())?;
        let arguments = [
            "run".as_ref(),
            document.as_os_str(),
            "--with".as_ref(),
            policy.as_os_str(),
            "--site".as_ref(),
            site.as_os_str(),
        ];
        let process = Gateway::run(binary, &arguments, &scratch.folder)?;
        let mut guarded = Self { process, port, log };
        guarded.wait()?;
        Ok(guarded)
    }

    pub(super) fn still_runs(&mut self) -> Result<()> {
        self.process.still_runs()
    }

    fn wait(&mut self) -> Result<()> {
        let end = Instant::now() + START;
        let request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        while Instant::now() < end {
            self.still_runs()?;
            let answer = exchange(self.port, request, Duration::from_secs(5));
            if answer.is_ok_and(|answer| answer.status() == Some(200)) {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        bail!("the gateway did not serve after {} s", START.as_secs())
    }
}

fn gateway(server: u16) -> Value {
    json!({
        "name": "regression",
        "type": "Microsoft.Network/applicationGateways",
        "properties": {
            "sku": { "name": "WAF_v2", "tier": "WAF_v2", "capacity": 1 },
            "frontendIPConfigurations": [{ "name": "feip" }],
            "frontendPorts": [{ "name": "p80", "port": 80 }],
            "backendAddressPools": [{ "name": "pool", "backendAddresses": [{ "ipAddress": "127.0.0.1" }] }],
            "backendHttpSettingsCollection": [
                { "name": "http", "port": server, "protocol": "Http", "requestTimeout": 20 },
            ],
            "httpListeners": [
                { "name": "web", "frontendIPConfiguration": "feip", "frontendPort": "p80", "protocol": "Http" },
            ],
            "requestRoutingRules": [{
                "name": "rule",
                "priority": 10,
                "httpListener": "web",
                "backendAddressPool": "pool",
                "backendHttpSettings": "http",
            }],
            "firewallPolicy": "waf",
        },
    })
}

/// The folder of rules as it is; bodies are inspected as far as can be, and sizes refuse nothing: that is for rules.
fn policy() -> Value {
    json!({
        "name": "waf",
        "type": "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies",
        "properties": {
            "policySettings": {
                "state": "Enabled",
                "mode": "Detection",
                "requestBodyCheck": true,
                "requestBodyInspectLimitInKB": 2000,
                "requestBodyEnforcement": false,
                "maxRequestBodySizeInKb": 2000,
                "fileUploadEnforcement": false,
            },
            "managedRules": {
                "managedRuleSets": [{ "ruleSetType": "Gatehouse_RuleFolder", "ruleSetVersion": "1.0" }],
            },
        },
    })
}

/// One worker: rows of one file come from one hand. Where the firewall's rows go is not said, so they stand in the
/// access log, before the row of their request.
fn site(port: u16, rules: &Path, folder: &Path, log: &Path) -> Value {
    json!({
        "addresses": { "feip": ["127.0.0.1"] },
        "ports": { "80": port },
        "workers": 1,
        "log": { "access": log, "format": "json" },
        "admin": { "socket": folder.join("admin.sock") },
        "folders": { "state": folder.join("state"), "ruleSets": rules },
        "firewall": { "setup": folder.join("setup.conf") },
    })
}
