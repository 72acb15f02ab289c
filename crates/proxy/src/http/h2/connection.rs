//! A client connection of HTTP/2: streams are taken from it and served side by side, within bounds.
//!
//! Source: Azure, "Application Gateway HTTP/2 support" and "Application Gateway limits" (read 2026-11-22): 1,000 requests
//! a connection, 180 seconds without one; the other bounds are ours.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use h2::server::{Builder, SendResponse};
use h2::{Reason, RecvStream};
use tokio::task::spawn_local;

use super::budget::Budget;
use super::meter::{Metered, Wire};
use super::request;
use crate::http::client::Seat;
use crate::http::compose::{ClientSide, Peer};
use crate::http::dedicated::Dedicated;
use crate::http::h1::connection::{Guest, LINGER_BYTES, LINGER_TIME, client_side};
use crate::io::{Stream, within};
use crate::timer::{Lane, TimerGuard};
use crate::tls::Session;
use crate::worker::{Door, Worker};

/// Streams that may be open at once.
const MAX_STREAMS: u32 = 100;
/// Requests on one connection; then the client is asked to make another.
const MAX_REQUESTS: u32 = 1_000;
/// Without a request for so long, the connection ends.
const IDLE: Duration = Duration::from_secs(180);
/// For a client that was told to go to say goodbye.
const FAREWELL: Duration = Duration::from_secs(5);
/// Beyond this, a header list is refused without being looked at: twice what a request may have.
const MAX_HEADER_LIST: u32 = 2 * request::MAX_HEADERS as u32;
/// Credit for content: of one stream, and of all together.
const STREAM_WINDOW: u32 = 65_535;
const CONNECTION_WINDOW: u32 = 1 << 20;
/// Content of an answer that may wait in a stream for the client's credit.
const SEND_BUFFER: usize = 64 * 1024;
/// Streams that a client made us reset, and those reset before they were looked at.
const MAX_PROVOKED: usize = 100;

/// Serves an HTTP/2 client until its connection ends.
pub async fn serve<S: Stream + 'static>(
    stream: S,
    worker: Rc<Worker>,
    door: Rc<Door>,
    peer: Peer,
    session: Option<Rc<Session>>,
    guest: Guest,
) {
    let budget = Rc::new(Budget::default());
    let timer = worker.timers.register(door.group);
    timer.set(Lane::ClientRead, worker.view().published.snapshot.limits.request_header_timeout);
    let local = stream.local();
    let wire = Wire::new(stream);
    let metered = Metered::new(Rc::clone(&wire), Rc::clone(&budget), Rc::clone(&worker.timers));
    let Ok(Ok(frames)) = within(opened(&wire, metered), &timer, Lane::ClientRead).await else { return };
    let view = worker.view();
    let client = client_side(&door, &view, peer, session);
    let shared = Rc::new(Shared { budget, open: Cell::new(0), local });
    let seen = view.version();
    drop(view);
    timer.set(Lane::ClientRead, IDLE);
    let mut connection = Connection {
        frames,
        wire,
        worker,
        door,
        timer,
        client,
        seen,
        shared,
        requests: 0,
        farewell: false,
        _guest: guest,
    };
    std::future::poll_fn(|context| {
        let polled = connection.poll(context);
        if polled.is_ready() {
            // Why it ends may still be waiting to be written.
            connection.wire.say_goodbye(context);
        }
        polled
    })
    .await;
    // A process that ends does not wait for its clients.
    if !connection.worker.ending.get() {
        linger(&connection.wire, &connection.timer).await;
    }
}

