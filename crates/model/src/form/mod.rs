//! Which shape a text has, and which resources stand in it.

mod find;
mod resource;

pub(crate) use find::resources;
pub(crate) use resource::{Found, Kind, kind_by_type, kind_of};

use std::fmt;

/// The shape of a document, told by its content.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Form {
    /// A resource with `properties`, as the management API shows it.
    #[default]
    Resource,
    /// A resource without `properties`, as the command line prints it.
    Flat,
    /// A template, written by hand or compiled from Bicep.
    Template,
}

impl fmt::Display for Form {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Form::Resource => "resource",
            Form::Flat => "flat resource",
            Form::Template => "template",
        })
    }
}
