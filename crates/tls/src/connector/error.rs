//! Why no TLS connection to a server came about.

use std::fmt;

/// The classes of failure. Order and meaning: Azure, "Backend health issues in Application Gateway" (read
/// 2026-11-22); the last two are ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// The certificate does not have the name.
    CertNameMismatch,
    /// A certificate of the chain is outside its dates.
    CertDateInvalid,
    /// The leaf's issuer was not presented.
    IntermediateMissing,
    /// Only authorities were presented.
    LeafMissing,
    /// The leaf is not the first.
    LeafNotFirst,
    /// The leaf's issuer is no public authority.
    LeafNotWellKnown,
    /// The chain ends at no public authority.
    IntermediateNotWellKnown,
    /// The chain, sent without a root, is signed by none of the trusted roots.
    RootMismatchNoRootPresented,
    /// The root that was sent is none of the trusted roots.
    RootMismatchRootPresented,
    /// Anything else that is wrong with a certificate, with OpenSSL's number for it.
    CertVerifyOther(u32),
    /// The handshake itself failed: an alert, no common version or suite.
    TlsHandshakeFailed,
    /// The server closed or reset the connection within the handshake.
    Closed,
}

impl Class {
    /// A token that does not change with the wording.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CertNameMismatch => "CertNameMismatch",
            Self::CertDateInvalid => "CertDateInvalid",
            Self::IntermediateMissing => "IntermediateMissing",
            Self::LeafMissing => "LeafMissing",
            Self::LeafNotFirst => "LeafNotFirst",
            Self::LeafNotWellKnown => "LeafNotWellKnown",
            Self::IntermediateNotWellKnown => "IntermediateNotWellKnown",
            Self::RootMismatchNoRootPresented => "RootMismatchNoRootPresented",
            Self::RootMismatchRootPresented => "RootMismatchRootPresented",
            Self::CertVerifyOther(_) => "CertVerifyOther",
            Self::TlsHandshakeFailed | Self::Closed => "TlsHandshakeFailed",
        }
    }
}

/// Why no TLS connection to a server came about. Prints as its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerTlsError {
    /// Which kind of failure.
    pub class: Class,
    /// What was seen, what was expected, and what may help.
    pub text: String,
}

impl ServerTlsError {
    pub(super) fn new(class: Class, text: impl Into<String>) -> Self {
        Self { class, text: text.into() }
    }
}

impl fmt::Display for ServerTlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl std::error::Error for ServerTlsError {}
