//! From the model back to text: canonical JSON and YAML, and the difference of two documents.
//!
//! Canonical means: Azure's spelling, properties in the order of the model's tables, `properties` nested, nothing that
//! Azure fills in itself, references as full ids where the gateway's own id is known.

mod diff;
mod json;
mod yaml;

pub use diff::{Change, diff};
pub(crate) use json::to_compact_json;
pub use json::to_pretty_json;
pub use yaml::to_yaml;

use crate::node::{At, Node, Object, Value};
use crate::read::Document;
use crate::schema::{Named, Resource, Shape, Writer};

/// What to write.
#[derive(Debug, Clone, Copy, Default)]
pub struct ExportOptions {
    /// Write what stands under `gatehouse`; Azure ignores or refuses it.
    pub extensions: bool,
    /// Write passwords, keys and values of secure parameters.
    pub secrets: bool,
}

/// A document in canonical form.
#[derive(Debug, Clone)]
pub struct Exported {
    /// The gateway.
    pub gateway: Node,
    /// The firewall policies.
    pub policies: Vec<Node>,
    /// The paths of extensions that were left out.
    pub left_out: Vec<String>,
}

impl Exported {
    /// The gateway, or a list of it and its policies, as JSON.
    pub fn to_json(&self) -> String {
        if self.policies.is_empty() {
            return to_pretty_json(&self.gateway);
        }
        let resources = std::iter::once(&self.gateway).chain(&self.policies).cloned().collect();
        to_pretty_json(&Node::new(Value::Array(resources), At::default()))
    }

    /// The gateway and its policies as YAML documents.
    pub fn to_yaml(&self) -> String {
        let resources = std::iter::once(&self.gateway).chain(&self.policies);
        resources.map(to_yaml).collect::<Vec<_>>().join("---\n")
    }
}

/// Writes a document in canonical form.
pub fn export(document: &Document, options: &ExportOptions) -> Exported {
    let mut writer = Writer {
        gateway_id: document.id.full(),
        extensions: options.extensions,
        secrets: options.secrets,
        left_out: Vec::new(),
    };
    let gateway = resource(&document.gateway, "Microsoft.Network/applicationGateways", document.id.full(), &mut writer);
    let policy_type = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies";
    let policies = document.policies.iter().map(|policy| {
        let id = policy.id.as_ref().map(|id| id.value.clone());
        resource(policy, policy_type, id, &mut writer)
    });
    Exported { gateway, policies: policies.collect(), left_out: writer.left_out }
}

fn resource<T: Resource>(named: &Named<T>, resource_type: &str, id: Option<String>, writer: &mut Writer) -> Node {
    let written = named.write(&named.at, writer);
    let mut object = Object::default();
    if let Some(id) = id {
        object.push("id", Node::string(id, At::default()));
    }
    object.push("type", Node::string(resource_type, At::default()));
    if let Value::Object(rest) = written.value {
        object
            .entries
            .extend(rest.entries.into_iter().filter(|entry| entry.key != "name" || entry.node.as_str() != Some("")));
    }
    Node::new(Value::Object(object), named.at.clone())
}

#[cfg(test)]
mod tests;
