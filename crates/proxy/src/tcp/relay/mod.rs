//! The bytes of a session, both ways at once, until it ends.
//!
//! What comes is read into a block that the whole worker shares and written at once; only what the other end does not
//! take is kept, and then nothing more is read. A direction that turns out to be a long stream goes through the kernel
//! instead (`splice(2)`), and comes back when it has become talk.

mod pace;
mod pipes;
mod splice;
mod way;

use std::cell::RefCell;
use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::Duration;

pub(super) use way::Way;
use way::{BLOCK, Broke};

use super::session::{Ends, Session};
use crate::timer::Lane;

thread_local! {
    static SHARED: RefCell<Vec<u8>> = RefCell::new(vec![0; BLOCK]);
}

/// Between two looks at sockets that nobody reads or writes at the moment.
const LOOK: Duration = Duration::from_secs(1);

/// Why bytes move no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Over {
    /// Both ends have ended.
    Ended,
    /// Nothing moved for too long.
    Idle,
    /// Its time is up: the configuration no longer has it, or its server is leaving.
    Drained,
    /// Its time is up: the process ends.
    Shutdown,
    /// The client broke off.
    ClientBroke,
    /// The server did.
    ServerBroke,
    /// One broke off after the other had ended.
    BrokeAtTheEnd,
}

/// Moves bytes until the session is over.
pub(super) async fn run(session: &mut Session, ends: &mut Ends) -> Over {
    let Some(idle) = session.idle else { return Over::Ended };
    session.timer.set(Lane::ServerRead, idle);
    session.timer.set(Lane::Nudge, LOOK);
    poll_fn(|context| {
        let moved = (ends.up.moved, ends.down.moved);
        let polled = SHARED.with_borrow_mut(|block| poll_both(context, ends, block));
        session.moved((ends.up.moved - moved.0, ends.down.moved - moved.1));
        if let Poll::Ready(over) = polled {
            return Poll::Ready(ends.judge(over));
        }
        if (ends.up.moved, ends.down.moved) != moved {
            session.timer.set(Lane::ServerRead, idle);
        }
        session.look_around();
        session.report(ends);
        if session.timer.expired(Lane::ServerRead, context) && !session.is_draining_slowly(ends) {
            return Poll::Ready(session.out_of_time());
        }
        watch(session, ends).map(|over| ends.judge(over))
    })
    .await
}

fn poll_both(context: &mut Context<'_>, ends: &mut Ends, block: &mut [u8]) -> Poll<Over> {
    let Ends { client, server, up, down } = ends;
    match up.poll(context, client, server, block) {
        Poll::Ready(Err((Broke::From, _))) => return Poll::Ready(Over::ClientBroke),
        Poll::Ready(Err((Broke::To, _))) => return Poll::Ready(Over::ServerBroke),
        Poll::Ready(Ok(())) | Poll::Pending => {}
    }
    match down.poll(context, server, client, block) {
        Poll::Ready(Err((Broke::From, _))) => return Poll::Ready(Over::ServerBroke),
        Poll::Ready(Err((Broke::To, _))) => return Poll::Ready(Over::ClientBroke),
        Poll::Ready(Ok(())) | Poll::Pending => {}
    }
    if up.is_done() && down.is_done() { Poll::Ready(Over::Ended) } else { Poll::Pending }
}

impl Ends {
    /// Who breaks off when the other end has ended already and waits for nothing has done no harm.
    fn judge(&self, over: Over) -> Over {
        match over {
            Over::ServerBroke if self.up.is_done() => Over::BrokeAtTheEnd,
            Over::ClientBroke if self.down.is_done() => Over::BrokeAtTheEnd,
            over => over,
        }
    }
}

/// A reset shows when somebody reads or writes. An end that is not read, because it has ended or the other is slower,
/// is looked at now and then.
fn watch(session: &mut Session, ends: &Ends) -> Poll<Over> {
    let nudged = session.timer.take_nudge();
    if nudged {
        // Not worth three system calls for a session that is over in a moment.
        session.keep_alive(&ends.server);
    }
    if !ends.up.is_deaf() && !ends.down.is_deaf() {
        return Poll::Pending;
    }
    if nudged {
        if ends.client.fault().is_some() {
            return Poll::Ready(Over::ClientBroke);
        }
        if ends.server.fault().is_some() {
            return Poll::Ready(Over::ServerBroke);
        }
    }
    if !session.timer.is_set(Lane::Nudge) {
        session.timer.set(Lane::Nudge, LOOK);
    }
    Poll::Pending
}
