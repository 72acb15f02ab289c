//! Fake servers that answer by script: any number of them, on loopback addresses of their own and one port, since the
//! members of a pool share the port of their settings.

use std::any::Any;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::peer::{Peer, Request};
use crate::tls::{Handshaken, TlsServer};
use crate::wait::{until, until_true};
use crate::wire::Wire;

mod bytes;

pub use bytes::Visit;

/// What a farm's servers do with a connection, from its first byte to its last. An error ends it.
type Script = dyn Fn(&mut Peer) -> io::Result<()> + Send + Sync;

/// How a probe shows itself.
const PROBE_AGENT: &str = "appgw-health-probe";

/// What the threads of a farm share.
pub struct Shared {
    script: Box<Script>,
    requests: Mutex<Vec<Request>>,
    probes: Mutex<Vec<Request>>,
    health: Mutex<Vec<Vec<u8>>>,
    tls: Mutex<Vec<Option<TlsServer>>>,
    handshakes: Mutex<Vec<Handshaken>>,
    visits: Mutex<Vec<Visit>>,
    open: Mutex<Vec<(usize, usize, TcpStream)>>,
    left: Mutex<Vec<usize>>,
    panics: Mutex<Vec<String>>,
    connections: AtomicUsize,
    threads: AtomicUsize,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(crate) fn keep_body(&self, connection: usize, body: &[u8]) {
        let mut requests = lock(&self.requests);
        if let Some(request) = requests.iter_mut().rev().find(|request| request.connection == connection) {
            request.body = body.to_vec();
        }
    }

    pub(crate) fn left(&self, connection: usize) {
        lock(&self.left).push(connection);
    }
}

/// Some servers.
pub struct Farm {
    shared: Arc<Shared>,
    servers: Vec<Server>,
    port: u16,
    /// Where servers that do not speak HTTP are probed.
    clinic: Option<Box<Farm>>,
}

struct Server {
    address: SocketAddr,
    down: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// What a probe is answered at first.
pub const HEALTHY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";

impl Farm {
    /// Servers that say what they got.
    pub fn echo(count: usize) -> Self {
        Self::start(count, Peer::echo)
    }

    /// Servers that answer every request with these bytes.
    pub fn canned(count: usize, answer: impl Into<Vec<u8>>) -> Self {
        let answer = answer.into();
        Self::start(count, move |peer, request| {
            peer.body(request)?;
            peer.send(&answer)
        })
    }

    /// Servers that follow a script. Probes are answered for them.
    pub fn start(count: usize, script: impl Fn(&mut Peer, &Request) -> io::Result<()> + Send + Sync + 'static) -> Self {
        Self::start_with(count, None, script)
    }

    /// Servers that speak TLS and say what they got.
    pub fn tls(count: usize, tls: &TlsServer) -> Self {
        Self::start_with(count, Some(tls), Peer::echo)
    }

    /// Servers that follow a script, with or without TLS.
    pub fn start_with(
        count: usize,
        tls: Option<&TlsServer>,
        script: impl Fn(&mut Peer, &Request) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        Self::raise(count, tls, Box::new(move |peer| answer(peer, &script)))
    }

    fn raise(count: usize, tls: Option<&TlsServer>, script: Box<Script>) -> Self {
        let listeners = until("a port that is free on every address", || bind(count));
        let port = listeners[0].local_addr().unwrap().port();
        let shared = Arc::new(Shared {
            script,
            requests: Mutex::default(),
            probes: Mutex::default(),
            health: Mutex::new(vec![HEALTHY.to_vec(); count]),
            tls: Mutex::new(vec![tls.cloned(); count]),
            handshakes: Mutex::default(),
            visits: Mutex::default(),
            open: Mutex::default(),
            left: Mutex::default(),
            panics: Mutex::default(),
            connections: AtomicUsize::new(0),
            threads: AtomicUsize::new(0),
        });
        let server = |(number, listener): (usize, TcpListener)| Server::start(number, listener, &shared);
        let servers = listeners.into_iter().enumerate().map(server).collect();
        Self { shared, servers, port, clinic: None }
    }

    /// The port of all of them.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.servers.len()
    }

    /// The address of one.
    pub fn address(&self, server: usize) -> SocketAddr {
        self.servers[server].address
    }

    /// Some of them as `backendAddresses`.
    pub fn members(&self, servers: impl IntoIterator<Item = usize>) -> String {
        let member = |server: usize| format!("{{ipAddress: {}}}", self.address(server).ip());
        format!("[{}]", servers.into_iter().map(member).collect::<Vec<_>>().join(", "))
    }

