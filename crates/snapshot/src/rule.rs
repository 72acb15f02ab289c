//! Request routing rules and where they lead.

use std::sync::Arc;

use routing::{PathPattern, PathTable, Redirect};

use crate::{DistributionId, FirewallId, JwtId, ListenerId, RewriteId, RouteId, RuleId, TargetId};

/// A request routing rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// Its name, for the log.
    pub name: Arc<str>,
    /// 1 is tried first; unique.
    pub priority: u32,
    /// The one listener it serves.
    pub listener: ListenerId,
    /// The check of bearer tokens that its requests have to pass.
    pub jwt: Option<JwtId>,
    /// How a request of the listener finds its route.
    pub router: Router,
}

/// How a rule chooses a route.
#[derive(Clone, Debug)]
pub enum Router {
    /// One route for everything.
    Basic(RouteId),
    /// By path, with a default inside.
    Paths(PathTable<RouteId>),
}

/// Times that a path map is looked at again for one request, before its rewrites count as a loop. nginx's bound; Azure
/// answers 500 to a loop without saying when it is one.
pub const MAX_REROUTES: u32 = 10;

/// What a path leads to.
#[derive(Clone, Copy, Debug)]
pub struct Hit<'a> {
    /// The route.
    pub route: RouteId,
    /// The pattern that matched.
    pub pattern: Option<&'a PathPattern>,
}

impl Router {
    /// What a path leads to.
    #[inline]
    pub fn hit(&self, path: &[u8]) -> Hit<'_> {
        match self {
            Self::Basic(route) => Hit { route: *route, pattern: None },
            Self::Paths(paths) => {
                let hit = paths.lookup(path);
                Hit { route: hit.target, pattern: hit.pattern.and_then(|pattern| paths.pattern(pattern)) }
            }
        }
    }
}

/// A leaf of the routing.
#[derive(Clone, Debug)]
pub struct Route {
    /// The rule it belongs to.
    pub rule: RuleId,
    /// The path rule's name; `None` for a basic rule and for a path map's default.
    pub path_rule: Option<Arc<str>>,
    /// The path map's name, for path-based rules.
    pub path_map: Option<Arc<str>>,
    /// What changes in requests and answers that go this way.
    pub rewrite: Option<RewriteId>,
    /// The firewall policy that is in force here: the path rule's, else the listener's, else the gateway's.
    pub firewall: Option<FirewallId>,
    /// What happens to the request.
    pub action: Action,
}

impl Route {
    /// The rewrite set that is run: redirects are answered as they stand.
    #[inline]
    pub fn rewrites(&self) -> Option<RewriteId> {
        self.rewrite.filter(|_| self.goes_to_server())
    }

    /// Whether requests go to a server, and are not answered here.
    #[inline]
    pub fn goes_to_server(&self) -> bool {
        matches!(self.action, Action::Forward(_) | Action::Distribute(_))
    }
}

/// What happens to a routed request.
#[derive(Clone, Debug)]
pub enum Action {
    /// Goes to a server of a pool.
    Forward(TargetId),
    /// Goes to a server of one of several pools.
    Distribute(DistributionId),
    /// Is answered with a redirect.
    Redirect(Redirect),
    /// Has nowhere to go: 404.
    Missing,
}
