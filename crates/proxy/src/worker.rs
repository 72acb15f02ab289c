//! What one worker thread owns: its view of the configuration, its connections, its log and counters.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::net::{IpAddr, SocketAddr};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use backend::connections::Connections;
use foldhash::fast::RandomState;
use observe::{Clock, Labels, Rng, WorkerCounters, WorkerLog};
use snapshot::{BindingId, Scheme};

use crate::buffer;
use crate::http::compose::forwarded_fields;
use crate::http::guard;
use crate::timer::Timers;
use crate::tls::Responders;
use crate::view::{Current, View};

/// What all workers share.
pub struct Shared {
    /// The current configuration.
    pub current: Current,
    /// Who is asked whether client certificates were revoked.
    pub responders: Responders,
    /// The keys of bearer tokens.
    pub tokens: Arc<jwt::Store>,
    /// Bytes of requests' content in files.
    pub spooled: AtomicU64,
    /// What firewalls remember of requests.
    pub firewall: guard::Shared,
    /// Workers that were made.
    workers: AtomicUsize,
    connections: AtomicUsize,
    by_client: Mutex<HashMap<IpAddr, usize, RandomState>>,
}

impl Shared {
    /// Nothing connected yet.
    pub fn new(current: Current, responders: Responders, tokens: Arc<jwt::Store>) -> Arc<Self> {
        Arc::new(Self {
            current,
            responders,
            tokens,
            spooled: AtomicU64::new(0),
            firewall: guard::Shared::default(),
            workers: AtomicUsize::new(0),
            connections: AtomicUsize::new(0),
            by_client: Mutex::default(),
        })
    }

    /// Client connections of the process.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Counts a new client connection, unless the process or the client has as many as it may. Taken once for a
    /// connection, not for a request.
    pub fn admit(self: &Arc<Self>, client: IpAddr, limit: usize, limit_per_client: usize) -> Option<Admitted> {
        if self.connections.fetch_add(1, Ordering::Relaxed) >= limit {
            self.connections.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        let mut by_client = self.by_client.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_client.entry(client).or_insert(0);
        if *count >= limit_per_client {
            self.connections.fetch_sub(1, Ordering::Relaxed);
            return None;
        }
        *count += 1;
        Some(Admitted { shared: Arc::clone(self), client })
    }
}

/// A client connection that was counted; its place is free again when this is dropped.
pub struct Admitted {
    shared: Arc<Shared>,
    client: IpAddr,
}

impl Drop for Admitted {
    fn drop(&mut self) {
        self.shared.connections.fetch_sub(1, Ordering::Relaxed);
        let mut by_client = self.shared.by_client.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_client.get_mut(&self.client) {
            *count -= 1;
            if *count == 0 {
                by_client.remove(&self.client);
            }
        }
    }
}

/// One worker thread's own things. Nothing here is shared with another thread but `shared` and the counters, which it
/// alone writes.
pub struct Worker {
    /// What all workers share.
    pub shared: Arc<Shared>,
    /// Deadlines and the coarse clock.
    pub timers: Rc<Timers>,
    /// Idle connections to servers.
    pub connections: Connections,
    /// The worker's end of the access log and the firewall's.
    pub log: WorkerLog,
    /// Counters.
    pub counters: Arc<WorkerCounters>,
    /// Dates.
    pub clock: Clock,
    /// Ids.
    pub rng: Rng,
    /// Log labels of a request whose listener is gone.
    pub nameless: Labels,
    /// True once the process is to end: connections close after their present exchange.
    pub ending: Cell<bool>,
    doors: RefCell<Vec<Rc<Door>>>,
    groups: Cell<u64>,
    /// The version of the configuration at the last tidying.
    tidied: Cell<u64>,
    view: RefCell<Rc<View>>,
}

impl Worker {
    /// A worker that serves what is current.
    pub fn new(shared: Arc<Shared>, log: WorkerLog, counters: Arc<WorkerCounters>) -> Rc<Self> {
        let index = shared.workers.fetch_add(1, Ordering::Relaxed);
        let view = RefCell::new(View::new(&shared.current, index));
        Rc::new(Self {
            shared,
            timers: Timers::new(),
            connections: Connections::new(),
            log,
            counters,
            clock: Clock::new(),
            rng: Rng::from_kernel(),
            nameless: Labels::default(),
            ending: Cell::new(false),
            doors: RefCell::new(Vec::new()),
            groups: Cell::new(0),
            tidied: Cell::new(0),
            view,
        })
    }

    /// The current configuration as this worker sees it.
    #[inline]
    pub fn view(&self) -> Rc<View> {
        let mut view = self.view.borrow_mut();
        if !view.is_current(&self.shared.current) {
            *view = view.next(&self.shared.current);
        }
        Rc::clone(&view)
    }

