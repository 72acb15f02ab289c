//! What rules of the operator's own see of a body.
//!
//! Source: Azure, `custom-waf-rules-overview`: `PostArgs` are the arguments of forms, multipart and JSON; `RequestBody`
//! is the body of forms and of XML.

use crate::request::Request;

/// The arguments of a body, taken apart.
pub trait Arguments {
    /// Shows names and values to a test until one satisfies it; whether one did. Names of JSON are paths, such as
    /// `user.name`.
    fn any(&self, test: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool;
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Arguments for [(N, V)] {
    fn any(&self, test: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool {
        self.iter().any(|(name, value)| test(name.as_ref(), value.as_ref()))
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> Arguments for Vec<(N, V)> {
    fn any(&self, test: &mut dyn FnMut(&[u8], &[u8]) -> bool) -> bool {
        self.as_slice().any(test)
    }
}

/// A body as far as it was read.
#[derive(Clone, Copy)]
pub struct Body<'b> {
    /// Its bytes.
    pub bytes: &'b [u8],
    /// Its arguments.
    pub arguments: &'b dyn Arguments,
}

/// What a body is by its content type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Form,
    Multipart,
    Json,
    Xml,
    Other,
}

impl Kind {
    pub(super) fn of(request: &Request<'_>) -> Self {
        let value = request.header("content-type").next().unwrap_or_default();
        let end = value.iter().position(|byte| b";, \t".contains(byte)).unwrap_or(value.len());
        let name = value.get(..end).unwrap_or_default().to_ascii_lowercase();
        match &*name {
            b"application/x-www-form-urlencoded" => Self::Form,
            b"multipart/form-data" => Self::Multipart,
            b"application/json" => Self::Json,
            b"application/xml" | b"text/xml" => Self::Xml,
            name if name.starts_with(b"application/") && name.ends_with(b"+json") => Self::Json,
            name if name.starts_with(b"application/") && name.ends_with(b"+xml") => Self::Xml,
            _ => Self::Other,
        }
    }

    pub(super) fn has_arguments(self) -> bool {
        matches!(self, Self::Form | Self::Multipart | Self::Json)
    }

    pub(super) fn has_text(self) -> bool {
        matches!(self, Self::Form | Self::Xml)
    }
}
