//! Which server gets the next request. One file for each way to choose; lists and counters come from outside.
//!
//! A rule with one pool takes turns ([`round_robin`]). A rule with a load distribution policy chooses among the servers
//! of all its pools together ([`choose`]), each with the weight of its pool: so a pool's share is its weight times the
//! number of its servers that may take requests. None of this waits, and none allocates as long as the lists stay the
//! same.
//!
//! Source: Azure REST schema, "ApplicationGatewayLoadDistributionPolicy": only the names and the range of the weights
//! are documented.

pub mod round_robin;

mod ip_hash;
mod tried;
mod turns;
mod weighted;

use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;

use snapshot::{Algorithm, TargetId};

use crate::server::Server;
use crate::target::Servers;
use ip_hash::IpHash;
pub use turns::Turns;
use weighted::Weighted;

/// A server, and the pool with settings it was chosen from.
#[derive(Clone, Debug)]
pub struct Choice {
    /// The pool with settings.
    pub target: TargetId,
    /// The server.
    pub server: Arc<Server>,
}

/// What a choice among several pools depends on, beside the servers.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// How to choose.
    pub algorithm: Algorithm,
    /// The worker's turns at this policy.
    pub turns: &'a Turns,
    /// Who asks. An IPv4 address inside IPv6 is the same client as the IPv4 address.
    pub client: IpAddr,
    /// Ids of the servers that this request was tried on, in order; empty for the first attempt. Servers that were not
    /// tried come first, the last one tried never comes again at once, and a further attempt takes no turn.
    pub tried: &'a [u64],
}

/// A way to choose: sees all servers once, in order.
trait Engine {
    /// Takes a server into account; true when it is the best so far.
    fn offer(&mut self, server: &Server, weight: u32) -> bool;
}

/// A server of these lists, each with the weight of its servers; and which list it stands in. `None` when there is none
/// but the one tried last.
///
/// # Panics
/// When called again from inside the iterator, with the same turns.
pub fn choose<L, I>(asked: &Asked<'_>, shares: I) -> Option<(usize, Arc<Server>)>
where
    L: Deref<Target = Arc<Servers>>,
    I: Iterator<Item = (L, u32)> + Clone,
{
    match asked.algorithm {
        Algorithm::RoundRobin => {
            asked.turns.prepare(shares.clone());
            best(&mut Weighted::round_robin(asked.turns, asked.tried), shares)
        }
        Algorithm::LeastConnections => {
            asked.turns.prepare(shares.clone());
            best(&mut Weighted::least_connections(asked.turns, asked.tried), shares)
        }
        Algorithm::IpHash => best(&mut IpHash::new(asked.client, asked.tried), shares),
    }
}

fn best<L: Deref<Target = Arc<Servers>>>(
    engine: &mut impl Engine,
    shares: impl Iterator<Item = (L, u32)>,
) -> Option<(usize, Arc<Server>)> {
    let mut best = None;
    for (share, (list, weight)) in shares.enumerate() {
        let mut here = None;
        for (at, server) in list.iter().enumerate() {
            if engine.offer(server, weight.max(1)) {
                here = Some(at);
            }
        }
        // The list is held on to: the next look at it may find another one.
        if let Some(at) = here {
            best = Some((share, list, at));
        }
    }
    let (share, list, at) = best?;
    Some((share, Arc::clone(list.get(at)?)))
}

#[cfg(test)]
mod tests;
