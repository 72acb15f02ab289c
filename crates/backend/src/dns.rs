//! Names of pool members: resolved when they appear, again before their time to live ends, kept when that fails.
//!
//! Source: Azure, "DNS resolution in Application Gateway" (read 2026-11-22): answers are kept for their TTL; a failed
//! or empty look-up keeps the last good addresses. Here they are kept for one hour, and across configurations (Azure
//! forgets them with every change).
//!
//! [`Names`] keeps names resolved; what it knows of one is a [`NameState`]. It asks a [`Lookup`], which is a
//! [`SystemResolver`] in a running gateway: hosts file, then DNS servers, the first good answer of which counts.

mod ask;
mod chain;
mod change;
mod knowledge;
mod names;
mod schedule;
mod servers;
mod system;
mod usable;
mod verdict;

use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

pub use change::{NameChange, NameEvent};
pub use names::KnownName;
pub(crate) use names::Names;
pub use system::{Sources, SystemResolver};

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
/// Look-ups under way at the same time.
pub const MAX_LOOKUPS: usize = 128;

/// What a look-up found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Of IPv4. An empty answer is one that can be believed: the name has addresses of the other family only.
    pub v4: Result<Answer, LookupError>,
    /// Of IPv6.
    pub v6: Result<Answer, LookupError>,
    /// Addresses that were left out because no server can have them.
    pub unusable: Vec<IpAddr>,
}

/// A good answer for one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its addresses.
    pub addresses: Vec<IpAddr>,
    /// Its time to live.
    pub ttl: Duration,
}

/// Why a look-up failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LookupError {
    /// In words.
    pub text: String,
    /// True when everybody who was asked says that there is nothing.
    pub is_absent: bool,
    /// How long that stays so, if they say it.
    pub absent_for: Option<Duration>,
}

impl LookupError {
    /// A failure that says nothing of the name.
    pub fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), is_absent: false, absent_for: None }
    }

    /// Everybody says that there is nothing.
    pub(crate) fn absent(text: impl Into<String>) -> Self {
        Self { is_absent: true, ..Self::new(text) }
    }
}

impl Found {
    /// Addresses of any family that live equally long.
    pub fn addresses(addresses: &[IpAddr], ttl: Duration) -> Self {
        let of = |is_wanted: fn(&IpAddr) -> bool| {
            Ok(Answer { addresses: addresses.iter().copied().filter(is_wanted).collect(), ttl })
        };
        Self { v4: of(IpAddr::is_ipv4), v6: of(IpAddr::is_ipv6), unusable: Vec::new() }
    }

    /// Nothing, for one reason.
    pub fn failed(error: LookupError) -> Self {
        Self { v4: Err(error.clone()), v6: Err(error), unusable: Vec::new() }
    }

    /// Its addresses, IPv4 first.
    pub fn all(&self) -> impl Iterator<Item = IpAddr> + '_ {
        [&self.v4, &self.v6].into_iter().flatten().flat_map(|answer| answer.addresses.iter().copied())
    }

    /// True when it is no failure, and yet has no address.
    fn is_empty(&self) -> bool {
        self.v4.is_ok() && self.v6.is_ok() && self.all().next().is_none()
    }

    /// True when everybody who was asked says that there is nothing.
    fn is_absent(&self) -> bool {
        [&self.v4, &self.v6].into_iter().all(|family| family.as_ref().is_err_and(|error| error.is_absent))
    }
}

/// A look-up under way.
pub type LookupFuture = Pin<Box<dyn Future<Output = Found> + Send>>;

/// Whoever turns names into addresses: the system's resolver, or a table in tests.
pub trait Lookup: Send + Sync + 'static {
    /// Starts to look a name up (lower case, without trailing dot).
    fn lookup(&self, name: Arc<str>) -> LookupFuture;

    /// True once after something has changed that other answers may come from: names are then looked up before their
    /// time. Asked every second.
    fn has_changed(&self) -> bool {
        false
    }
}

/// How names are kept resolved.
pub struct Resolving {
    /// Who is asked.
    pub lookup: Arc<dyn Lookup>,
    /// What was known before this process. What is older than [`KEPT_FOR`] does not count.
    pub known: Vec<KnownName>,
    /// Called when the addresses of a name change, and when it begins or ceases to be resolved. Must not block.
    pub on_change: Box<dyn Fn(&NameChange) + Send + Sync>,
}

impl Resolving {
    /// With nothing known, and nobody told.
    pub fn by(lookup: Arc<dyn Lookup>) -> Self {
        Self { lookup, known: Vec::new(), on_change: Box::new(|_| {}) }
    }
}

/// What is known of a name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NameState {
    /// Addresses in use, sorted.
    pub addresses: Vec<IpAddr>,
    /// A look-up has ended, one way or the other.
    pub answered: bool,
    /// Why the last look-up failed, for both families or for one.
    pub error: Option<Arc<str>>,
    /// Some of the addresses are those of an earlier look-up: the last one failed.
    pub is_stale: bool,
    /// What of the last good answer is not used, and why.
    pub left_out: Option<Arc<str>>,
    /// When the last good answer came; of two families with addresses, the one that is older.
    pub resolved: Option<Instant>,
    /// When it is looked up again; past while that is under way.
    pub next: Option<Instant>,
}

impl NameState {
    /// The last look-up's failure as the health report words it.
    pub(crate) fn failure(&self, name: &str) -> Option<Failure> {
        self.error.as_ref().map(|error| Failure::DnsFailure { name: Arc::from(name), error: Arc::clone(error) })
    }

    /// A token that does not change with the wording.
    pub(crate) const fn code(&self) -> &'static str {
        match (self.answered, self.addresses.is_empty(), self.is_stale) {
            (false, _, _) => "Resolving",
            (true, true, _) => "DnsFailure",
            (true, false, true) => "Stale",
            (true, false, false) => "Resolved",
        }
    }
}
