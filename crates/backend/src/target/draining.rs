//! What a target does about servers on their way out: lists them, still finds them for their cookies, lets them go.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use arc_swap::Guard;

use crate::affinity;
use crate::drain::Leaving;
use crate::health::State;
use crate::server::Server;
use crate::target::LiveTarget;

impl LiveTarget {
    /// The server that an affinity cookie names: one that may take requests, or one on its way out, until its time is
    /// over. `None` for a value that is foreign, forged, or of a server that is unhealthy or gone.
    ///
    /// Wait-free, without allocation; one comparison for each server.
    pub fn bound(&self, cookie: &[u8]) -> Option<Arc<Server>> {
        self.bound_at(cookie, Instant::now)
    }

    fn bound_at(&self, cookie: &[u8], now: impl FnOnce() -> Instant) -> Option<Arc<Server>> {
        let named = |server: &&Arc<Server>| affinity::is_token(&server.token, cookie);
        if let Some(server) = self.eligible.load().iter().find(named) {
            return Some(Arc::clone(server));
        }
        let leaving = self.leaving.load();
        let found = leaving.iter().find(|leaving| leaving.takes_bound() && named(&&leaving.server))?;
        found.lasts(now()).then(|| Arc::clone(&found.server))
    }

    /// Servers on their way out, in the order in which they were sent away.
    pub(crate) fn leaving(&self) -> Guard<Arc<Vec<Leaving>>> {
        self.leaving.load()
    }

    /// Begins with servers that left the target before this one.
    pub(crate) fn inherit(&self, leaving: Vec<Leaving>) {
        let members = self.members();
        self.leaving.store(Arc::new(leaving));
        drop(members);
    }

    /// Forgets the servers whose time is over.
    pub(crate) fn settle(&self, now: Instant) {
        if !self.leaving.load().iter().all(|leaving| leaving.lasts(now)) {
            let members = self.members();
            self.keep_leaving(|leaving| leaving.lasts(now));
            drop(members);
        }
    }

    /// Servers that the target had when it was left behind, sent away by its own settings.
    pub(crate) fn all_sent_away(&self, now: Instant) -> Vec<Leaving> {
        let members = self.members();
        self.send_away(&self.all(), now);
        drop(members);
        self.leaving.load().iter().filter(|leaving| leaving.lasts(now)).cloned().collect()
    }

    /// Sends servers away. Called with the members locked, before the lists are made anew.
    pub(super) fn send_away(&self, servers: &[Arc<Server>], now: Instant) {
        if servers.is_empty() {
            return;
        }
        let until = now + self.spec.settings.drain_timeout;
        let eligible = self.eligible.load();
        let in_use = |server: &Server| eligible.iter().any(|other| other.id == server.id);
        let sent = servers.iter().map(|server| Leaving::new(server, until, in_use(server)));
        let before = self.leaving.load();
        let all = before.iter().filter(|leaving| leaving.lasts(now)).cloned().chain(sent);
        self.leaving.store(Arc::new(all.collect()));
    }

    /// A server at an address that a name has again before its time was over. Its first probe decides anew.
    pub(super) fn returned(&self, ip: IpAddr, name: &Arc<str>) -> Option<Arc<Server>> {
        let address = SocketAddr::new(ip, self.spec.settings.port);
        let leaving = self.leaving.load_full();
        let found = leaving.iter().find(|leaving| leaving.is_same(address, Some(name)))?;
        self.keep_leaving(|leaving| leaving.server.id != found.server.id);
        Some(Arc::new(found.returned(&self.marker())))
    }

    /// Sets the end of what servers have under way that probes find unhealthy, where the settings ask for it, and takes
    /// it away from the others. A server that takes requests all the same (`minServers`) keeps its work.
    pub(crate) fn drain_unhealthy(&self, now: Instant) {
        let settings = &self.spec.settings;
        let eligible = self.eligible.load();
        for server in self.all.load().iter() {
            let is_down = server.verdicts().state() == State::Down;
            if settings.drains_unhealthy && is_down && eligible.iter().all(|other| other.id != server.id) {
                server.cut().suspect(now + settings.drain_timeout);
            } else {
                server.cut().trust();
            }
        }
    }

    fn keep_leaving(&self, keep: impl Fn(&Leaving) -> bool) {
        let kept = self.leaving.load().iter().filter(|leaving| keep(leaving)).cloned().collect();
        self.leaving.store(Arc::new(kept));
    }
}

#[cfg(test)]
mod tests;
