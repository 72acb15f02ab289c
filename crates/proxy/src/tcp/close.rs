//! The end of a session that still moved bytes: a word to both ends, and a little time for theirs.

use std::future::poll_fn;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use super::end::{End, Taken};
use super::session::{Ends, Session};
use crate::timer::Lane;

/// How long both ends have to close once they were told.
const LINGER: Duration = Duration::from_secs(5);

/// Tells both ends that nothing more comes and waits for their own end; who does not end is reset.
pub(super) async fn gently(session: &Session, ends: &mut Ends) {
    let (mut since, mut left) = (Instant::now(), ends.unacknowledged());
    let (mut client, mut server) = (Leave::Told, Leave::Told);
    poll_fn(|context| {
        client.poll(context, &mut ends.client);
        server.poll(context, &mut ends.server);
        if session.worker.ending.get() {
            // Nobody is waited for when the process ends.
            return Poll::Ready(());
        }
        // A lane that is due wakes the task with every tick.
        session.timer.set(Lane::ServerRead, Duration::ZERO);
        _ = session.timer.expired(Lane::ServerRead, context);
        let mut is_over = false;
        if since.elapsed() >= LINGER {
            let before = std::mem::replace(&mut left, ends.unacknowledged());
            // Unless somebody slow still takes what is on its way.
            is_over = before == left;
            since = Instant::now();
        }
        if is_over || (client == Leave::Gone && server == Leave::Gone) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
    for (leave, end) in [(client, &ends.client), (server, &ends.server)] {
        if leave != Leave::Gone && !session.worker.ending.get() {
            end.reset_on_close();
        }
    }
}

/// How far an end is on its way out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Leave {
    /// It is to be told.
    Told,
    /// It was told; what it still sends goes nowhere.
    Awaited,
    /// It has ended as well.
    Gone,
}

impl Leave {
    fn poll(&mut self, context: &mut Context<'_>, end: &mut End) {
        if *self == Self::Told {
            match end.poll_end(context) {
                Poll::Pending => return,
                Poll::Ready(Ok(())) => *self = Self::Awaited,
                Poll::Ready(Err(_)) => *self = Self::Gone,
            }
        }
        let mut nowhere = [0; 4096];
        for _ in 0..16 {
            if *self == Self::Gone {
                return;
            }
            match end.poll_take(context, &mut nowhere, &mut false) {
                Poll::Pending => return,
                Poll::Ready(Ok(Taken::Bytes(_))) => {}
                Poll::Ready(Ok(Taken::Fin | Taken::Cut) | Err(_)) => *self = Self::Gone,
            }
        }
        context.waker().wake_by_ref();
    }
}
