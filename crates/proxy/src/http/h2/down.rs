//! The answer to an HTTP/2 client: its head translated, its content sent as the client gives credit for it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::task::{Context, Poll};
use std::time::Duration;

use backend::connections::ServerStream;
use bytes::{Bytes, BytesMut};
use h2::SendStream;
use h2::server::SendResponse;
use http::header::{self, HeaderName, HeaderValue};

use super::ends::{gone, status};
use crate::buffer::Input;
use crate::failure::Failure;
use crate::http::ahead::{Ahead, Unsent};
use crate::http::body::{Decoder, Framing, Step};
use crate::http::client::{Answered, Download, Onward, Seat, Sink};
use crate::http::exchange::Plan;
use crate::http::field::Known;
use crate::http::record::{Record, Span};
use crate::http::relay::{Broken, Moved, Pace};
use crate::http::response::Response;
use crate::io::{expire, poll_fill};
use crate::timer::Lane;

/// The answer to the client.
pub struct Down<'a> {
    pub(super) respond: &'a RefCell<SendResponse<Bytes>>,
    pub(super) send: &'a mut Option<SendStream<Bytes>>,
    /// The head was the whole answer.
    pub(super) content_ends: bool,
}

impl Down<'_> {
    /// The head of an answer; its size in bytes.
    fn translate(response: &Response<'_>, record: &mut Record) -> (http::Response<()>, Span) {
        let mut onward = http::Response::new(());
        *onward.status_mut() = status(response.status);
        let headers = onward.headers_mut();
        headers.reserve(response.fields.len() + 1);
        let mut content_type = Span::default();
        // One allocation for all values.
        let mut values = BytesMut::with_capacity(response.fields.iter().map(|field| field.value.len()).sum());
        response.each_onward(|known, name, value| {
            if known == Known::ContentType {
                content_type = record.push(value);
            }
            values.extend_from_slice(value);
            let value = HeaderValue::from_maybe_shared(values.split().freeze());
            // Both have been checked by a grammar that is narrower than that of these types.
            if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), value) {
                headers.append(name, value);
            }
        });
        if let Framing::Length(length) = response.framing {
            headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        }
        (onward, content_type)
    }

    /// Sends content as the client gives credit for it. Returns how much was sent: less than all when the whole answer
    /// is here and the client is slow.
    async fn put(&mut self, turn: Turn<'_>, work: &mut Work<'_>) -> Result<usize, Broken> {
        let Some(send) = self.send.as_mut() else { return Err(Broken::Write(io::ErrorKind::NotConnected.into())) };
        let mut sent = 0;
        while let Some(rest) = turn.data.get(sent..).filter(|rest| !rest.is_empty()) {
            send.reserve_capacity(rest.len());
            let room = match send.capacity() {
                0 => match credit(send, &turn, work).await.map_err(Broken::Write)? {
                    Some(room) => room,
                    None => return Ok(sent),
                },
                room => room,
            };
            let now = &rest[..room.min(rest.len())];
            let ends = turn.decoder.done() && now.len() == rest.len();
            send.send_data(Bytes::copy_from_slice(now), ends).map_err(|error| Broken::Write(gone(error)))?;
            work.moved.written += now.len() as u64;
            self.content_ends |= ends;
            sent += now.len();
        }
        Ok(sent)
    }

    /// More bytes from the server; gives up when the client resets the stream meanwhile.
    async fn fill(&mut self, input: &mut Input, work: &mut Work<'_>) -> Result<usize, Broken> {
        if let Some(next) = work.ahead.as_mut().and_then(|ahead| ahead.give()) {
            *input = next.map_err(Broken::Read)?;
            return Ok(input.bytes().len());
        }
        let Some((from, limit)) = work.from else { return Ok(0) };
        let timer = work.onward.timer;
        timer.set(Lane::ServerRead, limit);
        let count = poll_fn(|context| {
            let from = &mut *from.borrow_mut();
            let polled = poll_fill(from, input, usize::MAX, timer, Lane::ServerRead, context);
            if polled.is_pending()
                && let Some(send) = self.send.as_mut()
                && send.poll_reset(context).is_ready()
            {
                return Poll::Ready(Err(Broken::Write(io::ErrorKind::ConnectionReset.into())));
            }
            polled.map_err(Broken::Read)
        })
        .await;
        timer.clear(Lane::ServerRead);
        work.ahead = None;
        count
    }

    /// Moves content until it ends, or is here as a whole while the client is slow.
    async fn pump(
        &mut self,
        input: &mut Input,
        decoder: &mut Decoder,
        work: &mut Work<'_>,
    ) -> Result<Option<Box<Unsent>>, Broken> {
        let timer = work.onward.timer;
        let mut pace = Pace::new(timer.now(), work.onward.min_rate);
        loop {
            while !decoder.done() && !input.is_empty() {
                let step = decoder.step(input.bytes()).map_err(|_| Broken::Malformed)?;
                work.moved.read += step.used as u64;
                let before = timer.now();
                let (bytes, rest) = input.bytes().split_at(step.used);
                let data = bytes.get(step.data.clone()).unwrap_or_default();
                let sent = self.put(Turn { data, rest, decoder }, work).await?;
                if sent < data.len() {
                    return Ok(work.unsent(input, step, sent, decoder));
                }
                pace.waited(before, timer.now(), data.len())?;
                input.consume(step.used);
            }
            if decoder.done() || (self.fill(input, work).await? == 0 && ended(decoder)?) {
                return self.end();
            }
        }
    }

    /// Ends the stream, where its last content has not done so.
    fn end(&mut self) -> Result<Option<Box<Unsent>>, Broken> {
        if std::mem::replace(&mut self.content_ends, true) {
            return Ok(None);
        }
        match self.send.as_mut().map(|send| send.send_data(Bytes::new(), true)) {
            Some(Err(error)) => Err(Broken::Write(gone(error))),
            _ => Ok(None),
        }
    }
}

