//! The client's end of an exchange over HTTP/1.1: bytes on a connection.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::task::{Context, Poll};
use std::time::Duration;

use snapshot::Limits;

use crate::buffer::{Input, give_head, take_head};
use crate::failure::Failure;
use crate::http::ahead::{Nothing, Unsent};
use crate::http::body::{Decoder, Framing};
use crate::http::client::{Answered, Client, Download, Intake, Onward, Seat, Sink, Source, Upload};
use crate::http::exchange::{Next, Plan, Rest};
use crate::http::h1::connection::Connection;
use crate::http::record::Record;
use crate::http::relay::{Broken, Moved, Relay, resume};
use crate::http::reply::Reply;
use crate::http::response::{self, Response};
use crate::http::row::Facts;
use crate::io::{HEAD_READ, Pieces, Stream, fill, write};
use crate::timer::{Lane, TimerGuard};

/// Content up to this size that came with the head is kept, so that the request can be sent again.
const REPLAYED: usize = 16 * 1024;

impl<S: Stream> Client for Connection<S> {
    type Source<'a>
        = Up<'a, S>
    where
        S: 'a;
    type Sink<'a>
        = Down<'a, S>
    where
        S: 'a;

    #[inline]
    fn seat(&self) -> &Seat {
        &self.seat
    }

    fn local(&self) -> Option<SocketAddr> {
        self.stream.borrow().local()
    }

    fn keep_content(&mut self, framing: Framing, record: &mut Record, facts: &mut Facts) -> bool {
        self.input.shrink();
        if Decoder::new(framing).done() {
            return true;
        }
        match framing {
            Framing::Length(length) if length <= REPLAYED as u64 && self.input.bytes().len() as u64 >= length => {
                let length = length as usize;
                record.text.extend_from_slice(&self.input.bytes()[..length]);
                self.input.consume(length);
                facts.received += length as u64;
                true
            }
            _ => false,
        }
    }

    #[inline]
    fn ends(&mut self) -> (&Seat, Up<'_, S>, Down<'_, S>) {
        // With bytes of the next request at hand there is nothing to be seen of the client's leaving.
        let watches = self.input.is_empty();
        let up = Up { stream: &self.stream, input: &mut self.input };
        (&self.seat, up, Down { stream: &self.stream, watches, chunked: false })
    }

    async fn reply(&mut self, mut reply: Reply<'_>, rest: Rest, limits: &Limits, facts: &mut Facts) -> Next {
        let content_read = skip_content(&mut self.input, rest, facts);
        reply.keep_alive = reply.keep_alive && content_read && !self.seat.leaving();
        let mut out = take_head();
        reply.write(&mut out);
        let sent = send(&self.stream, &out, &self.seat.timer, limits.client_write_timeout, &mut facts.sent).await;
        give_head(out);
        match (sent, reply.keep_alive) {
            (Err(_), _) => Next::Close,
            (Ok(()), true) => Next::KeepAlive,
            (Ok(()), false) => Next::Linger,
        }
    }

    fn cut(&mut self) {
        self.stream.borrow().reset_on_close();
    }
}

/// Drops the content of a request that is answered here, as far as it has arrived. False when more is to come: then
/// the connection cannot be used again.
fn skip_content(input: &mut Input, rest: Rest, facts: &mut Facts) -> bool {
    let framing = match rest {
        Rest::None => return true,
        Rest::Lost => return false,
        Rest::Whole(framing) => framing,
    };
    let mut decoder = Decoder::new(framing);
    while !decoder.done() && !input.is_empty() {
        let Ok(step) = decoder.step(input.bytes()) else { return false };
        facts.received += step.used as u64;
        input.consume(step.used);
    }
    decoder.done()
}

/// Writes bytes of our own to the client.
async fn send<S: Stream>(
    stream: &RefCell<S>,
    bytes: &[u8],
    timer: &TimerGuard,
    limit: Duration,
    sent: &mut u64,
) -> io::Result<()> {
    let mut pieces = Pieces::new([bytes, b"", b""]);
    let done = write(stream, &mut pieces, timer, Lane::ClientWrite, limit).await;
    *sent += pieces.written as u64;
    done
}

/// Content from the client.
pub struct Up<'a, S> {
    stream: &'a RefCell<S>,
    input: &'a mut Input,
}

