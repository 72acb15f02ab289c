//! Values from a fixed list, such as protocols.

use crate::node::Node;
use crate::problem::{Problem, codes, nearest};

use super::Reader;

/// Declares an enum with the wire spelling of each value; read without regard to case.
macro_rules! choices {
    (
        $(#[$meta:meta])*
        pub enum $name:ident {
            $($(#[doc = $doc:literal])+ $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[doc = $doc])+ $variant,)+
        }

        impl $name {
            /// Every value with its wire spelling.
            pub const ALL: &'static [($name, &'static str)] = &[$(($name::$variant, $text)),+];

            /// The wire spelling.
            pub fn as_str(self) -> &'static str {
                match self {
                    $($name::$variant => $text,)+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::schema::Shape for $name {
            const KIND: &'static str = concat!("one of ", $("\"", $text, "\" ",)+);

            fn read(node: &$crate::node::Node, reader: &mut $crate::schema::Reader<'_>) -> Option<Self> {
                $crate::schema::read_choice(node, reader, Self::ALL)
            }

            fn write(&self, at: &$crate::node::At, _: &mut $crate::schema::Writer) -> $crate::node::Node {
                $crate::node::Node::string(self.as_str(), at.clone())
            }
        }
    };
}
pub(crate) use choices;

/// Reads one of `all`.
pub(crate) fn read_choice<T: Copy>(node: &Node, reader: &mut Reader<'_>, all: &[(T, &'static str)]) -> Option<T> {
    const MOST_LISTED: usize = 12;
    let Some(text) = node.as_str() else {
        reader.mismatch(node, "a string");
        return None;
    };
    let found = all.iter().find(|(_, spelling)| spelling.eq_ignore_ascii_case(text.trim()));
    if found.is_none() {
        let mut listed =
            all.iter().take(MOST_LISTED).map(|(_, name)| format!("{name:?}")).collect::<Vec<_>>().join(", ");
        if all.len() > MOST_LISTED {
            listed.push_str(&format!(" or {} others", all.len() - MOST_LISTED));
        }
        let problem = Problem::error(codes::UNKNOWN_VALUE, &node.at, "this value is not one of those allowed here")
            .found_value(node)
            .expected(format!("one of {listed}"));
        let suggestion = if node.at.secret { None } else { nearest(text, all.iter().map(|(_, name)| *name)) };
        reader.problems.push(problem.suggest(suggestion));
    }
    found.map(|(value, _)| *value)
}
