//! Why a probe failed: stable tokens and words that say what to look at.
//!
//! The classes are those of Azure, "Backend health issues in Application Gateway" (read 2026-11-22); the wording is
//! ours. `InvalidHttp` and `TlsHandshakeFailed` are ours too.

use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tls::connector::ServerTlsError;

/// Why a probe failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Failure {
    /// The member's name has no address, and had none in the last hour.
    DnsFailure {
        /// The name.
        name: Arc<str>,
        /// What the look-up said.
        error: Arc<str>,
    },
    /// No TCP connection.
    ConnectFailed {
        /// Where to.
        address: SocketAddr,
        /// What the system said.
        error: Arc<str>,
    },
    /// The probe did not end within its timeout.
    Timeout {
        /// The timeout.
        after: Duration,
        /// How far it had come.
        doing: Step,
    },
    /// The status is not an accepted one.
    StatusMismatch {
        /// What is accepted, `200-399, 401`.
        expected: Arc<str>,
        /// What came.
        received: u16,
    },
    /// The body does not contain what it must.
    BodyMismatch {
        /// What it must contain.
        expected: Arc<str>,
    },
    /// The answer is not HTTP, or broke off.
    InvalidHttp {
        /// What was wrong.
        problem: &'static str,
    },
    /// No TLS connection, or TLS ended it.
    Tls {
        /// The token of its class, `CertNameMismatch`; see [`tls::connector::Class`].
        code: &'static str,
        /// What was seen, and what may help.
        text: Arc<str>,
    },
    /// TLS fails where a PROXY protocol header comes before it, and not without one.
    ProxyHeaderUnsupported {
        /// How it fails behind the header.
        text: Arc<str>,
    },
}

/// How far a probe had come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Step {
    /// Connecting.
    #[default]
    Connect,
    /// In the TLS handshake.
    Tls,
    /// In the TLS handshake, with a PROXY protocol header before it.
    TlsBehindHeader,
    /// Waiting for the head of the response.
    Head,
    /// Reading its body.
    Body,
}

impl Failure {
    /// A token that does not change with the wording.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::DnsFailure { .. } => "DnsFailure",
            Self::ConnectFailed { .. } => "ConnectFailed",
            Self::Timeout { .. } => "Timeout",
            Self::StatusMismatch { .. } => "StatusMismatch",
            Self::BodyMismatch { .. } => "BodyMismatch",
            Self::InvalidHttp { .. } => "InvalidHttp",
            Self::Tls { code, .. } => code,
            Self::ProxyHeaderUnsupported { .. } => "ProxyHeaderUnsupported",
        }
    }
}

impl From<ServerTlsError> for Failure {
    fn from(error: ServerTlsError) -> Self {
        Self::Tls { code: error.class.code(), text: Arc::from(error.text) }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::DnsFailure { name, error } => {
                write!(f, "the name {name} cannot be resolved: {error}; check its spelling and the DNS servers")
            }
            Self::ConnectFailed { address, error } => {
                write!(
                    f,
                    "no TCP connection to {address}: {error}; check that it listens there, and the firewalls between"
                )
            }
            Self::Timeout { after, doing: Step::Connect } => {
                write!(f, "no TCP connection within the probe's timeout of {after:?}; a firewall may drop the packets")
            }
            Self::Timeout { after, doing: Step::Tls } => {
                write!(
                    f,
                    "the TLS handshake did not end within the probe's timeout of {after:?}; the server may speak no \
                     TLS on this port"
                )
            }
            Self::Timeout { after, doing: Step::TlsBehindHeader } => {
                write!(
                    f,
                    "the TLS handshake did not end within the probe's timeout of {after:?}; the server may not \
                     understand the PROXY header before it, or speak no TLS on this port"
                )
            }
            Self::Timeout { after, doing: Step::Head } => {
                write!(f, "no response within the probe's timeout of {after:?}; the connection was made")
            }
            Self::Timeout { after, doing: Step::Body } => {
                write!(f, "the response's body did not end within the probe's timeout of {after:?}")
            }
            Self::StatusMismatch { expected, received } => {
                write!(f, "received {received} status code, expected {expected}")?;
                f.write_str(advice(*received))
            }
            Self::BodyMismatch { expected } => {
                write!(f, "the first 64 KiB of the body do not contain {:?}", shortened(expected))
            }
            Self::InvalidHttp { problem } => write!(f, "the response is not valid HTTP: {problem}"),
            Self::Tls { text, .. } => f.write_str(text),
            Self::ProxyHeaderUnsupported { text } => {
                write!(
                    f,
                    "the server does not understand the PROXY header before TLS, and speaks TLS without one: let it \
                     accept the header, or send none (enableL4ClientIpPreservation of the settings, \
                     enableProbeProxyProtocolHeader of the probe); behind the header {text}"
                )
            }
        }
    }
}

/// What is mostly behind a status that was not expected.
const fn advice(received: u16) -> &'static str {
    match received {
        401 => "; probes carry no credentials: accept 401 in the probe's match or probe an open path",
        403 | 404 => "; check the probe's path and host",
        405 => "; GET must be allowed on the probe's path",
        400 => "; the server may not know the probe's host",
        500..=599 => "; the server itself reports the error",
        _ => "",
    }
}

fn shortened(text: &str) -> &str {
    text.char_indices().nth(80).map_or(text, |(at, _)| &text[..at])
}