    /// Requests so far, probes not counted.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.requests).clone()
    }

    /// Waits for the first request and returns the latest.
    #[track_caller]
    pub fn last(&self) -> Request {
        until("a request at a server", || lock(&self.shared.requests).last().cloned())
    }

    /// Waits until there were so many requests.
    #[track_caller]
    pub fn wait_requests(&self, count: usize) -> Vec<Request> {
        until("requests at the servers", || Some(self.requests()).filter(|requests| requests.len() >= count))
    }

    /// Probes so far.
    pub fn probes(&self) -> Vec<Request> {
        lock(&self.shared.probes).clone()
    }

    /// What a server answers to probes from now on.
    pub fn set_health(&self, server: usize, answer: impl Into<Vec<u8>>) {
        lock(&self.shared.health)[server] = answer.into();
    }

    /// How a server speaks TLS on connections to come.
    pub fn set_tls(&self, server: usize, tls: &TlsServer) {
        lock(&self.shared.tls)[server] = Some(tls.clone());
    }

    /// Handshakes so far, those of probes included.
    pub fn handshakes(&self) -> Vec<Handshaken> {
        lock(&self.shared.handshakes).clone()
    }

    /// Connections made so far for requests.
    pub fn connections(&self) -> usize {
        let requests = self.requests();
        let mut connections: Vec<_> = requests.iter().map(|request| request.connection).collect();
        connections.sort_unstable();
        connections.dedup();
        connections.len()
    }

    /// How many connections a script that held them saw closed by the gateway.
    pub fn left(&self) -> usize {
        lock(&self.shared.left).len()
    }

    /// Ends a server: nothing listens, and its connections are reset.
    pub fn kill(&mut self, server: usize) {
        self.servers[server].stop();
        for (_, _, stream) in lock(&self.shared.open).iter().filter(|(its, ..)| *its == server) {
            let _ = socket2::SockRef::from(stream).set_linger(Some(std::time::Duration::ZERO));
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }

    /// Starts a server again that was ended.
    pub fn revive(&mut self, server: usize) {
        let address = self.servers[server].address;
        let listener = until("the old address again", || TcpListener::bind(address).ok());
        self.servers[server] = Server::start(server, listener, &self.shared);
    }

    /// Closes every connection that is open, in an orderly way.
    pub fn close_connections(&self) {
        for (_, _, stream) in lock(&self.shared.open).iter() {
            let _ = stream.shutdown(std::net::Shutdown::Both);
        }
    }
}

/// One socket for each server: 127.0.0.1, 127.0.0.2 and so on, all on one port.
fn bind(count: usize) -> Option<Vec<TcpListener>> {
    let mut listeners: Vec<TcpListener> = Vec::new();
    for number in 0..count {
        let ip = IpAddr::V4(Ipv4Addr::new(127, 0, 0, u8::try_from(number + 1).unwrap()));
        let port = listeners.first().map_or(0, |first| first.local_addr().unwrap().port());
        listeners.push(TcpListener::bind((ip, port)).ok()?);
    }
    Some(listeners)
}

impl Server {
    fn start(number: usize, listener: TcpListener, shared: &Arc<Shared>) -> Self {
        let address = listener.local_addr().unwrap();
        let down = Arc::new(AtomicBool::new(false));
        let (shared, ended) = (Arc::clone(shared), Arc::clone(&down));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    accept(number, stream, &shared);
                }
            }
        });
        Self { address, down, thread: Some(thread) }
    }

    fn stop(&mut self) {
        if let Some(thread) = self.thread.take() {
            self.down.store(true, Ordering::SeqCst);
            // Wakes the thread.
            let _ = TcpStream::connect(self.address);
            let _ = thread.join();
        }
    }
}

fn accept(server: usize, stream: TcpStream, shared: &Arc<Shared>) {
    let connection = shared.connections.fetch_add(1, Ordering::SeqCst);
    shared.threads.fetch_add(1, Ordering::SeqCst);
    if let Ok(copy) = stream.try_clone() {
        lock(&shared.open).push((server, connection, copy));
    }
    let shared = Arc::clone(shared);
    drop(std::thread::spawn(move || {
        if let Some((wire, server_name)) = greet(server, stream, &shared) {
            let mut peer = Peer { wire, server, connection, server_name, shared: Arc::clone(&shared) };
            lock(&shared.visits).push(Visit::of(&peer));
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| drop((shared.script)(&mut peer)))) {
                lock(&shared.panics).push(words(panic.as_ref()));
            }
        }
        lock(&shared.open).retain(|(_, its, _)| *its != connection);
        shared.threads.fetch_sub(1, Ordering::SeqCst);
    }));
}

/// Shakes hands where the server speaks TLS. Also the name that was asked for.
fn greet(server: usize, stream: TcpStream, shared: &Shared) -> Option<(Wire, Option<String>)> {
    let Some(tls) = lock(&shared.tls)[server].clone() else { return Some((Wire::new(stream), None)) };
    let (handshaken, wire) = tls.accept(server, stream);
    let name = handshaken.name.clone();
    lock(&shared.handshakes).push(handshaken);
    Some((wire?, name))
}

/// What a panic said.
pub fn words(panic: &(dyn Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    text.unwrap_or_else(|| "a panic without words".to_owned())
}

/// Answers requests until the connection ends. That it ended early is no fault of the server.
fn answer(peer: &mut Peer, script: &impl Fn(&mut Peer, &Request) -> io::Result<()>) -> io::Result<()> {
    let shared = Arc::clone(&peer.shared);
    while let Some(request) = peer.request()? {
        if request.field("user-agent").is_some_and(|agent| agent.starts_with(PROBE_AGENT)) {
            let answer = lock(&shared.health)[peer.server].clone();
            lock(&shared.probes).push(request);
            return peer.send(answer);
        }
        lock(&shared.requests).push(request.clone());
        script(peer, &request)?;
    }
    Ok(())
}

impl Drop for Farm {
    fn drop(&mut self) {
        self.servers.iter_mut().for_each(Server::stop);
        self.close_connections();
        if std::thread::panicking() {
            return;
        }
        until_true("the end of the servers' connections", || self.shared.threads.load(Ordering::SeqCst) == 0);
        let panics = lock(&self.shared.panics);
        assert!(panics.is_empty(), "fake servers panicked: {panics:?}");
    }
}
