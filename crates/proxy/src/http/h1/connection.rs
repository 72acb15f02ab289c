//! A client connection of HTTP/1.1: requests one after the other, until one of the two ends is done with it.

use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

use crate::buffer::Input;
use crate::failure::Failure;
use crate::http::client::Seat;
use crate::http::compose::{ClientSide, Peer};
use crate::http::dedicated::Dedicated;
use crate::http::exchange::Next;
use crate::http::h1::request;
use crate::io::{self, HEAD_READ, Stream, fill, poll_fill};
use crate::timer::Lane;
use crate::tls::Session;
use crate::view::View;
use crate::worker::{Admitted, Door, Worker};

/// How long and how much is read from a client that was told to go away, so that it gets to read why.
pub const LINGER_TIME: Duration = Duration::from_secs(2);
/// See [`LINGER_TIME`].
pub const LINGER_BYTES: usize = 64 * 1024;

/// A client connection.
pub struct Connection<S> {
    /// Where it sits.
    pub seat: Seat,
    /// The socket, or the TLS session on it.
    pub stream: RefCell<S>,
    /// Bytes read and not yet used.
    pub input: Input,
    /// Plain HTTP where TLS is spoken: whatever is asked, the answer is 400.
    pub misplaced: bool,
    /// The version of the configuration that the seat's client was made from.
    seen: u64,
    _guest: Guest,
}

/// A client that was let in; counted for as long as this lives.
pub struct Guest {
    worker: Rc<Worker>,
    /// Its place among the connections that may be open.
    _admitted: Admitted,
}

impl Guest {
    /// Counts a connection that was just accepted.
    pub fn new(worker: Rc<Worker>, admitted: Admitted) -> Self {
        worker.counters.client_connections.add(1);
        worker.counters.client_connections_current.add(1);
        Self { worker, _admitted: admitted }
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.worker.counters.client_connections_current.sub(1);
        if std::thread::panicking() {
            // A fault of ours ends this connection and no other; the panic hook has printed where it was.
            self.worker.counters.refusal(Failure::Internal as usize);
        }
    }
}

impl<S: Stream> Connection<S> {
    /// A connection that was just accepted.
    pub fn new(
        worker: Rc<Worker>,
        door: Rc<Door>,
        stream: S,
        peer: Peer,
        session: Option<Rc<Session>>,
        guest: Guest,
    ) -> Self {
        let timer = worker.timers.register(door.group);
        let view = worker.view();
        let client = client_side(&door, &view, peer, session);
        let seen = view.version();
        Self {
            seat: Seat { worker, door, timer, client, dedicated: Dedicated::default() },
            stream: RefCell::new(stream),
            input: Input::new(),
            misplaced: false,
            seen,
            _guest: guest,
        }
    }

    /// Takes over what a new configuration says about clients.
    #[inline]
    pub fn refresh(&mut self, view: &Rc<View>) {
        if self.seen != view.version() {
            let client = &self.seat.client;
            self.seat.client = client_side(&self.seat.door, view, client.peer(), client.tls.clone());
            self.seen = view.version();
        }
    }

    /// Serves requests until the connection ends.
    #[expect(clippy::manual_async_fn, reason = "an `async fn` would hold itself twice: 200 bytes of each connection")]
    pub fn serve(mut self) -> impl Future<Output = ()> {
        async move {
            let mut first = true;
            loop {
                if self.input.is_empty() && !self.wait(std::mem::take(&mut first)).await {
                    break;
                }
                match request::run(&mut self).await {
                    Next::KeepAlive if self.seat.leaving() => break,
                    Next::KeepAlive => {}
                    Next::Close => break,
                    Next::Cut => return,
                    Next::Linger => return self.linger().await,
                }
            }
            self.goodbye().await;
        }
    }

    async fn goodbye(&self) {
        poll_fn(|context| {
            self.stream.borrow_mut().poll_goodbye(context);
            Poll::Ready(())
        })
        .await;
    }

    /// Waits for the first byte of a request. False when the client has gone, its time is up, or it should go.
    async fn wait(&mut self, first: bool) -> bool {
        let limit = {
            let view = self.seat.worker.view();
            let limits = &view.published.snapshot.limits;
            if first { limits.request_header_timeout } else { limits.keep_alive_timeout }
        };
        self.seat.timer.set(Lane::ClientRead, limit);
        let (stream, input, seat) = (&self.stream, &mut self.input, &self.seat);
        let arrived = poll_fn(|context| {
            let stream = &mut *stream.borrow_mut();
            match poll_fill(stream, input, HEAD_READ, &seat.timer, Lane::ClientRead, context) {
                Poll::Ready(done) => Poll::Ready(matches!(done, Ok(1..))),
                Poll::Pending if seat.leaving() || seat.dedicated.poll_lost(context) => Poll::Ready(false),
                Poll::Pending => {
                    stream.poll_settle(context);
                    Poll::Pending
                }
            }
        })
        .await;
        self.seat.timer.clear(Lane::ClientRead);
        arrived
    }

    /// Ends our half, then reads and drops what the client still sends, for a moment.
    async fn linger(&mut self) {
        if io::shutdown(&self.stream).await.is_err() {
            return;
        }
        self.seat.timer.set(Lane::ClientRead, LINGER_TIME);
        let mut left = LINGER_BYTES;
        loop {
            self.input.release();
            match fill(&self.stream, &mut self.input, HEAD_READ, &self.seat.timer, Lane::ClientRead).await {
                Ok(count @ 1..) if count <= left => left -= count,
                _ => return,
            }
        }
    }
}

/// What servers are told of a client under a configuration.
pub fn client_side(door: &Door, view: &Rc<View>, peer: Peer, session: Option<Rc<Session>>) -> Rc<ClientSide> {
    Rc::new(ClientSide::new(peer, door.forwarded(view), &view.published.snapshot.options, session))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size<F>(_: &dyn Fn(Connection<tokio::net::TcpStream>) -> F) -> usize {
        std::mem::size_of::<F>()
    }

    /// An idle connection costs its task, so the task's size is a promise: see docs/performance.md.
    #[test]
    fn the_future_of_a_connection_stays_small() {
        let serve = size(&|connection: Connection<tokio::net::TcpStream>| connection.serve());
        assert!(serve <= 2512, "a connection's future has {serve} bytes");
    }
}
