//! The firewall on the road of a request: asked once its server is known, before anything goes there.
//!
//! Rules see the request as it came, or, where a rewrite has changed URL or Host, as it will go on. A request without
//! content is decided at once; one with content is taken in first, and its content is shown as it comes
//! ([`screen`]). Redirects and other answers of the gateway's own are not looked at, nor is what follows an upgrade.
//!
//! Source: Azure, `ag-overview`, `custom-waf-rules-overview`, "Rewrite HTTP headers and URL" (the order of rewrites and
//! firewall), read 2026-11-22.

mod answering;
mod challenge;
mod held;
mod rows;
mod screen;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use firewall::challenge::Clearances;
use firewall::events::Common;
use firewall::inspection::{Decision as Verdict, Inspection, Outcome, Services, Step};
use firewall::policy::Block;
use firewall::rate::{Counters, DEFAULT_GROUPS};
use observe::Rng;
use rewrite::Edits;
use snapshot::{FirewallId, Firewalls, Guard, Page};

pub use answering::Answering;
pub(super) use answering::show;
pub(super) use challenge::Proof;
pub use held::Held;
pub(super) use screen::{Screen, Stopped};

use crate::failure::Failure;
use crate::http::client::Seat;
use crate::http::exchange::Exchange;
use crate::http::rewriting::Seen;
use held::FieldView;

/// What the firewalls of all workers share.
#[derive(Debug)]
pub struct Shared {
    /// Counts of rate limits. They outlive configurations.
    counters: Counters,
    /// Seals of answered challenges, where the operator has no key: good until the process ends.
    clearances: Clearances,
}

impl Default for Shared {
    fn default() -> Self {
        let key: [u8; 32] = random(&Rng::from_kernel());
        Self { counters: Counters::new(DEFAULT_GROUPS), clearances: Clearances::new(&key) }
    }
}

impl Shared {
    pub(super) fn services<'s>(&'s self, firewalls: &'s Firewalls) -> Services<'s> {
        Services {
            counters: &self.counters,
            countries: &*firewalls.countries,
            clearances: firewalls.clearances.as_deref().unwrap_or(&self.clearances),
            reputation: &*firewalls.reputation,
            now: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
        }
    }
}

/// What the access log tells of it.
#[derive(Clone, Copy, Debug)]
pub struct Evaluated {
    /// The policy where it is in force.
    pub guard: FirewallId,
    /// How long its rules ran, in microseconds.
    micros: u32,
}

impl Evaluated {
    /// How long its rules ran.
    pub fn time(self) -> Duration {
        Duration::from_micros(u64::from(self.micros))
    }
}

/// What comes of a request's head.
pub(super) enum Screened {
    /// It may go on.
    Passed,
    /// Its content is to be shown first.
    Held(Box<Held>),
    /// It is answered here.
    Refused(Box<Instead>),
}

/// What a request is answered with instead of going on. In a box: it is rare.
pub(super) struct Instead {
    /// The status of the answer.
    pub(super) status: u16,
    /// What the access log says.
    pub(super) failure: Option<Failure>,
    /// The policy's own page; it goes before the operator's for the status.
    pub(super) page: Option<Page>,
    /// Fields of the answer; a `Content-Type` stands in for the usual one.
    pub(super) fields: Vec<(&'static str, String)>,
}

impl Instead {
    fn plain(status: u16) -> Self {
        Self { status, failure: None, page: None, fields: Vec::new() }
    }

    fn failed(failure: Failure) -> Self {
        Self { failure: Some(failure), ..Self::plain(failure.status()) }
    }

