//! One request and its answer. This file is the order of the steps; nothing else decides it.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Instant;

use backend::Server;
use observe::TransactionId;
use routing::{PathPattern, RequestTarget};
use snapshot::{Action, Hit, MAX_REROUTES, Page, Router, TargetId};

use crate::buffer::{give_head, take_head};
use crate::failure::Failure;
use crate::http::body::{Decoder, Framing};
use crate::http::choose::{self, Pools};
use crate::http::client::{Client, Seat};
use crate::http::compose;
use crate::http::guard::{Held, Instead, Proof, Screened};
use crate::http::head::{Request, Version};
use crate::http::record::Record;
use crate::http::reply::Reply;
use crate::http::rewriting::{Changes, Seen};
use crate::http::row::Facts;
use crate::http::target::valid_host;
use crate::http::token::{Unidentified, Wait};
use crate::http::tunnel::Upgrade;
use crate::timer::Lane;
use crate::view::View;

/// What becomes of the client connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// The next request may come.
    KeepAlive,
    /// It ends.
    Close,
    /// It ends in a way that nobody takes for a good end.
    Cut,
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
    /// The verdict on the bearer token, where its keys had to be waited for.
    pub(super) verdict: Option<Box<jwt::Verdict>>,
    /// The head that the firewall is to see again with the content.
    pub(super) held: Option<Box<Held>>,
}

/// Who a bearer token says is asking.
pub(super) type Identified = Option<String>;

/// Where a request goes.
pub struct Plan {
    /// Pool and settings.
    pub target: TargetId,
    /// The pools that another server may be chosen from.
    pub pools: Pools,
    /// The server whose turn it is.
    pub server: Arc<Server>,
    /// The server that the client's affinity cookie names.
    pub bound: Option<u64>,
    /// The wish to speak WebSocket; in a box because it is rare.
    pub upgrade: Option<Box<Upgrade>>,
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
pub(super) enum Decision {
    /// No server has a verdict yet.
    Undecided(Pools),
    /// The key of its bearer token is not known yet.
    Unidentified(Box<Wait>),
    /// It goes to a server.
    Forward(Plan),
    /// It brings the proof that a challenge asked for.
    Proof(Box<Proof>),
    /// It is answered here.
    Answer(Answer),
}

/// What of a request's content is still to come when the gateway answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// Nothing.
    None,
    /// All of it, so delimited.
    Whole(Framing),
    /// Some of it was read, and where it ends is not known here: the connection cannot be used again.
    Lost,
}

/// An answer of the gateway's own.
pub(super) struct Answer {
    status: u16,
    failure: Option<Failure>,
    location: Option<Vec<u8>>,
    /// What is answered beyond that.
    instead: Option<Box<Instead>>,
    rest: Rest,
    pub(super) version: Version,
    keep_alive: bool,
    pub(super) to_head: bool,
}

impl Answer {
    /// Whether the request is none by the rules of HTTP/2, so that its stream is reset instead of answered.
    pub(super) fn is_malformed(&self) -> bool {
        self.failure == Some(Failure::MalformedHttp2)
    }

    /// For a request of which nothing is known.
    pub(super) fn refuse(failure: Failure) -> Self {
        Self {
            status: failure.status(),
            failure: Some(failure),
            location: None,
            instead: None,
            rest: Rest::None,
            version: Version::Http11,
            keep_alive: false,
            to_head: false,
        }
    }

    /// This answer, with something else in it.
    pub(super) fn with(&self, instead: Instead, rest: Rest) -> Self {
        let closes = instead.failure;
        Self {
            status: instead.status,
            failure: instead.failure,
            location: None,
            instead: Some(Box::new(instead)),
            rest,
            version: self.version,
            keep_alive: self.keep_alive && closes.is_none_or(|failure| !failure.closes()),
            to_head: self.to_head,
        }
    }

