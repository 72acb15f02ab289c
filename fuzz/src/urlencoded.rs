//! Forms: any body is taken apart.

use crate::Target;
use crate::requests;

/// This target.
pub const TARGET: Target = Target { name: "urlencoded", run, pieces: PIECES };

/// Sends the input as a body.
pub fn run(input: &[u8]) {
    requests::check(requests::program(), "application/x-www-form-urlencoded", input);
}

const PIECES: &[&str] = &[
    "a", "b", "=", "&", "+", "%", "%41", "%zz", "%u0041", "select", "<script>", "..", "/", "\0", "\u{e9}", ";", "&&",
    "a=1&",
];
