//! To a server and back: connection, request, answer, and the further attempts that are allowed.
//!
//! Parity: Azure tries a second server once when the first times out; which other failures and methods it tries again
//! is not documented. Here: before any byte of the request left, any method; after that, idempotent methods whose
//! content can be sent again; never once the client got a byte.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backend::Server;
use backend::connections::{ConnectError, Link};
use snapshot::{HostHeader, Limits, Settings};
use tls::connector::{Class, Connector};

use crate::buffer::Input;
use crate::failure::{Failure, Retry};
use crate::http::ahead::Unsent;
use crate::http::answer::{Down, Upstream, cut};
use crate::http::choose;
use crate::http::client::{Client, Onward, Seat, Sink};
use crate::http::exchange::{Exchange, Next, Plan, Rest};
use crate::http::guard::Stopped;
use crate::http::record::Record;
use crate::http::relay::Moved;
use crate::http::respond::Cookies;
use crate::http::row::Facts;
use crate::http::tunnel::Tunnel;
use crate::http::upload::Content;
use crate::io::{Pieces, within, write};
use crate::timer::Lane;

/// Why an attempt failed, and what had happened by then.
pub(super) struct Trouble {
    pub(super) failure: Failure,
    /// A byte of the request may have reached the server.
    pub(super) wrote: bool,
    /// The connection was an idle one, which the server may have closed just then.
    pub(super) reused: bool,
    /// The client has begun to get an answer.
    pub(super) answered: bool,
    /// Content was read from the client that cannot be read again.
    pub(super) consumed: bool,
}

impl Exchange {
    /// Carries the request to a server and the answer back.
    pub(super) async fn forward<C: Client>(&mut self, client: &mut C, plan: &Plan) -> Next {
        let view = Rc::clone(&self.view);
        let published = &view.published;
        let settings = &published.snapshot.settings[published.snapshot.targets[plan.target].settings];
        let content = match self.gathered(client, plan, published.snapshot.options.buffers_requests).await {
            Ok(content) => content,
            Err(Stopped::Failed(Failure::ClientClosed, _)) => return self.left(),
            Err(Stopped::Failed(failure, rest)) => return self.fail(client, plan, failure, rest).await,
            Err(Stopped::Refused(refusal, rest)) => return self.turn_away(client, plan, *refusal, rest).await,
        };
        let (mut target, mut other) = (plan.target, None);
        let (mut fresh, mut tried) = (false, Vec::new());
        // Deciding took no time worth another look at the clock, unless it had to wait.
        self.facts.sent_at.get_or_insert(self.started);
        loop {
            let server = other.as_ref().unwrap_or(&plan.server);
            self.facts.servers.push(server.address);
            let live = &published.fleet[target];
            let limits = &published.snapshot.limits;
            let buffers = published.snapshot.options.buffers_responses;
            let ahead = if buffers { limits.buffered_response } else { 0 };
            let attempt = Attempt { plan, settings, limits, ahead, server, connector: live.connector() };
            // Counted, and cut off when the server's time is over.
            client.seat().timer.engage(server.busy());
            let done = attempt.run(client, &mut self.record, &content, &mut self.facts, fresh).await;
            if self.facts.tunnel.is_some() {
                return Next::Close;
            }
            let cut = client.seat().timer.release();
            let mut trouble = match done {
                Ok(next) => return next,
                Err(trouble) => trouble,
            };
            if cut {
                trouble.failure = Failure::Drained;
            }
            if trouble.answered {
                self.facts.failure = Some(trouble.failure);
                client.cut();
                return Next::Cut;
            }
            if trouble.failure == Failure::ClientClosed {
                return self.left();
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
            tried.push(server.id);
            let next = (again && tried.len() <= published.snapshot.limits.max_retries as usize)
                .then(|| choose::another(&view, plan.pools, client.seat().client.peer.ip(), &tried))
                .flatten();
            match next {
                Some(next) => {
                    client.seat().worker.counters.retries.add(1);
                    fresh = false;
                    self.facts.detail = None;
                    self.facts.sent_at = Some(Instant::now());
                    if settings.host == HostHeader::Server {
                        self.record.replace_host(next.1.host.as_bytes());
                    }
                    (target, other) = (next.0, Some(next.1));
                    self.facts.target = Some(target);
                }
                None => {
                    let rest = match &content {
                        Content::Kept => Rest::None,
                        Content::Spooled(spool) if spool.is_whole() => Rest::None,
                        Content::Spooled(_) => Rest::Lost,
                        // Content has begun to be read: nobody knows any more where the next request begins.
                        Content::Streams if trouble.consumed => Rest::Lost,
                        Content::Streams => Rest::Whole(plan.framing),
                    };
                    if settings.dedicated {
                        client.seat().dedicated.lose();
                    }
                    let refusal = self.facts.answering.as_ref().and_then(|answering| answering.refusal());
                    return match refusal.filter(|_| trouble.failure == Failure::FirewallBlocked) {
                        Some(instead) => self.turn_away(client, plan, *instead, rest).await,
                        None => self.fail(client, plan, trouble.failure, rest).await,
                    };
                }
            }
        }
    }

    /// The content, as far as it is taken in before a server is asked: for request buffering, and for the firewall.
    #[inline(always)]
    async fn gathered<C: Client>(&mut self, client: &mut C, plan: &Plan, buffers: bool) -> Result<Content, Stopped> {
        // Large and rare, like everything about uploads.
        if let Some(held) = self.held.take() {
            return Box::pin(self.screened(client, plan, &held)).await;
        }
        match (client.keep_content(plan.framing, &mut self.record, &mut self.facts), buffers) {
            (true, _) => Ok(Content::Kept),
            (false, false) => Ok(Content::Streams),
            (false, true) => {
                let taken = Box::pin(self.take_in(client, plan, None)).await;
                taken.map_err(|failure| Stopped::Failed(failure, Rest::Lost))
            }
        }
    }

    /// The client has left.
    pub(super) fn left(&mut self) -> Next {
        (self.facts.failure, self.facts.status) = (Some(Failure::ClientClosed), Failure::ClientClosed.status());
        Next::Close
    }
}

/// One attempt at one server.
pub(super) struct Attempt<'a> {
    pub(super) plan: &'a Plan,
    pub(super) settings: &'a Settings,
    pub(super) limits: &'a Limits,
    /// The most that is read ahead of a slow client, in bytes.
    pub(super) ahead: usize,
    pub(super) server: &'a Arc<Server>,
    connector: Option<&'a Connector>,
}