    /// In place of what a server would have answered.
    fn instead(plan: &Plan, failure: Failure, rest: Rest) -> Self {
        Self {
            status: failure.status(),
            failure: Some(failure),
            location: None,
            instead: None,
            rest,
            version: plan.version,
            keep_alive: plan.keep_alive && !failure.closes(),
            to_head: plan.to_head,
        }
    }

    pub(super) fn to(request: &Request<'_>, status: u16, failure: Option<Failure>, location: Option<Vec<u8>>) -> Self {
        Self {
            status,
            failure,
            location,
            instead: None,
            rest: Rest::Whole(request.framing),
            version: request.version,
            keep_alive: request.keep_alive && failure.is_none_or(|failure| !failure.closes()),
            to_head: request.method == b"HEAD",
        }
    }
}

impl Exchange {
    /// An exchange that begins now, with the configuration that is current.
    pub(super) fn new(view: Rc<View>, seat: &Seat) -> Self {
        Self {
            view,
            id: TransactionId::new(&seat.worker.rng),
            started: Instant::now(),
            record: Record::new(take_head()),
            facts: Facts::default(),
            verdict: None,
            held: None,
        }
    }

    /// Does what was decided. `None` when it has to be decided again.
    pub(super) async fn follow<C: Client>(&mut self, client: &mut C, decision: &Decision) -> Option<Next> {
        match decision {
            Decision::Undecided(pools) => {
                Box::pin(choose::decided(&self.view, *pools)).await;
                self.facts.sent_at = Some(Instant::now());
                None
            }
            Decision::Unidentified(wait) => {
                Box::pin(self.identify_again(client.seat(), wait)).await;
                None
            }
            Decision::Forward(plan) => {
                client.seat().timer.clear(Lane::ClientRead);
                Some(self.forward(client, plan).await)
            }
            Decision::Proof(proof) => {
                client.seat().timer.clear(Lane::ClientRead);
                Some(Box::pin(self.prove(client, proof)).await)
            }
            Decision::Answer(answer) => {
                client.seat().timer.clear(Lane::ClientRead);
                Some(self.answer(client, answer).await)
            }
        }
    }

    /// Finds listener, rule and path rule, rewrites, chooses a server, writes what it will get. No waiting, so that the
    /// view over the client's bytes never outlives a poll. `head_bytes`: the length of the head as it came.
    pub(super) fn route<C: Client>(&mut self, client: &C, request: &Request<'_>, head_bytes: u64) -> Decision {
        let view = Rc::clone(&self.view);
        let snapshot = &view.published.snapshot;
        let seat = client.seat();
        self.facts.version = request.version.logged();
        let local;
        let host = match request.host {
            Some(host) => host,
            None => {
                local = local_host(client);
                local.as_bytes()
            }
        };
        let rule = seat.door.binding(&view).and_then(|binding| snapshot.bindings[binding].hosts.lookup(host));
        self.facts.listener = rule.map(|rule| snapshot.rules[rule].listener);
        if let Some(tls) = &seat.client.tls
            && let Some(failure) = tls.refuses(self.facts.listener.map(|listener| &snapshot.listeners[listener]))
        {
            return self.refuse(request, failure);
        }
        let Some(rule) = rule else { return self.refuse(request, Failure::UnknownHost) };
        let asked = Seen { request, client: &seat.client, host, head_bytes, identity: None };
        if let Some(proof) = self.proof(&asked, rule) {
            compose::keep(request, &mut self.record);
            return Decision::Proof(proof);
        }
        let rule = &snapshot.rules[rule];
        let identity = match rule.jwt {
            None => None,
            Some(check) => match self.identify(seat, request, check) {
                Ok(identity) => identity,
                Err(Unidentified::Unknown(wait)) => return Decision::Unidentified(wait),
                Err(Unidentified::Refused(failure)) => return self.refuse(request, failure),
            },
        };
        let path = request.target.path();
        let mut hit = rule.router.hit(path);
        let seen = Seen { identity: identity.as_deref(), ..asked };
        if snapshot.routes[hit.route].rewrite.is_some() {
            match self.rewrite(&seen, &rule.router, hit) {
                Ok(last) => hit = last,
                Err(failure) => return self.refuse(request, failure),
            }
        }
        self.facts.route = Some(hit.route);
        match &snapshot.routes[hit.route].action {
            Action::Missing => self.refuse(request, Failure::NoTarget),
            Action::Redirect(redirect) => {
                compose::keep(request, &mut self.record);
                let mut location = Vec::with_capacity(256);
                let from = RequestTarget { host, path, query: request.target.query() };
                redirect.location(&from, &mut location);
                Decision::Answer(Answer::to(request, redirect.status.code(), None, Some(location)))
            }
            Action::Forward(target) => self.choose(&seen, client, Pools::One(*target), hit.pattern),
            Action::Distribute(distribution) => self.choose(&seen, client, Pools::Several(*distribution), hit.pattern),
        }
    }

