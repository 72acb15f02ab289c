//! Challenges: the page that asks a browser to prove that it is one, and the place where it sends its proof.
//!
//! The place belongs to the gateway: what is sent there goes to no server, no rule looks at it, and no rate limit
//! counts it.

use std::rc::Rc;
use std::sync::Arc;

use firewall::challenge::{MAX_ANSWER, Page as Asked, is_endpoint, told};
use firewall::events::Common;
use firewall::explain::Explanation;
use snapshot::{FirewallId, Page, RuleId};

use super::{Held, Instead};
use crate::failure::Failure;
use crate::http::body::Framing;
use crate::http::client::{Client, Intake, Source as _};
use crate::http::exchange::{Answer, Exchange, Next, Rest};
use crate::http::head::Request;
use crate::http::relay::{Broken, Moved};
use crate::http::rewriting::Seen;
use crate::http::spool::Spool;
use crate::http::upload::client_failure;

/// A proof whose content is still to come.
pub(in crate::http) struct Proof {
    held: Box<Held>,
    framing: Framing,
    expects_continue: bool,
    is_tls: bool,
    answer: Answer,
}

impl Exchange {
    /// The proof that a request brings, if it is one: sent to the endpoint, under a rule that has a policy anywhere.
    pub(in crate::http) fn proof(&self, seen: &Seen<'_>, rule: RuleId) -> Option<Box<Proof>> {
        let snapshot = &self.view.published.snapshot;
        if snapshot.firewalls.guards.is_empty() || !is_endpoint(seen.request.target.path_and_query) {
            return None;
        }
        let guard = self.any_guard(rule, seen.request)?;
        Some(Box::new(Proof {
            held: Held::new(guard, seen, None, None),
            framing: seen.request.framing,
            expects_continue: seen.request.expects_continue,
            is_tls: seen.client.tls.is_some(),
            answer: Answer::to(seen.request, 204, None, None),
        }))
    }

    fn any_guard(&self, rule: RuleId, request: &Request<'_>) -> Option<FirewallId> {
        let snapshot = &self.view.published.snapshot;
        let hit = snapshot.rules[rule].router.hit(request.target.path());
        let mut of_rule = snapshot.routes.iter().filter(|route| route.rule == rule);
        snapshot.routes[hit.route].firewall.or_else(|| of_rule.find_map(|route| route.firewall))
    }

    /// Reads a proof and answers it.
    pub(in crate::http) async fn prove<C: Client>(&mut self, client: &mut C, proof: &Proof) -> Next {
        let (content, rest) = match self.proof_content(client, proof).await {
            Ok(content) => content,
            Err(Failure::ClientClosed) => return self.left(),
            Err(failure) => {
                let answer = proof.answer.with(Instead::failed(failure), Rest::Lost);
                return self.answer(client, &answer).await;
            }
        };
        let view = Rc::clone(&self.view);
        let firewalls = &view.published.snapshot.firewalls;
        let guard = &firewalls.guards[proof.held.guard];
        let (shared, id) = (Arc::clone(&client.seat().worker.shared), self.id);
        let services = shared.firewall.services(firewalls);
        let fields = proof.held.fields();
        let request = proof.held.request(&fields, id.as_str());
        let granted = services.clearances.answer(&request, &content, proof.is_tls, services.now);
        let common = Common::new(&guard.policy, &guard.place, &request);
        self.write_events(client.seat(), &common, &[told(&granted)], &Explanation::default());
        let mut instead = match granted {
            Ok(cookie) => Instead { fields: vec![("Set-Cookie", cookie)], ..Instead::plain(204) },
            Err(refusal) => Instead {
                failure: Some(Failure::FirewallChallenge),
                page: Some(Page::new(refusal.reason().as_bytes().into())),
                fields: vec![("Content-Type", "text/plain".to_owned())],
                ..Instead::plain(Failure::FirewallChallenge.status())
            },
        };
        instead.fields.push(("Cache-Control", "no-store".to_owned()));
        let answer = proof.answer.with(instead, rest);
        self.answer(client, &answer).await
    }

    /// What was sent, one byte more than it may have where it is too long.
    async fn proof_content<C: Client>(&mut self, client: &mut C, proof: &Proof) -> Result<(Vec<u8>, Rest), Failure> {
        let head = self.record.text.len();
        if client.keep_content(proof.framing, &mut self.record, &mut self.facts) {
            return Ok((self.record.text.split_off(head), Rest::None));
        }
        let view = Rc::clone(&self.view);
        let limits = &view.published.snapshot.limits;
        let (seat, mut source, _) = client.ends();
        if proof.expects_continue && source.is_empty() {
            let invited = source.invite(seat, limits.client_write_timeout, &mut self.facts.sent).await;
            invited.map_err(|_| Failure::ClientClosed)?;
        }
        let intake =
            Intake { timer: &seat.timer, read_limit: limits.request_body_timeout, max_content: MAX_ANSWER as u64 };
        let (mut spool, mut moved) = (Spool::new(proof.framing), Moved::default());
        let shared = &seat.worker.shared;
        let filled = spool.fill(&mut source, &intake, (limits, shared), None, &mut moved).await;
        self.facts.received += moved.read;
        match filled {
            Ok(()) => Ok((spool.in_memory().to_vec(), Rest::None)),
            Err(Broken::TooLarge) => Ok((vec![0; MAX_ANSWER + 1], Rest::Lost)),
            Err(broken) => Err(client_failure(&broken)),
        }
    }
}

impl Instead {
    /// The page that asks for a proof.
    pub(super) fn asking(asked: &Asked) -> Self {
        Self {
            failure: Some(Failure::FirewallChallenge),
            page: Some(Page { body: asked.html.as_bytes().into(), ids: Vec::new() }),
            fields: asked.fields().map(|(name, value)| (name, value.to_owned())).to_vec(),
            ..Self::plain(Asked::STATUS)
        }
    }
}