    /// Adds a door.
    pub fn open(&self, key: DoorKey, port: u16) -> Rc<Door> {
        let group = self.groups.get() + 1;
        self.groups.set(group);
        let door = Door::new(key, port, group);
        self.doors.borrow_mut().push(Rc::clone(&door));
        door
    }

    /// Closes a door: its idle connections end now, the others after their present exchange, or when the drain
    /// timeout is over.
    pub fn close(&self, key: DoorKey) {
        let drain = self.view().published.snapshot.limits.drain_timeout;
        self.doors.borrow_mut().retain(|door| {
            let gone = door.key == key;
            if gone {
                door.closed.set(true);
                self.timers.limit(door.group, drain);
            }
            !gone
        });
        self.timers.wake_all();
    }

    /// Ends the worker's connections: idle ones now, the others after their present exchange.
    pub fn end(&self) {
        self.ending.set(true);
        self.timers.wake_all();
    }

    /// To be called every [`TICK`](crate::timer::TICK): deadlines, dates, log.
    pub fn tick(&self) {
        self.counters.ticks.add(1);
        self.timers.sweep();
        self.clock.now();
        self.log.flush();
    }

    /// To be called every second: closes connections to servers that are old, closed, or not wanted any more.
    pub fn tidy(&self) {
        let view = self.view();
        buffer::trim();
        // A door without traffic would otherwise keep an old configuration alive.
        let is_new = self.tidied.replace(view.version()) != view.version();
        for door in self.doors.borrow().iter() {
            // Sessions may last for days without a byte; they look whether they are still wanted.
            if !door.scheme(&view).is_http() && is_new {
                self.timers.wake_group(door.group);
            }
        }
        let instant = Instant::now();
        self.timers.cut(|server| server.is_cut(instant));
        let limits = &view.published.snapshot.limits;
        let age = u64::try_from(limits.pool_idle_timeout.as_millis()).unwrap_or(u64::MAX);
        let now = self.timers.now();
        let wanted: HashSet<u64, RandomState> = view.published.fleet.server_ids().into_iter().collect();
        self.connections.sweep(now.saturating_sub(age), |server| wanted.contains(&server));
        let counter = &self.counters.backend_current;
        counter.add(self.connections.open().wrapping_sub(counter.load()));
    }
}

/// What tells two sockets of a configuration apart: the local address, and the port in the document, since several may
/// ask the system for a free port.
pub type DoorKey = (SocketAddr, u16);

/// A listening socket of a worker, as its connections see it.
pub struct Door {
    /// The address and the document's port: the key to find its listeners again after a change.
    pub key: DoorKey,
    /// The port that is listened on.
    pub port: u16,
    /// True once the configuration no longer has it: connections close after their present exchange.
    pub closed: Cell<bool>,
    /// The group of its connections' timers.
    pub group: u64,
    scheme: Cell<Scheme>,
    /// What the view last looked at says of it.
    known: RefCell<Option<Known>>,
}

struct Known {
    view: Rc<View>,
    binding: Option<BindingId>,
    forwarded: Rc<str>,
}

impl Door {
    /// A door at an address of the configuration.
    pub fn new(key: DoorKey, port: u16, group: u64) -> Rc<Self> {
        let (closed, scheme) = (Cell::new(false), Cell::new(Scheme::Http));
        Rc::new(Self { key, port, closed, group, scheme, known: RefCell::new(None) })
    }

    /// The binding in a view; `None` when the configuration no longer has it.
    #[inline]
    pub fn binding(&self, view: &Rc<View>) -> Option<BindingId> {
        self.look(view, |known| known.binding)
    }

    /// What is spoken in a view, or was when the configuration still had it.
    pub fn scheme(&self, view: &Rc<View>) -> Scheme {
        if let Some(binding) = self.binding(view) {
            self.scheme.set(view.published.snapshot.bindings[binding].scheme);
        }
        self.scheme.get()
    }

    /// What servers are told of this socket.
    pub fn forwarded(&self, view: &Rc<View>) -> Rc<str> {
        self.look(view, |known| Rc::clone(&known.forwarded))
    }

    #[inline]
    fn look<T>(&self, view: &Rc<View>, read: impl Fn(&Known) -> T) -> T {
        let mut known = self.known.borrow_mut();
        match &*known {
            Some(seen) if Rc::ptr_eq(&seen.view, view) => read(seen),
            _ => read(known.insert(self.find(view))),
        }
    }

    #[cold]
    fn find(&self, view: &Rc<View>) -> Known {
        let binding = view.binding(self.key);
        let (scheme, port) = match binding.map(|id| &view.published.snapshot.bindings[id]) {
            // A port that the system chose is the one that clients see.
            Some(binding) if binding.public_port == 0 => (binding.scheme, self.port),
            Some(binding) => (binding.scheme, binding.public_port),
            None => (Scheme::Http, self.port),
        };
        Known { view: Rc::clone(view), binding, forwarded: forwarded_fields(scheme.as_str(), port) }
    }
}
