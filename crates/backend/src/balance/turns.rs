//! Whose turn it is: standings of servers by weight.
//!
//! Each pick adds its weight to the standing of every server that is as good as the chosen one, and takes the sum of
//! these weights from the chosen one's (the way nginx does it, where all are as good). With the same servers each time,
//! each gets exactly its weight over as many picks as the weights add up to, and its picks are spread, not in a row.

use std::cell::{RefCell, RefMut};
use std::ops::Deref;
use std::sync::Arc;

use crate::target::Servers;

/// Whose turn it is at one load distribution policy. Each worker has its own.
#[derive(Debug, Default)]
pub struct Turns {
    /// Picks by which this worker is ahead of the first.
    offset: usize,
    list: RefCell<Vec<Turn>>,
}

/// A server's turn, in the order in which servers are offered.
#[derive(Clone, Copy, Debug)]
struct Turn {
    server: u64,
    weight: i64,
    standing: i64,
    /// Requests under way there, as the present walk saw them; 0 where they do not count.
    load: u32,
}

impl Turn {
    const fn new(server: u64, weight: i64) -> Self {
        Self { server, weight, standing: 0, load: 0 }
    }

    /// Whether both have the same load for their weight.
    fn is_as_good(&self, other: &Self) -> bool {
        i64::from(self.load) * other.weight == i64::from(other.load) * self.weight
    }
}

impl Turns {
    /// Nobody has had a turn. With `offset` the turns begin as if so many had been taken: workers with offsets of their
    /// own (their index) do not all begin with the same server.
    pub fn new(offset: usize) -> Self {
        Self { offset, list: RefCell::default() }
    }

    /// The same turns once more, for the next configuration.
    pub fn carried(&self) -> Self {
        Self { offset: self.offset, list: self.list.clone() }
    }

    /// Learns the servers when none is known, so that the offset counts from the first pick.
    #[inline]
    pub(super) fn prepare<L: Deref<Target = Arc<Servers>>>(&self, shares: impl Iterator<Item = (L, u32)>) {
        if self.offset > 0 && self.list.borrow().is_empty() {
            self.learn(shares);
        }
    }

    #[cold]
    fn learn<L: Deref<Target = Arc<Servers>>>(&self, shares: impl Iterator<Item = (L, u32)>) {
        let mut list = self.list.borrow_mut();
        for (servers, weight) in shares {
            list.extend(servers.iter().map(|server| Turn::new(server.id, i64::from(weight.max(1)))));
        }
        let total: i64 = list.iter().map(|turn| turn.weight).sum();
        for _ in 0..self.offset % usize::try_from(total).unwrap_or(usize::MAX).max(1) {
            // The first of the greatest, as in a walk.
            let best = (0..list.len()).rev().max_by_key(|at| list[*at].standing + list[*at].weight);
            take(&mut list, best);
        }
    }
}

/// Gives the turn to the one at `best`.
fn take(list: &mut [Turn], best: Option<usize>) {
    let Some(best) = best.filter(|best| *best < list.len()) else { return };
    let chosen = list[best];
    let mut total = 0;
    for turn in list.iter_mut().filter(|turn| turn.is_as_good(&chosen)) {
        turn.standing += turn.weight;
        total += turn.weight;
    }
    list[best].standing -= total;
}

/// One walk over the servers, in step with the list of turns. When it is dropped the turn of the chosen one is taken.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    list: RefMut<'a, Vec<Turn>>,
    /// A further attempt looks, and takes no turn.
    takes: bool,
    at: usize,
    best: Option<usize>,
    /// Servers or weights are others than last time.
    changed: bool,
}

/// Picks that a server may be owed, or be ahead by, after a change of servers or weights: what was owed under other
/// conditions must not be paid for long.
const OWED: i64 = 2;

impl<'a> Walk<'a> {
    pub(super) fn new(turns: &'a Turns, takes: bool) -> Self {
        Self { list: turns.list.borrow_mut(), takes, at: 0, best: None, changed: false }
    }

    /// The standing that the next server would have.
    #[inline]
    pub(super) fn step(&mut self, server: u64, weight: u32, load: u32) -> i64 {
        let weight = i64::from(weight);
        let at = self.at;
        self.at += 1;
        if !self.takes {
            return self.standing(at, server) + weight;
        }
        if self.list.get(at).is_none_or(|turn| turn.server != server || turn.weight != weight) {
            self.resync(at, server, weight);
        }
        let Some(turn) = self.list.get_mut(at) else { return weight };
        turn.load = load;
        turn.standing + weight
    }

    /// The server of the last step is the best so far.
    #[inline]
    pub(super) fn prefer(&mut self) {
        self.best = self.at.checked_sub(1);
    }

    fn standing(&self, at: usize, server: u64) -> i64 {
        let known = self.list.get(at).filter(|turn| turn.server == server);
        let known = known.or_else(|| self.list.iter().find(|turn| turn.server == server));
        known.map_or(0, |turn| turn.standing)
    }

    /// Puts this server's turn where the walk is; one that is new begins with an even standing.
    #[cold]
    fn resync(&mut self, at: usize, server: u64, weight: i64) {
        self.changed = true;
        match self.list.iter().skip(at).position(|turn| turn.server == server) {
            Some(further) => self.list.swap(at, at + further),
            None => {
                let at = at.min(self.list.len());
                self.list.insert(at, Turn::new(server, weight));
            }
        }
        if let Some(turn) = self.list.get_mut(at) {
            turn.weight = weight;
        }
    }

    #[cold]
    fn settle(&mut self) {
        let total: i64 = self.list.iter().map(|turn| turn.weight).sum();
        for turn in self.list.iter_mut() {
            turn.standing = turn.standing.clamp(-total * OWED, total * OWED);
        }
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        if !self.takes {
            return;
        }
        if self.list.len() > self.at {
            self.changed = true;
            self.list.truncate(self.at);
        }
        take(&mut self.list, self.best);
        if self.changed {
            self.settle();
        }
    }
}
