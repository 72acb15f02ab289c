//! Gatehouse with one TCP or TLS listener, one rule, one pool.

use serde_json::{Value, json};

use crate::certificate::NAME;
use crate::peers::Setup;
use crate::peers::gatehouse::{CERTIFICATE, ROOT, document, reference};

/// The document.
pub(in crate::peers) fn gateway(setup: &Setup<'_>) -> Value {
    let mut listener = json!({
        "frontendIPConfiguration": reference("fip"),
        "frontendPort": reference("clients"),
        "protocol": if setup.certificate.is_some() { "Tls" } else { "Tcp" },
    });
    if setup.certificate.is_some() {
        listener["sslCertificate"] = reference(CERTIFICATE);
    }
    let mut settings = json!({
        "port": setup.members[0].port(),
        "protocol": if setup.trusted.is_some() { "Tls" } else { "Tcp" },
        "timeout": 300,
    });
    if setup.trusted.is_some() {
        settings["hostName"] = NAME.into();
        settings["trustedRootCertificates"] = json!([reference(ROOT)]);
    }
    let rule = json!({
        "ruleType": "Basic",
        "priority": 10,
        "listener": reference("all"),
        "backendAddressPool": reference("members"),
        "backendSettings": reference("plain"),
    });
    let roots = if setup.trusted.is_some() { json!([{ "name": ROOT }]) } else { json!([]) };
    document(
        setup,
        json!({
            "trustedRootCertificates": roots,
            "backendSettingsCollection": [{ "name": "plain", "properties": settings }],
            "listeners": [{ "name": "all", "properties": listener }],
            "routingRules": [{ "name": "all", "properties": rule }],
        }),
    )
}
