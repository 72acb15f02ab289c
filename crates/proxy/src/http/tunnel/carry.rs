//! The bytes of a tunnel: both ways at once, no buffer held while nothing moves.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use backend::connections::Link;
use observe::Labels;

use crate::buffer::Input;
use crate::failure::Failure;
use crate::http::client::Seat;
use crate::http::exchange::Exchange;
use crate::http::h1::connection::Connection;
use crate::io::{HEAD_READ, Stream, expire, poll_fill};
use crate::timer::{Lane, TimerGuard};
use crate::worker::Worker;

/// An exchange that has become a tunnel.
#[derive(Debug)]
pub struct Tunnel {
    /// The server's end, and what came from it behind its answer.
    server: Option<(Link, Input)>,
    /// The longest silence.
    idle: Duration,
    /// What its row says of its route. The configuration it began with is let go: tunnels outlive many.
    pub labels: Labels,
}

impl Tunnel {
    /// A tunnel to a server that has just agreed to it.
    pub fn new(link: Link, input: Input, idle: Duration) -> Box<Self> {
        Box::new(Self { server: Some((link, input)), idle, labels: Labels::default() })
    }
}

/// How long before the end of a process's grace its tunnels are cut, so that their rows are still written.
const BEFORE_THE_END: Duration = Duration::from_millis(400);

/// Carries bytes until the tunnel ends. Returns the exchange for its row. Not inlined: requests that become no tunnel
/// pay nothing for it.
#[cold]
#[inline(never)]
pub fn carry<S: Stream>(
    exchange: Exchange,
    connection: &mut Connection<S>,
) -> Pin<Box<impl Future<Output = Exchange>>> {
    Box::pin(carried(exchange, connection))
}

async fn carried<S: Stream>(mut exchange: Exchange, connection: &mut Connection<S>) -> Exchange {
    let labels = exchange.labels(&connection.seat).clone();
    let Some(tunnel) = &mut exchange.facts.tunnel else { return exchange };
    let Some((link, mut input)) = tunnel.server.take() else { return exchange };
    let idle = tunnel.idle;
    tunnel.labels = labels;
    exchange.record.text.shrink_to_fit();
    let Exchange { view, id, started, record, mut facts, .. } = exchange;
    drop(view);
    let counted = Counted::new(&connection.seat.worker);
    let Connection { seat, stream, input: ahead, .. } = connection;
    ahead.shrink();
    input.shrink();
    let mut up = Way::new(stream, &link.stream, ahead);
    let mut down = Way::new(&link.stream, stream, &mut input);
    let end = run(seat, idle, &mut up, &mut down).await;
    facts.received += up.moved;
    facts.sent += down.moved;
    if matches!(end, End::Broken) {
        // Whoever did not break it is to see that it broke.
        link.stream.borrow().reset_on_close();
        stream.borrow().reset_on_close();
    }
    facts.failure = end.failure(seat);
    seat.timer.clear(Lane::ServerRead);
    _ = seat.timer.release();
    drop(counted);
    Exchange { view: seat.worker.view(), id, started, record, facts, verdict: None, held: None }
}

/// How a tunnel ended.
enum End {
    /// Both ends have closed.
    Closed,
    /// One end broke off.
    Broken,
    /// Nothing moved for too long, or its time was up.
    TimedOut,
}

impl End {
    /// What of it is not as its two ends wished.
    fn failure(&self, seat: &Seat) -> Option<Failure> {
        match self {
            Self::Closed | Self::Broken => None,
            Self::TimedOut if seat.timer.was_cut() || seat.leaving() => Some(Failure::Drained),
            Self::TimedOut => Some(Failure::TunnelIdle),
        }
    }
}

/// A tunnel that is counted for as long as this lives.
struct Counted(Rc<Worker>);

impl Counted {
    fn new(worker: &Rc<Worker>) -> Self {
        worker.counters.tunnels.add(1);
        worker.counters.tunnels_current.add(1);
        Self(Rc::clone(worker))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.counters.tunnels_current.sub(1);
    }
}

