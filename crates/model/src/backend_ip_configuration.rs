//! Network interfaces in a pool: Azure fills them in, the site file says which addresses stand behind them.
//!
//! Source: Azure REST reference, "ApplicationGatewayBackendAddressPool", api-version 2026-03-01.

use crate::node::{At, Node, Object, Value};
use crate::schema::{Field, Opt, Reader, Shape, Slot, Writer};

/// A network interface's IP configuration, known by its id; whatever else Azure tells about it is ignored.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BackendIpConfiguration {
    /// Full id of the IP configuration.
    pub id: Field<String>,
}

impl Shape for BackendIpConfiguration {
    const KIND: &'static str = "an object with an id";

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let Some(id) = node.get("id") else {
            reader.mismatch(node, Self::KIND);
            return None;
        };
        let mut read: Opt<String> = None;
        read.read(id, reader);
        Some(Self { id: read? })
    }

    fn write(&self, at: &At, _: &mut Writer) -> Node {
        let mut object = Object::default();
        object.push("id", Node::string(self.id.value.clone(), self.id.at.clone()));
        Node::new(Value::Object(object), at.clone())
    }
}
