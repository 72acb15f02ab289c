//! A worker thread: its runtime, its listening sockets, its ticks.

use std::net::{SocketAddr, TcpListener};
use std::os::fd::AsFd as _;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use observe::{WorkerCounters, WorkerLog};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::spawn_local;

use crate::failure::Failure;
use crate::http::compose::Peer;
use crate::http::h1::connection::{Connection, Guest};
use crate::timer::TICK;
use crate::tls::accept;
use crate::worker::{Door, DoorKey, Shared, Worker};

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
    let limits = &view.published.snapshot.limits;
    let ip = peer.ip().to_canonical();
    let Some(admitted) = worker.shared.admit(ip, limits.max_connections, limits.max_connections_per_client) else {
        worker.counters.refusal(Failure::Overloaded as usize);
        drop(spawn_local(refuse(stream)));
        return;
    };
    let (worker, door) = (Rc::clone(worker), Rc::clone(door));
    let round_trip = view.published.wants_round_trip.then(|| kernel::round_trip_time(stream.as_fd())).flatten();
    let peer = Peer { address: peer, round_trip };
    if door.is_tls(&view) {
        drop(spawn_local(accept::serve(worker, door, stream, peer, admitted)));
        return;
    }
    let guest = Guest::new(Rc::clone(&worker), admitted);
    drop(spawn_local(Connection::new(worker, door, stream, peer, None, guest).serve()));
}

/// One write, no waiting: an overloaded gateway spends nothing on those it refuses.
async fn refuse(stream: TcpStream) {
    const ANSWER: &[u8] =
        b"HTTP/1.1 503 Service Temporarily Unavailable\r\nContent-Length: 0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n";
    let _ = stream.try_write(ANSWER);
}
