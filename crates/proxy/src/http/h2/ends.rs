//! The client's end of an exchange over HTTP/2: one stream of a connection.

use std::cell::RefCell;
use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use h2::server::SendResponse;
use h2::{Reason, RecvStream, SendStream};
use http::header::{self, HeaderName, HeaderValue};
use snapshot::Limits;

use super::connection::Slot;
use super::down::Down;
use crate::http::body::{Decoder, Framing, LAST_CHUNK, write_chunk_line};
use crate::http::client::{Client, Intake, Seat, Source, Upload};
use crate::http::exchange::{Next, Rest};
use crate::http::record::Record;
use crate::http::relay::{Broken, Moved, Pace};
use crate::http::reply::Reply;
use crate::http::row::Facts;
use crate::io::{Pieces, expire, write};
use crate::timer::{Lane, TimerGuard};

/// A stream of a client's connection.
pub struct End {
    seat: Seat,
    body: RecvStream,
    /// Borrowed only between waits: both directions need it.
    respond: RefCell<SendResponse<Bytes>>,
    /// The answer's content, once its head has gone.
    send: Option<SendStream<Bytes>>,
    slot: Slot,
}

impl End {
    /// The end of a stream that has just been opened.
    pub fn new(seat: Seat, body: RecvStream, respond: SendResponse<Bytes>, slot: Slot) -> Self {
        Self { seat, body, respond: RefCell::new(respond), send: None, slot }
    }

    /// Whether the request has no content.
    pub fn is_ended(&self) -> bool {
        self.body.is_end_stream()
    }

    /// Resets a stream whose request is none.
    pub fn refuse(&mut self, reason: Reason) {
        self.respond.get_mut().send_reset(reason);
        self.slot.0.budget.provoked(self.seat.timer.now());
    }
}

impl Client for End {
    type Source<'a> = Up<'a>;
    type Sink<'a> = Down<'a>;

    fn seat(&self) -> &Seat {
        &self.seat
    }

    fn local(&self) -> Option<SocketAddr> {
        self.slot.0.local
    }

    fn keep_content(&mut self, framing: Framing, _: &mut Record, _: &mut Facts) -> bool {
        Decoder::new(framing).done()
    }

    fn ends(&mut self) -> (&Seat, Up<'_>, Down<'_>) {
        let up = Up { body: &mut self.body, respond: &self.respond };
        (&self.seat, up, Down { respond: &self.respond, send: &mut self.send, content_ends: false })
    }

    async fn reply(&mut self, reply: Reply<'_>, _: Rest, _: &Limits, facts: &mut Facts) -> Next {
        let mut content = Vec::new();
        if !reply.to_head {
            reply.each_piece(|piece| content.extend_from_slice(piece));
        }
        let content = Bytes::from(content);
        let mut response = http::Response::new(());
        *response.status_mut() = status(reply.status);
        let mut add = |name: HeaderName, value: &[u8]| {
            if let Ok(value) = HeaderValue::from_bytes(value) {
                facts.sent += (name.as_str().len() + value.len()) as u64;
                response.headers_mut().insert(name, value);
            }
        };
        if let Some(server) = reply.server {
            add(header::SERVER, server.as_bytes());
        }
        add(header::DATE, &reply.stamp.http_date);
        if let Some(content_type) = reply.content_type() {
            add(header::CONTENT_TYPE, content_type.as_bytes());
            add(header::CONTENT_LENGTH, reply.body_len().to_string().as_bytes());
        }
        for (name, value) in reply.more_fields() {
            if let Ok(name) = HeaderName::from_bytes(name.as_bytes()) {
                add(name, value.as_bytes());
            }
        }
        if let Some(location) = reply.location {
            add(header::LOCATION, location);
        }
        if let Some((name, value)) = reply.advice() {
            add(HeaderName::from_static(name), value.as_bytes());
        }
        add(HeaderName::from_static("x-appgw-trace-id"), reply.id.as_str().as_bytes());
        let sent = self.respond.get_mut().send_response(response, content.is_empty());
        if let Ok(mut stream) = sent
            && !content.is_empty()
        {
            facts.sent += content.len() as u64;
            // At most some hundred bytes: they may wait for the client's credit in the stream.
            let _ = stream.send_data(content, true);
        }
        Next::KeepAlive
    }

