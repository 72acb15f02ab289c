//! Which server a request goes to: the one that its affinity cookie names, else whose turn it is.

use std::net::IpAddr;
use std::sync::Arc;

use backend::balance::{Asked, Choice, round_robin};
use backend::{LiveTarget, Server};
use snapshot::{Affinity, DistributionId, Settings, TargetId};

use crate::http::dedicated::Dedicated;
use crate::http::field::{self, Known};
use crate::http::head::Request;
use crate::http::rewriting::Seen;
use crate::view::View;

/// The pools that a request may go to.
#[derive(Clone, Copy, Debug)]
pub enum Pools {
    /// One, with its settings.
    One(TargetId),
    /// Those of a load distribution policy.
    Several(DistributionId),
}

/// A server that was chosen.
pub struct Chosen {
    /// Its pool with settings.
    pub target: TargetId,
    /// The server.
    pub server: Arc<Server>,
    /// Its id, if a cookie of the client names it.
    pub bound: Option<u64>,
}

/// Chooses a server for the first attempt. `None` when there is none that may take requests.
#[inline]
pub fn choose(view: &View, pools: Pools, seen: &Seen<'_>, dedicated: &Dedicated) -> Option<Chosen> {
    let settings = settings(view, pools)?;
    if let Some(affinity) = &settings.affinity
        && let Some(chosen) = bound(view, pools, affinity, seen.request)
    {
        return Some(chosen);
    }
    if settings.dedicated
        && let Some(chosen) = owned(view, pools, dedicated)
    {
        return Some(chosen);
    }
    match pools {
        Pools::One(target) => {
            let eligible = view.published.fleet[target].eligible();
            let server = round_robin::pick(&eligible, view.turn(target), None)?;
            Some(Chosen { target, server: Arc::clone(server), bound: None })
        }
        Pools::Several(distribution) => {
            let (target, server) = balanced(view, distribution, seen.client.peer.ip(), &[])?;
            Some(Chosen { target, server, bound: None })
        }
    }
}

/// The server that the client connection has a connection of its own to.
#[cold]
fn owned(view: &View, pools: Pools, dedicated: &Dedicated) -> Option<Chosen> {
    each(view, pools).find_map(|(target, live)| {
        let server = dedicated.server(&live.eligible())?;
        Some(Chosen { target, server, bound: None })
    })
}

/// Chooses a server for a further attempt, which takes no turn of the rotation: of two servers a dead one would be
/// everybody's first.
pub fn another(view: &View, pools: Pools, client: IpAddr, tried: &[u64]) -> Option<(TargetId, Arc<Server>)> {
    match pools {
        Pools::One(target) => {
            let eligible = view.published.fleet[target].eligible();
            let server = round_robin::further(&eligible, view.turn(target), tried)?;
            Some((target, Arc::clone(server)))
        }
        Pools::Several(distribution) => balanced(view, distribution, client, tried),
    }
}

/// Whether some server has no verdict yet.
#[cold]
pub fn undecided(view: &View, pools: Pools) -> bool {
    let published = &view.published;
    match pools {
        Pools::One(target) => published.fleet[target].undecided(),
        Pools::Several(distribution) => published.fleet.undecided(&published.snapshot.distributions[distribution]),
    }
}

/// Waits for the first verdicts, as long as a request may wait for them.
pub async fn decided(view: &View, pools: Pools) {
    let published = &view.published;
    let patience = published.snapshot.limits.first_probe_wait;
    match pools {
        Pools::One(target) => published.fleet[target].decided(patience).await,
        Pools::Several(distribution) => {
            published.fleet.decided(&published.snapshot.distributions[distribution], patience).await;
        }
    }
}

fn each(view: &View, pools: Pools) -> impl Iterator<Item = (TargetId, &Arc<LiveTarget>)> {
    let (one, several) = match pools {
        Pools::One(target) => (Some(target), &[][..]),
        Pools::Several(distribution) => (None, &*view.published.snapshot.distributions[distribution].shares),
    };
    let targets = one.into_iter().chain(several.iter().map(|share| share.target));
    targets.map(|target| (target, &view.published.fleet[target]))
}

/// The settings of the pools: a policy is used with one.
#[inline]
fn settings(view: &View, pools: Pools) -> Option<&Settings> {
    let snapshot = &view.published.snapshot;
    let target = match pools {
        Pools::One(target) => target,
        Pools::Several(distribution) => snapshot.distributions[distribution].shares.first()?.target,
    };
    Some(&snapshot.settings[snapshot.targets[target].settings])
}

fn balanced(
    view: &View,
    distribution: DistributionId,
    client: IpAddr,
    tried: &[u64],
) -> Option<(TargetId, Arc<Server>)> {
    let policy = &view.published.snapshot.distributions[distribution];
    let asked = Asked { algorithm: policy.algorithm, turns: view.turns(distribution), client, tried };
    let choice = view.published.fleet.choose(policy, &asked)?;
    Some((choice.target, choice.server))
}

/// The server that a cookie of the client names, if it may still take the client's requests. The first cookie counts;
/// the second is for clients that send no other.
fn bound(view: &View, pools: Pools, affinity: &Affinity, request: &Request<'_>) -> Option<Chosen> {
    for name in [&affinity.cookie, &affinity.cors_cookie] {
        let values = request.all(Known::Cookie).flat_map(|field| field::cookies(field.value, name.as_bytes()));
        for value in values {
            let fleet = &view.published.fleet;
            let found = match pools {
                Pools::One(target) => fleet[target].bound(value).map(|server| Choice { target, server }),
                Pools::Several(policy) => fleet.bound(&view.published.snapshot.distributions[policy], value),
            };
            if let Some(Choice { target, server }) = found {
                return Some(Chosen { target, bound: Some(server.id), server });
            }
        }
    }
    None
}
