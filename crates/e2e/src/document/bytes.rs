//! TCP and TLS in documents: listeners, settings, probes and rules that pass bytes on.

use super::Document;
use crate::farm::Farm;

impl Document {
    /// A rule `rule` from a listener `web`, still to be given, to a pool `pool` with all servers of the farm and to the
    /// settings `bytes`. Nothing of HTTP.
    pub fn bytes(farm: &Farm) -> Self {
        Self::empty()
            .section("httpListeners", "[]")
            .section("requestRoutingRules", "[]")
            .section("backendHttpSettingsCollection", "[]")
            .pool_of(farm, 0..farm.count())
            .byte_rules(&[("rule", "web", "pool", "bytes")])
    }

    /// Listeners: name, port of the document, `Tcp` or `Tls`, and further properties. Each port is opened where the
    /// system chooses.
    pub fn byte_listeners(self, listeners: &[(&str, u16, &str, &str)]) -> Self {
        let listener = |(name, port, protocol, more): &(&str, u16, &str, &str)| {
            let more = comma(more);
            format!(
                "{{name: {name}, frontendIPConfiguration: feip, frontendPort: p{port}, protocol: {protocol}{more}}}"
            )
        };
        let list: Vec<_> = listeners.iter().map(listener).collect();
        let mut ports: Vec<u16> = listeners.iter().map(|&(_, port, ..)| port).collect();
        ports.sort_unstable();
        ports.dedup();
        let names: Vec<_> = ports.iter().map(|port| format!("{{name: p{port}, port: {port}}}")).collect();
        let document = self
            .section("frontendPorts", format!("[{}]", names.join(", ")))
            .section("listeners", format!("[{}]", list.join(", ")));
        let closed = Self { ports: Vec::new(), ..document };
        ports.into_iter().fold(closed, |document, port| document.port(port, "0"))
    }

    /// Settings for the servers of a farm: name, `Tcp` or `Tls`, and further properties. Each has a probe named after
    /// it with `-probe` behind, or `probe` for the settings `bytes`, which asks where the farm is probed.
    pub fn byte_settings(self, farm: &Farm, settings: &[(&str, &str, impl AsRef<str>)]) -> Self {
        self.byte_settings_probed(farm, settings, "interval: 30, timeout: 20, unhealthyThreshold: 3")
    }

    /// The same with these properties of the probes.
    pub fn byte_settings_probed(self, farm: &Farm, settings: &[(&str, &str, impl AsRef<str>)], probe: &str) -> Self {
        let setting = |(name, protocol, more): &(&str, &str, _)| {
            let (port, more) = (farm.port(), comma(AsRef::as_ref(more)));
            format!("{{name: {name}, port: {port}, protocol: {protocol}, probe: {name}-probe{more}}}")
        };
        let probe = |(name, protocol, _): &(&str, &str, _)| {
            let port = farm.health_port();
            format!("{{name: {name}-probe, protocol: {protocol}, port: {port}, {probe}}}")
        };
        let probes: Vec<_> = settings.iter().map(probe).collect();
        let settings: Vec<_> = settings.iter().map(setting).collect();
        self.section("probes", format!("[{}]", probes.join(", ")))
            .section("backendSettingsCollection", format!("[{}]", settings.join(", ")))
    }

    /// Rules: name, listener, pool and settings; the first with the best priority.
    pub fn byte_rules(self, rules: &[(&str, &str, &str, &str)]) -> Self {
        let rule = |(number, (name, listener, pool, settings)): (usize, &(&str, &str, &str, &str))| {
            format!(
                "{{name: {name}, priority: {}, listener: {listener}, backendAddressPool: {pool}, \
                 backendSettings: {settings}}}",
                (number + 1) * 10
            )
        };
        let rules: Vec<_> = rules.iter().enumerate().map(rule).collect();
        self.section("routingRules", format!("[{}]", rules.join(", ")))
    }
}

fn comma(more: &str) -> String {
    if more.is_empty() { String::new() } else { format!(", {more}") }
}
