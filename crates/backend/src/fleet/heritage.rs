//! What a target that is made anew takes over from the one before.

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use snapshot::{Member, Probe, Scheme, Settings};
use tls::connector::ServerTls;

use crate::affinity::Marker;
use crate::dns::NameState;
use crate::drain::Leaving;
use crate::fleet::Fleet;
use crate::health::{State, Verdicts};
use crate::security::Security;
use crate::server::{Server, Work};
use crate::target::{LiveMember, LiveTarget, Servers, TargetKey, TargetSpec};

/// What a changed target can take over.
pub(super) struct Heritage<'a> {
    /// The target of the same name.
    pub(super) past: Option<Past>,
    /// Everything that ran before.
    pub(super) previous: &'a Fleet,
    /// What is under way ends with the configuration it began in.
    pub(super) ends_all: bool,
}

/// A target that was, with its servers.
pub(super) struct Past {
    pub(super) target: Arc<LiveTarget>,
    /// Those that had a place in it up to now.
    pub(super) servers: Arc<Servers>,
    /// Those that are on their way out.
    pub(super) leaving: Vec<Leaving>,
}

impl Heritage<'_> {
    /// A target with what can be taken over. What cannot is sent away.
    pub(super) fn target(self, key: TargetKey, spec: TargetSpec, now: Instant) -> Arc<LiveTarget> {
        let marker = Marker::new(&key, &spec.affinity_key);
        let members = spec.members.iter().map(|member| self.member(member, &spec, &marker)).collect();
        let security = self.security(&spec.settings);
        let target = LiveTarget::new(key, spec, security, members);
        if let Some(past) = &self.past {
            target.inherit(self.leaving(past, &target, now));
        }
        target.drain_unhealthy(now);
        Arc::new(target)
    }

    fn member(&self, member: &Member, spec: &TargetSpec, marker: &Marker<'_>) -> LiveMember {
        match member {
            Member::Address(ip) => LiveMember::Address(self.server(*ip, None, spec, marker)),
            Member::Name(name) => {
                let state = self.name(name);
                let server = |&ip: &IpAddr| self.server(ip, Some(name), spec, marker);
                LiveMember::Name {
                    name: Arc::clone(name),
                    servers: state.addresses.iter().map(server).collect(),
                    state,
                }
            }
        }
    }

    fn server(&self, ip: IpAddr, name: Option<&Arc<str>>, spec: &TargetSpec, marker: &Marker<'_>) -> Arc<Server> {
        let address = SocketAddr::new(ip, spec.settings.port);
        let same = |server: &&Arc<Server>| server.is_at(address, name);
        if let Some(past) = self.spoken_alike(&spec.settings) {
            if let Some(server) = past.servers.iter().find(same) {
                return self.continued(server, &past.target.spec, spec, marker);
            }
            if let Some(leaving) = past.leaving.iter().find(|leaving| leaving.is_same(address, name)) {
                return Arc::new(leaving.returned(marker));
            }
        }
        let up_elsewhere = (self.previous.targets.iter())
            .any(|target| target.all().iter().filter(same).any(|server| server.verdicts().state() == State::Up));
        Arc::new(Server::new(marker, ip, spec.settings.port, name.cloned(), Verdicts::new(up_elsewhere)))
    }

    /// A server that stays.
    fn continued(&self, server: &Arc<Server>, old: &TargetSpec, new: &TargetSpec, marker: &Marker<'_>) -> Arc<Server> {
        let is_probed_alike = asks_the_same(&old.probe, &new.probe);
        if is_probed_alike && old.affinity_key == new.affinity_key && !self.ends_all {
            return Arc::clone(server);
        }
        let verdicts =
            if is_probed_alike { server.verdicts().clone() } else { Verdicts::new(server.verdicts().in_rotation()) };
        let work = if self.ends_all { Work::OfBefore } else { Work::GoesOn };
        Arc::new(server.successor(marker, verdicts, work))
    }

    /// Servers of the past that the target does not have, sent away; and with them, if asked, the work of the others.
    fn leaving(&self, past: &Past, target: &LiveTarget, now: Instant) -> Vec<Leaving> {
        let until = now + target.spec.settings.drain_timeout;
        let is_alike = self.spoken_alike(&target.spec.settings).is_some();
        let (servers, in_use) = (target.all(), past.target.eligible());
        let has = |list: &Servers, server: &Server| list.iter().any(|other| other.id == server.id);
        let mut all: Vec<_> = past.leaving.iter().filter(|leaving| !has(&servers, &leaving.server)).cloned().collect();
        for server in past.servers.iter() {
            if !has(&servers, server) {
                all.push(Leaving::new(server, until, has(&in_use, server)));
            } else if self.ends_all {
                server.cut().remove(until);
            }
        }
        for leaving in &mut all {
            leaving.is_alike &= is_alike;
        }
        all
    }

    /// The target of the same name, if it speaks to its servers in the same way: connections of another kind are of
    /// no use.
    fn spoken_alike(&self, settings: &Settings) -> Option<&Past> {
        self.past.as_ref().filter(|past| are_spoken_alike(&past.target.spec.settings, settings))
    }

    fn security(&self, settings: &Settings) -> Security {
        let same = |past: &&Past| past.target.spec.settings.tls == settings.tls;
        let past = self.spoken_alike(settings).filter(same);
        past.map_or_else(|| Security::new(settings), |past| past.target.security.clone())
    }

    /// What any target knew of a name.
    fn name(&self, name: &str) -> NameState {
        let known = self.previous.targets.iter().flat_map(|target| target.names());
        known.filter(|(its, _)| **its == *name).map(|(_, state)| state).find(|state| state.answered).unwrap_or_default()
    }
}

/// True when connections that were made by the one are as good as those that are made by the other.
fn are_spoken_alike(old: &Settings, new: &Settings) -> bool {
    let is_tls_alike = match (&old.tls, &new.tls) {
        // No connection of TCP and TLS serves a second client, so a certificate that is shown to servers from now on
        // does not concern those that are open: to renew it is no reason to end them.
        (Some(one), Some(two)) if old.scheme == Scheme::Tls => {
            **one == ServerTls { identity: one.identity.clone(), ..(**two).clone() }
        }
        (one, two) => one == two,
    };
    old.scheme == new.scheme && is_tls_alike && old.proxy_header == new.proxy_header
}

/// True when two probes ask the same question and judge the answer alike: name and `minServers` do not matter.
fn asks_the_same(one: &Probe, two: &Probe) -> bool {
    let one = Probe { name: two.name.clone(), min_servers: two.min_servers, ..one.clone() };
    one == *two
}
