//! What is published: a snapshot with the live servers that belong to it, and each worker's view of it.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use arc_swap::ArcSwap;
use backend::{Fleet, LiveTarget};
use observe::Labels;
use observe::access_log::Names;
use snapshot::{Action, BindingId, Listener, ListenerId, RouteId, RuleId, Snapshot, TargetId};
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
    labels: Vec<Labels>,
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
        let labels = snapshot.routes.entries().map(|(id, _)| route_labels(&snapshot, id, &mut written)).collect();
        let listener_labels = snapshot.bindings.entries().map(|(id, _)| binding_labels(&snapshot, id)).collect();
        let tls = snapshot.listeners.iter().map(|listener| Ready::new(listener, tickets)).collect();
        Self { snapshot, fleet, labels, listener_labels, tls }
    }

    /// The TLS of a listener.
    pub fn tls(&self, listener: ListenerId) -> Option<&Ready> {
        self.tls.get(listener.index())?.as_ref()
    }

    /// The log labels of a route.
    pub fn labels(&self, route: RouteId) -> &Labels {
        &self.labels[route.index()]
    }

    /// The log labels of a request that was refused before it had a route.
    pub fn binding_labels(&self, binding: BindingId) -> &Labels {
        &self.listener_labels[binding.index()]
    }
}

const INSTANCE: &str = "appgw_0";

/// Labels already written for a rule that leads to a target.
type Written = HashMap<(RuleId, Option<TargetId>), Labels>;

fn route_labels(snapshot: &Snapshot, id: RouteId, written: &mut Written) -> Labels {
    let route = &snapshot.routes[id];
    let rule = &snapshot.rules[route.rule];
    let target = match &route.action {
        Action::Forward(target) => Some(*target),
        Action::Redirect(_) | Action::Missing => None,
    };
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
    turns: Vec<Cell<usize>>,
}

impl View {
    /// A view of what is current. Turns of targets that live on are taken over, so that a change does not start every
    /// rotation anew.
    pub fn new(current: &Current, before: Option<&View>) -> Rc<Self> {
        let version = current.version();
        let published = current.load();
        let turns = published
            .fleet
            .targets()
            .iter()
            .map(|target| Cell::new(before.map_or(0, |view| view.turn_of(target))))
            .collect();
        Rc::new(Self { published, version, turns })
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

    fn turn_of(&self, wanted: &Arc<LiveTarget>) -> usize {
        let at = self.published.fleet.targets().iter().position(|target| Arc::ptr_eq(target, wanted));
        at.map_or(0, |at| self.turns[at].get())
    }

    /// The binding at an address in this configuration.
    pub fn binding(&self, (address, port): DoorKey) -> Option<BindingId> {
        let mut bindings = self.published.snapshot.bindings.entries();
        bindings.find(|(_, binding)| binding.address == address && binding.document_port == port).map(|(id, _)| id)
    }
}
