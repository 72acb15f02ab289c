//! To a server and back: connection, request, answer, and the further attempts that are allowed.
//!
//! Parity: Azure tries a second server once when the first times out; which other failures and methods it tries again
//! is not documented. Here: before any byte of the request left, any method; after that, idempotent methods whose
//! content can be sent again; never once the client got a byte.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Poll;
use std::time::{Duration, Instant};

use backend::Server;
use backend::balance::round_robin;
use backend::connections::Link;
use snapshot::{HostHeader, Limits, Settings};

use crate::buffer::{Input, give_head, take_head};
use crate::failure::{Failure, Retry};
use crate::http::answer::{Down, Upstream};
use crate::http::body::{Decoder, Framing};
use crate::http::connection::Connection;
use crate::http::exchange::{Exchange, Next, Plan, Rest, send};
use crate::http::record::Record;
use crate::http::relay::{Broken, Moved, Relay};
use crate::http::row::Facts;
use crate::io::{Pieces, Stream, within, write};
use crate::timer::Lane;

/// Content up to this size that came with the head is kept, so that the request can be sent again.
const REPLAYED: usize = 16 * 1024;

/// How the content of a request goes on.
enum Content {
    /// All of it stands behind the head in the record.
    Sent,
    /// It is still to come, or too large to keep.
    Streams(Decoder),
}

/// Why an attempt failed, and what had happened by then.
struct Trouble {
    failure: Failure,
    /// A byte of the request may have reached the server.
    wrote: bool,
    /// The connection was an idle one, which the server may have closed just then.
    reused: bool,
    /// The client has begun to get an answer.
    answered: bool,
    /// Content was read from the client that cannot be read again.
    consumed: bool,
}

impl Exchange {
    /// Carries the request to a server and the answer back.
    pub(super) async fn forward<S: Stream>(&mut self, connection: &mut Connection<S>, plan: Plan) -> Next {
        let view = Rc::clone(&self.view);
        let published = &view.published;
        let settings = &published.snapshot.settings[published.snapshot.targets[plan.target].settings];
        let mut content = keep_content(connection, plan.framing, &mut self.record, &mut self.facts);
        let mut server = Arc::clone(&plan.server);
        let (mut fresh, mut retries) = (false, 0);
        let mut turn = None;
        // Deciding took no time worth another look at the clock, unless it had to wait.
        self.facts.sent_at.get_or_insert(self.started);
        loop {
            self.facts.servers.push(server.address);
            let attempt = Attempt { plan: &plan, settings, limits: &published.snapshot.limits, server: &server };
            let trouble = match attempt.run(connection, &mut self.record, &mut content, &mut self.facts, fresh).await {
                Ok(next) => return next,
                Err(trouble) => trouble,
            };
            if trouble.answered {
                self.facts.failure = Some(trouble.failure);
                connection.stream.borrow().reset_on_close();
                return Next::Close;
            }
            if trouble.failure == Failure::ClientClosed {
                (self.facts.failure, self.facts.status) = (Some(Failure::ClientClosed), Failure::ClientClosed.status());
                return Next::Close;
            }
            let safe = !trouble.consumed && (!trouble.wrote || plan.idempotent);
            if trouble.reused && !fresh && trouble.failure == Failure::ServerClosed && safe {
                // The server closed an idle connection just as it was taken: not its failure, and not an attempt.
                fresh = true;
                self.facts.sent_at = Some(Instant::now());
                self.facts.servers.pop();
                continue;
            }
            let again = match trouble.failure.retry() {
                Retry::No => false,
                Retry::Yes => !trouble.consumed,
                Retry::IfSafe => safe,
            };
            let live = &published.fleet[plan.target];
            let eligible = live.eligible();
            // A further attempt takes no turn of the rotation: of two servers a dead one would be everybody's first.
            let other = (again && retries < published.snapshot.limits.max_retries)
                .then(|| turn.get_or_insert_with(|| view.turn(plan.target).clone()))
                .and_then(|turn| round_robin::pick(&eligible, turn, Some(server.id)));
            match other {
                Some(other) => {
                    connection.worker.counters.retries.add(1);
                    fresh = false;
                    self.facts.sent_at = Some(Instant::now());
                    retries += 1;
                    server = Arc::clone(other);
                    if settings.host == HostHeader::Server {
                        self.record.replace_host(server.host.as_bytes());
                    }
                }
                None => {
                    let rest = match content {
                        Content::Sent => Rest::None,
                        // Content has begun to be read: nobody knows any more where the next request begins.
                        Content::Streams(_) if trouble.consumed => Rest::Lost,
                        Content::Streams(_) => Rest::Whole(plan.framing),
                    };
                    return self.fail(connection, &plan, trouble.failure, rest).await;
                }
            }
        }
    }
}

