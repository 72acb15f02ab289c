//! How the model's types are told: one table per resource, from which struct, reader, writer and documentation follow.
//!
//! `properties!` declares a struct and its wire names once. [`Shape`] is what a single value can be, [`Slot`] is a
//! place for such values in a struct ([`Opt`] for one, [`List`] for many, [`Collection`] for named sub-resources,
//! [`Map`] for free keys). The loops that read and write work on tables and `dyn Slot`, so a resource costs no code.

mod choice;
mod field;
mod named;
mod read;
mod scalar;
mod write;

pub use field::{Field, List, Map, Opt};
pub use named::{Collection, Named};
pub use read::Reader;
pub use scalar::Secret;
pub use write::Writer;

pub(crate) use choice::{choices, read_choice};
pub(crate) use named::read_resource;
pub(crate) use read::read_object;
pub(crate) use write::write_properties;

use crate::node::{At, Node};

/// One property as the wire knows it.
#[derive(Debug, Clone, Copy)]
pub struct Property {
    /// The wire name, in Azure's spelling.
    pub name: &'static str,
    /// What it means: unit, default, range.
    pub doc: &'static str,
    /// What it takes, in words.
    pub kind: &'static str,
    /// Azure fills it in; accepted, never written.
    pub read_only: bool,
    /// Has to be given.
    pub required: bool,
    /// Stands beside `properties` instead of inside it.
    pub envelope: bool,
    /// Hidden in excerpts by its key, but no secret: written even when secrets are left out.
    pub public: bool,
    /// `gatehouse` inside an object without a name: left out when extensions are.
    pub extension: bool,
}

/// What a single value can be: a scalar, a choice, a reference or an object.
pub trait Shape: Sized {
    /// What it takes, in words.
    const KIND: &'static str;
    /// Reads the value; what is wrong goes to the reader's problems.
    fn read(node: &Node, reader: &mut Reader<'_>) -> Option<Self>;
    /// Writes the canonical form.
    fn write(&self, at: &At, writer: &mut Writer) -> Node;
    /// The place to show for it, when only a part of the value matters.
    fn place(node: &Node) -> &At {
        &node.at
    }
}

/// A place in a struct that one property fills.
pub trait Slot {
    /// What the slot takes, in words.
    fn kind() -> &'static str
    where
        Self: Sized;
    /// Fills the slot from a value that is not null.
    fn read(&mut self, node: &Node, reader: &mut Reader<'_>);
    /// The canonical form, unless the slot is empty.
    fn write(&self, writer: &mut Writer) -> Option<Node>;
    /// True when the property was given.
    fn is_set(&self) -> bool;
}

/// A struct declared with `properties!`.
pub trait Properties: Default + Clone + PartialEq + std::fmt::Debug {
    /// The properties in canonical order.
    fn table() -> &'static [Property];
    /// The slots, in the table's order.
    fn slots(&self) -> Vec<&dyn Slot>;
    /// The slots to fill, in the table's order.
    fn slots_mut(&mut self) -> Vec<&mut dyn Slot>;
}

/// A kind of thing that has a name: a member of a collection, or a resource of its own.
pub trait Resource: Properties {
    /// The collection its members stand in, in Azure's spelling; the type's last segment for resources of their own.
    const COLLECTION: &'static str;
    /// What this gateway can do beyond Azure, under the key `gatehouse`.
    type Extension: Properties;
    /// Keys of the envelope that are accepted and mean nothing here.
    const IGNORED: &'static [&'static str] = &["resourceGroup"];
}

/// Declares a struct of optional properties with its wire names; see the resource files for the form.
macro_rules! properties {
    (
        $(#[$meta:meta])*
        pub struct $name:ident {
            $(
                $(#[doc = $doc:literal])+
                pub $field:ident: $slot:ty = $key:literal $(, $flag:ident)*;
            )*
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq)]
        pub struct $name {
            $($(#[doc = $doc])+ pub $field: $slot,)*
        }

        impl $crate::schema::Properties for $name {
            fn table() -> &'static [$crate::schema::Property] {
                static TABLE: std::sync::LazyLock<Vec<$crate::schema::Property>> = std::sync::LazyLock::new(|| vec![
                    $($crate::schema::Property {
                        name: $key,
                        doc: concat!($($doc),+).trim_ascii(),
                        kind: <$slot as $crate::schema::Slot>::kind(),
                        read_only: [$(stringify!($flag)),*].contains(&"read_only"),
                        required: [$(stringify!($flag)),*].contains(&"required"),
                        envelope: [$(stringify!($flag)),*].contains(&"envelope"),
                        public: [$(stringify!($flag)),*].contains(&"public"),
                        extension: [$(stringify!($flag)),*].contains(&"extension"),
                    }),*
                ]);
                &TABLE
            }

            fn slots(&self) -> Vec<&dyn $crate::schema::Slot> {
                vec![$(&self.$field),*]
            }

            fn slots_mut(&mut self) -> Vec<&mut dyn $crate::schema::Slot> {
                vec![$(&mut self.$field),*]
            }
        }

        impl $crate::schema::Shape for $name {
            const KIND: &'static str = "an object";

            fn read(node: &$crate::node::Node, reader: &mut $crate::schema::Reader<'_>) -> Option<Self> {
                $crate::schema::read_object(node, reader)
            }

            fn write(&self, at: &$crate::node::At, writer: &mut $crate::schema::Writer) -> $crate::node::Node {
                $crate::schema::write_properties(self, at, writer)
            }
        }
    };
}
pub(crate) use properties;

/// Says in which collection a struct's members stand, and what extends them.
macro_rules! resource {
    ($name:ident, $collection:literal, $extension:ty) => {
        impl $crate::schema::Resource for $name {
            const COLLECTION: &'static str = $collection;
            type Extension = $extension;
        }
    };
}
pub(crate) use resource;
