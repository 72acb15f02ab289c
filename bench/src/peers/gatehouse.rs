//! Gatehouse, configured for the same work: an application gateway document as ARM shows it, and a site file.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{Routes, Setup};
use crate::load::{host_name, path_prefix};

/// The certificate's name in document and site file.
const CERTIFICATE: &str = "bench";
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

/// The document's own port for clients; the site file maps it to the port of the run.
fn document_port(setup: &Setup<'_>) -> u16 {
    if setup.certificate.is_some() { 443 } else { 80 }
}

fn site_file(setup: &Setup<'_>) -> String {
    let folder = setup.folder.display();
    let (ip, port) = (setup.address.ip(), setup.address.port());
    let document_port = document_port(setup);
    let certificates = setup.certificate.map_or_else(String::new, |files| {
        let (certificate, key) = (files.certificate.display(), files.key.display());
        format!("certificates:\n  {CERTIFICATE}: {{cert: {certificate}, key: {key}}}\n")
    });
    format!(
        "addresses:
  fip: [{ip}]
ports:
  {document_port}: {port}
{certificates}workers: 1
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
        Routes::Single => (vec![listener("all", None, setup.certificate.is_some())], vec![basic_rule()], Vec::new()),
        Routes::Many { hosts, paths } => (
            (0..hosts).map(|n| listener(&format!("h{n}"), Some(host_name(n)), false)).collect(),
            (0..hosts).map(path_rule).collect(),
            (0..hosts).map(|n| path_map(n, paths)).collect(),
        ),
    };
    let redirects = if setup.routes == Routes::Single { json!([]) } else { json!([redirect()]) };
    let certificates = if setup.certificate.is_some() { json!([{ "name": CERTIFICATE }]) } else { json!([]) };
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
            "frontendPorts": [{ "name": "clients", "properties": { "port": document_port(setup) } }],
            "sslCertificates": certificates,
            "enableHttp2": setup.certificate.is_some(),
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

fn listener(name: &str, host: Option<String>, tls: bool) -> Value {
    let mut properties = json!({
        "frontendIPConfiguration": reference("fip"),
        "frontendPort": reference("clients"),
        "protocol": if tls { "Https" } else { "Http" },
    });
    if tls {
        properties["sslCertificate"] = reference(CERTIFICATE);
    }
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
        assert_eq!(listener("h3", Some(host_name(3)), false)["properties"]["hostName"], "h3.bench.test");
    }

    #[test]
    fn a_listener_speaks_tls_with_the_certificate_of_the_site_file() {
        let properties = &listener("all", None, true)["properties"];
        assert_eq!((&properties["protocol"], &properties["sslCertificate"]["id"]), (&json!("Https"), &json!("bench")));
        assert_eq!(listener("all", None, false)["properties"]["sslCertificate"], Value::Null);
    }
}
