//! Gatehouse, configured for the same work: an application gateway document as ARM shows it, and a site file.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{Routes, Setup};
use crate::load::{host_name, path_prefix};

/// The document's own port for clients; the site file maps it to the port of the run.
const DOCUMENT_PORT: u16 = 80;
/// The gateway's id, before the sub-resources.
const GATEWAY_ID: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/bench/providers/\
                          Microsoft.Network/applicationGateways/bench";

/// Writes document and site file; returns the command that starts the gateway.
pub(super) fn prepare(setup: &Setup<'_>) -> Result<Vec<String>> {
    let binary = setup.gatehouse.context("no gatehouse binary")?;
    let document = setup.folder.join("gateway.json");
    let site = setup.folder.join("site.yaml");
    std::fs::write(&document, serde_json::to_string(&gateway(setup))?)?;
    std::fs::write(&site, site_file(setup))?;
    let path = |p: &std::path::Path| p.display().to_string();
    Ok(vec![path(binary), "run".into(), path(&document), "--site".into(), path(&site)])
}

fn site_file(setup: &Setup<'_>) -> String {
    let folder = setup.folder.display();
    let (ip, port) = (setup.address.ip(), setup.address.port());
    format!(
        "addresses:
  fip: [{ip}]
ports:
  {DOCUMENT_PORT}: {port}
workers: 1
log:
  access: {folder}/access.log
  format: json
admin:
  socket: {folder}/admin.sock
"
    )
}

/// A reference to another resource of the gateway: its bare name, which keeps a document of 100,000 path rules small.
fn reference(name: &str) -> Value {
    json!({ "id": name })
}

fn gateway(setup: &Setup<'_>) -> Value {
    let members: Vec<Value> = setup.members.iter().map(|m| json!({ "ipAddress": m.ip().to_string() })).collect();
    let (listeners, rules, maps) = match setup.routes {
        Routes::Single => (vec![listener("all", None)], vec![basic_rule()], Vec::new()),
        Routes::Many { hosts, paths } => (
            (0..hosts).map(|n| listener(&format!("h{n}"), Some(host_name(n)))).collect(),
            (0..hosts).map(path_rule).collect(),
            (0..hosts).map(|n| path_map(n, paths)).collect(),
        ),
    };
    let redirects = if setup.routes == Routes::Single { json!([]) } else { json!([redirect()]) };
    json!({
        "id": GATEWAY_ID,
        "name": "bench",
        "type": "Microsoft.Network/applicationGateways",
        "location": "westeurope",
        "properties": {
            "sku": { "name": "Standard_v2", "tier": "Standard_v2", "capacity": 1 },
            "gatewayIPConfigurations": [],
            "frontendIPConfigurations": [{
                "name": "fip",
                "properties": {
                    "privateIPAllocationMethod": "Static",
                    "privateIPAddress": setup.address.ip().to_string(),
                },
            }],
            "frontendPorts": [{ "name": "http", "properties": { "port": DOCUMENT_PORT } }],
            "backendAddressPools": [{ "name": "members", "properties": { "backendAddresses": members } }],
            "backendHttpSettingsCollection": [{
                "name": "plain",
                "properties": {
                    "port": setup.members[0].port(),
                    "protocol": "Http",
                    "cookieBasedAffinity": "Disabled",
                    "requestTimeout": 30,
                },
            }],
            "httpListeners": listeners,
            "redirectConfigurations": redirects,
            "urlPathMaps": maps,
            "requestRoutingRules": rules,
        },
    })
}

/// Where requests go that no path rule takes.
fn redirect() -> Value {
    json!({ "name": "none", "properties": { "redirectType": "Found", "targetUrl": "http://none.bench.test/" } })
}

fn listener(name: &str, host: Option<String>) -> Value {
    let mut properties = json!({
        "frontendIPConfiguration": reference("fip"),
        "frontendPort": reference("http"),
        "protocol": "Http",
    });
    if let Some(host) = host {
        properties["hostName"] = host.into();
    }
    json!({ "name": name, "properties": properties })
}

fn basic_rule() -> Value {
    json!({
        "name": "all",
        "properties": {
            "ruleType": "Basic",
            "priority": 10,
            "httpListener": reference("all"),
            "backendAddressPool": reference("members"),
            "backendHttpSettings": reference("plain"),
        },
    })
}

fn path_rule(host: u32) -> Value {
    json!({
        "name": format!("h{host}"),
        "properties": {
            "ruleType": "PathBasedRouting",
            "priority": host + 1,
            "httpListener": reference(&format!("h{host}")),
            "urlPathMap": reference(&format!("h{host}")),
        },
    })
}

/// Everything but the path rules is redirected, so that a path rule that did not match shows as a wrong status.
fn path_map(host: u32, paths: u32) -> Value {
    let rules: Vec<Value> = (0..paths)
        .map(|n| {
            json!({
                "name": format!("p{n}"),
                "properties": {
                    "paths": [format!("{}*", path_prefix(n))],
                    "backendAddressPool": reference("members"),
                    "backendHttpSettings": reference("plain"),
                },
            })
        })
        .collect();
    json!({
        "name": format!("h{host}"),
        "properties": {
            "defaultRedirectConfiguration": reference("none"),
            "pathRules": rules,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_host_has_a_listener_a_rule_and_a_path_map() {
        let map = path_map(3, 2);
        assert_eq!(map["properties"]["pathRules"][1]["properties"]["paths"][0], "/p1/*");
        assert!(path_rule(3)["properties"]["urlPathMap"]["id"].as_str().is_some_and(|id| id == "h3"));
        assert_eq!(listener("h3", Some(host_name(3)))["properties"]["hostName"], "h3.bench.test");
    }
}
