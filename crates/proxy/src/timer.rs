//! Deadlines of connections, checked together a few times a second.
//!
//! A runtime timer for each read and write would cost more than the rest of a small request. Here setting a deadline
//! is one store: a connection's waits look at the worker's coarse clock when they are polled, and a sweep wakes the
//! connections whose deadline has passed.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use backend::{Busy, Server};

/// Between two sweeps; a deadline fires up to two of these late and never early.
pub const TICK: Duration = Duration::from_millis(100);

const NEVER: u64 = u64::MAX;

/// What is waited for. Each has a deadline of its own, since content may flow both ways at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// Bytes from the client.
    ClientRead,
    /// The client taking bytes.
    ClientWrite,
    /// Bytes from the server.
    ServerRead,
    /// The server taking bytes.
    ServerWrite,
    /// Nothing: wakes the wait once, to look at something that is not worth a look before.
    Nudge,
    /// Nothing: wakes the wait when an open session is to be logged.
    Report,
    /// The connection as a whole, once its listener is gone: ends every other wait.
    Life,
}

const LANES: usize = 7;

/// The deadlines of one connection.
#[derive(Debug)]
pub struct Timer {
    lanes: [Cell<u64>; LANES],
    waker: RefCell<Option<Waker>>,
    slot: Cell<usize>,
    group: u64,
    /// The server that works for the connection's present exchange.
    server: RefCell<Option<Busy>>,
    /// Whether that server's time is over; then what the deadline of the connection's life was before.
    cut: Cell<Option<u64>>,
}

/// A connection's deadlines, swept for as long as this lives.
pub struct TimerGuard {
    timer: Rc<Timer>,
    timers: Rc<Timers>,
}

impl std::ops::Deref for TimerGuard {
    type Target = Timer;
    fn deref(&self) -> &Timer {
        &self.timer
    }
}

impl Drop for TimerGuard {
    fn drop(&mut self) {
        self.timers.remove(&self.timer);
    }
}

/// The deadlines of a worker's connections and its coarse clock.
#[derive(Debug)]
pub struct Timers {
    start: Instant,
    now: Cell<u64>,
    list: RefCell<Vec<Rc<Timer>>>,
}

impl Timers {
    /// None yet; the clock starts now.
    pub fn new() -> Rc<Self> {
        Rc::new(Self { start: Instant::now(), now: Cell::new(0), list: RefCell::new(Vec::new()) })
    }

    /// Adds a connection to a group, whose life can be limited later.
    pub fn register(self: &Rc<Self>, group: u64) -> TimerGuard {
        let mut list = self.list.borrow_mut();
        let timer = Rc::new(Timer {
            lanes: [const { Cell::new(NEVER) }; LANES],
            waker: RefCell::new(None),
            slot: Cell::new(list.len()),
            group,
            server: RefCell::new(None),
            cut: Cell::new(None),
        });
        list.push(Rc::clone(&timer));
        TimerGuard { timer, timers: Rc::clone(self) }
    }

    fn remove(&self, timer: &Timer) {
        let mut list = self.list.borrow_mut();
        let slot = timer.slot.get();
        if slot < list.len() {
            list.swap_remove(slot);
            if let Some(moved) = list.get(slot) {
                moved.slot.set(slot);
            }
        }
    }

    /// Milliseconds since the worker began, as of the last sweep.
    pub fn now(&self) -> u64 {
        self.now.get()
    }

    /// Moves the clock on and wakes every connection with a deadline in the past.
    pub fn sweep(&self) {
        self.sweep_at(Instant::now());
    }

    fn sweep_at(&self, instant: Instant) {
        let now = u64::try_from(instant.saturating_duration_since(self.start).as_millis()).unwrap_or(NEVER - 1);
        self.now.set(now);
        for timer in self.list.borrow().iter() {
            if timer.lanes.iter().any(|lane| lane.get() <= now) {
                timer.wake();
            }
        }
    }

    /// Ends the waits of a group's connections this far from now, whatever they wait for.
    pub fn limit(&self, group: u64, after: Duration) {
        let end = self.now().saturating_add(u64::try_from((after + TICK).as_millis()).unwrap_or(NEVER));
        for timer in self.list.borrow().iter().filter(|timer| timer.group == group) {
            timer.lanes[Lane::Life as usize].set(end.min(timer.lanes[Lane::Life as usize].get()));
        }
    }

    /// Ends the waits of connections whose server is to work no longer. To be called every second or so.
    pub fn cut(&self, is_due: impl Fn(&Server) -> bool) {
        for timer in self.list.borrow().iter() {
            let life = &timer.lanes[Lane::Life as usize];
            let due = timer.server.borrow().as_ref().is_some_and(|busy| is_due(busy.server()));
            if due && timer.cut.get().is_none() {
                timer.cut.set(Some(life.replace(0)));
                timer.wake();
            }
        }
    }

    /// Wakes a group's connections, so that each looks at what changed around it.
    pub fn wake_group(&self, group: u64) {
        self.list.borrow().iter().filter(|timer| timer.group == group).for_each(|timer| timer.wake());
    }

