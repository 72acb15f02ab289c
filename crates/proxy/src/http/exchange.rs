//! One request and its answer. This file is the order of the steps; nothing else decides it.

use std::cell::RefCell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backend::Server;
use backend::balance::round_robin;
use observe::TransactionId;
use observe::access_log::HttpVersion;
use routing::{PathPattern, RequestTarget};
use snapshot::{Action, Router, TargetId};

use crate::buffer::{give_head, take_head};
use crate::failure::Failure;
use crate::http::body::{Decoder, Framing};
use crate::http::compose::{self, ClientSide};
use crate::http::connection::Connection;
use crate::http::head::{self, Parsed, Request, Version};
use crate::http::record::Record;
use crate::http::reply::Reply;
use crate::http::row::Facts;
use crate::http::scan::Fields;
use crate::io::{HEAD_READ, Pieces, Stream, fill, write};
use crate::timer::Lane;
use crate::view::View;

/// What becomes of the client connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next request may come.
    KeepAlive,
    /// It ends.
    Close,
    /// It ends, but the client may still be sending: what it sends is read and dropped for a moment, so that the
    /// answer is not lost to a reset.
    Linger,
}

/// Facts about one exchange that its log row needs.
pub struct Exchange {
    /// The configuration it began with.
    pub view: Rc<View>,
    /// Its id, in the log, to the server, and in answers of our own.
    pub id: TransactionId,
    /// When its first byte was looked at.
    pub started: Instant,
    /// The request as it went on, or as it was refused.
    pub record: Record,
    /// What has happened so far.
    pub facts: Facts,
}

/// Where a request goes.
pub struct Plan {
    /// Pool and settings.
    pub target: TargetId,
    /// The server whose turn it is.
    pub server: Arc<Server>,
    /// How its content is delimited.
    pub framing: Framing,
    /// The client's version.
    pub version: Version,
    /// Whether the client wants the connection to live on.
    pub keep_alive: bool,
    /// Whether it is a HEAD request.
    pub to_head: bool,
    /// Whether it may be sent twice.
    pub idempotent: bool,
    /// Whether the client waits for 100 before it sends content.
    pub expects_continue: bool,
}

/// What was decided about a request.
enum Decision {
    /// Its head is not complete.
    Partial,
    /// No server has a verdict yet.
    Undecided(TargetId),
    /// It goes to a server.
    Forward(Plan),
    /// It is answered here.
    Answer(Answer),
}

/// What of a request's content is still to come when the gateway answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rest {
    /// Nothing.
    None,
    /// All of it, so delimited.
    Whole(Framing),
    /// Some of it was read, and where it ends is not known here: the connection cannot be used again.
    Lost,
}

/// An answer of the gateway's own.
struct Answer {
    status: u16,
    failure: Option<Failure>,
    location: Option<Vec<u8>>,
    rest: Rest,
    version: Version,
    keep_alive: bool,
    to_head: bool,
}

impl Answer {
    fn refuse(failure: Failure) -> Self {
        Self {
            status: failure.status(),
            failure: Some(failure),
            location: None,
            rest: Rest::None,
            version: Version::Http11,
            keep_alive: false,
            to_head: false,
        }
    }

    fn to(request: &Request<'_>, status: u16, failure: Option<Failure>, location: Option<Vec<u8>>) -> Self {
        Self {
            status,
            failure,
            location,
            rest: Rest::Whole(request.framing),
            version: request.version,
            keep_alive: request.keep_alive && failure.is_none_or(|failure| !failure.closes()),
            to_head: request.method == b"HEAD",
        }
    }
}

/// Serves the request at the start of the connection's input.
pub async fn run<S: Stream>(connection: &mut Connection<S>) -> Next {
    let view = connection.worker.view();
    connection.refresh(&view);
    let mut exchange = Exchange {
        view,
        id: TransactionId::new(&connection.worker.rng),
        started: Instant::now(),
        record: Record::new(take_head()),
        facts: Facts::default(),
    };
    let next = exchange.steps(connection).await;
    exchange.finish(connection);
    // Closing with unread bytes is a reset, which could overtake the answer.
    if next == Next::Close && exchange.facts.answered && !connection.input.is_empty() { Next::Linger } else { next }
}

impl Exchange {
    async fn steps<S: Stream>(&mut self, connection: &mut Connection<S>) -> Next {
        loop {
            match self.decide(connection) {
                Decision::Partial => {
                    if let Some(next) = self.read_more(connection).await {
                        return next;
                    }
                }
                Decision::Undecided(target) => {
                    let patience = self.view.published.snapshot.limits.first_probe_wait;
                    self.view.published.fleet[target].decided(patience).await;
                    self.facts.sent_at = Some(Instant::now());
                }
                Decision::Forward(plan) => {
                    connection.timer.clear(Lane::ClientRead);
                    connection.input.shrink();
                    return self.forward(connection, plan).await;
                }
                Decision::Answer(answer) => {
                    connection.timer.clear(Lane::ClientRead);
                    return self.answer(connection, answer).await;
                }
            }
        }
    }

