//! Small gateways as documents: a base whose sections tests replace by name.

mod bytes;
mod firewall;
mod tls;

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use gateway::documents::{Loaded, Purpose, load_texts};
use model::Source;
use serde_json::Value;
use snapshot::Snapshot;

use crate::farm::Farm;
use crate::folder::Folder;
use crate::rewrites;

pub use firewall::{managed, policy};

/// A gateway's document and its site file.
#[derive(Clone, Debug)]
pub struct Document {
    sections: Vec<(String, String)>,
    extensions: Vec<String>,
    limits: Vec<String>,
    ports: Vec<String>,
    certificates: Vec<(String, String)>,
    profiles: Vec<(String, String)>,
    client_cas: Vec<(String, String)>,
    roots: Vec<(String, String)>,
    files_of_certificates: Vec<(String, String)>,
    lists: Vec<(String, String)>,
    site_entries: Vec<String>,
    /// Firewall policies, documents of their own.
    policies: Vec<String>,
    files: OnceLock<Arc<Folder>>,
}

impl Document {
    /// One listener `web` for every host on port 80, one rule `rule`, one pool `pool` with all servers of the farm, and
    /// one setting `http` with a request timeout of 20 seconds.
    pub fn new(farm: &Farm) -> Self {
        let document = Self::empty();
        document.pool_of(farm, 0..farm.count()).settings(farm, "requestTimeout: 20")
    }

    /// The same without servers.
    pub fn empty() -> Self {
        let document = Self {
            sections: Vec::new(),
            extensions: Vec::new(),
            limits: vec!["shutdownGraceInSec: 1".to_owned()],
            ports: Vec::new(),
            certificates: Vec::new(),
            profiles: Vec::new(),
            client_cas: Vec::new(),
            roots: Vec::new(),
            files_of_certificates: Vec::new(),
            lists: Vec::new(),
            site_entries: Vec::new(),
            policies: Vec::new(),
            files: OnceLock::new(),
        };
        document
            .section("frontendIPConfigurations", "[{name: feip}]")
            .section("frontendPorts", "[{name: p80, port: 80}]")
            .section("backendAddressPools", "[{name: pool, backendAddresses: []}]")
            .section("backendHttpSettingsCollection", "[{name: http, port: 9, protocol: Http}]")
            .listeners(&[("web", "")])
            .rules(&["{name: rule, priority: 10, httpListener: web, backendAddressPool: pool, \
                       backendHttpSettings: http}"])
            .port(80, "0")
    }

    /// Replaces a section.
    pub fn section(mut self, name: &str, yaml: impl Into<String>) -> Self {
        self.sections.retain(|(its, _)| its != name);
        self.sections.push((name.to_owned(), yaml.into()));
        self
    }

    /// The pool `pool` with some of the farm's servers.
    pub fn pool_of(self, farm: &Farm, servers: impl IntoIterator<Item = usize>) -> Self {
        let members = farm.members(servers);
        self.section("backendAddressPools", format!("[{{name: pool, backendAddresses: {members}}}]"))
    }

    /// Pools with one server each, named in the order of the farm's servers.
    pub fn pools(self, farm: &Farm, names: &[&str]) -> Self {
        let pool =
            |(server, name): (usize, &&str)| format!("{{name: {name}, backendAddresses: {}}}", farm.members([server]));
        let pools: Vec<_> = names.iter().enumerate().map(pool).collect();
        self.section("backendAddressPools", format!("[{}]", pools.join(", ")))
    }

    /// The settings `http` with further properties.
    pub fn settings(self, farm: &Farm, more: &str) -> Self {
        let comma = if more.is_empty() { "" } else { ", " };
        let settings = format!("[{{name: http, port: {}, protocol: Http{comma}{more}}}]", farm.port());
        self.section("backendHttpSettingsCollection", settings)
    }

    /// Listeners on port 80: name and further properties.
    pub fn listeners(self, listeners: &[(&str, &str)]) -> Self {
        let listener = |(name, more): &(&str, &str)| {
            let more = if more.is_empty() { String::new() } else { format!(", {more}") };
            format!("{{name: {name}, frontendIPConfiguration: feip, frontendPort: p80, protocol: Http{more}}}")
        };
        let listeners: Vec<_> = listeners.iter().map(listener).collect();
        self.section("httpListeners", format!("[{}]", listeners.join(", ")))
    }

    /// Rules as they are.
    pub fn rules(self, rules: &[&str]) -> Self {
        self.section("requestRoutingRules", format!("[{}]", rules.join(", ")))
    }

    /// Content goes on as it comes, both ways.
    pub fn streaming(self) -> Self {
        self.section("globalConfiguration", "{enableRequestBuffering: false, enableResponseBuffering: false}")
    }

