//! A target at work: the servers of one pool with settings, and which of them may take requests.

mod draining;

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use arc_swap::{ArcSwap, Guard};
use snapshot::{AffinityKey, Member, Probe, Settings};
use tls::connector::Connector;
use tokio::sync::Notify;
use tokio::sync::futures::Notified;

use crate::affinity::Marker;
use crate::dns::NameState;
use crate::drain::Leaving;
use crate::health::{HealthChange, Probed, State, Verdicts};
use crate::security::Security;
use crate::server::Server;

/// What a target is called: it keeps its servers and their health across configurations under this key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TargetKey {
    /// The pool's name.
    pub pool: Arc<str>,
    /// The settings' name.
    pub settings: Arc<str>,
}

/// What a target needs of the snapshot. Equal specifications: the same target goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetSpec {
    /// The pool's members in order.
    pub members: Vec<Member>,
    /// How servers are spoken to.
    pub settings: Settings,
    /// How their health is found out.
    pub probe: Probe,
    /// The secret that their affinity tokens are made with.
    pub affinity_key: AffinityKey,
}

/// A list of servers in pool order.
pub type Servers = Vec<Arc<Server>>;

/// One pool with settings, alive: read by every worker, changed by the control runtime alone.
#[derive(Debug)]
pub struct LiveTarget {
    /// Its name.
    pub key: TargetKey,
    /// What it was made from.
    pub spec: TargetSpec,
    pub(crate) security: Security,
    eligible: ArcSwap<Servers>,
    all: ArcSwap<Servers>,
    leaving: ArcSwap<Vec<Leaving>>,
    undecided: AtomicBool,
    retired: AtomicBool,
    changed: Notify,
    members: Mutex<Vec<LiveMember>>,
}

/// A member with the servers it stands for.
#[derive(Debug)]
pub(crate) enum LiveMember {
    Address(Arc<Server>),
    Name { name: Arc<str>, state: NameState, servers: Servers },
}

impl LiveMember {
    fn servers(&self) -> &[Arc<Server>] {
        match self {
            Self::Address(server) => std::slice::from_ref(server),
            Self::Name { servers, .. } => servers,
        }
    }
}

impl LiveTarget {
    pub(crate) fn new(key: TargetKey, spec: TargetSpec, security: Security, members: Vec<LiveMember>) -> Self {
        let target = Self {
            key,
            spec,
            security,
            eligible: ArcSwap::default(),
            all: ArcSwap::default(),
            leaving: ArcSwap::default(),
            undecided: AtomicBool::new(true),
            retired: AtomicBool::new(false),
            changed: Notify::new(),
            members: Mutex::new(members),
        };
        target.refresh(&target.members());
        target
    }

    /// The servers that may take requests, in pool order: what probes found healthy, and the first `minServers` when
    /// those are fewer. Wait-free.
    #[inline]
    pub fn eligible(&self) -> Guard<Arc<Servers>> {
        self.eligible.load()
    }

    /// Makes TLS connections to its servers. `None` for plain HTTP, and for a target whose TLS could not be prepared:
    /// none of its servers is ever eligible.
    #[inline]
    pub fn connector(&self) -> Option<&Connector> {
        match &self.security {
            Security::Tls(connector) => Some(connector),
            Security::Plain | Security::Broken(_) => None,
        }
    }

    /// All servers in pool order, without those that are on their way out.
    pub fn all(&self) -> Arc<Servers> {
        self.all.load_full()
    }

    /// True while some server has no verdict, or some name no answer yet.
    #[inline]
    pub fn undecided(&self) -> bool {
        self.undecided.load(Ordering::Acquire)
    }

    /// Waits until a server may take requests, until there is nothing more to wait for, or for `patience`. Any runtime.
    pub async fn decided(&self, patience: Duration) {
        let decision = async {
            loop {
                // Made before looking, and woken from then on: a change between the look and the wait is not missed.
                let changed = self.changed.notified();
                if !self.eligible().is_empty() || !self.undecided() {
                    return;
                }
                changed.await;
            }
        };
        _ = tokio::time::timeout(patience, decision).await;
    }

