//! Multipart bodies, and what their content type says of them: its parameters are the input's first line.

use crate::Target;
use crate::requests;

/// This target.
pub const TARGET: Target = Target { name: "multipart", run, pieces: PIECES };

/// Sends the input as a body, once behind its own first line and once behind a boundary it may well hold.
pub fn run(input: &[u8]) {
    let cut = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
    let parameters = String::from_utf8_lossy(&input[..cut]);
    let body = input.get(cut + 1..).unwrap_or_default();
    requests::check(requests::program(), &format!("multipart/form-data{parameters}"), body);
    requests::check(requests::program(), "multipart/form-data; boundary=b", input);
}

const PIECES: &[&str] = &[
    "; boundary=b\n",
    "; boundary=\"b\"\n",
    "; boundary =",
    "--b\r\n",
    "--b--\r\n",
    "--b",
    "--B",
    "\r\n",
    "\n",
    "\r",
    "Content-Disposition: form-data; name=\"a\"",
    "Content-Disposition:",
    "; name=",
    "; filename=\"x.php\"",
    "; filename*=UTF-8''x",
    "\"",
    "'",
    "\\",
    ";",
    "=",
    "Content-Type: text/plain\r\n",
    "A: b\r\n",
    " folded\r\n",
    "\t",
    "\r\n\r\n",
    "select",
    "\0",
    "\u{e9}",
];
