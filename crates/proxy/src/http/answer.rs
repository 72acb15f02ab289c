//! The way back: a server's answer, its head written anew for the client and its content relayed.

use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

use backend::connections::Link;

use crate::buffer::{Input, give_head, take_head};
use crate::failure::Failure;
use crate::http::ahead::Unsent;
use crate::http::client::{Answered, Download, Seat, Sink};
use crate::http::exchange::Next;
use crate::http::forward::{Attempt, server_failure};
use crate::http::guard::show;
use crate::http::head::Version;
use crate::http::record::Record;
use crate::http::relay::{Broken, Moved};
use crate::http::respond;
use crate::http::response::{self, Parsed, Room};
use crate::http::row::Facts;
use crate::io::poll_fill;
use crate::timer::Lane;

/// Interim answers that a server may send for one request.
const MAX_INTERIM: u32 = 32;

/// What is known of the server's connection.
pub(super) struct Upstream {
    /// Bytes read from the server and not used.
    pub(super) input: Input,
    /// Whether the connection may be used again.
    pub(super) keep_alive: bool,
    /// What of the answer is here and not with the client.
    pub(super) unsent: Option<Box<Unsent>>,
}

/// The way back: the answer's head and its content.
pub(super) struct Down<'a> {
    pub(super) attempt: &'a Attempt<'a>,
    /// Whether the listener is gone is looked at when the answer's head is written, since that may have changed while
    /// the server thought.
    pub(super) seat: &'a Seat,
    pub(super) link: &'a Link,
    /// Look whether the client leaves while the server thinks; not needed where its content is being read.
    pub(super) watches: bool,
}

/// Why no more bytes came from the server.
enum Unfilled {
    Failed(Failure),
    Read(std::io::Error),
}

impl Unfilled {
    fn failure(self, facts: &mut Facts) -> Failure {
        match self {
            Self::Failed(failure) => failure,
            Self::Read(error) => {
                facts.explain(&error);
                server_failure(&error)
            }
        }
    }
}

/// A head that came from the server.
enum Head {
    /// Of the answer, and whether the connection may be used again.
    Final(Answered, bool),
    /// 1xx.
    Interim,
}