impl Attempt<'_> {
    async fn run<C: Client>(
        &self,
        client: &mut C,
        record: &mut Record,
        content: &Content,
        facts: &mut Facts,
        fresh: bool,
    ) -> Result<Next, Trouble> {
        let before =
            Trouble { failure: Failure::Internal, wrote: false, reused: false, answered: false, consumed: false };
        let host = record.get(record.sent_host);
        let (link, reused) =
            self.link(client.seat(), host, facts, fresh).await.map_err(|failure| Trouble { failure, ..before })?;
        let mut upstream = Upstream { input: Input::new(), keep_alive: false, unsent: None };
        // Uploads are rare and their futures large: not in every exchange.
        let result = match content {
            Content::Kept => self.without_content(client, &link, record, facts, &mut upstream).await,
            Content::Spooled(spool) => {
                Box::pin(self.with_content(client, &link, Some(spool), record, facts, &mut upstream)).await
            }
            Content::Streams => Box::pin(self.with_content(client, &link, None, record, facts, &mut upstream)).await,
        };
        let seat = client.seat();
        seat.timer.clear(Lane::ServerRead);
        seat.timer.clear(Lane::Nudge);
        if self.plan.upgrade.is_some() && facts.status == 101 && result.is_ok() {
            facts.tunnel = Some(Tunnel::new(link, upstream.input, self.settings.request_timeout));
            return result;
        }
        if result.is_ok() && upstream.keep_alive && upstream.input.is_empty() {
            self.give_back(seat, link);
        }
        if let (Ok(next), Some(unsent)) = (&result, upstream.unsent.take()) {
            // The server has done its work; what is left is between the client and us.
            _ = seat.timer.release();
            return Box::pin(self.finish(client, *unsent, facts)).await.map(|()| *next);
        }
        result.map_err(|trouble| Trouble { reused, ..trouble })
    }

    /// Sends the client what of its answer is here already.
    async fn finish<C: Client>(&self, client: &mut C, unsent: Unsent, facts: &mut Facts) -> Result<(), Trouble> {
        let (seat, _, mut sink) = client.ends();
        let onward = Onward {
            timer: &seat.timer,
            write_limit: self.limits.client_write_timeout,
            min_rate: self.limits.min_body_rate,
        };
        let mut moved = Moved::default();
        let done = sink.resume(onward, unsent, &mut moved).await;
        facts.sent += moved.written;
        done.map_err(|broken| Trouble {
            failure: cut(&broken),
            wrote: true,
            reused: false,
            answered: true,
            consumed: false,
        })
    }

    /// Keeps a connection for another request: of this client, where they are not shared.
    #[inline(always)]
    fn give_back(&self, seat: &Seat, link: Link) {
        if self.settings.dedicated {
            seat.dedicated.keep(self.server, link);
        } else {
            let (now, limit) = (seat.worker.timers.now(), self.limits.max_idle_per_server);
            seat.worker.connections.put_back(self.server.id, link, now, limit);
        }
    }

    /// An idle connection that may be used.
    #[inline]
    fn idle(&self, seat: &Seat, name: Option<&str>) -> Option<Link> {
        if self.settings.dedicated {
            return seat.dedicated.take(self.server.id);
        }
        seat.worker.connections.checkout(self.server.id, name)
    }

    /// The cookies that bind the client to the server, unless it has sent one that does.
    #[inline]
    pub(super) fn cookies(&self, seat: &Seat) -> Option<Cookies<'_>> {
        let affinity = self.settings.affinity.as_ref().filter(|_| self.plan.bound != Some(self.server.id))?;
        Some(Cookies { affinity, server: self.server, secure: seat.client.tls.is_some() })
    }

    /// An idle connection to the server, or a new one.
    async fn link(&self, seat: &Seat, host: &[u8], facts: &mut Facts, fresh: bool) -> Result<(Link, bool), Failure> {
        let worker = &seat.worker;
        let name = self.settings.tls.as_ref().and_then(|tls| tls.name(self.server.name.as_deref(), host));
        while !fresh && let Some(link) = self.idle(seat, name.as_deref()) {
            // What cannot be sent twice is not sent on a connection that the server has just closed.
            if (self.plan.idempotent && !self.settings.dedicated) || !link.is_closed() {
                worker.counters.backend_reused.add(1);
                facts.connect_time = Some(Duration::ZERO);
                facts.took(&link);
                return Ok((link, true));
            }
        }
        let began = Instant::now();
        seat.timer.set(Lane::ServerWrite, self.limits.connect_timeout.min(self.settings.request_timeout));
        let tls = self.connector.map(|connector| (connector, name.as_deref()));
        let made =
            within(worker.connections.connect(self.server.address, tls, b""), &seat.timer, Lane::ServerWrite).await;
        seat.timer.clear(Lane::ServerWrite);
        let link = match made {
            Ok(Ok(link)) => link,
            Ok(Err(ConnectError::Tcp(_))) => return Err(Failure::ConnectFailed),
            Ok(Err(ConnectError::Tls(error))) => {
                facts.detail = Some(error.text.into());
                return Err(tls_failure(error.class));
            }
            Err(_) => return Err(Failure::ConnectTimeout),
        };
        worker.counters.backend_opened.add(1);
        facts.connect_time = Some(began.elapsed());
        facts.took(&link);
        facts.sent_at = Some(began);
        Ok((link, false))
    }

    async fn without_content<C: Client>(
        &self,
        client: &mut C,
        link: &Link,
        record: &mut Record,
        facts: &mut Facts,
        upstream: &mut Upstream,
    ) -> Result<Next, Trouble> {
        let (seat, _, mut sink) = client.ends();
        let timer = &seat.timer;
        let limit = self.settings.request_timeout;
        // In a block, so that the pieces take no room while the answer is awaited.
        let (wrote, written) = {
            let mut pieces = Pieces::new([&record.text, b"", b""]);
            let wrote = write(&link.stream, &mut pieces, timer, Lane::ServerWrite, limit).await;
            (wrote, pieces.written > 0)
        };
        timer.clear(Lane::ServerWrite);
        let trouble = |failure| Trouble { failure, wrote: written, reused: false, answered: false, consumed: false };
        if let Err(error) = wrote {
            facts.explain(&error);
            return Err(trouble(server_failure(&error)));
        }
        timer.set(Lane::ServerRead, limit);
        let down = Down { attempt: self, seat, link, watches: true };
        let result = down.run(&mut sink, record, facts, upstream).await;
        result.map_err(|failure| Trouble { answered: facts.answered, ..trouble(failure) })
    }
}

fn tls_failure(class: Class) -> Failure {
    match class {
        Class::CertNameMismatch => Failure::BackendCertificateName,
        Class::CertDateInvalid => Failure::BackendCertificateDate,
        Class::TlsHandshakeFailed | Class::Closed => Failure::BackendHandshake,
        _ => Failure::BackendCertificateChain,
    }
}

pub(super) fn server_failure(error: &std::io::Error) -> Failure {
    if error.kind() == std::io::ErrorKind::TimedOut { Failure::ServerTimeout } else { Failure::ServerClosed }
}