/// Moves content that is already here behind the head, if it is all of it and not much.
fn keep_content<S>(
    connection: &mut Connection<S>,
    framing: Framing,
    record: &mut Record,
    facts: &mut Facts,
) -> Content {
    let decoder = Decoder::new(framing);
    if decoder.done() {
        return Content::Sent;
    }
    match framing {
        Framing::Length(length) if length <= REPLAYED as u64 && connection.input.bytes().len() as u64 >= length => {
            let length = length as usize;
            record.text.extend_from_slice(&connection.input.bytes()[..length]);
            connection.input.consume(length);
            facts.received += length as u64;
            Content::Sent
        }
        _ => Content::Streams(decoder),
    }
}

/// One attempt at one server.
pub(super) struct Attempt<'a> {
    pub(super) plan: &'a Plan,
    pub(super) settings: &'a Settings,
    pub(super) limits: &'a Limits,
    server: &'a Arc<Server>,
}

impl Attempt<'_> {
    async fn run<S: Stream>(
        &self,
        connection: &mut Connection<S>,
        record: &mut Record,
        content: &mut Content,
        facts: &mut Facts,
        fresh: bool,
    ) -> Result<Next, Trouble> {
        let before =
            Trouble { failure: Failure::Internal, wrote: false, reused: false, answered: false, consumed: false };
        let (link, reused) =
            self.link(connection, facts, fresh).await.map_err(|failure| Trouble { failure, ..before })?;
        let mut upstream = Upstream { input: Input::new(), keep_alive: false };
        let result = match content {
            Content::Sent => self.without_content(connection, &link, record, facts, &mut upstream).await,
            // Uploads are rare and their futures large: not in every exchange.
            Content::Streams(decoder) => {
                Box::pin(self.with_content(connection, &link, record, decoder, facts, &mut upstream)).await
            }
        };
        connection.timer.clear(Lane::ServerRead);
        connection.timer.clear(Lane::Nudge);
        let worker = &connection.worker;
        let reusable = result.is_ok() && upstream.keep_alive && upstream.input.is_empty();
        let (now, limit) = (worker.timers.now(), self.limits.max_idle_per_server);
        if reusable {
            worker.connections.put_back(self.server.id, link, now, limit);
        }
        result.map_err(|trouble| Trouble { reused, ..trouble })
    }

    /// An idle connection to the server, or a new one.
    async fn link<S: Stream>(
        &self,
        connection: &Connection<S>,
        facts: &mut Facts,
        fresh: bool,
    ) -> Result<(Link, bool), Failure> {
        let worker = &connection.worker;
        while !fresh && let Some(link) = worker.connections.checkout(self.server.id) {
            // What cannot be sent twice is not sent on a connection that the server has just closed.
            if self.plan.idempotent || !link.is_closed() {
                worker.counters.backend_reused.add(1);
                facts.connect_time = Some(Duration::ZERO);
                facts.source_port = Some(link.local_port);
                return Ok((link, true));
            }
        }
        let began = Instant::now();
        connection.timer.set(Lane::ServerWrite, self.limits.connect_timeout.min(self.settings.request_timeout));
        let made = within(worker.connections.connect(self.server.address), &connection.timer, Lane::ServerWrite).await;
        connection.timer.clear(Lane::ServerWrite);
        let link = match made {
            Ok(Ok(link)) => link,
            Ok(Err(_)) => return Err(Failure::ConnectFailed),
            Err(_) => return Err(Failure::ConnectTimeout),
        };
        worker.counters.backend_opened.add(1);
        facts.connect_time = Some(began.elapsed());
        facts.source_port = Some(link.local_port);
        facts.sent_at = Some(began);
        Ok((link, false))
    }

    async fn without_content<S: Stream>(
        &self,
        connection: &mut Connection<S>,
        link: &Link,
        record: &mut Record,
        facts: &mut Facts,
        upstream: &mut Upstream,
    ) -> Result<Next, Trouble> {
        let timer = &connection.timer;
        let mut pieces = Pieces::new([&record.text, b"", b""]);
        let limit = self.settings.request_timeout;
        let wrote = write(&link.stream, &mut pieces, timer, Lane::ServerWrite, limit).await;
        timer.clear(Lane::ServerWrite);
        let written = pieces.written > 0;
        let trouble = |failure| Trouble { failure, wrote: written, reused: false, answered: false, consumed: false };
        if let Err(error) = wrote {
            return Err(trouble(server_failure(&error)));
        }
        timer.set(Lane::ServerRead, limit);
        let down = Down {
            attempt: self,
            stream: &connection.stream,
            link,
            timer,
            watch: connection.input.is_empty(),
            door: &connection.door,
            ending: &connection.worker.ending,
        };
        let result = down.run(record, facts, upstream).await;
        result.map_err(|failure| Trouble { answered: facts.answered, ..trouble(failure) })
    }

    async fn with_content<S: Stream>(
        &self,
        connection: &mut Connection<S>,
        link: &Link,
        record: &mut Record,
        decoder: &mut Decoder,
        facts: &mut Facts,
        upstream: &mut Upstream,
    ) -> Result<Next, Trouble> {
        let mut out = take_head();
        out.extend_from_slice(&record.text);
        if self.plan.expects_continue && connection.input.is_empty() {
            const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
            let limit = self.limits.client_write_timeout;
            let sent = send(&connection.stream, CONTINUE, &connection.timer, limit, &mut facts.sent).await;
            if sent.is_err() {
                let failure = Failure::ClientClosed;
                return Err(Trouble { failure, wrote: false, reused: false, answered: false, consumed: true });
            }
        }
        let relay = Relay {
            from: &connection.stream,
            to: &link.stream,
            timer: &connection.timer,
            read_lane: Lane::ClientRead,
            read_limit: self.limits.request_body_timeout,
            write_lane: Lane::ServerWrite,
            write_limit: self.settings.request_timeout,
            chunked: self.plan.framing == Framing::Chunked,
            max_content: self.limits.max_body_bytes,
            min_rate: self.limits.min_body_rate,
        };
        let mut moved = Moved::default();
        let down = Down {
            attempt: self,
            stream: &connection.stream,
            link,
            timer: &connection.timer,
            watch: false,
            door: &connection.door,
            ending: &connection.worker.ending,
        };
        let mut sent_all = false;
        let result = {
            let mut up = pin!(relay.run(&mut connection.input, decoder, &mut out, &mut moved));
            let mut down = pin!(down.run(record, facts, upstream));
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
                    connection.timer.set(Lane::ServerRead, limit);
                }
                down.as_mut().poll(context)
            })
            .await
        };
        for lane in [Lane::ClientRead, Lane::ServerWrite] {
            connection.timer.clear(lane);
        }
        give_head(out);
        facts.received += moved.read;
        match result {
            Ok(next) if sent_all => Ok(next),
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

pub(super) fn server_failure(error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::TimedOut { Failure::ServerTimeout } else { Failure::ServerClosed }
}

fn client_failure(broken: &Broken) -> Failure {
    match broken {
        Broken::Malformed => Failure::InvalidChunk,
        Broken::TooLarge => Failure::BodyTooLarge,
        Broken::TooSlow => Failure::BodyTimeout,
        Broken::Read(error) if error.kind() == std::io::ErrorKind::TimedOut => Failure::BodyTimeout,
        Broken::Read(_) => Failure::ClientClosed,
        Broken::Write(_) => Failure::ServerClosed,
    }
}
