//! Gatehouse, configured for the same work: an application gateway document as ARM shows it, and a site file.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::{Routes, Setup, sessions};
use crate::load::{host_name, path_prefix};

/// The certificate's name in document and site file.
pub(super) const CERTIFICATE: &str = "bench";
/// The name of what servers show.
pub(super) const ROOT: &str = "servers";
/// The gateway's id, before the sub-resources.
const GATEWAY_ID: &str = "/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/bench/providers/\
                          Microsoft.Network/applicationGateways/bench";

/// Writes document and site file; returns the command that starts the gateway.
pub(super) fn prepare(setup: &Setup<'_>) -> Result<Vec<String>> {
    let binary = setup.gatehouse.context("no gatehouse binary")?;
    let document = setup.folder.join("gateway.json");
    let site = setup.folder.join("site.yaml");
    let content =
        if let Routes::Bytes(_) = setup.routes { sessions::gatehouse::gateway(setup) } else { gateway(setup) };
    std::fs::write(&document, serde_json::to_string(&content)?)?;
    std::fs::write(&site, site_file(setup))?;
    // The same in every run, so that the cookie of one is good for the next.
    let key = setup.folder.join("affinity.key");
    std::fs::write(&key, [b'k'; 32])?;
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600))?;
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
    let mut certificates = String::new();
    if let Some(files) = setup.certificate {
        let (certificate, key) = (files.certificate.display(), files.key.display());
        let _ = writeln!(certificates, "  {CERTIFICATE}: {{cert: {certificate}, key: {key}}}");
    }
    if let Some(files) = setup.trusted {
        let _ = writeln!(certificates, "  {ROOT}: {{cert: {}}}", files.certificate.display());
    }
    if !certificates.is_empty() {
        certificates.insert_str(0, "certificates:\n");
    }
    format!(
        "addresses:
  fip: [{ip}]
ports:
  {document_port}: {port}
{certificates}affinity: {{key: {folder}/affinity.key}}
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
pub(super) fn reference(name: &str) -> Value {
    json!({ "id": name })
}

fn gateway(setup: &Setup<'_>) -> Value {
    let (listeners, rules, maps) = match setup.routes {
        Routes::Many { hosts, paths } => (
            (0..hosts).map(|n| listener(&format!("h{n}"), Some(host_name(n)), false)).collect(),
            (0..hosts).map(path_rule).collect(),
            (0..hosts).map(|n| path_map(n, paths)).collect(),
        ),
        _ => {
            let rule = basic_rule(setup.routes == Routes::Rewrites);
            (vec![listener("all", None, setup.certificate.is_some())], vec![rule], Vec::new())
        }
    };
    let redirects = if maps.is_empty() { json!([]) } else { json!([redirect()]) };
    let rewrites = if setup.routes == Routes::Rewrites { json!([rewrites()]) } else { json!([]) };
    let affinity = if setup.routes == Routes::Affinity { "Enabled" } else { "Disabled" };
    document(
        setup,
        json!({
            "enableHttp2": setup.certificate.is_some(),
            "backendHttpSettingsCollection": [{
                "name": "plain",
                "properties": {
                    "port": setup.members[0].port(),
                    "protocol": "Http",
                    "cookieBasedAffinity": affinity,
                    "requestTimeout": 30,
                },
            }],
            "httpListeners": listeners,
            "redirectConfigurations": redirects,
            "rewriteRuleSets": rewrites,
            "urlPathMaps": maps,
            "requestRoutingRules": rules,
        }),
    )
}

/// A gateway with what every row has (frontend, port, certificate, pool) and the given properties.
pub(super) fn document(setup: &Setup<'_>, properties: Value) -> Value {
    let members: Vec<Value> = setup.members.iter().map(|m| json!({ "ipAddress": m.ip().to_string() })).collect();
    let certificates = if setup.certificate.is_some() { json!([{ "name": CERTIFICATE }]) } else { json!([]) };
    let mut all = json!({
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
        "backendAddressPools": [{ "name": "members", "properties": { "backendAddresses": members } }],
    });
    if let (Value::Object(all), Value::Object(properties)) = (&mut all, properties) {
        all.extend(properties);
    }
    json!({
        "id": GATEWAY_ID,
        "name": "bench",
        "type": "Microsoft.Network/applicationGateways",
        "location": "westeurope",
        "properties": all,
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

fn basic_rule(rewrites: bool) -> Value {
    let mut rule = json!({
        "name": "all",
        "properties": {
            "ruleType": "Basic",
            "priority": 10,
            "httpListener": reference("all"),
            "backendAddressPool": reference("members"),
            "backendHttpSettings": reference("plain"),
        },
    });
    if rewrites {
        rule["properties"]["rewriteRuleSet"] = reference("ten");
    }
    rule
}

/// Ten rewrite rules as people write them, each with a condition: on the request or on the answer, that holds or does
/// not, with captures and without.
fn rewrites() -> Value {
    type Rule<'a> = (&'a str, &'a str, Option<(&'a str, &'a str)>, Option<(&'a str, &'a str)>);
    let rules: [Rule<'_>; 10] = [
        ("http_req_X-Forwarded-For", ".+", Some(("X-Real-IP", "{var_client_ip}")), None),
        ("var_uri_path", "^/p([0-9]+)/", Some(("X-Section", "section-{var_uri_path_1}")), None),
        ("http_req_User-Agent", "(bot|crawler|spider)", Some(("X-Robot", "yes")), None),
        ("http_req_Cookie", "theme=(light|dark)", Some(("X-Theme", "{http_req_Cookie_1}")), None),
        ("var_query_string", "id=([0-9]+)", Some(("X-Item", "{var_query_string_1}")), None),
        ("var_host", "^admin\\.", Some(("X-Admin", "1")), None),
        (
            "http_resp_Location",
            "(https?)://internal(.*)$",
            None,
            Some(("Location", "{http_resp_Location_1}://www{http_resp_Location_2}")),
        ),
        ("http_resp_Content-Type", "text/html", None, Some(("X-Content-Type-Options", "nosniff"))),
        ("var_http_status", "^200$", None, Some(("Strict-Transport-Security", "max-age=31536000"))),
        ("http_resp_Server", ".+", None, Some(("Server", ""))),
    ];
    let header = |(name, value): (&str, &str)| json!([{ "headerName": name, "headerValue": value }]);
    let rule = |(number, (variable, pattern, request, response)): (usize, Rule<'_>)| {
        json!({
            "name": format!("r{number}"),
            "ruleSequence": 100 + number,
            "conditions": [{ "variable": variable, "pattern": pattern, "ignoreCase": true, "negate": false }],
            "actionSet": {
                "requestHeaderConfigurations": request.map_or(json!([]), header),
                "responseHeaderConfigurations": response.map_or(json!([]), header),
            },
        })
    };
    json!({ "name": "ten", "properties": { "rewriteRules": rules.into_iter().enumerate().map(rule).collect::<Vec<_>>() } })
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
