//! What is published: a snapshot with the live servers that belong to it, and each worker's view of it.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use backend::balance::Turns;
use backend::{Fleet, LiveTarget};
use observe::Labels;
use observe::access_log::Names;
use rewrite::Server;
use snapshot::{
    Action, BindingId, Distribution, DistributionId, Listener, ListenerId, RouteId, RuleId, Snapshot, TargetId,
};
use tls::acceptor::Acceptor;
use tls::client_auth::Checker;
use tls::tickets::Tickets;

use crate::worker::DoorKey;

/// One configuration, ready to serve. One exchange holds one of these from its first byte to its log line.
pub struct Published {
    /// What the operator asked for, compiled.
    pub snapshot: Arc<Snapshot>,
    /// The servers, with their health.
    pub fleet: Fleet,
    /// Whether a rewrite asks for the suites that clients offer.
    pub wants_offered: bool,
    /// Whether one asks for the round trip of clients' connections.
    pub wants_round_trip: bool,
    labels: Vec<Labels>,
    /// Of routes that lead to several pools.
    pool_labels: HashMap<(RouteId, TargetId), Labels>,
    listener_labels: Vec<Labels>,
    tls: Vec<Option<Ready>>,
}

/// A listener's TLS, ready for handshakes.
#[derive(Debug)]
pub struct Ready {
    /// What handshakes are answered with.
    pub acceptor: Acceptor,
    /// What client certificates are held against, where they are asked for.
    pub checker: Option<Checker>,
}

impl Ready {
    /// `None` for a listener without TLS, or one whose TLS cannot be had, which compiling has ruled out.
    fn new(listener: &Listener, tickets: &Tickets) -> Option<Self> {
        let tls = listener.tls.as_ref()?;
        let acceptor = Acceptor::new(tls, tickets).ok()?;
        let checker = tls.client_auth.as_ref().map(|asked| Checker::new(asked)).transpose().ok()?;
        Some(Self { acceptor, checker })
    }
}

impl Published {
    /// Pairs a snapshot with its servers, prepares its listeners' TLS and writes the fixed parts of its log rows.
    pub fn new(snapshot: Arc<Snapshot>, fleet: Fleet, tickets: &Tickets) -> Self {
        let mut written = HashMap::new();
        let labels = |id, target| route_labels(&snapshot, id, target, &mut written);
        let (labels, pool_labels) = all_labels(&snapshot, labels);
        let listener_labels = snapshot.bindings.entries().map(|(id, _)| binding_labels(&snapshot, id)).collect();
        let tls = snapshot.listeners.iter().map(|listener| Ready::new(listener, tickets)).collect();
        let uses = |variable| snapshot.rewrites.iter().any(|set| set.uses(variable));
        let (wants_offered, wants_round_trip) = (uses(Server::CiphersSupported), uses(Server::ClientTcpRtt));
        Self { snapshot, fleet, wants_offered, wants_round_trip, labels, pool_labels, listener_labels, tls }
    }

    /// The TLS of a listener.
    pub fn tls(&self, listener: ListenerId) -> Option<&Ready> {
        self.tls.get(listener.index())?.as_ref()
    }

    /// The log labels of a route, and of the pool that its request went to where it leads to several.
    pub fn labels(&self, route: RouteId, target: Option<TargetId>) -> &Labels {
        let several = target.and_then(|target| self.pool_labels.get(&(route, target)));
        several.unwrap_or(&self.labels[route.index()])
    }

    /// The listener of a binding that has no other.
    pub fn only_listener(&self, binding: BindingId) -> Option<ListenerId> {
        let here = |(id, listener): (ListenerId, &Listener)| listener.bindings.contains(&binding).then_some(id);
        let mut here = self.snapshot.listeners.entries().filter_map(here);
        here.next().filter(|_| here.next().is_none())
    }

    /// The log labels of a request that was refused before it had a route.
    pub fn binding_labels(&self, binding: BindingId) -> &Labels {
        &self.listener_labels[binding.index()]
    }
}

const INSTANCE: &str = "appgw_0";

/// Labels already written for a rule that leads to a target.
type Written = HashMap<(RuleId, Option<TargetId>), Labels>;

/// Labels of every route; of those that lead to several pools also with each pool.
fn all_labels(
    snapshot: &Snapshot,
    mut labels: impl FnMut(RouteId, Option<TargetId>) -> Labels,
) -> (Vec<Labels>, HashMap<(RouteId, TargetId), Labels>) {
    let (mut all, mut with_pool) = (Vec::new(), HashMap::new());
    for (id, route) in snapshot.routes.entries() {
        let target = match &route.action {
            Action::Forward(target) => Some(*target),
            Action::Redirect(_) | Action::Distribute(_) | Action::Missing => None,
        };
        all.push(labels(id, target));
        if let Action::Distribute(distribution) = &route.action {
            let shares = snapshot.distributions[*distribution].shares.iter();
            with_pool.extend(shares.map(|share| ((id, share.target), labels(id, Some(share.target)))));
        }
    }
    (all, with_pool)
}

