//! Bodies of XML.

use crate::Target;
use crate::requests;

/// This target.
pub const TARGET: Target = Target { name: "xml", run, pieces: PIECES };

/// Sends the input as a body.
pub fn run(input: &[u8]) {
    requests::check(requests::program(), "text/xml", input);
}

const PIECES: &[&str] = &[
    "<a",
    "<a>",
    "</a>",
    "<b c='d'/>",
    ">",
    "/>",
    "&",
    ";",
    "&amp;",
    "&#x41;",
    "&e;",
    "<!DOCTYPE a [",
    "<!ENTITY e 'f'>",
    "]>",
    "<![CDATA[",
    "]]>",
    "<!--",
    "-->",
    "<?xml version='1.0'?>",
    "<?",
    "?>",
    " x=\"y\"",
    "'",
    "\"",
    "=",
    "select",
    "\u{e9}",
    "\0",
];