/// What content is moved with.
struct Work<'a> {
    /// The server and the longest wait for it; `None` when all is here.
    from: Option<(&'a RefCell<ServerStream>, Duration)>,
    onward: Onward<'a>,
    /// The most that is read ahead of a slow client.
    most_ahead: usize,
    ahead: Option<Box<Ahead>>,
    moved: &'a mut Moved,
}

impl Work<'_> {
    fn unsent(&mut self, input: &mut Input, step: Step, sent: usize, decoder: &Decoder) -> Option<Box<Unsent>> {
        Some(Box::new(Unsent {
            out: Vec::new(),
            input: std::mem::take(input),
            data: step.data.start + sent..step.data.end,
            used: step.used,
            end: b"",
            written: 0,
            decoder: decoder.clone(),
            ahead: self.ahead.take()?,
            last: false,
            chunked: false,
        }))
    }
}

/// What is sent next: the data, what was read behind it, and the decoder that stands between.
struct Turn<'a> {
    data: &'a [u8],
    rest: &'a [u8],
    decoder: &'a Decoder,
}

/// Waits for the client's credit, and reads ahead meanwhile. `None` when the whole answer is here.
async fn credit(send: &mut SendStream<Bytes>, turn: &Turn<'_>, work: &mut Work<'_>) -> io::Result<Option<usize>> {
    let Onward { timer, write_limit, .. } = work.onward;
    timer.set(Lane::ClientWrite, write_limit);
    if work.most_ahead > 0 && work.ahead.is_none() {
        work.ahead = Ahead::new(work.most_ahead, turn.decoder, turn.rest);
    }
    let room = poll_fn(|context| match send.poll_capacity(context) {
        Poll::Ready(Some(room)) => Poll::Ready(room.map(Some).map_err(gone)),
        Poll::Ready(None) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
        Poll::Pending => {
            if let (Some((from, _)), Some(ahead)) = (work.from, &mut work.ahead) {
                ahead.poll(from, context);
                if ahead.is_complete() {
                    return Poll::Ready(Ok(None));
                }
            }
            expire(timer, Lane::ClientWrite, context)
        }
    })
    .await;
    timer.clear(Lane::ClientWrite);
    room
}

impl Sink for Down<'_> {
    fn watches(&self) -> bool {
        true
    }

    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<bool> {
        self.respond.borrow_mut().poll_reset(context).map(|_| true)
    }

    fn interim(&mut self, response: &Response<'_>, _: &Plan, _: &mut Vec<u8>) {
        let (onward, _) = Self::translate(response, &mut Record::default());
        // A client that cannot take it gets the final answer all the same.
        let _ = self.respond.borrow_mut().send_informational(onward);
    }

    async fn flush(&mut self, _: &Seat, _: Duration, _: &mut Vec<u8>, _: &mut u64) -> io::Result<()> {
        Ok(())
    }

    fn head(
        &mut self,
        response: &Response<'_>,
        plan: &Plan,
        _leaving: bool,
        _out: &mut Vec<u8>,
        record: &mut Record,
    ) -> Result<Answered, Failure> {
        let (onward, content_type) = Self::translate(response, record);
        let ends = plan.to_head || matches!(response.framing, Framing::None | Framing::Length(0));
        let sent = self.respond.borrow_mut().send_response(onward, ends).map_err(|_| Failure::ClientClosed)?;
        *self.send = Some(sent);
        self.content_ends = ends;
        Ok(Answered { framing: response.framing, keep_alive: true, content_type })
    }

    fn begun(&self) -> bool {
        self.send.is_some()
    }

    async fn content(
        &mut self,
        download: &Download<'_>,
        input: &mut Input,
        _out: &mut Vec<u8>,
        moved: &mut Moved,
    ) -> Result<Option<Box<Unsent>>, Broken> {
        let mut work = Work {
            from: Some((download.from, download.read_limit)),
            onward: Onward { timer: download.timer, write_limit: download.write_limit, min_rate: download.min_rate },
            most_ahead: download.ahead,
            ahead: None,
            moved,
        };
        self.pump(input, &mut Decoder::new(download.framing), &mut work).await
    }

    async fn resume(&mut self, onward: Onward<'_>, unsent: Unsent, moved: &mut Moved) -> Result<(), Broken> {
        let Unsent { mut input, data, used, mut decoder, ahead, .. } = unsent;
        let mut work = Work { from: None, onward, most_ahead: 0, ahead: Some(ahead), moved };
        let data = input.bytes().get(data).unwrap_or_default();
        self.put(Turn { data, rest: b"", decoder: &decoder }, &mut work).await?;
        input.consume(used);
        self.pump(&mut input, &mut decoder, &mut work).await.map(drop)
    }
}

/// Whether content may end where the server's connection does.
fn ended(decoder: &Decoder) -> Result<bool, Broken> {
    if decoder.until_close() { Ok(true) } else { Err(Broken::Read(io::ErrorKind::UnexpectedEof.into())) }
}