fn route_labels(snapshot: &Snapshot, id: RouteId, target: Option<TargetId>, written: &mut Written) -> Labels {
    let route = &snapshot.routes[id];
    let rule = &snapshot.rules[route.rule];
    let (pool, settings) = match target {
        Some(target) => {
            let target = &snapshot.targets[target];
            (&*snapshot.pools[target.pool].name, &*snapshot.settings[target.settings].name)
        }
        None => ("", ""),
    };
    let names = Names {
        resource_id: &snapshot.identity.resource_id,
        listener: &snapshot.listeners[rule.listener].name,
        rule: &rule.name,
        pool,
        settings,
        instance: INSTANCE,
        path_rule: "",
    };
    let labels = written.entry((route.rule, target)).or_insert_with(|| Labels::new(&names));
    labels.with_path_rule(&names, route.path_rule.as_deref().unwrap_or(""))
}

/// A socket address with one listener is that listener; with several, which one was meant is not known.
fn binding_labels(snapshot: &Snapshot, id: BindingId) -> Labels {
    let mut here = snapshot.listeners.iter().filter(|listener| listener.bindings.contains(&id));
    let listener = match (here.next(), here.next()) {
        (Some(only), None) => &*only.name,
        _ => "",
    };
    Labels::new(&Names {
        resource_id: &snapshot.identity.resource_id,
        listener,
        instance: INSTANCE,
        ..Names::default()
    })
}

/// The place where the current configuration stands. Publishing takes no lock on the request path.
pub struct Current {
    version: AtomicU64,
    published: ArcSwap<Published>,
}

impl Current {
    /// Starts with this configuration.
    pub fn new(published: Published) -> Self {
        Self { version: AtomicU64::new(1), published: ArcSwap::from_pointee(published) }
    }

    /// Makes a configuration current: each worker takes it with its next request.
    pub fn publish(&self, published: Published) {
        self.published.store(Arc::new(published));
        self.version.fetch_add(1, Ordering::Release);
    }

    /// The current configuration.
    pub fn load(&self) -> Arc<Published> {
        self.published.load_full()
    }

    /// Counts publications.
    pub fn version(&self) -> u64 {
        self.version.load(Ordering::Acquire)
    }
}

/// A worker's view of one configuration: the shared part and the worker's own counters.
pub struct View {
    /// The shared part.
    pub published: Arc<Published>,
    version: u64,
    /// The index of the worker.
    offset: usize,
    turns: Vec<Cell<usize>>,
    policies: Vec<Turns>,
}

impl View {
    /// The first view of a worker. With `offset`, the worker's index, its turns begin as if so many had been taken, so
    /// that not every worker begins with the same server.
    pub fn new(current: &Current, offset: usize) -> Rc<Self> {
        let version = current.version();
        let published = current.load();
        let turns = published.fleet.targets().iter().map(|_| Cell::new(offset)).collect();
        let policies = published.snapshot.distributions.iter().map(|_| Turns::new(offset)).collect();
        Rc::new(Self { published, version, offset, turns, policies })
    }

    /// A view of what is current after this one. Turns of what lives on are taken over, so that a change does not start
    /// every rotation anew.
    pub fn next(&self, current: &Current) -> Rc<Self> {
        let version = current.version();
        let published = current.load();
        let turns = published.fleet.targets().iter().map(|target| Cell::new(self.turn_of(target))).collect();
        let policies = published.snapshot.distributions.iter().map(|policy| self.turns_of(policy)).collect();
        Rc::new(Self { published, version, offset: self.offset, turns, policies })
    }

    /// Which publication it shows.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// True when nothing newer was published.
    #[inline]
    pub fn is_current(&self, current: &Current) -> bool {
        self.version == current.version()
    }

    /// Whose turn it is at a target.
    #[inline]
    pub fn turn(&self, target: TargetId) -> &Cell<usize> {
        &self.turns[target.index()]
    }

    /// Whose turn it is at the pools of a load distribution policy.
    #[inline]
    pub fn turns(&self, distribution: DistributionId) -> &Turns {
        &self.policies[distribution.index()]
    }

    fn turn_of(&self, wanted: &Arc<LiveTarget>) -> usize {
        let at = self.published.fleet.targets().iter().position(|target| Arc::ptr_eq(target, wanted));
        at.map_or(self.offset, |at| self.turns[at].get())
    }

    fn turns_of(&self, wanted: &Distribution) -> Turns {
        let mut mine = self.published.snapshot.distributions.iter().zip(&self.policies);
        let same = mine.find(|(policy, _)| policy.name == wanted.name && policy.algorithm == wanted.algorithm);
        same.map_or_else(|| Turns::new(self.offset), |(_, turns)| turns.carried())
    }

    /// The binding at an address in this configuration.
    pub fn binding(&self, (address, port): DoorKey) -> Option<BindingId> {
        let mut bindings = self.published.snapshot.bindings.entries();
        bindings.find(|(_, binding)| binding.address == address && binding.document_port == port).map(|(id, _)| id)
    }
}