async fn run<C: Stream, T: Stream>(
    seat: &Seat,
    idle: Duration,
    up: &mut Way<'_, C, T>,
    down: &mut Way<'_, T, C>,
) -> End {
    let timer = &seat.timer;
    timer.set(Lane::ServerRead, idle);
    let mut ending = false;
    poll_fn(|context| {
        let before = up.moved + down.moved;
        for is_up in [true, false] {
            let polled = if is_up { up.poll(timer, context) } else { down.poll(timer, context) };
            match polled {
                Poll::Ready(Err(error)) if error.kind() == io::ErrorKind::TimedOut => {
                    return Poll::Ready(End::TimedOut);
                }
                Poll::Ready(Err(_)) => return Poll::Ready(End::Broken),
                Poll::Ready(Ok(())) | Poll::Pending => {}
            }
        }
        if up.is_done() && down.is_done() {
            return Poll::Ready(End::Closed);
        }
        if up.moved + down.moved != before {
            timer.set(Lane::ServerRead, idle);
        }
        if !ending && seat.worker.ending.get() {
            ending = true;
            let grace = seat.worker.view().published.snapshot.limits.shutdown_grace;
            timer.set(Lane::Life, grace.saturating_sub(BEFORE_THE_END));
        }
        Poll::Pending
    })
    .await
}

/// One direction.
struct Way<'a, F, T> {
    from: &'a RefCell<F>,
    to: &'a RefCell<T>,
    /// What was read and not yet taken.
    input: &'a mut Input,
    /// Bytes taken.
    moved: u64,
    state: State,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Bytes may come.
    Open,
    /// Bytes were given to the other end's protocol, which may still hold some.
    Unflushed,
    /// No more come; the other end is to be told.
    Ending,
    /// The other end was told.
    Done,
}

impl<'a, F: Stream, T: Stream> Way<'a, F, T> {
    fn new(from: &'a RefCell<F>, to: &'a RefCell<T>, input: &'a mut Input) -> Self {
        Self { from, to, input, moved: 0, state: State::Open }
    }

    fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// Moves what there is. Ready when this direction is over; the other may go on.
    fn poll(&mut self, timer: &TimerGuard, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            if let Poll::Ready(Err(error)) = self.poll_give(timer, context) {
                return Poll::Ready(Err(error));
            }
            if !self.input.is_empty() || self.state == State::Unflushed {
                return Poll::Pending;
            }
            match self.state {
                State::Done => return Poll::Ready(Ok(())),
                State::Ending => {
                    // One that is gone already need not be told.
                    let _ = ready!(Pin::new(&mut *self.to.borrow_mut()).poll_shutdown(context));
                    self.state = State::Done;
                }
                State::Open | State::Unflushed => {
                    let from = &mut *self.from.borrow_mut();
                    match poll_fill(from, self.input, HEAD_READ, timer, Lane::ServerRead, context)? {
                        Poll::Ready(0) => self.state = State::Ending,
                        Poll::Ready(_) => {}
                        Poll::Pending => {
                            from.poll_settle(context);
                            return Poll::Pending;
                        }
                    }
                }
            }
        }
    }

    /// Gives on what is here.
    fn poll_give(&mut self, timer: &TimerGuard, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let to = &mut *self.to.borrow_mut();
        while !self.input.is_empty() {
            match Pin::new(&mut *to).poll_write(context, self.input.bytes())? {
                Poll::Ready(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Poll::Ready(count) => {
                    self.input.consume(count);
                    self.moved += count as u64;
                    self.state = State::Unflushed;
                }
                Poll::Pending => {
                    self.input.shrink();
                    return expire(timer, Lane::ServerRead, context);
                }
            }
        }
        if self.state == State::Unflushed {
            if Pin::new(to).poll_flush(context)?.is_pending() {
                return expire(timer, Lane::ServerRead, context);
            }
            self.state = State::Open;
        }
        Poll::Ready(Ok(()))
    }
}
