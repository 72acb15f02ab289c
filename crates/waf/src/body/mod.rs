//! Bodies taken apart: forms, multipart, JSON and XML into names and values that rules can look at.
//!
//! Every processor is bounded (arguments, parts, depth) and goes as far as it can: what was read before an error is
//! looked at all the same, and the error is a fact rules can ask for.

mod arguments;
mod json;
mod multipart;
mod urlencoded;
mod xml;

pub use arguments::arguments;

pub(crate) use multipart::Anomalies;
pub(crate) use urlencoded::{decode_path, invalid_escape, parse as parse_form};

/// Parts of one multipart body.
const PARTS: usize = 200;

/// Who takes a body apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Processor {
    Urlencoded,
    Multipart,
    Json,
    Xml,
}

impl Processor {
    /// Reads a processor's name, in any case.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        [Self::Urlencoded, Self::Multipart, Self::Json, Self::Xml]
            .into_iter()
            .find(|processor| processor.name().eq_ignore_ascii_case(name.trim()))
    }

    /// The name rules see.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Urlencoded => "URLENCODED",
            Self::Multipart => "MULTIPART",
            Self::Json => "JSON",
            Self::Xml => "XML",
        }
    }

    /// The processor the engine itself chooses for a content type; rules choose the others.
    pub(crate) fn for_content_type(content_type: &[u8]) -> Option<Self> {
        let is = |name: &str| content_type.get(..name.len()).is_some_and(|t| t.eq_ignore_ascii_case(name.as_bytes()));
        if is("application/x-www-form-urlencoded") {
            Some(Self::Urlencoded)
        } else if is("multipart/form-data") {
            Some(Self::Multipart)
        } else {
            None
        }
    }
}

/// A name and a value.
pub(crate) type Pair = (Vec<u8>, Vec<u8>);

/// How far to go.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub(crate) arguments: usize,
    pub(crate) depth: usize,
    pub(crate) separator: u8,
    /// The body was cut: that it ends early is no error.
    pub(crate) cut: bool,
}

/// A file in a multipart body.
#[derive(Debug, Default)]
pub(crate) struct File {
    pub(crate) field: Vec<u8>,
    pub(crate) name: Vec<u8>,
    pub(crate) size: usize,
}

/// What a body holds.
#[derive(Debug, Default)]
pub(crate) struct Contents {
    pub(crate) arguments: Vec<Pair>,
    pub(crate) files: Vec<File>,
    /// Header lines of parts by the name of their field.
    pub(crate) part_headers: Vec<Pair>,
    pub(crate) texts: Vec<Vec<u8>>,
    pub(crate) attributes: Vec<Vec<u8>>,
    pub(crate) anomalies: Anomalies,
    pub(crate) bad_escape: bool,
    pub(crate) error: Option<&'static str>,
}

/// Takes a body apart.
pub(crate) fn read(processor: Processor, body: &[u8], content_type: &[u8], bounds: Bounds) -> Contents {
    match processor {
        Processor::Urlencoded => {
            let (arguments, all) = parse_form(body, bounds.separator, bounds.arguments);
            let error = (!all).then_some("more arguments than allowed");
            Contents { arguments, error, bad_escape: invalid_escape(body), ..Contents::default() }
        }
        Processor::Multipart => multipart::parse(body, content_type, bounds),
        Processor::Json => json::parse(body, bounds),
        Processor::Xml => xml::parse(body, bounds),
    }
}