/// Reads and drops what the client still sends, for a moment: closing with bytes unread is a reset, which could
/// overtake the goodbye.
async fn linger<S: Stream>(wire: &Wire<S>, timer: &TimerGuard) {
    timer.clear(Lane::ServerRead);
    timer.set(Lane::ClientRead, LINGER_TIME);
    let mut left = LINGER_BYTES;
    std::future::poll_fn(|context| {
        while let Poll::Ready(count) = wire.poll_drop(context) {
            match left.checked_sub(count) {
                Some(rest) if count > 0 => left = rest,
                _ => return Poll::Ready(()),
            }
        }
        if timer.expired(Lane::ClientRead, context) { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}

/// Reads the client's preface and sends our settings.
async fn opened<S: Stream>(wire: &Wire<S>, metered: Metered<S>) -> Result<Frames<S>, h2::Error> {
    let mut opening = std::pin::pin!(builder().handshake(metered));
    std::future::poll_fn(|context| {
        let polled = opening.as_mut().poll(context);
        // What could not be written now is written with the next turn.
        let _ = wire.poll_release(context);
        polled
    })
    .await
}

type Frames<S> = h2::server::Connection<Metered<S>, Bytes>;

fn builder() -> Builder {
    let mut builder = Builder::new();
    builder
        .max_concurrent_streams(MAX_STREAMS)
        .max_header_list_size(MAX_HEADER_LIST)
        .initial_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_send_buffer_size(SEND_BUFFER)
        .max_concurrent_reset_streams(MAX_PROVOKED)
        .max_pending_accept_reset_streams(MAX_PROVOKED)
        .max_local_error_reset_streams(Some(MAX_PROVOKED));
    builder
}

/// What the streams of a connection have in common.
pub struct Shared {
    /// What the client may make us do for nothing.
    pub budget: Rc<Budget>,
    /// Our own address, as the client sees it.
    pub local: Option<SocketAddr>,
    /// Exchanges under way. A stream that the client has reset counts until its work has really stopped.
    open: Cell<u32>,
}

/// The place of one exchange among those of its connection.
pub struct Slot(pub Rc<Shared>);

impl Slot {
    fn take(shared: &Rc<Shared>) -> Option<Self> {
        let open = shared.open.get();
        (open < MAX_STREAMS).then(|| {
            shared.open.set(open + 1);
            Self(Rc::clone(shared))
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        self.0.open.set(self.0.open.get() - 1);
    }
}

struct Connection<S: Stream> {
    frames: Frames<S>,
    wire: Rc<Wire<S>>,
    worker: Rc<Worker>,
    door: Rc<Door>,
    timer: TimerGuard,
    client: Rc<ClientSide>,
    /// The version of the configuration that `client` was made from.
    seen: u64,
    shared: Rc<Shared>,
    requests: u32,
    /// The client was told to go.
    farewell: bool,
    _guest: Guest,
}

impl<S: Stream> Connection<S> {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        loop {
            if let Some(reason) = self.shared.budget.breached() {
                self.frames.abrupt_shutdown(reason);
            }
            if !self.farewell && self.is_leaving() {
                self.say_goodbye();
            }
            match self.frames.poll_accept(context) {
                Poll::Ready(Some(Ok((request, respond)))) => self.take(request, respond),
                Poll::Ready(Some(Err(_)) | None) => return Poll::Ready(()),
                Poll::Pending => break,
            }
        }
        if let Poll::Ready(Err(_)) = self.wire.poll_release(context) {
            return Poll::Ready(());
        }
        if self.shared.budget.breached().is_some() {
            // The budget was spent by what was just read; the goodbye goes out with the next turn.
            context.waker().wake_by_ref();
            self.timer.set(Lane::Life, FAREWELL);
        }
        self.look_at_clock(context)
    }

    fn is_leaving(&self) -> bool {
        self.door.closed.get() || self.worker.ending.get() || self.requests >= MAX_REQUESTS
    }

    /// Asks the client to make no more requests here; those that are under way go on.
    fn say_goodbye(&mut self) {
        self.farewell = true;
        self.frames.graceful_shutdown();
        self.timer.set(Lane::ClientRead, FAREWELL);
    }

    fn look_at_clock(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let waiting = self.shared.budget.is_waiting();
        if waiting && !self.timer.is_set(Lane::ServerRead) {
            // Once for the whole frame or block: a client that sends a byte now and then gains nothing.
            let limits = &self.worker.view().published.snapshot.limits;
            self.timer.set(Lane::ServerRead, limits.request_header_timeout);
        } else if !waiting {
            self.timer.clear(Lane::ServerRead);
        }
        if self.timer.expired(Lane::ServerRead, context) {
            return Poll::Ready(());
        }
        if !self.timer.expired(Lane::ClientRead, context) {
            return Poll::Pending;
        }
        let busy = self.shared.open.get() > 0;
        match (busy, self.farewell) {
            (false, true) => return Poll::Ready(()),
            (false, false) => {
                self.say_goodbye();
                context.waker().wake_by_ref();
            }
            (true, true) => self.timer.set(Lane::ClientRead, FAREWELL),
            (true, false) => self.timer.set(Lane::ClientRead, IDLE),
        }
        let _ = self.timer.expired(Lane::ClientRead, context);
        Poll::Pending
    }

    fn take(&mut self, request: http::Request<RecvStream>, mut respond: SendResponse<Bytes>) {
        self.requests += 1;
        self.timer.set(Lane::ClientRead, if self.farewell { FAREWELL } else { IDLE });
        let Some(slot) = Slot::take(&self.shared) else {
            respond.send_reset(Reason::REFUSED_STREAM);
            return;
        };
        let view = self.worker.view();
        if self.seen != view.version() {
            self.client = client_side(&self.door, &view, self.client.peer(), self.client.tls.clone());
            self.seen = view.version();
        }
        let seat = Seat {
            worker: Rc::clone(&self.worker),
            door: Rc::clone(&self.door),
            timer: self.worker.timers.register(self.door.group),
            client: Rc::clone(&self.client),
            dedicated: Dedicated::default(),
        };
        // Boxed: the runtime moves a task's future more than once, and this one is large.
        drop(spawn_local(Box::pin(request::serve(seat, request, respond, slot))));
    }
}