impl Down<'_> {
    pub(super) async fn run<D: Sink>(
        &self,
        sink: &mut D,
        record: &mut Record,
        facts: &mut Facts,
        upstream: &mut Upstream,
    ) -> Result<Next, Failure> {
        let mut out = take_head();
        let result = self.answer(sink, &mut out, record, facts, upstream).await;
        give_head(out);
        result
    }

    async fn answer<D: Sink>(
        &self,
        sink: &mut D,
        out: &mut Vec<u8>,
        record: &mut Record,
        facts: &mut Facts,
        upstream: &mut Upstream,
    ) -> Result<Next, Failure> {
        let answered = self.head(sink, out, record, facts, upstream).await?;
        if facts.answering.is_some() {
            facts.answered = sink.begun();
            Box::pin(show(answered.framing, (&self.link.stream, self.seat), facts, upstream)).await?;
        }
        facts.answered_at = Some(Instant::now());
        facts.answered = sink.begun();
        let download = Download {
            from: &self.link.stream,
            timer: &self.seat.timer,
            framing: answered.framing,
            read_limit: self.attempt.settings.request_timeout,
            write_limit: self.attempt.limits.client_write_timeout,
            min_rate: self.attempt.limits.min_body_rate,
            ahead: self.attempt.ahead,
        };
        let mut moved = Moved::default();
        let done = sink.content(&download, &mut upstream.input, out, &mut moved).await;
        facts.sent += moved.written;
        facts.answered |= moved.written > 0;
        match done {
            Ok(unsent) => {
                upstream.unsent = unsent;
                Ok(if answered.keep_alive { Next::KeepAlive } else { Next::Close })
            }
            Err(broken) => {
                upstream.keep_alive = false;
                Err(cut(&broken))
            }
        }
    }

    /// Reads the head of the final answer and writes it for the client into `out`.
    async fn head<D: Sink>(
        &self,
        sink: &mut D,
        out: &mut Vec<u8>,
        record: &mut Record,
        facts: &mut Facts,
        upstream: &mut Upstream,
    ) -> Result<Answered, Failure> {
        let mut interim = 0;
        loop {
            if !upstream.input.is_empty()
                && let Some((head, len)) = self.read_head(sink, upstream.input.bytes(), out, record, facts)?
            {
                upstream.input.consume(len);
                match head {
                    Head::Final(answered, keep_alive) => {
                        upstream.keep_alive = keep_alive;
                        return Ok(answered);
                    }
                    Head::Interim => interim += 1,
                }
                if interim > MAX_INTERIM {
                    return Err(Failure::InvalidResponse);
                }
                if !out.is_empty() {
                    let limit = self.attempt.limits.client_write_timeout;
                    let sent = sink.flush(self.seat, limit, out, &mut facts.sent).await;
                    sent.map_err(|_| Failure::ClientClosed)?;
                }
                continue;
            }
            if let Err(error) = self.fill(sink, upstream).await {
                return Err(error.failure(facts));
            }
        }
    }

    /// Parses a head and writes it for the client: no waiting, so that the view over the bytes never outlives a poll.
    /// `None` when it is not complete.
    fn read_head<D: Sink>(
        &self,
        sink: &mut D,
        input: &[u8],
        out: &mut Vec<u8>,
        record: &mut Record,
        facts: &mut Facts,
    ) -> Result<Option<(Head, usize)>, Failure> {
        let plan = self.attempt.plan;
        let mut room = Room::new();
        let limit = self.attempt.limits.max_response_header_bytes;
        let Parsed::Complete(response, len) = response::parse(input, &mut room, plan.to_head, limit)? else {
            return Ok(None);
        };
        // A switch that nobody asked for, or to something else than was asked for, is no answer.
        if response.status == 101 && !plan.upgrade.as_ref().is_some_and(|upgrade| upgrade.granted(&response)) {
            return Err(Failure::InvalidResponse);
        }
        if response.status >= 200 || response.status == 101 {
            if self.attempt.settings.dedicated && !response.keep_alive {
                self.seat.dedicated.lose();
            }
            if let Some(answering) = &mut facts.answering {
                answering.head(&response);
            }
            let cookies = self.attempt.cookies(self.seat);
            let answered = respond::pass(&response, cookies, record, |response, record| {
                sink.head(response, plan, self.seat.leaving(), out, record)
            })?;
            (facts.status, facts.server_status) = (response.status, Some(response.status));
            facts.content_type = answered.content_type;
            return Ok(Some((Head::Final(answered, response.keep_alive), len)));
        }
        let passes = matches!(response.status, 100 | 103) && plan.version != Version::Http10;
        let known = response.status == 100 && plan.expects_continue;
        if passes && !known {
            sink.interim(&response, plan, out);
        }
        Ok(Some((Head::Interim, len)))
    }

    /// More bytes from the server; gives up when the client leaves meanwhile.
    async fn fill<D: Sink>(&self, sink: &mut D, upstream: &mut Upstream) -> Result<(), Unfilled> {
        // A client is not likely to leave in the first moment, and watching it costs as much as reading from it.
        let mut watch = false;
        let timer = &self.seat.timer;
        if self.watches && sink.watches() {
            timer.set(Lane::Nudge, Duration::ZERO);
        }
        let began = !upstream.input.is_empty();
        poll_fn(|context| {
            let stream = &mut *self.link.stream.borrow_mut();
            match poll_fill(stream, &mut upstream.input, usize::MAX, timer, Lane::ServerRead, context) {
                Poll::Ready(Ok(0)) if began => return Poll::Ready(Err(Unfilled::Failed(Failure::InvalidResponse))),
                Poll::Ready(Ok(0)) => return Poll::Ready(Err(Unfilled::Failed(Failure::ServerClosed))),
                Poll::Ready(Ok(_)) => return Poll::Ready(Ok(())),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(Unfilled::Read(error))),
                Poll::Pending => {}
            }
            watch |= timer.take_nudge();
            if watch {
                match sink.poll_gone(context) {
                    Poll::Ready(true) => return Poll::Ready(Err(Unfilled::Failed(Failure::ClientClosed))),
                    // The next request is here already; it waits.
                    Poll::Ready(false) => watch = false,
                    Poll::Pending => {}
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// What a relay of content that broke means, once the client has begun to get an answer.
pub(super) fn cut(broken: &Broken) -> Failure {
    match broken {
        Broken::Read(error) if error.kind() == std::io::ErrorKind::TimedOut => Failure::ResponseStalled,
        Broken::Read(_) | Broken::Malformed | Broken::TooLarge | Broken::Lost(_) => Failure::ResponseCut,
        Broken::Write(error) if error.kind() == std::io::ErrorKind::TimedOut => Failure::ClientStalled,
        Broken::Write(_) => Failure::ClientClosed,
        Broken::TooSlow => Failure::ClientStalled,
    }
}
