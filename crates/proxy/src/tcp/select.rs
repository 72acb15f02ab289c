//! Where a session goes: listener, rule, pool with settings. And whether it may still go there after a change.

use std::rc::Rc;
use std::sync::Arc;

use snapshot::{Action, BindingId, ListenerId, RouteId, Router, RuleId, Scheme, Snapshot, TargetId};

use crate::view::View;
use crate::worker::Door;

/// Where a session goes, in one configuration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    pub(super) listener: ListenerId,
    pub(super) route: RouteId,
    /// The pool with settings; `None` where the rule has none that can be used.
    pub(super) target: Option<TargetId>,
}

/// The names that a session keeps of its way, to find it again in another configuration.
#[derive(Clone, Debug)]
pub(super) struct Names {
    listener: Arc<str>,
    scheme: Scheme,
    rule: Arc<str>,
    pool: Arc<str>,
    settings: Arc<str>,
}

/// The rule for clients that name nobody, or whom nobody asks.
pub(super) fn any(view: &View, binding: BindingId) -> Option<RuleId> {
    let snapshot = &view.published.snapshot;
    let here = &snapshot.bindings[binding];
    match here.fallback {
        Some(listener) => of_listener(snapshot, listener),
        None if here.reads_server_name => None,
        None => here.hosts.lookup(b""),
    }
}

/// The rule of a listener.
pub(super) fn of_listener(snapshot: &Snapshot, listener: ListenerId) -> Option<RuleId> {
    snapshot.rules.entries().find(|(_, rule)| rule.listener == listener).map(|(id, _)| id)
}

/// Where a rule leads.
pub(super) fn path(snapshot: &Snapshot, rule: RuleId) -> Option<Path> {
    let listener = snapshot.rules[rule].listener;
    let Router::Basic(route) = snapshot.rules[rule].router else { return None };
    let target = match snapshot.routes[route].action {
        Action::Forward(target) => Some(target),
        Action::Redirect(_) | Action::Distribute(_) | Action::Missing => None,
    };
    Some(Path { listener, route, target })
}

impl Names {
    /// The names of a way that leads somewhere.
    pub(super) fn new(snapshot: &Snapshot, path: Path) -> Option<Self> {
        let target = &snapshot.targets[path.target?];
        Some(Self {
            listener: Arc::clone(&snapshot.listeners[path.listener].name),
            scheme: snapshot.listeners[path.listener].scheme,
            rule: Arc::clone(&snapshot.rules[snapshot.routes[path.route].rule].name),
            pool: Arc::clone(&snapshot.pools[target.pool].name),
            settings: Arc::clone(&snapshot.settings[target.settings].name),
        })
    }

    /// Whether a configuration still leads this way. What changed in pool and settings themselves is not asked here:
    /// servers that are gone, or are spoken to in another way, drain by themselves.
    pub(super) fn lead_on(&self, view: &Rc<View>, door: &Door) -> bool {
        let snapshot = &view.published.snapshot;
        let Some(binding) = door.binding(view) else { return false };
        let mut rules = snapshot.rules.entries();
        let Some((id, rule)) = rules.find(|(_, rule)| rule.name == self.rule) else { return false };
        let listener = &snapshot.listeners[rule.listener];
        if listener.name != self.listener || listener.scheme != self.scheme || !listener.bindings.contains(&binding) {
            return false;
        }
        let Some(target) = path(snapshot, id).and_then(|path| path.target) else { return false };
        let target = &snapshot.targets[target];
        snapshot.pools[target.pool].name == self.pool && snapshot.settings[target.settings].name == self.settings
    }
}
