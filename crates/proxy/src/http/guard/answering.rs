//! Answers of servers past the firewall: only rules that the operator brings look at them.
//!
//! The beginning of the content is read ahead and shown before any of the answer goes on, as much as a read buffer
//! holds; what comes after it is not looked at.

use std::future::poll_fn;

use firewall::events::Common;
use firewall::inspection::{Answer, Decision, Outcome};

use super::Instead;
use crate::failure::Failure;
use crate::http::answer::Upstream;
use crate::http::body::{Decoder, Framing};
use crate::http::client::Seat;
use crate::http::exchange::Exchange;
use crate::http::response::Response;
use crate::http::row::Facts;
use crate::io::{Stream, poll_fill};
use crate::timer::Lane;

/// An answer that rules are to see.
pub struct Answering {
    /// What the log tells of the request.
    common: Common,
    state: State,
}

/// How far it is.
enum State {
    /// Rules are still to see some of it.
    Open(Box<Answer>),
    /// They have seen all they look at.
    Settled(Outcome),
}

impl std::fmt::Debug for Answering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Answering").field("common", &self.common).finish_non_exhaustive()
    }
}

impl Answering {
    /// An answer that is still to come, to a request that the log knows so.
    pub(super) fn new(common: Common, answer: Box<Answer>) -> Self {
        Self { common, state: State::Open(answer) }
    }

    /// Shows the head.
    pub(in crate::http) fn head(&mut self, response: &Response<'_>) {
        if let State::Open(answer) = &mut self.state {
            let fields = response.fields.iter().map(|field| (field.name, field.value));
            answer.head(response.status, "HTTP/1.1", fields);
        }
    }

    fn wants_body(&self) -> bool {
        matches!(&self.state, State::Open(answer) if answer.wants_body())
    }

    fn body(&mut self, piece: &[u8]) -> bool {
        match &mut self.state {
            State::Open(answer) => answer.body(piece),
            State::Settled(_) => false,
        }
    }

    fn settle(self: Box<Self>) -> Box<Self> {
        let Self { common, state } = *self;
        let outcome = match state {
            State::Open(answer) => answer.end(),
            State::Settled(outcome) => outcome,
        };
        Box::new(Self { common, state: State::Settled(outcome) })
    }

    /// What the client gets instead of the answer.
    pub(in crate::http) fn refusal(&self) -> Option<Box<Instead>> {
        match &self.state {
            State::Settled(Outcome { decision: Decision::Block(block), .. }) => {
                Some(Box::new(Instead::block(block.clone())))
            }
            _ => None,
        }
    }
}

/// Shows the content of an answer whose head was read, as far as it fits into the buffer.
pub(in crate::http) async fn show<S: Stream>(
    framing: Framing,
    (from, seat): (&std::cell::RefCell<S>, &Seat),
    facts: &mut Facts,
    upstream: &mut Upstream,
) -> Result<(), Failure> {
    let Some(mut answering) = facts.answering.take() else { return Ok(()) };
    let (mut decoder, mut seen, mut wants) = (Decoder::new(framing), 0, answering.wants_body());
    while wants && !decoder.done() {
        while let Some(rest) = upstream.input.bytes().get(seen..).filter(|rest| !rest.is_empty() && wants)
            && !decoder.done()
        {
            // What is no framing is found again by who passes it on.
            let Ok(step) = decoder.step(rest) else {
                wants = false;
                break;
            };
            wants = answering.body(rest.get(step.data).unwrap_or_default());
            seen += step.used;
        }
        if !wants || decoder.done() {
            break;
        }
        // A full buffer is an error there, and the end of what is looked at here.
        let more = poll_fn(|context| {
            let stream = &mut *from.borrow_mut();
            poll_fill(stream, &mut upstream.input, usize::MAX, &seat.timer, Lane::ServerRead, context)
        });
        if !matches!(more.await, Ok(1..)) {
            break;
        }
    }
    let answering = answering.settle();
    let refused = answering.refusal().is_some();
    facts.answering = Some(answering);
    if refused { Err(Failure::FirewallBlocked) } else { Ok(()) }
}

impl Exchange {
    /// Writes what rules found in an answer.
    pub(in crate::http) fn tell_answer(&mut self, seat: &Seat) {
        let Some(answering) = self.facts.answering.take().map(Answering::settle) else { return };
        if let State::Settled(outcome) = &answering.state {
            self.write_events(seat, &answering.common, &outcome.events, &outcome.explanation);
        }
    }
}