    /// Waits for the rest of the head. `Some` when none will come.
    async fn read_more<S: Stream>(&mut self, connection: &mut Connection<S>) -> Option<Next> {
        if !connection.timer.is_set(Lane::ClientRead) {
            // Once for the whole head: a client that sends a byte now and then gains nothing.
            connection.timer.set(Lane::ClientRead, self.view.published.snapshot.limits.request_header_timeout);
        }
        connection.input.shrink();
        match fill(&connection.stream, &mut connection.input, HEAD_READ, &connection.timer, Lane::ClientRead).await {
            Ok(1..) => None,
            Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                connection.timer.clear(Lane::ClientRead);
                self.record.keep_refused(connection.input.bytes());
                self.facts.received = connection.input.bytes().len() as u64;
                Some(self.answer(connection, Answer::refuse(Failure::HeaderTimeout)).await)
            }
            Ok(0) | Err(_) => {
                self.record.keep_refused(connection.input.bytes());
                self.facts.failure = Some(Failure::ClientClosed);
                self.facts.status = Failure::ClientClosed.status();
                Some(Next::Close)
            }
        }
    }

    /// Parse, validate, find listener, rule and path rule, choose a server, write what it will get. No waiting, so
    /// that the view over the client's bytes never outlives a poll.
    fn decide<S: Stream>(&mut self, connection: &mut Connection<S>) -> Decision {
        let view = Rc::clone(&self.view);
        let limits = &view.published.snapshot.limits;
        let (decision, head) = {
            let mut room = Fields::new();
            match head::parse(connection.input.bytes(), &mut room, limits) {
                Parsed::Partial => return Decision::Partial,
                Parsed::Refused(failure) => {
                    self.record.keep_refused(connection.input.bytes());
                    self.facts.received = connection.input.bytes().len() as u64;
                    return Decision::Answer(Answer::refuse(failure));
                }
                Parsed::Complete(request, len) => {
                    self.facts.version = match request.version {
                        Version::Http10 => HttpVersion::Http10,
                        Version::Http11 => HttpVersion::Http11,
                    };
                    (self.route(connection, &request), len)
                }
            }
        };
        if !matches!(decision, Decision::Undecided(_)) {
            self.facts.received = head as u64;
            connection.input.consume(head);
        }
        decision
    }

    fn route<S: Stream>(&mut self, connection: &Connection<S>, request: &Request<'_>) -> Decision {
        let view = Rc::clone(&self.view);
        let snapshot = &view.published.snapshot;
        let local;
        let host = match request.host {
            Some(host) => host,
            None => {
                local = local_host(connection);
                local.as_bytes()
            }
        };
        let rule = connection.door.binding(&view).and_then(|binding| snapshot.bindings[binding].hosts.lookup(host));
        let Some(rule) = rule else { return self.refuse(request, Failure::UnknownHost) };
        let (route, pattern) = match &snapshot.rules[rule].router {
            Router::Basic(route) => (*route, None),
            Router::Paths(paths) => {
                let hit = paths.lookup(request.target.path());
                (hit.target, hit.pattern.and_then(|pattern| paths.pattern(pattern)))
            }
        };
        self.facts.route = Some(route);
        match &snapshot.routes[route].action {
            Action::Missing => self.refuse(request, Failure::NoTarget),
            Action::Redirect(redirect) => {
                compose::keep(request, &mut self.record);
                let mut location = Vec::with_capacity(256);
                let query = request.target.query();
                let from = RequestTarget { host, path: request.target.path(), query };
                redirect.location(&from, &mut location);
                Decision::Answer(Answer::to(request, redirect.status.code(), None, Some(location)))
            }
            Action::Forward(target) => self.choose(&connection.client, request, host, *target, pattern),
        }
    }

    fn refuse(&mut self, request: &Request<'_>, failure: Failure) -> Decision {
        compose::keep(request, &mut self.record);
        Decision::Answer(Answer::to(request, failure.status(), Some(failure), None))
    }

    fn choose(
        &mut self,
        client: &ClientSide,
        request: &Request<'_>,
        client_host: &[u8],
        target: TargetId,
        pattern: Option<&PathPattern>,
    ) -> Decision {
        let view = Rc::clone(&self.view);
        let published = &view.published;
        let live = &published.fleet[target];
        let eligible = live.eligible();
        let Some(server) = round_robin::pick(&eligible, view.turn(target), None) else {
            let undecided = live.undecided() && self.started.elapsed() < published.snapshot.limits.first_probe_wait;
            return if undecided { Decision::Undecided(target) } else { self.refuse(request, Failure::NoLiveServer) };
        };
        let settings = &published.snapshot.settings[published.snapshot.targets[target].settings];
        let onward = compose::Onward {
            client_host,
            pattern,
            path: settings.path.as_ref(),
            host: &settings.host,
            server_host: &server.host,
        };
        compose::write(request, client, &onward, &self.id, &mut self.record);
        Decision::Forward(Plan {
            target,
            server: Arc::clone(server),
            framing: request.framing,
            version: request.version,
            keep_alive: request.keep_alive,
            to_head: request.method == b"HEAD",
            idempotent: matches!(request.method, b"GET" | b"HEAD" | b"OPTIONS" | b"PUT" | b"DELETE"),
            expects_continue: request.expects_continue,
        })
    }

    /// Answers with a failure of the road to the server; nothing was sent to the client before.
    pub(super) async fn fail<S: Stream>(
        &mut self,
        connection: &mut Connection<S>,
        plan: &Plan,
        failure: Failure,
        rest: Rest,
    ) -> Next {
        let answer = Answer {
            status: failure.status(),
            failure: Some(failure),
            location: None,
            rest,
            version: plan.version,
            keep_alive: plan.keep_alive && !failure.closes(),
            to_head: plan.to_head,
        };
        self.answer(connection, answer).await
    }

    async fn answer<S: Stream>(&mut self, connection: &mut Connection<S>, answer: Answer) -> Next {
        self.facts.failure = answer.failure;
        self.facts.status = answer.status;
        let content_read = skip_content(connection, answer.rest, &mut self.facts);
        let keep_alive = answer.keep_alive && content_read && !connection.leaving();
        let view = Rc::clone(&self.view);
        let stamp = connection.worker.clock.cached();
        let reply = Reply {
            status: answer.status,
            location: answer.location.as_deref(),
            server: view.published.snapshot.options.server.as_deref(),
            stamp: &stamp,
            id: &self.id,
            version: answer.version,
            keep_alive,
            to_head: answer.to_head,
        };
        let mut out = take_head();
        reply.write(&mut out);
        let limit = view.published.snapshot.limits.client_write_timeout;
        let sent = send(&connection.stream, &out, &connection.timer, limit, &mut self.facts.sent).await;
        give_head(out);
        connection.worker.clock.now();
        match (sent, keep_alive) {
            (Err(_), _) => Next::Close,
            (Ok(()), true) => Next::KeepAlive,
            (Ok(()), false) => Next::Linger,
        }
    }

    /// Writes the log row and counts.
    fn finish<S: Stream>(&mut self, connection: &Connection<S>) {
        let worker = &connection.worker;
        let facts = &self.facts;
        worker.counters.requests.add(1);
        worker.counters.response(facts.status);
        worker.counters.bytes_received.add(facts.received);
        worker.counters.bytes_sent.add(facts.sent);
        if let Some(failure) = facts.failure {
            worker.counters.refusal(failure as usize);
        }
        if worker.log.is_enabled() {
            self.write_row(connection);
        }
        give_head(std::mem::take(&mut self.record.text));
    }
}