    /// Ends with the next change of its lists. One that happens before it is waited for counts too.
    pub(crate) fn changed(&self) -> Notified<'_> {
        self.changed.notified()
    }

    /// Takes the outcome of a probe of one of its servers. Returns what changed, for the gateway's log.
    pub(crate) fn take(&self, server: &Server, probed: Probed) -> Option<HealthChange> {
        let reason = match &probed.outcome {
            Ok(success) => success.to_string(),
            Err(failure) => failure.to_string(),
        };
        let ended = probed.ended();
        let (state, rotation_changed) = {
            let mut verdicts = server.verdicts();
            let before = verdicts.in_rotation();
            let state = verdicts.take(probed, self.spec.probe.unhealthy_threshold);
            (state, before != verdicts.in_rotation())
        };
        if state.is_some() || rotation_changed {
            let members = self.members();
            self.refresh(&members);
            self.drain_unhealthy(ended);
        }
        Some(HealthChange {
            pool: Arc::clone(&self.key.pool),
            settings: Arc::clone(&self.key.settings),
            address: server.address,
            name: server.name.clone(),
            state: state?,
            reason,
            in_rotation: (self.eligible().len(), self.all.load().len()),
        })
    }

    /// Nothing is probed for it any more. Requests of the configuration that is gone may still wait for a verdict,
    /// which would never come: servers without one take them.
    pub(crate) fn retire(&self) {
        self.retired.store(true, Ordering::Release);
        self.refresh(&self.members());
    }

    /// Takes what is known of a name now: servers whose address stayed go on, new ones start, the others drain.
    pub(crate) fn take_name(&self, name: &str, state: &NameState, now: Instant) {
        let mut members = self.members();
        let (mut gone, mut is_new) = (Vec::new(), false);
        for member in members.iter_mut() {
            if let LiveMember::Name { name: its, state: old, servers } = member
                && **its == *name
            {
                let is_the_same = (old.answered, &old.addresses) == (state.answered, &state.addresses);
                // Most look-ups find what there is already.
                if is_the_same {
                    *old = state.clone();
                    continue;
                }
                is_new = true;
                let before = std::mem::take(servers);
                let was_up = before.iter().any(|server| server.verdicts().state() == State::Up);
                let server = |&ip: &IpAddr| match before.iter().find(|server| server.address.ip() == ip) {
                    Some(server) => Arc::clone(server),
                    None => self.returned(ip, its).unwrap_or_else(|| self.resolved(ip, its, was_up)),
                };
                *servers = state.addresses.iter().map(server).collect();
                *old = state.clone();
                gone.extend(before.into_iter().filter(|old| servers.iter().all(|server| server.id != old.id)));
            }
        }
        if is_new {
            self.send_away(&gone, now);
            self.refresh(&members);
            self.drain_unhealthy(now);
        }
    }

    /// A server at a new address of a name.
    fn resolved(&self, ip: IpAddr, name: &Arc<str>, was_up: bool) -> Arc<Server> {
        let verdicts = Verdicts::new(was_up);
        Arc::new(Server::new(&self.marker(), ip, self.spec.settings.port, Some(Arc::clone(name)), verdicts))
    }

    /// Makes the marks of its servers.
    pub(crate) fn marker(&self) -> Marker<'_> {
        Marker::new(&self.key, &self.spec.affinity_key)
    }

    /// Its names with what is known of them.
    pub(crate) fn names(&self) -> Vec<(Arc<str>, NameState)> {
        let members = self.members();
        let name = |member: &LiveMember| match member {
            LiveMember::Name { name, state, .. } => Some((Arc::clone(name), state.clone())),
            LiveMember::Address(_) => None,
        };
        members.iter().filter_map(name).collect()
    }

    fn members(&self) -> MutexGuard<'_, Vec<LiveMember>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the lists anew. Called with the members locked, so that two changes cannot overtake each other.
    fn refresh(&self, members: &[LiveMember]) {
        let all: Servers = members.iter().flat_map(LiveMember::servers).cloned().collect();
        let healthy = all.iter().filter(|server| server.verdicts().in_rotation()).count();
        let always = match self.spec.probe.min_servers as usize {
            wanted if healthy < wanted => wanted,
            _ => 0,
        };
        let retired = self.retired.load(Ordering::Acquire);
        let is_broken = matches!(self.security, Security::Broken(_));
        let may_serve = |&(index, server): &(usize, &Arc<Server>)| {
            let verdicts = server.verdicts();
            !is_broken && (index < always || verdicts.in_rotation() || (retired && verdicts.is_undecided()))
        };
        let eligible = all.iter().enumerate().filter(may_serve).map(|(_, server)| Arc::clone(server)).collect();
        let unanswered = |member: &LiveMember| matches!(member, LiveMember::Name { state, .. } if !state.answered);
        let undecided = !retired
            && !is_broken
            && (members.iter().any(unanswered) || all.iter().any(|server| server.verdicts().is_undecided()));

        self.all.store(Arc::new(all));
        self.eligible.store(Arc::new(eligible));
        self.undecided.store(undecided, Ordering::Release);
        self.changed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
