//! Client certificates: what a listener asks for, and what it makes of what it gets.
//!
//! Source: Azure, "Overview of mutual authentication with Application Gateway" (read 2026-11-22). A bad certificate
//! does not end the handshake there: it completes, the verdict is kept, and every request is answered 400. So the
//! verifier that rustls sees ([`AskForCertificate`]) refuses no chain, and the judge ([`Checker`]) is asked afterwards.
//! What is never skipped is the handshake's signature: who shows a certificate has its key.
//!
//! Where bytes are passed on, no answer could say that a certificate is bad, so there the verifier is the judge
//! ([`DemandCertificate`]), and the handshake fails.

mod ask;
mod checker;
mod demand;
mod presented;
mod texts;

use std::borrow::Cow;
use std::fmt;

pub use ask::AskForCertificate;
pub use checker::Checker;
pub use demand::{DemandCertificate, refusal, spoken_alert};
pub use presented::ClientCertificate;

use crate::trust::Chain;

/// Code of a list of revoked certificates that cannot be read.
pub const LIST_INVALID: &str = "RevocationListInvalid";

/// Whether the gateway judges client certificates itself (`verifyClientAuthMode`). Default Strict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Asked for and checked; without a good one every request is answered 400, or the handshake fails where there
    /// are no requests.
    #[default]
    Strict,
    /// Asked for and handed on unchecked; the servers decide.
    Passthrough,
}

/// How a revoked certificate is found out (`verifyClientRevocation`). Default None.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Revocation {
    /// It is not, save for lists of revoked certificates.
    #[default]
    None,
    /// The responder that the certificate names is asked.
    Ocsp {
        /// Accept the certificate when no responder is named or none answers.
        soft_fail: bool,
    },
}

/// What a listener demands of client certificates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAuth {
    /// Whether they are checked.
    pub mode: Mode,
    /// The uploaded chains, each with one root.
    pub chains: Vec<Chain>,
    /// The certificate's issuer must be the one that signs leaves in some uploaded chain
    /// (`verifyClientCertIssuerDN`). Default false.
    pub verify_issuer: bool,
    /// Whether responders are asked.
    pub revocation: Revocation,
    /// Lists of revoked certificates, DER. Not empty: a certificate must be covered by a current list of its issuer.
    pub crls: Vec<Vec<u8>>,
    /// Intermediates there may be between the certificate and a root. 1 to 6.
    pub max_depth: u8,
}

/// What became of a client certificate. Prints as the access log and the rewrites say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The client showed none.
    Absent,
    /// It is good.
    Success,
    /// It is not, for this reason, in the words of OpenSSL's verification texts where there are any.
    Failed(Cow<'static, str>),
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("NONE"),
            Self::Success => f.write_str("SUCCESS"),
            Self::Failed(reason) => write!(f, "FAILED:{reason}"),
        }
    }
}

#[cfg(test)]
mod tests;
