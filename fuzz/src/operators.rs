//! Operators and transformations: an argument and a value, divided by the first line feed.

use std::borrow::Cow;

use waf::operators::{Captures, Environment, Operator};
use waf::transformations::Transformation;

use crate::Target;

/// This target.
pub const TARGET: Target = Target { name: "operators", run, pieces: PIECES };

struct NoFiles;

impl Environment for NoFiles {
    fn read(&self, _: &str) -> Result<Vec<u8>, String> {
        Err("there are no files".to_owned())
    }
}

const OPERATORS: &[&str] = &[
    "rx",
    "pm",
    "contains",
    "containsWord",
    "within",
    "streq",
    "eq",
    "ge",
    "ipMatch",
    "detectSQLi",
    "detectXSS",
    "validateByteRange",
    "validateUrlEncoding",
    "validateUtf8Encoding",
    "verifyCC",
    "verifySSN",
    "verifyCPF",
];

const TRANSFORMATIONS: &[&str] = &[
    "base64Decode",
    "base64DecodeExt",
    "cmdLine",
    "compressWhitespace",
    "cssDecode",
    "escapeSeqDecode",
    "hexDecode",
    "htmlEntityDecode",
    "jsDecode",
    "lowercase",
    "normalisePath",
    "normalisePathWin",
    "removeComments",
    "removeCommentsChar",
    "removeNulls",
    "replaceComments",
    "sqlHexDecode",
    "urlDecodeUni",
    "utf8toUnicode",
];

/// Asks every operator, and applies every transformation.
pub fn run(input: &[u8]) {
    let cut = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let (argument, value) = (&input[..cut], input.get(cut + 1..).unwrap_or_default());
    let argument = String::from_utf8_lossy(argument.get(..500).unwrap_or(argument));
    for name in OPERATORS {
        let Ok(operator) = Operator::parse(name, &argument, &NoFiles) else { continue };
        let mut captures = Captures::new();
        let found = operator.matches(value, argument.as_bytes(), Some(&mut captures));
        assert_eq!(operator.matches(value, argument.as_bytes(), None), found, "{name} asks for groups");
        let lower = value.to_ascii_lowercase();
        let held = |text: &Vec<u8>| text.is_empty() || lower.windows(text.len()).any(|part| part == text);
        let texts = operator.literals();
        assert!(
            !found || texts.is_none_or(|texts| texts.iter().any(held)),
            "{name} {argument} matches without its texts"
        );
    }
    for name in TRANSFORMATIONS {
        let transformation = Transformation::parse(name).expect("the names are the engine's");
        let changed = transformation.apply(Cow::Borrowed(value));
        assert!(changed.len() <= 3 * value.len() + 40, "{name} lets a value grow");
    }
}

const PIECES: &[&str] = &[
    "\n",
    "a",
    "b",
    "select ",
    "union",
    "'",
    "\"",
    "`",
    "--",
    "/*",
    "*/",
    "#",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "{2,4}",
    "+",
    "*",
    "?",
    "|",
    "^",
    "$",
    ".",
    "\\",
    "\\b",
    "\\d",
    "\\w",
    "\\x41",
    "(?i)",
    "(?:",
    "(?=",
    "(?<!",
    "\\1",
    "%",
    "%41",
    "%u0041",
    "&#x41;",
    "&lt;",
    "&",
    ";",
    "\\u0041",
    "<script",
    "<",
    ">",
    "=",
    "on",
    "javascript:",
    "1",
    "0x41",
    "1=1",
    " or ",
    ",",
    "@",
    "$a$",
    "127.0.0.1/8",
    "::1",
    "-",
    "../",
    "/",
    "\u{e9}",
    "\u{ff1c}",
    "4916545704601136",
    "x'",
    "q'(",
    " ",
];
