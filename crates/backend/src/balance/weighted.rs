//! Round robin by weight, and least connections: the least loaded server for its weight, and of several that are as
//! little loaded the one whose turn it is. Round robin is the case in which no load counts.
//!
//! Requests under way are counted over all workers, so what one worker sends shows in the others' next choice.

use std::cmp::Ordering;

use crate::balance::Engine;
use crate::balance::tried::{Tried, Welcome};
use crate::balance::turns::{Turns, Walk};
use crate::server::Server;

/// The one whose turn it is among the least loaded.
pub(super) struct Weighted<'a> {
    walk: Walk<'a>,
    tried: Tried<'a>,
    load: fn(&Server) -> u32,
    best: Option<Merit>,
}

/// What is compared of a server.
#[derive(Clone, Copy, Debug)]
struct Merit {
    welcome: Welcome,
    load: u64,
    weight: u64,
    standing: i64,
}

impl Merit {
    fn compare(&self, other: &Self) -> Ordering {
        // Load for the weight without a division: 1 of 2 against 3 of 5 is 1 x 5 against 3 x 2. The less, the better.
        let load = (other.load * self.weight).cmp(&(self.load * other.weight));
        self.welcome.cmp(&other.welcome).then(load).then(self.standing.cmp(&other.standing))
    }
}

impl<'a> Weighted<'a> {
    /// In turn.
    pub(super) fn round_robin(turns: &'a Turns, tried: &'a [u64]) -> Self {
        Self::new(turns, tried, |_| 0)
    }

    /// By requests under way.
    pub(super) fn least_connections(turns: &'a Turns, tried: &'a [u64]) -> Self {
        Self::new(turns, tried, Server::active)
    }

    fn new(turns: &'a Turns, tried: &'a [u64], load: fn(&Server) -> u32) -> Self {
        let tried = Tried(tried);
        Self { walk: Walk::new(turns, tried.is_empty()), tried, load, best: None }
    }
}

impl Engine for Weighted<'_> {
    #[inline]
    fn offer(&mut self, server: &Server, weight: u32) -> bool {
        let load = (self.load)(server);
        let standing = self.walk.step(server.id, weight, load);
        let Some(welcome) = self.tried.welcome(server.id) else { return false };
        let merit = Merit { welcome, load: load.into(), weight: weight.into(), standing };
        let is_best = self.best.is_none_or(|best| merit.compare(&best).is_gt());
        if is_best {
            self.best = Some(merit);
            self.walk.prefer();
        }
        is_best
    }
}
