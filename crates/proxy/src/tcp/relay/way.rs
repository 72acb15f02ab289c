//! One direction of a session.

use std::io;
use std::task::{Context, Poll, ready};

use kernel::pipe::Pipe;

use super::pace::Pace;
use super::{pipes, splice};
use crate::tcp::end::{End, Taken};

/// The most that is read at once, and that stays in memory while the other end does not take it.
pub(super) const BLOCK: usize = 64 * 1024;

/// Reads in a row before other sessions get their turn.
const ROUNDS: u32 = 16;

/// Which end broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Broke {
    /// The one that is read from.
    From,
    /// The one that is written to.
    To,
}

/// One direction.
pub(in crate::tcp) struct Way {
    /// Bytes that were read and not taken yet; empty, and without memory, as long as the other end keeps up.
    rest: Vec<u8>,
    taken: usize,
    /// Bytes the other end took.
    pub(in crate::tcp) moved: u64,
    state: State,
    pace: Pace,
    /// What bytes go through while they come in long streams.
    pipe: Option<Pipe>,
    /// The task is to be woken when there is something to read.
    expected: bool,
    /// The stream has become a trickle: the pipe goes as soon as it is empty.
    leaves_pipe: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Bytes may come.
    Open,
    /// TLS of the other end holds bytes.
    Unflushed,
    /// No more come; the other end is to be told.
    Ending,
    /// No more come, and perhaps not all came.
    Cut,
    /// The other end was told.
    Done,
}

impl Way {
    /// A direction that begins with bytes that were read already.
    pub(in crate::tcp) fn new(first: Vec<u8>) -> Self {
        Self {
            rest: first,
            taken: 0,
            moved: 0,
            state: State::Open,
            pace: Pace::default(),
            pipe: None,
            expected: false,
            leaves_pipe: false,
        }
    }

    /// Bytes that came, those that the other end has not taken included.
    pub(in crate::tcp) fn received(&self) -> u64 {
        let held = self.pipe.as_ref().map_or(0, Pipe::held);
        self.moved + (self.rest.len() - self.taken + held) as u64
    }

    /// Nothing more comes this way.
    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// The end that is read from is not looked at now: it has ended, or the other end is slower.
    pub(super) fn is_deaf(&self) -> bool {
        self.state != State::Open
            || self.taken < self.rest.len()
            || self.pipe.as_ref().is_some_and(|pipe| pipe.held() > 0)
    }

    /// Moves what there is. Ready when this direction is over; the other may go on.
    #[inline]
    pub(super) fn poll(
        &mut self,
        context: &mut Context<'_>,
        from: &mut End,
        to: &mut End,
        block: &mut [u8],
    ) -> Poll<Result<(), (Broke, io::Error)>> {
        for _ in 0..ROUNDS {
            ready!(self.poll_give(context, to)).map_err(|error| (Broke::To, error))?;
            match self.state {
                State::Done => return Poll::Ready(Ok(())),
                State::Ending => {
                    // One that is gone already need not be told; the other direction shows what became of it.
                    let _ = ready!(to.poll_end(context));
                    self.state = State::Done;
                }
                State::Cut => {
                    to.end_unclean();
                    self.state = State::Done;
                }
                State::Open | State::Unflushed if self.pipe.is_some() => {
                    ready!(self.poll_pipe(context, from)).map_err(|error| (Broke::From, error))?;
                }
                State::Open | State::Unflushed => {
                    let taken = ready!(from.poll_take(context, block, &mut self.expected))
                        .map_err(|error| (Broke::From, error))?;
                    match taken {
                        Taken::Fin => self.state = State::Ending,
                        Taken::Cut => self.state = State::Cut,
                        Taken::Bytes(count) => {
                            let block = block.get(..count).unwrap_or_default();
                            self.pass_on(context, to, block).map_err(|error| (Broke::To, error))?;
                            if self.pace.is_stream(count) && from.plain().is_some() && to.plain().is_some() {
                                self.pipe = pipes::take();
                            }
                        }
                    }
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Gives on what was just read; what is not taken at once is kept.
    #[inline]
    fn pass_on(&mut self, context: &mut Context<'_>, to: &mut End, block: &[u8]) -> io::Result<()> {
        let count = to.give(context, block)?;
        self.moved += count as u64;
        if to.plain().is_none() {
            self.state = State::Unflushed;
        }
        if let Some(rest) = block.get(count..).filter(|rest| !rest.is_empty()) {
            self.rest.extend_from_slice(rest);
        }
        Ok(())
    }

    /// Gives on what is kept. Ready when nothing is.
    #[inline]
    fn poll_give(&mut self, context: &mut Context<'_>, to: &mut End) -> Poll<io::Result<()>> {
        if self.taken < self.rest.len() {
            ready!(self.poll_rest(context, to))?;
        }
        if let Some(pipe) = &mut self.pipe
            && pipe.held() > 0
            && let Some(tcp) = to.plain()
        {
            let before = pipe.held();
            let polled = splice::poll_drain(context, pipe, tcp);
            self.moved += (before - pipe.held()) as u64;
            ready!(polled)?;
            if self.leaves_pipe {
                self.leave_pipe();
            }
        }
        if self.state == State::Unflushed {
            ready!(to.poll_flush(context))?;
            self.state = State::Open;
        }
        Poll::Ready(Ok(()))
    }

    #[cold]
    fn poll_rest(&mut self, context: &mut Context<'_>, to: &mut End) -> Poll<io::Result<()>> {
        while let Some(rest) = self.rest.get(self.taken..).filter(|rest| !rest.is_empty()) {
            let count = ready!(to.poll_give(context, rest))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.taken += count;
            self.moved += count as u64;
            if to.plain().is_none() {
                self.state = State::Unflushed;
            }
        }
        (self.rest, self.taken) = (Vec::new(), 0);
        Poll::Ready(Ok(()))
    }

    /// Fills the pipe. When the stream has become a trickle, goes back to copying.
    fn poll_pipe(&mut self, context: &mut Context<'_>, from: &mut End) -> Poll<io::Result<()>> {
        let (Some(pipe), Some(tcp)) = (&mut self.pipe, from.plain()) else { return Poll::Ready(Ok(())) };
        let count = ready!(splice::poll_fill(context, pipe, tcp))?;
        if count == 0 {
            self.state = State::Ending;
            self.leave_pipe();
        } else if self.pace.is_trickle(count) {
            self.leaves_pipe = true;
        }
        Poll::Ready(Ok(()))
    }

    fn leave_pipe(&mut self) {
        self.leaves_pipe = false;
        if let Some(pipe) = self.pipe.take() {
            pipes::give_back(pipe);
        }
    }
}

impl Drop for Way {
    fn drop(&mut self) {
        self.leave_pipe();
    }
}
