//! Bodies of JSON.

use crate::Target;
use crate::requests;

/// This target.
pub const TARGET: Target = Target { name: "json", run, pieces: PIECES };

/// Sends the input as a body.
pub fn run(input: &[u8]) {
    requests::check(requests::program(), "application/json", input);
}

const PIECES: &[&str] = &[
    "{", "}", "[", "]", ",", ":", "\"", "\"a\"", "\"a\":", "1", "-1.5e3", "true", "null", "\\", "\\u0041", "\\ud83d",
    "\\ude00", "\\n", " ", "\n", "select", "{\"a\":", "[[", "\u{e9}",
];
