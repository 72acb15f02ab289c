//! What changes from one snapshot to the next, for the log line and for who binds sockets.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tls::acceptor::ListenerTls;

use crate::{Member, Probe, Scheme, Settings, Snapshot};

/// What one snapshot has that the other has not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Difference {
    /// Local socket addresses. What is kept keeps its sockets and connections, whatever changed behind it.
    pub bindings: Changes<SocketAddr>,
    /// Pools used with settings, by their names.
    pub targets: Changes<(Arc<str>, Arc<str>)>,
}

/// Keys of one kind of thing, sorted by what happened to them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Changes<K> {
    /// Only in the new snapshot.
    pub added: Vec<K>,
    /// Only in the old snapshot.
    pub removed: Vec<K>,
    /// In both, and not the same.
    pub changed: Vec<K>,
    /// In both, and the same.
    pub kept: Vec<K>,
}

impl<K> Default for Changes<K> {
    fn default() -> Self {
        Self { added: Vec::new(), removed: Vec::new(), changed: Vec::new(), kept: Vec::new() }
    }
}

/// Compares two snapshots. Names and addresses make things the same; order and ids do not count.
pub fn difference(old: &Snapshot, new: &Snapshot) -> Difference {
    Difference { bindings: changes(&bindings(old), &bindings(new)), targets: changes(&targets(old), &targets(new)) }
}

/// What makes a binding the same to clients before they have asked anything: protocol, certificates by listener, what
/// a client sees that no listener is for, and who begins with a PROXY protocol header.
#[derive(PartialEq)]
struct BindingFacts<'a> {
    scheme: Scheme,
    tls: BTreeMap<&'a str, &'a ListenerTls>,
    fallback: Option<&'a str>,
    refuse_unknown_sni: bool,
    reads_server_name: bool,
    proxies: BTreeSet<(IpAddr, u8)>,
}

fn bindings(snapshot: &Snapshot) -> BTreeMap<SocketAddr, BindingFacts<'_>> {
    let rows = snapshot.bindings.entries().map(|(id, binding)| {
        let here = snapshot.listeners.iter().filter(|listener| listener.bindings.contains(&id));
        let facts = BindingFacts {
            scheme: binding.scheme,
            tls: here.filter_map(|listener| Some((&*listener.name, listener.tls.as_ref()?))).collect(),
            fallback: binding.fallback.map(|id| &*snapshot.listeners[id].name),
            refuse_unknown_sni: binding.refuse_unknown_sni,
            reads_server_name: binding.reads_server_name,
            proxies: binding.proxies.iter().copied().collect(),
        };
        (binding.address, facts)
    });
    rows.collect()
}

/// What makes a target the same: its members in any order, how they are spoken to, how they are probed.
type TargetFacts<'a> = (BTreeSet<String>, &'a Settings, &'a Probe);

fn targets(snapshot: &Snapshot) -> BTreeMap<(Arc<str>, Arc<str>), TargetFacts<'_>> {
    let facts = |target: &'_ crate::Target| {
        let (pool, settings) = (&snapshot.pools[target.pool], &snapshot.settings[target.settings]);
        let members = pool.members.iter().map(|member| match member {
            Member::Address(address) => address.to_string(),
            Member::Name(name) => name.to_string(),
        });
        ((pool.name.clone(), settings.name.clone()), members.collect(), settings)
    };
    let rows = snapshot.targets.iter().map(|target| {
        let (key, members, settings) = facts(target);
        (key, (members, settings, &target.probe))
    });
    rows.collect()
}

fn changes<K: Ord + Clone, V: PartialEq>(old: &BTreeMap<K, V>, new: &BTreeMap<K, V>) -> Changes<K> {
    let mut changes = Changes::default();
    for (key, value) in new {
        let list = match old.get(key) {
            None => &mut changes.added,
            Some(before) if before == value => &mut changes.kept,
            Some(_) => &mut changes.changed,
        };
        list.push(key.clone());
    }
    changes.removed = old.keys().filter(|key| !new.contains_key(key)).cloned().collect();
    changes
}

impl<K> Changes<K> {
    /// True when both snapshots have the same.
    pub fn is_empty(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty() && self.changed.is_empty()
    }
}

/// `1 added, 2 kept`; what is zero is left out.
impl<K> fmt::Display for Changes<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows =
            [("added", &self.added), ("removed", &self.removed), ("changed", &self.changed), ("kept", &self.kept)];
        let words: Vec<_> = rows
            .iter()
            .filter(|(_, keys)| !keys.is_empty())
            .map(|(word, keys)| format!("{} {word}", keys.len()))
            .collect();
        f.write_str(if words.is_empty() { "none" } else { "" })?;
        f.write_str(&words.join(", "))
    }
}

/// One line: `bindings: 1 added, 2 kept; targets: 3 kept`.
impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "bindings: {}; targets: {}", self.bindings, self.targets)
    }
}
