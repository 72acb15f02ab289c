//! A whole request through rules of every kind, at once and in pieces: a request line, fields, and a body behind the
//! first empty line.

use crate::Target;
use crate::requests::{self, Request};

/// This target.
pub const TARGET: Target = Target { name: "transaction", run, pieces: PIECES };

/// Sends the input as a request, as far as it is one.
pub fn run(input: &[u8]) {
    let end = input.windows(2).position(|part| part == b"\n\n").unwrap_or(input.len());
    let (head, body) = (&input[..end], input.get(end + 2..).unwrap_or_default());
    let mut lines = head.split(|byte| *byte == b'\n');
    let line = lines.next().unwrap_or_default();
    let (method, target) = divided(line, b' ');
    let fields = lines.map(|line| divided(line, b':')).collect();
    requests::agree(requests::program(), &Request { method, target, fields, body });
}

fn divided(line: &[u8], at: u8) -> (&[u8], &[u8]) {
    let cut = line.iter().position(|byte| *byte == at).unwrap_or(line.len());
    (&line[..cut], line.get(cut + 1..).unwrap_or_default())
}

const PIECES: &[&str] = &[
    "GET ",
    "POST ",
    "/",
    "?",
    "a=1",
    "&",
    "=",
    "%41",
    "%",
    "+",
    "../",
    "http://h/",
    "\n",
    "\n\n",
    "Host:h",
    "Cookie:",
    "a=b;",
    ";",
    "Content-Type:application/json",
    "Content-Type:text/xml",
    "Content-Type:multipart/form-data; boundary=b",
    "Content-Type:application/x-www-form-urlencoded",
    "Authorization:Basic YTpi",
    "X:",
    "{\"a\":",
    "\"",
    "}",
    "<a>",
    "</a>",
    "--b",
    "\r\n",
    "Content-Disposition: form-data; name=\"a\"",
    "select",
    " union select 1 from x--",
    "' or 1=1",
    "<script>",
    "&lt;",
    "\\u0041",
    "leak",
    "\0",
    "\u{e9}",
    "\u{ff1c}",
];
