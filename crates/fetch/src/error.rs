//! Why there is no document.

use std::time::Duration;

use crate::{Limits, is_late};

/// Why a document could not be fetched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FetchError {
    /// Not something that can be fetched.
    #[error("it is not an http or https URL: {0}")]
    NotAUrl(String),
    /// Another answer than 200.
    #[error("the answer was {0}; 200 is expected")]
    Status(u16),
    /// It is elsewhere.
    #[error("the answer was {status} and leads to {to:?}; redirects are not followed, so that URL is the one to give")]
    Redirect {
        /// The status.
        status: u16,
        /// Where it leads.
        to: String,
    },
    /// More bytes than the limit.
    #[error("it is larger than {0} bytes")]
    TooLarge(u64),
    /// It took longer than the limit.
    #[error("it did not come within {} s", .0.as_secs_f32())]
    TooSlow(Duration),
    /// The name has no address.
    #[error("the host name cannot be resolved")]
    UnknownHost,
    /// No connection, or TLS was not had, or the answer was cut or broken.
    #[error("{0}")]
    Broken(String),
}

impl FetchError {
    pub(crate) fn new(error: ureq::Error, limits: &Limits) -> Self {
        use ureq::Error;
        match error {
            Error::BadUri(why) => Self::NotAUrl(why),
            Error::Http(why) => Self::NotAUrl(why.to_string()),
            Error::BodyExceedsLimit(bytes) => Self::TooLarge(bytes),
            Error::Timeout(_) => Self::TooSlow(limits.time),
            Error::Io(why) if is_late(&why) => Self::TooSlow(limits.time),
            Error::HostNotFound => Self::UnknownHost,
            Error::ConnectionFailed => Self::Broken("no connection could be made".to_owned()),
            Error::Io(why) => Self::Broken(why.to_string()),
            other => Self::Broken(other.to_string()),
        }
    }
}
