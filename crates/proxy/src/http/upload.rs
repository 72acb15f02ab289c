//! The content of a request on its way: taken in before a server is asked, or moved while the answer may come already.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::task::Poll;
use std::time::Instant;

use backend::connections::Link;

use crate::buffer::{give_head, take_head};
use crate::failure::Failure;
use crate::http::answer::{Down, Upstream};
use crate::http::body::{Decoder, Framing};
use crate::http::client::{Client, Intake, Source, Upload};
use crate::http::exchange::{Exchange, Next, Plan};
use crate::http::forward::{Attempt, Trouble};
use crate::http::guard::Screen;
use crate::http::record::Record;
use crate::http::relay::{Broken, Moved};
use crate::http::row::Facts;
use crate::http::spool::Spool;
use crate::timer::Lane;

/// How the content of a request goes on.
pub(super) enum Content {
    /// All of it stands behind the head in the record.
    Kept,
    /// It was taken in, or some of it was.
    Spooled(Box<Spool>),
    /// It is still to come.
    Streams,
}

impl Exchange {
    /// Takes in the request's content as far as there is room for it, and shows it to the firewall, where one is.
    pub(super) async fn take_in<C: Client>(
        &mut self,
        client: &mut C,
        plan: &Plan,
        screen: Option<&mut Screen<'_>>,
    ) -> Result<Content, Failure> {
        let view = Rc::clone(&self.view);
        let limits = &view.published.snapshot.limits;
        let (seat, mut source, _) = client.ends();
        if plan.expects_continue && source.is_empty() {
            let invited = source.invite(seat, limits.client_write_timeout, &mut self.facts.sent).await;
            invited.map_err(|_| Failure::ClientClosed)?;
        }
        let intake =
            Intake { timer: &seat.timer, read_limit: limits.request_body_timeout, max_content: limits.max_body_bytes };
        let mut spool = Spool::new(plan.framing);
        let mut moved = Moved::default();
        let filled = spool.fill(&mut source, &intake, (limits, &seat.worker.shared), screen, &mut moved).await;
        self.facts.received += moved.read;
        filled.map_err(|broken| client_failure(&broken))?;
        // The server was not asked before.
        self.facts.sent_at = Some(Instant::now());
        let kept = spool.is_whole() && spool.settle(plan.framing, &mut self.record);
        Ok(if kept { Content::Kept } else { Content::Spooled(spool) })
    }
}

impl Attempt<'_> {
    /// Sends a request whose content is not in its record, and brings the answer back.
    pub(super) async fn with_content<C: Client>(
        &self,
        client: &mut C,
        link: &Link,
        spool: Option<&Spool>,
        record: &mut Record,
        facts: &mut Facts,
        upstream: &mut Upstream,
    ) -> Result<Next, Trouble> {
        let (seat, mut source, mut sink) = client.ends();
        let is_whole = spool.is_some_and(Spool::is_whole);
        let mut out = take_head();
        out.extend_from_slice(&record.text);
        if self.plan.expects_continue && spool.is_none() && source.is_empty() {
            let invited = source.invite(seat, self.limits.client_write_timeout, &mut facts.sent).await;
            if invited.is_err() {
                let failure = Failure::ClientClosed;
                return Err(Trouble { failure, wrote: false, reused: false, answered: false, consumed: true });
            }
        }
        let upload = Upload {
            to: &link.stream,
            timer: &seat.timer,
            chunked: self.plan.framing == Framing::Chunked && !is_whole,
            read_limit: self.limits.request_body_timeout,
            write_limit: self.settings.request_timeout,
            max_content: self.limits.max_body_bytes.min(spool.map_or(u64::MAX, Spool::room)),
            min_rate: self.limits.min_body_rate,
        };
        let mut moved = Moved::default();
        let down = Down { attempt: self, seat, link, watches: false };
        let mut sent_all = false;
        let result = {
            let mut up = pin!(send(spool, &mut source, self.plan.framing, &upload, &mut out, &mut moved));
            let mut down = pin!(down.run(&mut sink, record, facts, upstream));
            let mut going = true;
            let limit = self.settings.request_timeout;
            poll_fn(|context| {
                if going && let Poll::Ready(done) = up.as_mut().poll(context) {
                    going = false;
                    match done {
                        Ok(()) => sent_all = true,
                        // The server takes no more; it may have said why.
                        Err(Broken::Write(_)) => {}
                        Err(broken) => return Poll::Ready(Err(client_failure(&broken))),
                    }
                    seat.timer.set(Lane::ServerRead, limit);
                }
                down.as_mut().poll(context)
            })
            .await
        };
        for lane in [Lane::ClientRead, Lane::ServerWrite] {
            seat.timer.clear(lane);
        }
        give_head(out);
        facts.received += moved.read;
        match result {
            Ok(next) if sent_all => Ok(next),
            // Nothing of the content is left in the client's connection.
            Ok(next) if is_whole => {
                upstream.keep_alive = false;
                Ok(next)
            }
            // An early answer: the rest of the content has nowhere to go, and neither connection can go on.
            Ok(_) => {
                upstream.keep_alive = false;
                Ok(Next::Linger)
            }
            Err(failure) => Err(Trouble {
                failure,
                wrote: moved.written > 0,
                reused: false,
                answered: facts.answered,
                consumed: moved.read > 0,
            }),
        }
    }
}

/// Sends what was taken in and then what is still to come.
async fn send<S: Source>(
    spool: Option<&Spool>,
    source: &mut S,
    framing: Framing,
    upload: &Upload<'_>,
    out: &mut Vec<u8>,
    moved: &mut Moved,
) -> Result<(), Broken> {
    let mut rest = match spool {
        None => Decoder::new(framing),
        Some(spool) => {
            spool.send(upload, out, moved).await?;
            if spool.is_whole() {
                return Ok(());
            }
            spool.rest()
        }
    };
    source.run(upload, &mut rest, out, moved).await
}

pub(super) fn client_failure(broken: &Broken) -> Failure {
    match broken {
        Broken::Malformed => Failure::InvalidChunk,
        Broken::TooLarge => Failure::BodyTooLarge,
        Broken::TooSlow => Failure::BodyTimeout,
        Broken::Read(error) if error.kind() == std::io::ErrorKind::TimedOut => Failure::BodyTimeout,
        Broken::Read(_) => Failure::ClientClosed,
        Broken::Write(_) => Failure::ServerClosed,
        Broken::Lost(_) => Failure::Internal,
    }
}
