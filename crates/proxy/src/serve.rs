//! A worker thread: its runtime, its listening sockets, its ticks.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd as _;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use frontend::proxy_protocol::{self, is_trusted};
use observe::access_log::end_reason;
use observe::{WorkerCounters, WorkerLog};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::spawn_local;

use crate::failure::Failure;
use crate::http::compose::Peer;
use crate::http::h1::connection::{Connection, Guest};
use crate::io::{Stream as _, within};
use crate::tcp::session::{self, Caller};
use crate::timer::{Lane, TICK};
use crate::tls::accept;
use crate::worker::{Admitted, Door, DoorKey, Shared, Worker};

/// What a worker is told to do.
#[derive(Debug)]
pub enum Command {
    /// Accept on this socket.
    Listen(DoorKey, TcpListener),
    /// Stop accepting there; connections end after their present exchange.
    Close(DoorKey),
    /// Stop accepting everywhere; end when the last connection has ended.
    End,
}

/// Ticks between two tidyings: one second.
const TIDY: u32 = 10;

/// Runs a worker on the calling thread until it is told to end and its connections have ended.
pub fn run(
    shared: Arc<Shared>,
    log: WorkerLog,
    counters: Arc<WorkerCounters>,
    commands: mpsc::Receiver<Command>,
) -> std::io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        // Measured: more than 64 events for each poll, or looking at events more often, costs CPU per request.
        .max_io_events_per_tick(64)
        .event_interval(256)
        .build_local(Default::default())?;
    runtime.block_on(async move {
        let worker = Worker::new(shared, log, counters);
        // The future given to `block_on` is polled in another way than tasks are; the work is done in tasks.
        let ticks = spawn_local(tick(Rc::clone(&worker)));
        let _ = spawn_local(obey(worker, commands)).await;
        ticks.abort();
    });
    Ok(())
}

async fn tick(worker: Rc<Worker>) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    let mut count = 0;
    loop {
        interval.tick().await;
        worker.tick();
        count += 1;
        if count % TIDY == 0 {
            worker.tidy();
        }
    }
}

