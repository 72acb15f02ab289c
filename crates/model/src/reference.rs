//! References from one part of a document to another, and to resources beside it.
//!
//! Azure writes `{"id": "<full id>"}`. This gateway also takes the part after the gateway's name
//! (`httpListeners/l1`) and the bare name (`l1`), as object or as plain string. Names compare without regard to case.

use std::fmt;
use std::marker::PhantomData;

use crate::node::{At, Node, Object, Value};
use crate::problem::{Problem, codes, nearest};
use crate::schema::{Field, Reader, Resource, Shape, Writer};

/// A reference to a `T`.
pub struct Reference<T> {
    text: String,
    target: Target,
    kind: PhantomData<fn() -> T>,
}

/// What a reference points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A part of a gateway.
    Internal {
        /// The gateway's name, when the reference says it.
        gateway: Option<String>,
        /// The collection, when the reference says it.
        collection: Option<String>,
        /// The member's name.
        name: String,
        /// Collection and name inside that member, such as a path rule inside a path map.
        nested: Option<(String, String)>,
    },
    /// A resource of its own, by its id as written.
    External(String),
}

/// Anything that can stand at the far end of a reference.
pub trait Referable {
    /// The collection, when the target is a part of a gateway.
    const COLLECTION: Option<&'static str>;
}

impl<T: Resource> Referable for T {
    const COLLECTION: Option<&'static str> = Some(<T as Resource>::COLLECTION);
}

