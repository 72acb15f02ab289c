//! Round robin by weight: over as many picks as the weights add up to, each server gets exactly its weight, and its
//! picks are spread, not in a row.
//!
//! Each pick adds its weight to every server's standing, takes the greatest, and takes the sum of the weights from it
//! (the way nginx does it). One pass over the servers.

use std::cell::{RefCell, RefMut};
use std::ops::Deref;
use std::sync::Arc;

use crate::balance::Engine;
use crate::balance::tried::{Tried, Welcome};
use crate::server::Server;
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
            let turn = |server: &Arc<Server>| Turn { server: server.id, weight: i64::from(weight.max(1)), standing: 0 };
            list.extend(servers.iter().map(turn));
        }
        let total: i64 = list.iter().map(|turn| turn.weight).sum();
        let period = usize::try_from(total).unwrap_or(usize::MAX).max(1);
        for _ in 0..self.offset % period {
            advance(&mut list, total);
        }
    }
}

/// One pick without servers.
fn advance(list: &mut [Turn], total: i64) {
    let mut best: Option<&mut Turn> = None;
    for turn in list {
        turn.standing += turn.weight;
        if best.as_ref().is_none_or(|best| turn.standing > best.standing) {
            best = Some(turn);
        }
    }
    if let Some(best) = best {
        best.standing -= total;
    }
}

/// One walk over the servers, in step with the list of turns. When it is dropped the turn of the chosen one is taken.
#[derive(Debug)]
pub(super) struct Walk<'a> {
    list: RefMut<'a, Vec<Turn>>,
    /// A further attempt looks, and takes no turn.
    takes: bool,
    at: usize,
    total: i64,
    best: Option<usize>,
    /// Picks that a server may be owed, or be ahead by, at the end.
    owed: Option<i64>,
}

/// After a change of servers or weights: what was owed under other conditions must not be paid for long.
const OWED_AFTER_CHANGE: i64 = 2;
/// Where turns are not taken strictly. Strict turns stay below this by themselves.
const OWED_TO_BUSY: i64 = 8;

impl<'a> Walk<'a> {
    pub(super) fn new(turns: &'a Turns, takes: bool) -> Self {
        Self { list: turns.list.borrow_mut(), takes, at: 0, total: 0, best: None, owed: None }
    }

    /// A walk that may pass over the one whose turn it is.
    pub(super) fn bounded(turns: &'a Turns, takes: bool) -> Self {
        let mut walk = Self::new(turns, takes);
        walk.owed = Some(OWED_TO_BUSY);
        walk
    }

    /// The standing of the next server.
    #[inline]
    pub(super) fn step(&mut self, server: u64, weight: u32) -> i64 {
        let weight = i64::from(weight);
        let at = self.at;
        self.at += 1;
        if !self.takes {
            let known = self.list.get(at).filter(|turn| turn.server == server);
            let known = known.or_else(|| self.list.iter().find(|turn| turn.server == server));
            return known.map_or(0, |turn| turn.standing) + weight;
        }
        self.total += weight;
        if self.list.get(at).is_none_or(|turn| turn.server != server || turn.weight != weight) {
            self.resync(at, server, weight);
        }
        self.list.get_mut(at).map_or(0, |turn| {
            turn.standing += weight;
            turn.standing
        })
    }

    /// The server of the last step is the best so far.
    #[inline]
    pub(super) fn prefer(&mut self) {
        self.best = self.at.checked_sub(1);
    }

    /// Puts this server's turn where the walk is; one that is new begins with an even standing.
    #[cold]
    fn resync(&mut self, at: usize, server: u64, weight: i64) {
        self.owed = Some(OWED_AFTER_CHANGE);
        match self.list.iter().skip(at).position(|turn| turn.server == server) {
            Some(further) => self.list.swap(at, at + further),
            None => {
                let at = at.min(self.list.len());
                self.list.insert(at, Turn { server, weight, standing: 0 });
            }
        }
        if let Some(turn) = self.list.get_mut(at) {
            turn.weight = weight;
        }
    }
}

impl Drop for Walk<'_> {
    fn drop(&mut self) {
        if !self.takes {
            return;
        }
        let (at, total) = (self.at, self.total);
        if self.list.len() > at {
            self.owed = Some(OWED_AFTER_CHANGE);
            self.list.truncate(at);
        }
        if let Some(turn) = self.best.and_then(|best| self.list.get_mut(best)) {
            turn.standing -= total;
        }
        if let Some(owed) = self.owed {
            for turn in self.list.iter_mut() {
                turn.standing = turn.standing.clamp(-total * owed, total * owed);
            }
        }
    }
}

/// In turn, by weight.
pub(super) struct Weighted<'a> {
    walk: Walk<'a>,
    tried: Tried<'a>,
    best: Option<(Welcome, i64)>,
}

impl<'a> Weighted<'a> {
    pub(super) fn new(turns: &'a Turns, tried: &'a [u64]) -> Self {
        let tried = Tried(tried);
        Self { walk: Walk::new(turns, tried.is_empty()), tried, best: None }
    }
}

impl Engine for Weighted<'_> {
    #[inline]
    fn offer(&mut self, server: &Server, weight: u32) -> bool {
        let standing = self.walk.step(server.id, weight);
        let Some(welcome) = self.tried.welcome(server.id) else { return false };
        let merit = (welcome, standing);
        let is_best = self.best.is_none_or(|best| merit > best);
        if is_best {
            self.best = Some(merit);
            self.walk.prefer();
        }
        is_best
    }
}