async fn obey(worker: Rc<Worker>, mut commands: mpsc::Receiver<Command>) {
    while let Some(command) = commands.recv().await {
        match command {
            Command::Listen(key, socket) => match tokio::net::TcpListener::from_std(socket) {
                Ok(listener) => {
                    let port = listener.local_addr().map_or(key.0.port(), |local| local.port());
                    let door = worker.open(key, port);
                    drop(spawn_local(listen(Rc::clone(&worker), door, listener)));
                }
                // Only a runtime without its I/O driver refuses a socket.
                Err(_) => debug_assert!(false, "the runtime has no I/O driver"),
            },
            Command::Close(key) => worker.close(key),
            Command::End => break,
        }
    }
    worker.end();
    while worker.counters.client_connections_current.load() > 0 {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

async fn listen(worker: Rc<Worker>, door: Rc<Door>, listener: tokio::net::TcpListener) {
    // Registered with the timers so that closing the door wakes the task.
    let timer = worker.timers.register(0);
    let closed = || door.closed.get() || worker.ending.get();
    let watch = |context: &std::task::Context<'_>| {
        timer.expired(crate::timer::Lane::ClientRead, context);
    };
    while let Some((stream, peer)) = accept_watched(&listener, closed, watch).await {
        connect(&worker, &door, stream, peer);
    }
}

async fn accept_watched(
    listener: &tokio::net::TcpListener,
    closed: impl Fn() -> bool,
    watch: impl Fn(&std::task::Context<'_>),
) -> Option<(TcpStream, SocketAddr)> {
    let mut next = std::pin::pin!(frontend::accept(listener, closed));
    std::future::poll_fn(|context| {
        watch(context);
        next.as_mut().poll(context)
    })
    .await
}

fn connect(worker: &Rc<Worker>, door: &Rc<Door>, stream: TcpStream, peer: SocketAddr) {
    let view = worker.view();
    let published = &view.published;
    let limits = &published.snapshot.limits;
    let binding = door.binding(&view).map(|binding| &published.snapshot.bindings[binding]);
    let is_proxy = binding.is_some_and(|binding| is_trusted(peer.ip(), &binding.proxies));
    // A proxy has as many connections as its clients together, which are counted once they are known.
    let most = if is_proxy { usize::MAX } else { limits.max_connections_per_client };
    let round_trip = published.wants_round_trip.then(|| kernel::round_trip_time(stream.as_fd())).flatten();
    let arrival = Arrival { caller: Caller { client: peer, destination: None }, round_trip };
    let Some(admitted) = worker.shared.admit(peer.ip().to_canonical(), limits.max_connections, most) else {
        return turn_away(worker, door, stream, arrival.caller);
    };
    let (worker, door) = (Rc::clone(worker), Rc::clone(door));
    if is_proxy {
        drop(spawn_local(announced(worker, door, stream, arrival, admitted)));
    } else {
        seat(worker, door, stream, arrival, admitted);
    }
}

/// Who comes, before a byte was read.
struct Arrival {
    caller: Caller,
    round_trip: Option<Duration>,
}

/// Serves a connection whose client is known.
fn seat(worker: Rc<Worker>, door: Rc<Door>, stream: TcpStream, arrival: Arrival, admitted: Admitted) {
    let view = worker.view();
    let scheme = door.scheme(&view);
    let guest = Guest::new(Rc::clone(&worker), admitted);
    if !scheme.is_http() {
        drop(spawn_local(session::serve(worker, door, stream, arrival.caller, guest)));
        return;
    }
    let peer = Peer { address: arrival.caller.client, round_trip: arrival.round_trip };
    if scheme.is_tls() {
        drop(spawn_local(accept::serve(worker, door, stream, peer, guest)));
        return;
    }
    drop(spawn_local(Connection::new(worker, door, stream, peer, None, guest).serve()));
}

/// Reads who the client is from what its proxy says, which is required of it.
async fn announced(worker: Rc<Worker>, door: Rc<Door>, stream: TcpStream, arrival: Arrival, admitted: Admitted) {
    let limits = worker.view().published.snapshot.limits.clone();
    let timer = worker.timers.register(door.group);
    timer.set(Lane::ClientRead, limits.tls_handshake_timeout);
    let header = within(proxy_protocol::read(&stream), &timer, Lane::ClientRead).await;
    let caller = match header {
        Ok(Ok(proxied)) => proxied.addresses,
        bad => {
            worker.counters.refusal(Failure::ProxyHeader as usize);
            if !door.scheme(&worker.view()).is_http() {
                let detail = match bad {
                    Ok(Err(error)) => error.to_string(),
                    Ok(Ok(_)) | Err(_) => "no PROXY header in time".to_owned(),
                };
                session::refuse(&worker, &door, &stream, arrival.caller, (end_reason::PROXY_HEADER, &detail));
            }
            stream.reset_on_close();
            return;
        }
    };
    let Some((client, destination)) = caller else { return seat(worker, door, stream, arrival, admitted) };
    drop(admitted);
    let caller = Caller { client, destination: Some(destination) };
    let ip = client.ip().to_canonical();
    match worker.shared.admit(ip, limits.max_connections, limits.max_connections_per_client) {
        Some(admitted) => seat(worker, door, stream, Arrival { caller, ..arrival }, admitted),
        None => turn_away(&worker, &door, stream, caller),
    }
}

/// There are too many already.
fn turn_away(worker: &Rc<Worker>, door: &Rc<Door>, stream: TcpStream, caller: Caller) {
    worker.counters.refusal(Failure::Overloaded as usize);
    if door.scheme(&worker.view()).is_http() {
        drop(spawn_local(refuse(stream)));
    } else {
        session::refuse(worker, door, &stream, caller, (end_reason::OVERLOADED, ""));
    }
}

/// One write, no waiting: an overloaded gateway spends nothing on those it refuses.
async fn refuse(stream: TcpStream) {
    const ANSWER: &[u8] =
        b"HTTP/1.1 503 Service Temporarily Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";
    let _ = stream.try_write(ANSWER);
}