    fn block(block: Block) -> Self {
        let page = block.body.map(Page::new);
        Self { failure: Some(Failure::FirewallBlocked), page, ..Self::plain(block.status) }
    }
}

impl Exchange {
    /// Asks the policy of a route. `local`: our own address, as the client sees it; `has_content`: some is still to
    /// come.
    pub(super) fn screen(
        &mut self,
        id: FirewallId,
        seen: &Seen<'_>,
        seat: &Seat,
        local: Option<SocketAddr>,
        has_content: bool,
    ) -> Screened {
        let changes =
            |edits: &&Edits| edits.path().is_some() || edits.query().is_some() || edits.header(b"host").is_some();
        let edits = self.record.changes.as_deref().map(|changes| &changes.edits).filter(changes);
        if has_content {
            return Screened::Held(Held::new(id, seen, edits, local));
        }
        let name = self.id;
        let instead = if edits.is_some() {
            let held = Held::new(id, seen, edits, local);
            self.judge(id, seat, &held.request(&held.fields(), name.as_str()), local, held.whole())
        } else {
            let whole = seen.request.target.whole;
            self.judge(id, seat, &plain(seen, &held::fields(seen), name.as_str()), local, whole)
        };
        instead.map_or(Screened::Passed, Screened::Refused)
    }

    /// Runs all rules on a request without content.
    fn judge(
        &mut self,
        id: FirewallId,
        seat: &Seat,
        request: &firewall::Request<'_>,
        local: Option<SocketAddr>,
        whole: &[u8],
    ) -> Option<Box<Instead>> {
        let view = std::rc::Rc::clone(&self.view);
        let firewalls = &view.published.snapshot.firewalls;
        let guard = &firewalls.guards[id];
        let began = Instant::now();
        let shared = Arc::clone(&seat.worker.shared);
        let services = shared.firewall.services(firewalls);
        let mut inspection = Inspection::new(&guard.policy, &guard.place, request, &services);
        inspection.set_arrival(local.map(|local| (local.ip(), local.port())), whole);
        let outcome = match inspection.head() {
            Step::Done(outcome) => outcome,
            _ => inspection.finish(),
        };
        let asked = Asked { id, guard, services: &services, request };
        self.settle(&asked, seat, outcome, began.elapsed())
    }

    /// Tells what came of an inspection; what the request is answered with, if it does not go on.
    fn settle(&mut self, asked: &Asked<'_>, seat: &Seat, outcome: Outcome, time: Duration) -> Option<Box<Instead>> {
        let Asked { id, guard, services, request } = *asked;
        let micros = u32::try_from(time.as_micros()).unwrap_or(u32::MAX);
        self.facts.evaluated = Some(Evaluated { guard: id, micros });
        seat.worker.counters.firewall_requests.add(1);
        if !outcome.events.is_empty() || outcome.answer.is_some() {
            let common = Common::new(&guard.policy, &guard.place, request);
            self.write_events(seat, &common, &outcome.events, &outcome.explanation);
            if let Some(answer) = outcome.answer {
                self.facts.answering = Some(Box::new(Answering::new(common, answer)));
            }
        }
        let instead = match outcome.decision {
            Verdict::Forward => return None,
            Verdict::Block(block) => Instead::block(block),
            Verdict::Challenge(kind) => {
                let lifetime = guard.policy.clearance.of(kind);
                let nonce = random(&seat.worker.rng);
                Instead::asking(&services.clearances.page(request, lifetime, &nonce, services.now))
            }
        };
        Some(Box::new(instead))
    }
}

/// What an inspection was made with.
struct Asked<'a> {
    id: FirewallId,
    guard: &'a Guard,
    services: &'a Services<'a>,
    request: &'a firewall::Request<'a>,
}

/// Bytes that nobody can guess. Ids come from a generator that what it has given tells much of, so it only stands in
/// where the machine has nothing better.
fn random<const N: usize>(rng: &Rng) -> [u8; N] {
    let mut bytes = std::array::from_fn(|_| rng.next_u64().to_ne_bytes()[0]);
    let _ = rustls::crypto::aws_lc_rs::default_provider().secure_random.fill(&mut bytes);
    bytes
}

fn plain<'r>(seen: &Seen<'r>, headers: &'r [FieldView<'r>], id: &'r str) -> firewall::Request<'r> {
    firewall::Request {
        method: seen.request.method,
        target: seen.request.target.path_and_query,
        protocol: held::protocol(seen.request.version),
        client: seen.client.peer.ip(),
        client_port: seen.client.peer.port(),
        headers,
        id,
    }
}
