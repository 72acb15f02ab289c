//! Content on its way past the firewall: shown as it comes, kept back until the rules have seen what they look at.
//!
//! Rules of a long body run a slice at a time, and the worker serves others between slices.

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use firewall::Mode;
use firewall::inspection::{Inspection, Outcome, Step};
use tokio::task::yield_now;

use super::{Asked, Held, Instead};
use crate::failure::Failure;
use crate::http::client::Client;
use crate::http::exchange::{Exchange, Plan, Rest};
use crate::http::upload::Content;

/// Why a request with content does not go on.
pub(in crate::http) enum Stopped {
    /// The client, or its content, failed.
    Failed(Failure, Rest),
    /// The firewall answers it.
    Refused(Box<Instead>, Rest),
}

/// An inspection that is shown content.
pub(in crate::http) struct Screen<'r> {
    inspection: Inspection<'r>,
    outcome: Option<Outcome>,
    /// The rules have seen all they look at.
    passing: bool,
    spent: Duration,
}

impl<'r> Screen<'r> {
    fn new(inspection: Inspection<'r>) -> Self {
        Self { inspection, outcome: None, passing: false, spent: Duration::ZERO }
    }

    /// Whether the rules still want to see content before any of it may go on.
    pub(in crate::http) fn wants_more(&self) -> bool {
        self.outcome.is_none() && !self.passing
    }

    /// Shows a piece of content. False when the request is refused.
    pub(in crate::http) async fn piece(&mut self, piece: &[u8]) -> bool {
        if self.outcome.is_none() {
            self.run(|inspection| inspection.body(piece)).await;
        }
        self.goes_on()
    }

    /// The content has ended.
    pub(in crate::http) async fn end(&mut self) {
        if self.outcome.is_none() {
            self.run(Inspection::end).await;
        }
    }

    fn goes_on(&self) -> bool {
        self.outcome.as_ref().is_none_or(|outcome| outcome.decision == firewall::inspection::Decision::Forward)
    }

    async fn run(&mut self, first: impl FnOnce(&mut Inspection<'r>) -> Step) {
        let began = Instant::now();
        let mut step = first(&mut self.inspection);
        self.spent += began.elapsed();
        loop {
            match step {
                Step::Working => {
                    yield_now().await;
                    let began = Instant::now();
                    step = self.inspection.go_on();
                    self.spent += began.elapsed();
                }
                Step::WantsBody => return,
                Step::Forward => {
                    self.passing = true;
                    return;
                }
                Step::Done(outcome) => {
                    self.outcome = Some(outcome);
                    return;
                }
            }
        }
    }
}

impl Exchange {
    /// Takes in a request's content and shows it to the firewall.
    pub(in crate::http) async fn screened<C: Client>(
        &mut self,
        client: &mut C,
        plan: &Plan,
        held: &Held,
    ) -> Result<Content, Stopped> {
        let view = Rc::clone(&self.view);
        let firewalls = &view.published.snapshot.firewalls;
        let guard = &firewalls.guards[held.guard];
        let (shared, id) = (Arc::clone(&client.seat().worker.shared), self.id);
        let services = shared.firewall.services(firewalls);
        let fields = held.fields();
        let request = held.request(&fields, id.as_str());
        let mut inspection = Inspection::new(&guard.policy, &guard.place, &request, &services);
        inspection.set_arrival(held.server.map(|server| (server.ip(), server.port())), held.whole());
        let mut screen = Screen::new(inspection);
        screen.run(Inspection::head).await;
        let content = if screen.goes_on() { self.shown(client, plan, &mut screen).await } else { Ok(None) };
        let rest = match &content {
            Ok(None) => Rest::Whole(plan.framing),
            Ok(Some(Content::Kept)) => Rest::None,
            Ok(Some(Content::Spooled(spool))) if spool.is_whole() => Rest::None,
            _ => Rest::Lost,
        };
        let Screen { inspection, outcome, spent, .. } = screen;
        // What was not sent to the end is judged by what came of it: the log tells of it in any case.
        let outcome = outcome.unwrap_or_else(|| inspection.finish());
        let asked = Asked { id: held.guard, guard, services: &services, request: &request };
        let refusal = self.settle(&asked, client.seat(), outcome, spent);
        match (refusal, content) {
            (_, Err(Failure::ClientClosed)) => Err(Stopped::Failed(Failure::ClientClosed, Rest::Lost)),
            (Some(refusal), _) => Err(Stopped::Refused(refusal, rest)),
            (None, Err(failure)) => Err(Stopped::Failed(failure, Rest::Lost)),
            (None, Ok(content)) => Ok(self.bounded(content.unwrap_or(Content::Streams), guard.policy.mode, held)),
        }
    }

    /// The content, all of which was shown but for what there is no room for. `None`: none of it was taken.
    async fn shown<C: Client>(
        &mut self,
        client: &mut C,
        plan: &Plan,
        screen: &mut Screen<'_>,
    ) -> Result<Option<Content>, Failure> {
        let head = self.record.text.len();
        if client.keep_content(plan.framing, &mut self.record, &mut self.facts) {
            if screen.piece(self.record.text.get(head..).unwrap_or_default()).await {
                screen.end().await;
            }
            return Ok(Some(Content::Kept));
        }
        self.take_in(client, plan, Some(screen)).await.map(Some)
    }

    /// What there was no room to take in is not shown any more; together it may have what the policy's limits allow.
    fn bounded(&self, content: Content, mode: Mode, held: &Held) -> Content {
        let limits = &self.view.published.snapshot.firewalls.guards[held.guard].policy.limits;
        match (content, limits.max_body, limits.max_upload) {
            (Content::Spooled(mut spool), Some(body), Some(upload)) if mode == Mode::Prevention => {
                spool.allow(body.saturating_add(upload).saturating_add(TOLERANCE));
                Content::Spooled(spool)
            }
            (content, ..) => content,
        }
    }
}

/// What an upload may be over its limit, in bytes. Source: `application-gateway-waf-request-size-limits`.
const TOLERANCE: u64 = 4 << 10;
