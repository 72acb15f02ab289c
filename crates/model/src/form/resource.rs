//! Telling gateways and firewall policies from everything else.

use crate::application_gateway::ApplicationGateway;
use crate::node::Node;
use crate::resource_id::ResourceId;
use crate::schema::Properties;

use super::Form;

/// A resource found in a text, ready to be read.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    /// Gateway or firewall policy.
    pub(crate) kind: Kind,
    /// The resource, expressions worked out.
    pub(crate) node: Node,
    /// Its id, as far as known from outside the resource itself.
    pub(crate) id: ResourceId,
    /// The shape it was written in.
    pub(crate) form: Form,
}

/// The kinds of resource this gateway reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// An application gateway.
    Gateway,
    /// A firewall policy.
    FirewallPolicy,
}

impl Found {
    /// The name it bears, or the one its id or request path says.
    pub(crate) fn name(&self) -> &str {
        let own = self.node.get("name").and_then(Node::as_str);
        let from_id = || self.node.get("id").and_then(Node::as_str).and_then(|id| id.rsplit('/').next());
        own.or_else(from_id).or(self.id.name.as_deref()).unwrap_or("")
    }
}

const GATEWAY_TYPE: &str = "Microsoft.Network/applicationGateways";
const POLICY_TYPE: &str = "Microsoft.Network/ApplicationGatewayWebApplicationFirewallPolicies";

/// Properties of a gateway that other resources have too.
const COMMON_KEYS: &[&str] = &["sku", "provisioningState", "resourceGuid"];
/// Keys that only a firewall policy has. `httpListeners` stands in both, so these are asked first.
const POLICY_KEYS: &[&str] = &["managedRules", "policySettings", "customRules"];

/// The kind of a resource by its type, or by its keys when no type is given.
pub(crate) fn kind_of(resource: &Node) -> Option<Kind> {
    if let Some(kind) = resource.get("type").and_then(Node::as_str) {
        return kind_by_type(kind);
    }
    if let Some(kind) = resource.get("id").and_then(Node::as_str).and_then(|id| ResourceId::parse(id).resource_type) {
        return kind_by_type(&kind);
    }
    let has = |key: &str| {
        [Some(resource), resource.get("properties")].into_iter().flatten().any(|node| node.get(key).is_some())
    };
    if POLICY_KEYS.iter().any(|key| has(key)) {
        return Some(Kind::FirewallPolicy);
    }
    let mut own = ApplicationGateway::table().iter().filter(|key| !key.envelope && !COMMON_KEYS.contains(&key.name));
    own.any(|key| has(key.name)).then_some(Kind::Gateway)
}

/// The kind of a resource type; Azure's spelling of the case differs between answers.
pub(crate) fn kind_by_type(resource_type: &str) -> Option<Kind> {
    if resource_type.eq_ignore_ascii_case(GATEWAY_TYPE) {
        return Some(Kind::Gateway);
    }
    resource_type.eq_ignore_ascii_case(POLICY_TYPE).then_some(Kind::FirewallPolicy)
}