macro_rules! external {
    ($($(#[$meta:meta])+ $name:ident;)*) => {
        $($(#[$meta])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name {}

        impl Referable for $name {
            const COLLECTION: Option<&'static str> = None;
        })*
    };
}

external! {
    /// A subnet of a virtual network.
    Subnet;
    /// A public IP address.
    PublicIpAddress;
    /// An authentication policy.
    AuthenticationPolicy;
    /// A web application firewall policy.
    FirewallPolicy;
    /// A resource that only Azure fills in.
    AnyResource;
}

impl<T> Reference<T> {
    /// A reference from its text: a full id, `collection/name`, or a bare name.
    pub fn new(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { target: target(&text), text, kind: PhantomData }
    }

    /// The reference as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What it points at.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The name at its end: of the member, or of the resource.
    pub fn name(&self) -> &str {
        match &self.target {
            Target::Internal { nested: Some((_, name)), .. } | Target::Internal { name, .. } => name,
            Target::External(id) => id.trim_end_matches('/').rsplit('/').next().unwrap_or(id),
        }
    }
}

impl<T: Resource> Field<Reference<T>> {
    /// The problem to report when a reference could not be resolved among `names`.
    pub fn unresolved(&self, gateway: &str, names: &[&str]) -> Problem {
        let kind = <T as Resource>::COLLECTION;
        let name = self.name();
        match self.target() {
            Target::External(id) => {
                let message = format!("this should point at a member of {kind} of this gateway");
                Problem::error(codes::REFERENCE_WRONG_KIND, &self.at, message).found(format!("{id:?}"))
            }
            Target::Internal { gateway: Some(other), .. }
                if !gateway.is_empty() && !other.eq_ignore_ascii_case(gateway) =>
            {
                let message = format!("this points into the gateway {other:?}, but the document is of {gateway:?}");
                Problem::error(codes::REFERENCE_TO_OTHER_GATEWAY, &self.at, message)
                    .help(format!("write \"{kind}/{name}\": it needs no gateway name"))
            }
            Target::Internal { collection: Some(other), .. } if !other.eq_ignore_ascii_case(kind) => {
                let message = format!("this points at a member of {other}, but it should be one of {kind}");
                Problem::error(codes::REFERENCE_WRONG_KIND, &self.at, message)
                    .found(format!("{:?}", format!("{other}/{name}")))
                    .expected(format!("{:?}", format!("{kind}/<name>")))
                    .suggest(nearest(name, names.iter().copied()).map(|near| format!("{kind}/{near}")))
            }
            Target::Internal { .. } => {
                Problem::error(codes::REFERENCE_NOT_FOUND, &self.at, format!("no member of {kind} is named {name:?}"))
                    .found(format!("{name:?}"))
                    .expected(listed(kind, names))
                    .suggest(nearest(name, names.iter().copied()))
            }
        }
    }
}

fn listed(kind: &str, names: &[&str]) -> String {
    const MOST: usize = 10;
    if names.is_empty() {
        return format!("a member of {kind}, which has none");
    }
    let mut text = names.iter().take(MOST).map(|name| format!("{name:?}")).collect::<Vec<_>>().join(", ");
    if names.len() > MOST {
        text.push_str(&format!(" or {} more", names.len() - MOST));
    }
    format!("one of {text}")
}

fn target(text: &str) -> Target {
    let text = text.trim();
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty()).collect();
    let gateway = parts.iter().position(|part| part.eq_ignore_ascii_case("applicationGateways"));
    let owned = |part: &str| Some(part.to_owned());
    let (gateway, rest) = match gateway {
        Some(at) if parts.len() >= at + 4 => (owned(parts[at + 1]), &parts[at + 2..]),
        Some(_) => return Target::External(text.to_owned()),
        None => (None, &parts[..]),
    };
    match rest {
        [name] => Target::Internal { gateway, collection: None, name: (*name).to_owned(), nested: None },
        [collection, name] => {
            Target::Internal { gateway, collection: owned(collection), name: (*name).to_owned(), nested: None }
        }
        [collection, name, inner, inner_name] if !collection.eq_ignore_ascii_case("subscriptions") => {
            Target::Internal {
                gateway,
                collection: owned(collection),
                name: (*name).to_owned(),
                nested: Some(((*inner).to_owned(), (*inner_name).to_owned())),
            }
        }
        _ => Target::External(text.to_owned()),
    }
}

impl<T: Referable> Shape for Reference<T> {
    const KIND: &'static str = "a reference: {\"id\": \"...\"}, \"collection/name\" or a name";

    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self> {
        let id = match &node.value {
            Value::Object(object) => match object.get("id") {
                Some(id) if id.at.failed => return None,
                Some(id) if !id.is_null() => id,
                _ => {
                    let message = "this reference has no id; it counts as absent";
                    reader.problems.push(Problem::warning(codes::EMPTY_REFERENCE, &node.at, message));
                    return None;
                }
            },
            _ => node,
        };
        let Some(text) = id.as_str() else {
            reader.mismatch(id, Self::KIND);
            return None;
        };
        if text.trim_matches(['/', ' ']).is_empty() {
            reader.problems.push(Problem::error(codes::EMPTY_REFERENCE, &id.at, "this id is empty"));
            return None;
        }
        if text.starts_with('[') && text.ends_with(']') {
            let message = "this is a template expression, but the document is not a template";
            let help = "hand in the whole template, or write the name of the target here";
            reader.problems.push(Problem::error(codes::EXPRESSION_OUTSIDE_TEMPLATE, &id.at, message).help(help));
            return None;
        }
        Some(Self::new(text))
    }

    /// The id, not the object around it.
    fn place(node: &Node) -> &At {
        node.get("id").map_or(&node.at, |id| &id.at)
    }

    fn write(&self, at: &At, writer: &mut Writer) -> Node {
        let id = match (&self.target, T::COLLECTION, &writer.gateway_id) {
            (Target::Internal { name, nested, .. }, Some(collection), Some(gateway)) => {
                let nested = nested.as_ref().map(|(kind, name)| format!("/{kind}/{name}")).unwrap_or_default();
                format!("{gateway}/{collection}/{name}{nested}")
            }
            _ => self.text.clone(),
        };
        let mut object = Object::default();
        object.push("id", Node::string(id, at.clone()));
        Node::new(Value::Object(object), at.clone())
    }
}

impl<T> Clone for Reference<T> {
    fn clone(&self) -> Self {
        Self { text: self.text.clone(), target: self.target.clone(), kind: PhantomData }
    }
}

impl<T> PartialEq for Reference<T> {
    fn eq(&self, other: &Self) -> bool {
        self.target == other.target
    }
}

impl<T> fmt::Debug for Reference<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "-> {}", self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_a_full_id_a_collection_and_name_or_a_name() {
        let full = "/subscriptions/s/resourcegroups/rg/providers/Microsoft.Network/applicationGateways/gw";
        let internal = |gateway: Option<&str>, collection: Option<&str>, name: &str| Target::Internal {
            gateway: gateway.map(str::to_owned),
            collection: collection.map(str::to_owned),
            name: name.to_owned(),
            nested: None,
        };
        let rows = [
            (format!("{full}/probes/p"), internal(Some("gw"), Some("probes"), "p")),
            ("probes/p".to_owned(), internal(None, Some("probes"), "p")),
            ("/probes/p".to_owned(), internal(None, Some("probes"), "p")),
            ("p".to_owned(), internal(None, None, "p")),
            (full.to_owned(), Target::External(full.to_owned())),
            ("/subscriptions/s".to_owned(), internal(None, Some("subscriptions"), "s")),
        ];
        for (text, expected) in rows {
            assert_eq!(*Reference::<Subnet>::new(text.clone()).target(), expected, "{text}");
        }
        let nested = Reference::<Subnet>::new(format!("{full}/urlPathMaps/m/pathRules/r"));
        assert_eq!(nested.name(), "r");
    }
}
