//! From struct to canonical tree: Azure's spelling, `properties` nested, nothing Azure fills in itself.

use crate::node::{At, Node, Object, Value};

use super::Properties;

/// How to write, and what was left out on the way.
#[derive(Debug, Default)]
pub struct Writer {
    /// The full id of the gateway: references into it are written as full ids when it is known.
    pub gateway_id: Option<String>,
    /// Write what stands under `gatehouse`.
    pub extensions: bool,
    /// Write passwords, keys and values of secure parameters.
    pub secrets: bool,
    /// The paths of extensions left out.
    pub left_out: Vec<String>,
}

impl Writer {
    /// Writes what stands under `gatehouse`, or notes the paths left out.
    pub(super) fn extension<P: Properties>(&mut self, extension: &P, at: &At) -> Option<Node> {
        if self.extensions {
            return Some(write_properties(extension, at, self));
        }
        self.left_out.push(at.path.to_string());
        None
    }
}

/// Writes the properties that belong inside `properties`, or all of a plain object.
pub(crate) fn write_properties<P: Properties>(properties: &P, at: &At, writer: &mut Writer) -> Node {
    let mut object = Object::default();
    for (property, slot) in P::table().iter().zip(properties.slots()) {
        if property.read_only || property.envelope {
            continue;
        }
        let secrets = writer.secrets;
        writer.secrets |= property.public;
        let node = slot.write(writer).filter(|node| !node.is_null());
        writer.secrets = secrets;
        match node {
            Some(node) if property.extension && !writer.extensions => writer.left_out.push(node.at.path.to_string()),
            Some(node) => object.push(property.name, node),
            None => {}
        }
    }
    Node::new(Value::Object(object), at.clone())
}
