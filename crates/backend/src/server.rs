//! A server: one address that requests may go to, what it has under way, and what probes think of it.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use crate::affinity::{Marker, Token};
use crate::drain::Cut;
use crate::health::Verdicts;

/// One address of a pool's member together with the port of the settings.
///
/// Shared by the target's lists, its probe loop and exchanges under way; it outlives its removal as long as they need
/// it.
#[derive(Debug)]
pub struct Server {
    /// Unique in this process; the key of its connection pools. A server whose probe definition changed keeps its id.
    pub id: u64,
    /// Where requests go.
    pub address: SocketAddr,
    /// The name it was resolved from; `None` for a member given as address.
    pub name: Option<Arc<str>>,
    /// What `pickHostNameFromBackendAddress` sends as Host: the name, else the address (IPv6 in brackets). No port.
    pub host: Arc<str>,
    /// The value of the affinity cookies that bind a client to it.
    pub token: Token,
    /// Its number for the client-address hash: the same in every process.
    pub(crate) seed: u64,
    active: Arc<AtomicU32>,
    cut: Arc<Cut>,
    verdicts: Mutex<Verdicts>,
}

impl Server {
    /// A server that no probe has seen.
    pub(crate) fn new(marker: &Marker<'_>, ip: IpAddr, port: u16, name: Option<Arc<str>>, verdicts: Verdicts) -> Self {
        let address = SocketAddr::new(ip, port);
        let host = name.clone().unwrap_or_else(|| match ip {
            IpAddr::V4(ip) => Arc::from(ip.to_string()),
            IpAddr::V6(ip) => Arc::from(format!("[{ip}]")),
        });
        Self {
            id: NEXT_ID.fetch_add(1, Ordering::Relaxed),
            address,
            host,
            token: marker.token(address, name.as_deref()),
            seed: marker.seed(address, name.as_deref()),
            name,
            active: Arc::default(),
            cut: Arc::default(),
            verdicts: Mutex::new(verdicts),
        }
    }

    /// The same server in a target that was made anew: same id, so that its connections stay, and what it has under
    /// way counts for both. The end that draining sets counts for both too, unless `work` is [`Work::OfBefore`].
    pub(crate) fn successor(&self, marker: &Marker<'_>, verdicts: Verdicts, work: Work) -> Self {
        Self {
            id: self.id,
            address: self.address,
            name: self.name.clone(),
            host: Arc::clone(&self.host),
            token: marker.token(self.address, self.name.as_deref()),
            seed: self.seed,
            active: Arc::clone(&self.active),
            cut: match work {
                Work::GoesOn => Arc::clone(&self.cut),
                Work::OfBefore => Arc::default(),
            },
            verdicts: Mutex::new(verdicts),
        }
    }

    /// True for the server at this address that was resolved from this name.
    pub(crate) fn is_at(&self, address: SocketAddr, name: Option<&Arc<str>>) -> bool {
        self.address == address && self.name.as_ref() == name
    }

    /// Requests under way there, over all workers.
    #[inline]
    pub fn active(&self) -> u32 {
        self.active.load(Ordering::Relaxed)
    }

    /// Counts a request under way there, until the result is dropped. For every attempt at a server, and for as long as
    /// a WebSocket is open.
    #[inline]
    pub fn busy(self: &Arc<Self>) -> Busy {
        self.active.fetch_add(1, Ordering::Relaxed);
        Busy(Arc::clone(self))
    }

    /// When work under way there is cut off; `None` for never. It may change either way until it has come.
    #[inline]
    pub fn cut_at(&self) -> Option<Instant> {
        self.cut.at()
    }

    /// True when work under way there has to be cut off now. One load for a server that is not draining: cheap enough
    /// for a sweep over connections.
    #[inline]
    pub fn is_cut(&self, now: Instant) -> bool {
        self.cut.is_due(now)
    }

    /// True once it was removed from its pool: only requests that a cookie binds to it are new there. A client
    /// connection that owns a connection to it gets another server for its next request.
    #[inline]
    pub fn is_leaving(&self) -> bool {
        self.cut.is_removed()
    }

    pub(crate) fn cut(&self) -> &Cut {
        &self.cut
    }

    /// What probes think of it. Held for a look or one update, never across a wait.
    pub(crate) fn verdicts(&self) -> MutexGuard<'_, Verdicts> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a server's successor has to do with the work under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// It goes on under the successor.
    GoesOn,
    /// It ends with the configuration it began in.
    OfBefore,
}

/// A request under way at a server.
#[derive(Debug)]
pub struct Busy(Arc<Server>);

impl Busy {
    /// The server.
    #[inline]
    pub const fn server(&self) -> &Arc<Server> {
        &self.0
    }
}

impl Drop for Busy {
    #[inline]
    fn drop(&mut self) {
        self.0.active.fetch_sub(1, Ordering::Relaxed);
    }
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::{marked, server};

    #[test]
    fn the_host_of_a_server_is_its_name_or_its_bare_address() {
        let host = |ip: &str, name: Option<&str>| server(ip, name).host;
        assert_eq!(&*host("10.0.0.4", None), "10.0.0.4");
        assert_eq!(&*host("::1", None), "[::1]");
        assert_eq!(&*host("10.0.0.4", Some("a.example")), "a.example");
    }

    #[test]
    fn ids_are_unique_and_survive_a_restart_of_the_verdict() {
        let (one, two) = (server("10.0.0.4", None), server("10.0.0.4", None));
        assert_ne!(one.id, two.id);
        let next = marked(|marker| one.successor(marker, Verdicts::new(true), Work::GoesOn));
        assert_eq!(next.id, one.id);
    }

    #[test]
    fn requests_under_way_are_counted_for_a_server_and_its_successor() {
        let one = Arc::new(server("10.0.0.4", None));
        let next = marked(|marker| one.successor(marker, Verdicts::new(true), Work::OfBefore));
        let two = (one.busy(), one.busy());
        assert_eq!((one.active(), next.active()), (2, 2));
        drop(two.0);
        assert_eq!((one.active(), two.1.server().id), (1, one.id));
        drop(two.1);
        assert_eq!((one.active(), next.active()), (0, 0));
    }

    #[test]
    fn an_end_counts_for_the_successor_unless_the_work_belongs_to_the_one_before() {
        for (work, ends) in [(Work::GoesOn, true), (Work::OfBefore, false)] {
            let one = server("10.0.0.4", None);
            let next = marked(|marker| one.successor(marker, Verdicts::new(true), work));
            let now = Instant::now();
            one.cut().remove(now);
            assert_eq!((next.is_cut(now), next.is_leaving(), next.cut_at().is_some()), (ends, ends, ends), "{work:?}");
        }
    }
}
