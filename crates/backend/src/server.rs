//! A server: one address that requests may go to, and what probes think of it.

use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
    verdicts: Mutex<Verdicts>,
}

impl Server {
    /// A server that no probe has seen.
    pub(crate) fn new(ip: IpAddr, port: u16, name: Option<Arc<str>>, verdicts: Verdicts) -> Self {
        Self::with_id(NEXT_ID.fetch_add(1, Ordering::Relaxed), SocketAddr::new(ip, port), name, verdicts)
    }

    /// The same server under another probe: same id, so that its connections stay, and a verdict of its own.
    pub(crate) fn restarted(&self, verdicts: Verdicts) -> Self {
        Self::with_id(self.id, self.address, self.name.clone(), verdicts)
    }

    fn with_id(id: u64, address: SocketAddr, name: Option<Arc<str>>, verdicts: Verdicts) -> Self {
        let host = name.clone().unwrap_or_else(|| match address.ip() {
            IpAddr::V4(ip) => Arc::from(ip.to_string()),
            IpAddr::V6(ip) => Arc::from(format!("[{ip}]")),
        });
        Self { id, address, name, host, verdicts: Mutex::new(verdicts) }
    }

    /// What probes think of it. Held for a look or one update, never across a wait.
    pub(crate) fn verdicts(&self) -> MutexGuard<'_, Verdicts> {
        self.verdicts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

static NEXT_ID: AtomicU64 = AtomicU64::new(1);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_of_a_server_is_its_name_or_its_bare_address() {
        let host = |ip: &str, name: Option<&str>| {
            Server::new(ip.parse().unwrap(), 8080, name.map(Arc::from), Verdicts::new(false)).host
        };
        assert_eq!(&*host("10.0.0.4", None), "10.0.0.4");
        assert_eq!(&*host("::1", None), "[::1]");
        assert_eq!(&*host("10.0.0.4", Some("a.example")), "a.example");
    }

    #[test]
    fn ids_are_unique_and_survive_a_restart_of_the_verdict() {
        let new = || Server::new([10, 0, 0, 4].into(), 80, None, Verdicts::new(false));
        let (one, two) = (new(), new());
        assert_ne!(one.id, two.id);
        assert_eq!(one.restarted(Verdicts::new(true)).id, one.id);
    }
}