    /// Wakes every connection, so that each looks at what changed around it.
    pub fn wake_all(&self) {
        for timer in self.list.borrow().iter() {
            timer.wake();
        }
    }
}

impl TimerGuard {
    /// The worker's coarse clock, in milliseconds.
    #[inline]
    pub fn now(&self) -> u64 {
        self.timers.now()
    }

    /// Sets a lane's deadline this far from now.
    #[inline]
    pub fn set(&self, lane: Lane, after: Duration) {
        // The coarse clock is behind by up to a tick; adding one keeps the deadline from firing early.
        let millis = u64::try_from((after + TICK).as_millis()).unwrap_or(NEVER);
        self.timer.lanes[lane as usize].set(self.timers.now().saturating_add(millis));
    }

    /// Ends every wait this far from now, unless they end before.
    pub fn limit(&self, after: Duration) {
        let life = &self.timer.lanes[Lane::Life as usize];
        let before = life.get();
        self.set(Lane::Life, after);
        life.set(before.min(life.get()));
    }

    /// True when a lane's time has come.
    pub fn is_due(&self, lane: Lane) -> bool {
        self.timer.lanes[lane as usize].get() <= self.timers.now()
    }

    /// Takes a lane's deadline away.
    #[inline]
    pub fn clear(&self, lane: Lane) {
        self.timer.lanes[lane as usize].set(NEVER);
    }

    /// True when a lane has a deadline.
    #[inline]
    pub fn is_set(&self, lane: Lane) -> bool {
        self.timer.lanes[lane as usize].get() != NEVER
    }

    /// Notes which server works for the connection's exchange: when its time is over, every wait ends.
    #[inline]
    pub fn engage(&self, server: Busy) {
        *self.timer.server.borrow_mut() = Some(server);
    }

    /// The server works for it no longer. True when its time was over before its work was done.
    #[inline]
    pub fn release(&self) -> bool {
        *self.timer.server.borrow_mut() = None;
        let cut = self.timer.cut.take();
        if let Some(life) = cut {
            self.timer.lanes[Lane::Life as usize].set(life);
        }
        cut.is_some()
    }

    /// Whether the server's time was over before its work was done.
    pub fn was_cut(&self) -> bool {
        self.timer.cut.get().is_some()
    }

    /// True once after the time of [`Lane::Nudge`] has come.
    #[inline]
    pub fn take_nudge(&self) -> bool {
        self.take(Lane::Nudge)
    }

    /// True once after a lane's time has come.
    #[inline]
    pub fn take(&self, lane: Lane) -> bool {
        let lane = &self.timer.lanes[lane as usize];
        let due = lane.get() <= self.timers.now();
        if due {
            lane.set(NEVER);
        }
        due
    }

    /// To be asked by a wait that has nothing yet: true when its deadline has passed. Otherwise the task is woken
    /// when it does.
    #[inline]
    pub fn expired(&self, lane: Lane, context: &Context<'_>) -> bool {
        let now = self.timers.now();
        if self.timer.lanes[lane as usize].get() <= now || self.timer.lanes[Lane::Life as usize].get() <= now {
            return true;
        }
        self.timer.remember(context);
        false
    }
}

impl Timer {
    #[inline]
    fn remember(&self, context: &Context<'_>) {
        let mut waker = self.waker.borrow_mut();
        match &*waker {
            Some(known) if known.will_wake(context.waker()) => {}
            _ => *waker = Some(context.waker().clone()),
        }
    }

    fn wake(&self) {
        if let Some(waker) = &*self.waker.borrow() {
            waker.wake_by_ref();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_fires_after_its_time_and_not_before() {
        let timers = Timers::new();
        let guard = timers.register(0);
        let context = Context::from_waker(Waker::noop());
        guard.set(Lane::ClientRead, Duration::from_secs(1));
        timers.sweep_at(timers.start + Duration::from_millis(1000));
        assert!(!guard.expired(Lane::ClientRead, &context));
        timers.sweep_at(timers.start + Duration::from_millis(1100));
        assert!(guard.expired(Lane::ClientRead, &context));
        assert!(!guard.expired(Lane::ServerRead, &context));
    }

    #[test]
    fn a_limited_life_ends_every_wait_of_its_group_only() {
        let timers = Timers::new();
        let (gone, stays) = (timers.register(1), timers.register(2));
        let context = Context::from_waker(Waker::noop());
        timers.limit(1, Duration::from_secs(1));
        timers.sweep_at(timers.start + Duration::from_secs(2));
        assert!(gone.expired(Lane::ServerRead, &context) && !stays.expired(Lane::ServerRead, &context));
    }

    #[test]
    fn a_dropped_connection_leaves_the_sweep_whole() {
        let timers = Timers::new();
        let guards: Vec<_> = (0..4).map(|_| timers.register(0)).collect();
        let mut guards = guards.into_iter();
        drop(guards.next());
        drop(guards.next());
        assert_eq!(timers.list.borrow().len(), 2);
        for (slot, timer) in timers.list.borrow().iter().enumerate() {
            assert_eq!(timer.slot.get(), slot);
        }
    }
}