/// Stands for Host where an HTTP/1.0 client sent none: the address it came to.
#[cold]
fn local_host<S: Stream>(connection: &Connection<S>) -> String {
    match connection.stream.borrow().local().map(|local| local.ip().to_canonical()) {
        Some(std::net::IpAddr::V6(ip)) => format!("[{ip}]"),
        Some(std::net::IpAddr::V4(ip)) => ip.to_string(),
        None => String::from("localhost"),
    }
}

/// Drops the content of a request that is answered here, as far as it has arrived. False when more is to come: then
/// the connection cannot be used again.
fn skip_content<S: Stream>(connection: &mut Connection<S>, rest: Rest, facts: &mut Facts) -> bool {
    let framing = match rest {
        Rest::None => return true,
        Rest::Lost => return false,
        Rest::Whole(framing) => framing,
    };
    let mut decoder = Decoder::new(framing);
    while !decoder.done() && !connection.input.is_empty() {
        let Ok(step) = decoder.step(connection.input.bytes()) else { return false };
        facts.received += step.used as u64;
        connection.input.consume(step.used);
    }
    decoder.done()
}

/// Writes bytes of our own to the client.
pub(super) async fn send<S: Stream>(
    stream: &RefCell<S>,
    bytes: &[u8],
    timer: &crate::timer::TimerGuard,
    limit: Duration,
    sent: &mut u64,
) -> std::io::Result<()> {
    let mut pieces = Pieces::new([bytes, b"", b""]);
    let done = write(stream, &mut pieces, timer, Lane::ClientWrite, limit).await;
    *sent += pieces.written as u64;
    done
}