    fn cut(&mut self) {
        match &mut self.send {
            Some(send) => send.send_reset(Reason::INTERNAL_ERROR),
            None => self.respond.get_mut().send_reset(Reason::INTERNAL_ERROR),
        }
    }
}

pub(super) fn status(code: u16) -> http::StatusCode {
    http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::BAD_GATEWAY)
}

pub(super) fn gone(error: h2::Error) -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, error)
}

/// Content from the client.
pub struct Up<'a> {
    body: &'a mut RecvStream,
    respond: &'a RefCell<SendResponse<Bytes>>,
}

impl Up<'_> {
    async fn data(&mut self, timer: &TimerGuard) -> io::Result<Option<Bytes>> {
        poll_fn(|context| match self.body.poll_data(context) {
            Poll::Ready(None) => Poll::Ready(Ok(None)),
            Poll::Ready(Some(data)) => Poll::Ready(data.map(Some).map_err(gone)),
            Poll::Pending => expire(timer, Lane::ClientRead, context),
        })
        .await
    }
}

impl Source for Up<'_> {
    fn is_empty(&self) -> bool {
        true
    }

    async fn invite(&mut self, _: &Seat, _: Duration, _: &mut u64) -> io::Result<()> {
        let mut response = http::Response::new(());
        *response.status_mut() = http::StatusCode::CONTINUE;
        self.respond.borrow_mut().send_informational(response).map_err(gone)
    }

    async fn some(
        &mut self,
        intake: &Intake<'_>,
        _: &mut Decoder,
        into: &mut Vec<u8>,
        moved: &mut Moved,
    ) -> Result<bool, Broken> {
        intake.timer.set(Lane::ClientRead, intake.read_limit);
        let data = self.data(intake.timer).await;
        intake.timer.clear(Lane::ClientRead);
        let Some(data) = data.map_err(Broken::Read)? else { return Ok(true) };
        (moved.read, moved.content) = (moved.read + data.len() as u64, moved.content + data.len() as u64);
        if moved.content > intake.max_content {
            return Err(Broken::TooLarge);
        }
        into.extend_from_slice(&data);
        let _ = self.body.flow_control().release_capacity(data.len());
        Ok(self.body.is_end_stream())
    }

    async fn run(
        &mut self,
        upload: &Upload<'_>,
        _: &mut Decoder,
        out: &mut Vec<u8>,
        moved: &mut Moved,
    ) -> Result<(), Broken> {
        let mut pace = Pace::new(upload.timer.now(), upload.min_rate);
        // The head goes ahead: content may be long in coming.
        send(upload, out, b"", b"", moved).await?;
        loop {
            upload.timer.set(Lane::ClientRead, upload.read_limit);
            let before = upload.timer.now();
            let data = self.data(upload.timer).await.map_err(Broken::Read)?;
            upload.timer.clear(Lane::ClientRead);
            let Some(data) = data else { break };
            pace.waited(before, upload.timer.now(), data.len())?;
            (moved.read, moved.content) = (moved.read + data.len() as u64, moved.content + data.len() as u64);
            if moved.content > upload.max_content {
                return Err(Broken::TooLarge);
            }
            if !data.is_empty() {
                if upload.chunked {
                    write_chunk_line(out, data.len());
                }
                send(upload, out, &data, if upload.chunked { b"\r\n" } else { b"" }, moved).await?;
            }
            // Credit for what the server has taken, and no more.
            let _ = self.body.flow_control().release_capacity(data.len());
        }
        if upload.chunked {
            out.extend_from_slice(LAST_CHUNK);
            send(upload, out, b"", b"", moved).await?;
        }
        Ok(())
    }
}

async fn send(
    upload: &Upload<'_>,
    out: &mut Vec<u8>,
    data: &[u8],
    end: &[u8],
    moved: &mut Moved,
) -> Result<(), Broken> {
    let mut pieces = Pieces::new([out, data, end]);
    let done = write(upload.to, &mut pieces, upload.timer, Lane::ServerWrite, upload.write_limit).await;
    moved.written += pieces.written as u64;
    out.clear();
    done.map_err(Broken::Write)
}
