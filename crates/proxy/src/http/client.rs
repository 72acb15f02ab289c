//! The client's end of an exchange: what HTTP/1.1 and HTTP/2 do each in its own way.
//!
//! The exchange itself, from routing to the log row, is the same for both; it sees its client through these traits.

use std::cell::RefCell;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use backend::connections::ServerStream;
use snapshot::Limits;

use crate::buffer::Input;
use crate::failure::Failure;
use crate::http::ahead::Unsent;
use crate::http::body::{Decoder, Framing};
use crate::http::compose::ClientSide;
use crate::http::dedicated::Dedicated;
use crate::http::exchange::{Next, Plan, Rest};
use crate::http::record::{Record, Span};
use crate::http::relay::{Broken, Moved};
use crate::http::reply::Reply;
use crate::http::response::Response;
use crate::http::row::Facts;
use crate::timer::TimerGuard;
use crate::worker::{Door, Worker};

/// Where an exchange sits.
pub struct Seat {
    /// The worker it runs on.
    pub worker: Rc<Worker>,
    /// Where the client came in.
    pub door: Rc<Door>,
    /// Its deadlines.
    pub timer: TimerGuard,
    /// What the server is told about the client.
    pub client: Rc<ClientSide>,
    /// Its own connections to servers.
    pub dedicated: Dedicated,
}

impl Seat {
    /// True when the connection is to end after the present exchange: its listener is gone, the process
    /// ends, or a server has ended a connection of its own.
    #[inline]
    pub fn leaving(&self) -> bool {
        self.door.closed.get() || self.worker.ending.get() || self.dedicated.is_lost()
    }
}

/// The client of one exchange.
#[expect(async_fn_in_trait, reason = "everything of a connection stays on the thread that accepted it")]
pub trait Client {
    /// Where content comes from.
    type Source<'a>: Source
    where
        Self: 'a;
    /// Where the answer goes.
    type Sink<'a>: Sink
    where
        Self: 'a;

    /// Where the exchange sits.
    fn seat(&self) -> &Seat;

    /// Our own address, as the client sees it.
    fn local(&self) -> Option<SocketAddr>;

    /// Appends content that is already here to the record, if it is all of it and not much. False when it is still to
    /// come, or too large to be kept.
    fn keep_content(&mut self, framing: Framing, record: &mut Record, facts: &mut Facts) -> bool;

    /// Both directions, to be used at the same time.
    fn ends(&mut self) -> (&Seat, Self::Source<'_>, Self::Sink<'_>);

    /// Answers without a server. `rest` is what of the request's content is still to come.
    async fn reply(&mut self, reply: Reply<'_>, rest: Rest, limits: &Limits, facts: &mut Facts) -> Next;

    /// Makes an answer that broke off look like one.
    fn cut(&mut self);
}

/// Where a request's content comes from.
#[expect(async_fn_in_trait, reason = "everything of a connection stays on the thread that accepted it")]
pub trait Source {
    /// Whether nothing of the content has arrived.
    fn is_empty(&self) -> bool;

    /// Tells a client that waits for it to send its content.
    async fn invite(&mut self, seat: &Seat, limit: Duration, sent: &mut u64) -> io::Result<()>;

    /// Waits for content and appends it. True when that was the end of it.
    async fn some(
        &mut self,
        intake: &Intake<'_>,
        decoder: &mut Decoder,
        into: &mut Vec<u8>,
        moved: &mut Moved,
    ) -> Result<bool, Broken>;

    /// Moves the content to a server, after what stands in `out`. `decoder` finds where it ends.
    async fn run(
        &mut self,
        upload: &Upload<'_>,
        decoder: &mut Decoder,
        out: &mut Vec<u8>,
        moved: &mut Moved,
    ) -> Result<(), Broken>;
}

/// How content is taken in before it goes on.
pub struct Intake<'a> {
    /// Deadlines.
    pub timer: &'a TimerGuard,
    /// The longest wait for the client.
    pub read_limit: Duration,
    /// The most content, in bytes.
    pub max_content: u64,
}

/// How content goes to a server.
pub struct Upload<'a> {
    /// The server.
    pub to: &'a RefCell<ServerStream>,
    /// Deadlines.
    pub timer: &'a TimerGuard,
    /// How the server gets it delimited.
    pub chunked: bool,
    /// The longest wait for the client.
    pub read_limit: Duration,
    /// The longest wait for the server.
    pub write_limit: Duration,
    /// The most content, in bytes.
    pub max_content: u64,
    /// The least rate of the client, in bytes a second.
    pub min_rate: u32,
}

/// Where an answer goes.
#[expect(async_fn_in_trait, reason = "everything of a connection stays on the thread that accepted it")]
pub trait Sink {
    /// Whether the client's leaving can be seen while the server thinks.
    fn watches(&self) -> bool;

    /// Looks whether the client has left: `Ready(true)` when it has, `Ready(false)` when there is nothing more to see.
    fn poll_gone(&mut self, context: &mut Context<'_>) -> Poll<bool>;

    /// Takes an interim answer.
    fn interim(&mut self, response: &Response<'_>, plan: &Plan, out: &mut Vec<u8>);

    /// Writes what [`interim`](Self::interim) has put into `out`.
    async fn flush(&mut self, seat: &Seat, limit: Duration, out: &mut Vec<u8>, sent: &mut u64) -> io::Result<()>;

    /// Takes the head of the final answer. `leaving`: the connection is to end.
    fn head(
        &mut self,
        response: &Response<'_>,
        plan: &Plan,
        leaving: bool,
        out: &mut Vec<u8>,
        record: &mut Record,
    ) -> Result<Answered, Failure>;

    /// Whether the client has got a part of the final answer before any content is moved.
    fn begun(&self) -> bool;

    /// Moves the content from the server, after what stands in `out`. What is returned is here as a whole, so that the
    /// server is not needed any more; the client takes it slowly.
    async fn content(
        &mut self,
        download: &Download<'_>,
        input: &mut Input,
        out: &mut Vec<u8>,
        moved: &mut Moved,
    ) -> Result<Option<Box<Unsent>>, Broken>;

    /// Writes what is left of content that was read as a whole.
    async fn resume(&mut self, onward: Onward<'_>, unsent: Unsent, moved: &mut Moved) -> Result<(), Broken>;
}

/// What became of the head of an answer.
#[derive(Clone, Copy, Debug)]
pub struct Answered {
    /// How the server delimits the content.
    pub framing: Framing,
    /// Whether the client connection lives on.
    pub keep_alive: bool,
    /// Content-Type, in the record.
    pub content_type: Span,
}

/// How content that is here as a whole goes on.
pub struct Onward<'a> {
    /// Deadlines.
    pub timer: &'a TimerGuard,
    /// The longest wait for the client.
    pub write_limit: Duration,
    /// The least rate of the client, in bytes a second.
    pub min_rate: u32,
}

/// How content comes from a server.
pub struct Download<'a> {
    /// The server.
    pub from: &'a RefCell<ServerStream>,
    /// Deadlines.
    pub timer: &'a TimerGuard,
    /// How the server delimits it.
    pub framing: Framing,
    /// The longest wait for the server.
    pub read_limit: Duration,
    /// The longest wait for the client.
    pub write_limit: Duration,
    /// The least rate of the client, in bytes a second.
    pub min_rate: u32,
    /// The most that is read ahead of a slow client, in bytes.
    pub ahead: usize,
}
