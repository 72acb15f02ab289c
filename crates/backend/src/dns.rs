//! Names of pool members: resolved when they appear, again when their time to live ends, kept when that fails.
//!
//! Source: Azure, "DNS resolution in Application Gateway" (read 2026-11-22): answers are kept for their TTL; a failed
//! or empty look-up keeps the last good addresses. Here they are kept for one hour, and across configurations (Azure
//! forgets them with every change).

mod names;
mod system;

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use names::Names;
pub use system::SystemResolver;

use crate::health::Failure;

/// Shortest time between two look-ups of a name.
pub const MIN_TTL: Duration = Duration::from_secs(1);
/// Longest time that an answer is believed.
pub const MAX_TTL: Duration = Duration::from_secs(300);
/// How long the last good answer is used while look-ups fail.
pub const KEPT_FOR: Duration = Duration::from_secs(3600);
/// Addresses of one name that are used.
pub const MAX_ADDRESSES: usize = 64;
/// How long one look-up may take.
pub const LOOKUP_TIMEOUT: Duration = Duration::from_secs(10);

/// A good answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its addresses, of both families; may be empty.
    pub addresses: Vec<IpAddr>,
    /// Its time to live.
    pub ttl: Duration,
}

/// Why a look-up failed, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LookupError(pub String);

/// A look-up under way.
pub type LookupFuture = Pin<Box<dyn Future<Output = Result<Answer, LookupError>> + Send>>;

/// Whoever turns names into addresses: the system's resolver, or a table in tests.
pub trait Lookup: Send + Sync + 'static {
    /// Starts to look a name up (lower case, without trailing dot).
    fn lookup(&self, name: Arc<str>) -> LookupFuture;
}

/// What is known of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameState {
    /// Addresses in use, sorted.
    pub addresses: Vec<IpAddr>,
    /// A look-up has ended, one way or the other.
    pub answered: bool,
    /// Why the last look-up failed.
    pub error: Option<Arc<str>>,
    /// When the last good answer came.
    pub resolved: Option<Instant>,
}

impl NameState {
    /// The last look-up's failure as the health report words it.
    pub(crate) fn failure(&self, name: &str) -> Option<Failure> {
        self.error.as_ref().map(|error| Failure::DnsFailure { name: Arc::from(name), error: Arc::clone(error) })
    }
}