impl<S: Stream> Source for Up<'_, S> {
    fn is_empty(&self) -> bool {
        self.input.is_empty()
    }

    async fn invite(&mut self, seat: &Seat, limit: Duration, sent: &mut u64) -> io::Result<()> {
        const CONTINUE: &[u8] = b"HTTP/1.1 100 Continue\r\n\r\n";
        send(self.stream, CONTINUE, &seat.timer, limit, sent).await
    }

    async fn some(
        &mut self,
        intake: &Intake<'_>,
        decoder: &mut Decoder,
        into: &mut Vec<u8>,
        moved: &mut Moved,
    ) -> Result<bool, Broken> {
        if self.input.is_empty() {
            let Intake { timer, read_limit, .. } = *intake;
            timer.set(Lane::ClientRead, read_limit);
            let count = fill(self.stream, self.input, HEAD_READ, timer, Lane::ClientRead).await;
            timer.clear(Lane::ClientRead);
            if count.map_err(Broken::Read)? == 0 {
                return Err(Broken::Read(io::ErrorKind::UnexpectedEof.into()));
            }
        }
        while !decoder.done() && !self.input.is_empty() {
            let step = decoder.step(self.input.bytes()).map_err(|_| Broken::Malformed)?;
            moved.read += step.used as u64;
            moved.content += step.data.len() as u64;
            if moved.content > intake.max_content {
                return Err(Broken::TooLarge);
            }
            into.extend_from_slice(self.input.bytes().get(step.data).unwrap_or_default());
            self.input.consume(step.used);
        }
        Ok(decoder.done())
    }

    async fn run(
        &mut self,
        upload: &Upload<'_>,
        decoder: &mut Decoder,
        out: &mut Vec<u8>,
        moved: &mut Moved,
    ) -> Result<(), Broken> {
        let relay = Relay {
            from: self.stream,
            to: upload.to,
            timer: upload.timer,
            read_lane: Lane::ClientRead,
            read_limit: upload.read_limit,
            write_lane: Lane::ServerWrite,
            write_limit: upload.write_limit,
            chunked: upload.chunked,
            max_content: upload.max_content,
            min_rate: upload.min_rate,
            ahead: 0,
        };
        relay.run(self.input, decoder, out, moved, None).await.map(drop)
    }
}

/// The answer to the client.
pub struct Down<'a, S> {
    stream: &'a RefCell<S>,
    watches: bool,
    /// Whether content is sent in chunks.
    chunked: bool,
}

impl<S: Stream> Sink for Down<'_, S> {
    fn watches(&self) -> bool {
        self.watches
    }

    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        self.stream.borrow_mut().poll_closed(context)
    }

    fn interim(&mut self, response: &Response<'_>, plan: &Plan, out: &mut Vec<u8>) {
        response::write(response, response::Onward { version: plan.version, keep_alive: true, chunked: false }, out);
    }

    async fn flush(&mut self, seat: &Seat, limit: Duration, out: &mut Vec<u8>, sent: &mut u64) -> io::Result<()> {
        let done = send(self.stream, out, &seat.timer, limit, sent).await;
        out.clear();
        done
    }

    fn head(
        &mut self,
        response: &Response<'_>,
        plan: &Plan,
        leaving: bool,
        out: &mut Vec<u8>,
        record: &mut Record,
    ) -> Result<Answered, Failure> {
        let onward = response::Onward::new(plan.version, plan.keep_alive && !leaving, response.framing);
        let written = response::write(response, onward, out);
        // A message without content still has its last chunk to lose.
        self.chunked = onward.chunked && !plan.to_head && response.framing != Framing::None;
        let content_type = record.push(&out[written.content_type]);
        Ok(Answered { framing: response.framing, keep_alive: onward.keep_alive, content_type })
    }

    fn begun(&self) -> bool {
        false
    }

    async fn content(
        &mut self,
        download: &Download<'_>,
        input: &mut Input,
        out: &mut Vec<u8>,
        moved: &mut Moved,
    ) -> Result<Option<Box<Unsent>>, Broken> {
        let relay = Relay {
            from: download.from,
            to: self.stream,
            timer: download.timer,
            read_lane: Lane::ServerRead,
            read_limit: download.read_limit,
            write_lane: Lane::ClientWrite,
            write_limit: download.write_limit,
            chunked: self.chunked,
            max_content: u64::MAX,
            min_rate: download.min_rate,
            ahead: download.ahead,
        };
        relay.run(input, &mut Decoder::new(download.framing), out, moved, None).await
    }

    async fn resume(&mut self, onward: Onward<'_>, unsent: Unsent, moved: &mut Moved) -> Result<(), Broken> {
        let relay = Relay {
            from: &RefCell::new(Nothing),
            to: self.stream,
            timer: onward.timer,
            read_lane: Lane::ServerRead,
            read_limit: onward.write_limit,
            write_lane: Lane::ClientWrite,
            write_limit: onward.write_limit,
            chunked: unsent.chunked,
            max_content: u64::MAX,
            min_rate: onward.min_rate,
            ahead: 0,
        };
        resume(&relay, unsent, moved).await
    }
}
