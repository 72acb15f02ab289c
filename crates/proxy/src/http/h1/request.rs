//! The request at the start of a connection's input: awaited, parsed, and served.

use crate::failure::Failure;
use crate::http::client::Client;
use crate::http::exchange::{Answer, Decision, Exchange, Next};
use crate::http::h1::connection::Connection;
use crate::http::head::{self, Parsed};
use crate::http::scan::Fields;
use crate::http::tunnel;
use crate::io::{HEAD_READ, Stream, fill};
use crate::timer::Lane;

/// Serves the request at the start of the connection's input.
pub async fn run<S: Stream>(connection: &mut Connection<S>) -> Next {
    let view = connection.seat.worker.view();
    connection.refresh(&view);
    let mut exchange = Exchange::new(view, &connection.seat);
    let next = steps(&mut exchange, connection).await;
    if exchange.facts.tunnel.is_some() {
        exchange = tunnel::carry(exchange, connection).await;
    }
    exchange.finish(&connection.seat);
    // Closing with unread bytes is a reset, which could overtake the answer.
    if next == Next::Close && exchange.facts.answered && !connection.input.is_empty() { Next::Linger } else { next }
}

async fn steps<S: Stream>(exchange: &mut Exchange, connection: &mut Connection<S>) -> Next {
    loop {
        // Looked at where it lies: a decision is large.
        let decision = decide(exchange, connection);
        let next = match &decision {
            Some(decision) => exchange.follow(connection, decision).await,
            None => read_more(exchange, connection).await,
        };
        if let Some(next) = next {
            return next;
        }
    }
}

/// Parses and decides. `None` while the head is not complete.
fn decide<S: Stream>(exchange: &mut Exchange, connection: &mut Connection<S>) -> Option<Decision> {
    let (decision, head) = {
        let mut room = Fields::new();
        let input = connection.input.bytes();
        match head::parse(input, &mut room, &exchange.view.published.snapshot.limits) {
            Parsed::Partial => return None,
            Parsed::Refused(failure) => {
                exchange.record.keep_refused(input);
                exchange.facts.received = input.len() as u64;
                let failure = if connection.misplaced { Failure::HttpToHttpsPort } else { failure };
                return Some(Decision::Answer(Answer::refuse(failure)));
            }
            Parsed::Complete(request, len) if connection.misplaced => {
                (exchange.refuse(&request, Failure::HttpToHttpsPort), len)
            }
            Parsed::Complete(request, len) => (exchange.route(connection, &request, len as u64), len),
        }
    };
    if !matches!(decision, Decision::Undecided(_) | Decision::Unidentified(_)) {
        exchange.facts.received = head as u64;
        connection.input.consume(head);
    }
    Some(decision)
}

/// Waits for the rest of the head. `Some` when none will come.
async fn read_more<S: Stream>(exchange: &mut Exchange, connection: &mut Connection<S>) -> Option<Next> {
    let timer = &connection.seat.timer;
    if !timer.is_set(Lane::ClientRead) {
        // Once for the whole head: a client that sends a byte now and then gains nothing.
        timer.set(Lane::ClientRead, exchange.view.published.snapshot.limits.request_header_timeout);
    }
    connection.input.shrink();
    match fill(&connection.stream, &mut connection.input, HEAD_READ, timer, Lane::ClientRead).await {
        Ok(1..) => None,
        Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
            connection.seat().timer.clear(Lane::ClientRead);
            exchange.record.keep_refused(connection.input.bytes());
            exchange.facts.received = connection.input.bytes().len() as u64;
            Some(exchange.answer(connection, &Answer::refuse(Failure::HeaderTimeout)).await)
        }
        Ok(0) | Err(_) => {
            exchange.record.keep_refused(connection.input.bytes());
            exchange.facts.failure = Some(Failure::ClientClosed);
            exchange.facts.status = Failure::ClientClosed.status();
            Some(Next::Close)
        }
    }
}
