//! All targets of one snapshot, alive; and how the next snapshot takes them over.

use std::net::IpAddr;
use std::ops::Index;
use std::sync::Arc;

use snapshot::{Member, Probe, Settings, Snapshot, TargetId};

use crate::dns::NameState;
use crate::health::{State, Verdicts};
use crate::security::Security;
use crate::server::Server;
use crate::target::{LiveMember, LiveTarget, TargetKey, TargetSpec};

/// The targets of one snapshot, in its order. Belongs together with that snapshot: ids of another one mean other
/// targets.
#[derive(Clone, Debug, Default)]
pub struct Fleet {
    targets: Vec<Arc<LiveTarget>>,
}

impl Index<TargetId> for Fleet {
    type Output = Arc<LiveTarget>;

    fn index(&self, id: TargetId) -> &Arc<LiveTarget> {
        &self.targets[id.index()]
    }
}

impl Fleet {
    /// The targets of a snapshot. What did not change since the previous fleet goes on as it is:
    ///
    /// - a target with equal key and specification is the same object;
    /// - a target whose TLS settings did not change keeps the sessions with its servers;
    /// - a server with equal address and probe definition is the same object, counters and verdict included;
    /// - a server whose probe definition changed keeps its connections, and its place in the rotation until the new
    ///   probe's first answer.
    ///
    /// Probes of the result run once [`crate::ProbeRunner::reconcile`] has seen it.
    pub fn reconcile(previous: Option<&Self>, snapshot: &Snapshot) -> Self {
        let nothing = Self::default();
        let previous = previous.unwrap_or(&nothing);
        let target = |target: &snapshot::Target| {
            let (pool, settings) = (&snapshot.pools[target.pool], &snapshot.settings[target.settings]);
            let key = TargetKey { pool: Arc::clone(&pool.name), settings: Arc::clone(&settings.name) };
            let spec =
                TargetSpec { members: pool.members.clone(), settings: settings.clone(), probe: target.probe.clone() };
            let old = previous.targets.iter().find(|old| old.key == key);
            match old {
                Some(old) if old.spec == spec => Arc::clone(old),
                _ => {
                    let heritage = Heritage { old: old.map(|old| &**old), previous };
                    let members = spec.members.iter().map(|member| heritage.member(member, &spec)).collect();
                    let security = heritage.security(&spec.settings);
                    Arc::new(LiveTarget::new(key, spec, security, members))
                }
            }
        };
        Self { targets: snapshot.targets.iter().map(target).collect() }
    }

    /// The targets in the snapshot's order.
    pub fn targets(&self) -> &[Arc<LiveTarget>] {
        &self.targets
    }
}

/// What a changed target can take over.
struct Heritage<'a> {
    /// The target of the same name.
    old: Option<&'a LiveTarget>,
    /// Everything that ran before.
    previous: &'a Fleet,
}

impl Heritage<'_> {
    fn member(&self, member: &Member, spec: &TargetSpec) -> LiveMember {
        match member {
            Member::Address(ip) => LiveMember::Address(self.server(*ip, None, spec)),
            Member::Name(name) => {
                let state = self.name(name);
                let server = |&ip: &IpAddr| self.server(ip, Some(name), spec);
                LiveMember::Name {
                    name: Arc::clone(name),
                    servers: state.addresses.iter().map(server).collect(),
                    state,
                }
            }
        }
    }

    fn server(&self, ip: IpAddr, name: Option<&Arc<str>>, spec: &TargetSpec) -> Arc<Server> {
        let port = spec.settings.port;
        let same = |server: &&Arc<Server>| {
            server.address.ip() == ip && server.address.port() == port && server.name.as_ref() == name
        };
        if let Some(old) = self.old
            && old.spec.settings.scheme == spec.settings.scheme
            && old.spec.settings.tls == spec.settings.tls
            && let Some(server) = old.all().iter().find(same)
        {
            let probed_alike = asks_the_same(&old.spec.probe, &spec.probe);
            let in_rotation = server.verdicts().in_rotation();
            return if probed_alike {
                Arc::clone(server)
            } else {
                Arc::new(server.restarted(Verdicts::new(in_rotation)))
            };
        }
        let up_elsewhere = (self.previous.targets.iter())
            .any(|target| target.all().iter().filter(same).any(|server| server.verdicts().state() == State::Up));
        Arc::new(Server::new(ip, port, name.cloned(), Verdicts::new(up_elsewhere)))
    }

    /// The target of the same name, if it speaks to its servers in the same way: connections of another kind are of
    /// no use.
    fn spoken_alike(&self, settings: &Settings) -> Option<&LiveTarget> {
        let alike = |old: &&LiveTarget| {
            let old = &old.spec.settings;
            old.scheme == settings.scheme && old.tls == settings.tls
        };
        self.old.filter(alike)
    }

    fn security(&self, settings: &Settings) -> Security {
        self.spoken_alike(settings).map_or_else(|| Security::new(settings), |old| old.security.clone())
    }

    /// What any target knew of a name.
    fn name(&self, name: &str) -> NameState {
        let known = self.previous.targets.iter().flat_map(|target| target.names());
        known.filter(|(its, _)| **its == *name).map(|(_, state)| state).find(|state| state.answered).unwrap_or_default()
    }
}

/// True when two probes ask the same question and judge the answer alike: name and `minServers` do not matter.
fn asks_the_same(one: &Probe, two: &Probe) -> bool {
    let one = Probe { name: two.name.clone(), min_servers: two.min_servers, ..one.clone() };
    one == *two
}

#[cfg(test)]
mod tests;