    /// Runs the rewrite set of a route, and of those that it leads to when the path map is looked at again.
    fn rewrite<'a>(&mut self, seen: &Seen<'_>, router: &'a Router, first: Hit<'a>) -> Result<Hit<'a>, Failure> {
        let snapshot = &self.view.published.snapshot;
        let changes = self.record.changes.get_or_insert_with(Changes::take);
        changes.edits.clear();
        let mut hit = first;
        for _ in 0..=MAX_REROUTES {
            let Some(set) = snapshot.routes[hit.route].rewrites() else { return Ok(hit) };
            snapshot.rewrites[set].request(seen, &mut changes.edits);
            if changes.edits.overflowed() {
                return Err(Failure::RewriteTooLarge);
            }
            if changes.edits.header(b"host").flatten().is_some_and(|host| !valid_host(host)) {
                return Err(Failure::RewriteInvalidHost);
            }
            if !changes.edits.take_reroute() {
                return Ok(hit);
            }
            hit = router.hit(changes.edits.path().unwrap_or(seen.request.target.path()));
        }
        Err(Failure::RewriteLoop)
    }

    pub(super) fn refuse(&mut self, request: &Request<'_>, failure: Failure) -> Decision {
        compose::keep(request, &mut self.record);
        Decision::Answer(Answer::to(request, failure.status(), Some(failure), None))
    }

    fn choose<C: Client>(
        &mut self,
        seen: &Seen<'_>,
        client: &C,
        pools: Pools,
        pattern: Option<&PathPattern>,
    ) -> Decision {
        let seat = client.seat();
        let view = Rc::clone(&self.view);
        let snapshot = &view.published.snapshot;
        let request = seen.request;
        let Some(chosen) = choose::choose(&view, pools, seen, &seat.dedicated) else {
            let patient = self.started.elapsed() < snapshot.limits.first_probe_wait;
            return if patient && choose::undecided(&view, pools) {
                Decision::Undecided(pools)
            } else {
                self.refuse(request, Failure::NoLiveServer)
            };
        };
        if let Some(guard) = self.facts.route.and_then(|route| snapshot.routes[route].firewall) {
            let has_content = !Decoder::new(request.framing).done();
            match self.screen(guard, seen, seat, client.local(), has_content) {
                Screened::Passed => {}
                Screened::Held(held) => self.held = Some(held),
                Screened::Refused(refusal) => {
                    compose::keep(request, &mut self.record);
                    let rest = Rest::Whole(request.framing);
                    return Decision::Answer(Answer::to(request, 0, None, None).with(*refusal, rest));
                }
            }
        }
        self.facts.target = Some(chosen.target);
        let settings = &snapshot.settings[snapshot.targets[chosen.target].settings];
        let upgrade = Upgrade::asked(request);
        let changes = self.record.changes.take();
        let onward = compose::Onward {
            client_host: seen.host,
            edits: changes.as_deref().map(|changes| &changes.edits),
            identity: seen.identity,
            upgrade: upgrade.is_some(),
            pattern,
            path: settings.path.as_ref(),
            host: &settings.host,
            server_host: &chosen.server.host,
        };
        compose::write(request, seen.client, &onward, &self.id, &mut self.record);
        self.record.changes = changes;
        Decision::Forward(Plan {
            target: chosen.target,
            pools,
            server: chosen.server,
            bound: chosen.bound,
            upgrade: upgrade.map(Box::new),
            framing: request.framing,
            version: request.version,
            keep_alive: request.keep_alive,
            to_head: request.method == b"HEAD",
            idempotent: matches!(request.method, b"GET" | b"HEAD" | b"OPTIONS" | b"PUT" | b"DELETE"),
            expects_continue: request.expects_continue,
        })
    }

    /// Answers with a failure of the road to the server; nothing was sent to the client before.
    pub(super) async fn fail<C: Client>(&mut self, client: &mut C, plan: &Plan, failure: Failure, rest: Rest) -> Next {
        let answer = Answer::instead(plan, failure, rest);
        self.answer(client, &answer).await
    }

    /// Answers what the firewall says, where content was waited for.
    pub(super) async fn turn_away<C: Client>(
        &mut self,
        client: &mut C,
        plan: &Plan,
        instead: Instead,
        rest: Rest,
    ) -> Next {
        if self.facts.servers.all().is_empty() {
            self.facts.target = None;
        }
        let answer = Answer::instead(plan, Failure::FirewallBlocked, rest).with(instead, rest);
        self.answer(client, &answer).await
    }

    pub(super) async fn answer<C: Client>(&mut self, client: &mut C, answer: &Answer) -> Next {
        self.facts.failure = answer.failure;
        self.facts.status = answer.status;
        let view = Rc::clone(&self.view);
        let snapshot = &view.published.snapshot;
        let stamp = client.seat().worker.clock.cached();
        let own = answer.instead.as_ref().and_then(|instead| instead.page.as_ref());
        let page = || answer.failure.and_then(|_| self.page(&view, client.seat(), answer.status));
        let reply = Reply {
            status: answer.status,
            failure: answer.failure,
            page: own.or_else(page),
            location: answer.location.as_deref(),
            fields: answer.instead.as_ref().map_or(&[], |instead| &instead.fields),
            server: snapshot.options.server.as_deref(),
            stamp: &stamp,
            id: &self.id,
            version: answer.version,
            keep_alive: answer.keep_alive,
            to_head: answer.to_head,
        };
        let next = client.reply(reply, answer.rest, &snapshot.limits, &mut self.facts).await;
        client.seat().worker.clock.now();
        next
    }

    /// Writes the log row and counts.
    pub(super) fn finish(&mut self, seat: &Seat) {
        let worker = &seat.worker;
        if self.facts.answering.is_some() {
            self.tell_answer(seat);
        }
        let facts = &self.facts;
        worker.counters.requests.add(1);
        worker.counters.response(facts.status);
        worker.counters.bytes_received.add(facts.received);
        worker.counters.bytes_sent.add(facts.sent);
        if let Some(failure) = facts.failure {
            worker.counters.refusal(failure as usize);
        }
        if worker.log.is_enabled() {
            self.write_row(seat);
        }
        give_head(std::mem::take(&mut self.record.text));
        if let Some(changes) = self.record.changes.take() {
            Changes::give(changes);
        }
    }

    /// The operator's page for a status: the listener's where it has any, else the gateway's.
    fn page<'a>(&self, view: &'a Rc<View>, seat: &Seat, status: u16) -> Option<&'a Page> {
        let snapshot = &view.published.snapshot;
        let only = || view.published.only_listener(seat.door.binding(view)?);
        let listener = self.facts.listener.or_else(only);
        let own = listener.and_then(|listener| snapshot.listeners[listener].pages.as_ref());
        own.unwrap_or(&snapshot.pages).get(status)
    }
}

/// Stands for Host where an HTTP/1.0 client sent none: the address it came to.
#[cold]
fn local_host<C: Client>(client: &C) -> String {
    match client.local().map(|local| local.ip().to_canonical()) {
        Some(std::net::IpAddr::V6(ip)) => format!("[{ip}]"),
        Some(std::net::IpAddr::V4(ip)) => ip.to_string(),
        None => String::from("localhost"),
    }
}
