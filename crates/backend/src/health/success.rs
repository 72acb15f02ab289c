//! What makes a probe succeed.

use std::fmt;

/// What a probe found that makes its server healthy. Prints as the report shows it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Success {
    /// An answer over HTTP that is accepted, with this status.
    Status(u16),
    /// A TCP connection; nothing else is asked for.
    Connection,
    /// A whole TLS handshake with a good certificate; nothing else is asked for.
    Handshake,
}

impl fmt::Display for Success {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // Scripts look for the number in the text.
            Self::Status(status) => write!(f, "Success. Received {status} status code"),
            Self::Connection => f.write_str("Success. TCP connection made"),
            Self::Handshake => f.write_str("Success. TLS handshake completed"),
        }
    }
}
