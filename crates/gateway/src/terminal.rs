//! Printing for people and for pipes.

use std::io::{IsTerminal, Write};

/// Prints to standard output. A closed pipe ends the output, not the program.
pub fn out(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes()).and_then(|()| std::io::stdout().flush());
}

/// Prints a line to standard error; nothing when there is nothing to say.
pub fn note(text: &str) {
    if text.is_empty() {
        return;
    }
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Whether standard error takes colours.
pub fn colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Whether standard output takes colours.
pub fn colour_out() -> bool {
    std::io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// `1 error`, `2 errors`.
pub fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}
