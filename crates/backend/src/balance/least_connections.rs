//! Least connections: the server with the fewest requests under way for its weight; of several, the one whose turn it is.
//!
//! Requests are counted over all workers, so what one worker sends shows in the others' next choice.

use std::cmp::Ordering;

use crate::balance::Engine;
use crate::balance::tried::{Tried, Welcome};
use crate::balance::weighted::{Turns, Walk};
use crate::server::Server;

/// The least loaded.
pub(super) struct LeastConnections<'a> {
    walk: Walk<'a>,
    tried: Tried<'a>,
    best: Option<Merit>,
}

/// What is compared of a server.
#[derive(Clone, Copy, Debug)]
struct Merit {
    welcome: Welcome,
    active: u64,
    weight: u64,
    standing: i64,
}

impl Merit {
    fn compare(&self, other: &Self) -> Ordering {
        // Requests per weight without a division: 1 of 2 against 3 of 5 is 1 x 5 against 3 x 2. The fewer, the better.
        let load = (other.active * self.weight).cmp(&(self.active * other.weight));
        self.welcome.cmp(&other.welcome).then(load).then(self.standing.cmp(&other.standing))
    }
}

impl<'a> LeastConnections<'a> {
    pub(super) fn new(turns: &'a Turns, tried: &'a [u64]) -> Self {
        let tried = Tried(tried);
        // A server that is busy for long is owed ever more turns; it must not get all of them at once.
        Self { walk: Walk::bounded(turns, tried.is_empty()), tried, best: None }
    }
}

impl Engine for LeastConnections<'_> {
    #[inline]
    fn offer(&mut self, server: &Server, weight: u32) -> bool {
        let standing = self.walk.step(server.id, weight);
        let Some(welcome) = self.tried.welcome(server.id) else { return false };
        let merit = Merit { welcome, active: server.active().into(), weight: weight.into(), standing };
        let is_best = self.best.is_none_or(|best| merit.compare(&best).is_gt());
        if is_best {
            self.best = Some(merit);
            self.walk.prefer();
        }
        is_best
    }
}