    /// A rule from the listener `web` to the pool `pool`, with these rewrite rules and further properties.
    pub fn rewrites(self, rules: &[Value], more: &str) -> Self {
        let comma = if more.is_empty() { "" } else { ", " };
        let rule = format!(
            "{{name: rule, priority: 1, httpListener: web, backendAddressPool: pool, backendHttpSettings: http, \
             rewriteRuleSet: set{comma}{more}}}"
        );
        self.section("rewriteRuleSets", Value::from(vec![rewrites::set("set", rules)]).to_string()).rules(&[&rule])
    }

    /// A path map `map` behind the listener `web`: the default pool, and path rules as name, paths and pool.
    pub fn paths(self, default: &str, rules: &[(&str, &str, &str)]) -> Self {
        let rule = |(name, paths, pool): &(&str, &str, &str)| {
            format!("{{name: {name}, paths: [{paths}], backendAddressPool: {pool}, backendHttpSettings: http}}")
        };
        let rules: Vec<_> = rules.iter().map(rule).collect();
        let map = format!(
            "[{{name: map, defaultBackendAddressPool: {default}, defaultBackendHttpSettings: http, pathRules: [{}]}}]",
            rules.join(", ")
        );
        self.section("urlPathMaps", map)
            .rules(&["{name: rule, ruleType: PathBasedRouting, priority: 10, httpListener: web, urlPathMap: map}"])
    }

    /// A probe `probe` that the settings of the farm use.
    pub fn probe(self, farm: &Farm, more: &str) -> Self {
        self.section("probes", format!("[{{name: probe, protocol: Http, path: /health, {more}}}]"))
            .settings(farm, "requestTimeout: 20, probe: probe")
    }

    /// An extension of the gateway, `name: value`.
    pub fn extension(mut self, yaml: &str) -> Self {
        self.extensions.push(yaml.to_owned());
        self
    }

    /// A limit, `name: value`.
    pub fn limit(mut self, yaml: &str) -> Self {
        let name = yaml.split(':').next().unwrap_or_default().to_owned();
        self.limits.retain(|limit| limit.split(':').next() != Some(&name));
        self.limits.push(yaml.to_owned());
        self
    }

    /// Where a port of the document is opened: `0`, a number, or `{bind: 0, public: 80}`.
    pub fn port(mut self, port: u16, binding: &str) -> Self {
        let key = format!("{port}: ");
        self.ports.retain(|port| !port.starts_with(&key));
        self.ports.push(format!("{key}{binding}"));
        self
    }

    /// A further entry of the site file, `name: value`.
    pub fn site_entry(mut self, yaml: &str) -> Self {
        self.site_entries.push(yaml.to_owned());
        self
    }

    /// Writes a file that goes with the document, and returns its path.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        self.files.get_or_init(Arc::default).secret(name, content)
    }

    /// The document, YAML.
    pub fn text(&self) -> String {
        let mut text = "name: gw\ntype: Microsoft.Network/applicationGateways\nproperties:\n".to_owned();
        for (name, yaml) in &self.sections {
            text.push_str(&format!("  {name}: {yaml}\n"));
        }
        text.push_str(&self.tls_sections());
        let mut extensions = self.extensions.clone();
        extensions.push(format!("limits: {{{}}}", self.limits.join(", ")));
        text.push_str(&format!("  gatehouse: {{{}}}\n", extensions.join(", ")));
        text
    }

    /// The site file, YAML.
    pub fn site(&self) -> String {
        let ports = self.ports.join(", ");
        let entries: String = self.site_entries.iter().map(|entry| format!("{entry}\n")).collect();
        format!("addresses: {{feip: [127.0.0.1]}}\nports: {{{ports}}}\n{}{entries}", self.tls_site())
    }

    /// Reads and compiles it.
    pub fn load(&self) -> Loaded {
        self.load_for(&Purpose::default())
    }

    /// Reads and compiles it for a purpose.
    pub fn load_for(&self, purpose: &Purpose) -> Loaded {
        let mut documents = vec![Source::new("gateway.yaml", self.text())];
        let policies = self.policies.iter().enumerate();
        documents.extend(policies.map(|(index, text)| Source::new(format!("policy-{index}.json"), text.clone())));
        let site = Source::new("site.yaml", self.site());
        load_texts(documents, Some(site), None, purpose.clone())
    }

    /// What it runs as. Panics when it has errors.
    #[track_caller]
    pub fn snapshot(&self) -> Snapshot {
        self.snapshot_for(&Purpose::default())
    }

    /// What it runs as, compiled for a purpose. Panics when it has errors.
    #[track_caller]
    pub fn snapshot_for(&self, purpose: &Purpose) -> Snapshot {
        let loaded = self.load_for(purpose);
        let problems = loaded.problems_text(false);
        loaded.snapshot.unwrap_or_else(|| panic!("{problems}\n{}", self.text()))
    }
}
