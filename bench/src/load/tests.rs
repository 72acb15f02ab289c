//! The load generator against small servers of the libraries' own: what it says is TLS and HTTP/2 to others too.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use bytes::Bytes;
use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::engine::run;
use super::requests::FIELDS;
use super::{Handshakes, LoadReport, LoadSpec, Shape, Tls};
use crate::account::Watched;

const BODY: usize = 1_024;
/// Handshakes of a hundred counted requests: each of the two connections may have made one more or one less.
const MADE: std::ops::RangeInclusive<u64> = 98..=102;

fn spec(target: SocketAddr) -> LoadSpec {
    let SocketAddr::V4(target) = target else { panic!("{target}: the load generator speaks IPv4") };
    LoadSpec {
        target,
        connections: 2,
        warmup: 10,
        requests: 100,
        shape: Shape::One { host: "h0.bench.test".into(), path: "/p0/page?id=1".into() },
        cookie: String::new(),
        body: BODY,
        reconnect: false,
        tls: None,
        streams: None,
        idle: 0,
        watched: Watched::default(),
        seconds: 60,
    }
}

/// An HTTPS server that answers one request on each connection and closes it.
struct Closing {
    address: SocketAddr,
    over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Closing {
    fn start() -> Closing {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let config = server_config();
        let over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&over);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if told.load(Ordering::Relaxed) {
                    return;
                }
                let session = ServerConnection::new(Arc::clone(&config)).unwrap();
                answer(StreamOwned::new(session, stream.unwrap()));
            }
        });
        Closing { address, over, thread }
    }

    fn stop(self) {
        self.over.store(true, Ordering::Relaxed);
        TcpStream::connect(self.address).unwrap();
        self.thread.join().unwrap();
    }
}

fn server_config() -> Arc<ServerConfig> {
    let made = rcgen::generate_simple_self_signed(["h0.bench.test".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let mut config =
        ServerConfig::builder().with_no_client_auth().with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Arc::new(config)
}

fn answer(mut stream: StreamOwned<ServerConnection, TcpStream>) {
    let mut request = Vec::new();
    let mut buffer = [0; 1_024];
    while !request.ends_with(b"\r\n\r\n") {
        let count = stream.read(&mut buffer).unwrap();
        assert!(count > 0, "the client left before its request was whole");
        request.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(stream.conn.server_name(), Some("h0.bench.test"));
    assert_eq!(stream.conn.alpn_protocol(), Some(&b"http/1.1"[..]));
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {BODY}\r\n\r\n");
    stream.write_all(&[head.as_bytes(), &[b'x'; BODY]].concat()).unwrap();
    stream.conn.send_close_notify();
    stream.flush().unwrap();
}

fn handshakes(tls: Tls) -> Handshakes {
    let server = Closing::start();
    let report = run(&LoadSpec { reconnect: true, tls: Some(tls), ..spec(server.address) }).unwrap();
    server.stop();
    assert_eq!((report.errors, report.first_error), (0, None));
    report.handshakes
}

#[test]
fn without_resumption_every_handshake_is_a_full_one() {
    let handshakes = handshakes(Tls::Full);
    assert_eq!(handshakes.resumed, 0);
    assert!(MADE.contains(&handshakes.full), "{handshakes:?}");
}

#[test]
fn with_resumption_every_handshake_after_the_warm_up_resumes() {
    let handshakes = handshakes(Tls::Resumed);
    assert_eq!(handshakes.full, 0);
    assert!(MADE.contains(&handshakes.resumed), "{handshakes:?}");
}

/// An HTTP/2 server without TLS.
#[derive(Clone, Copy)]
struct Server {
    /// Bytes of each body.
    body: usize,
    /// Connections it serves.
    connections: usize,
    /// Requests of a connection before it asks for another.
    requests: usize,
}

/// Puts a load on a server.
fn http2(server: Server, spec: impl FnOnce(SocketAddr) -> LoadSpec) -> anyhow::Result<LoadReport> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))).unwrap();
    let spec = spec(listener.local_addr().unwrap());
    let serving = std::thread::spawn(move || {
        runtime.block_on(async {
            let mut tasks = Vec::new();
            for _ in 0..server.connections {
                let (stream, _) = listener.accept().await.unwrap();
                tasks.push(tokio::spawn(serve(stream, server)));
            }
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
    let report = run(&spec);
    // The load generator has closed its connections: nothing is left to serve.
    serving.join().unwrap();
    report
}

async fn serve(stream: tokio::net::TcpStream, server: Server) {
    let mut connection = h2::server::handshake(stream).await.unwrap();
    let mut requests = 0;
    while let Some(request) = connection.accept().await {
        let Ok((request, mut respond)) = request else { return };
        assert_eq!(request.uri(), "http://h0.bench.test/p0/page?id=1");
        for field in FIELDS {
            assert_eq!(request.headers()[field.name], field.value);
        }
        assert_eq!(request.headers().len(), FIELDS.len());
        let mut body = respond.send_response(http::Response::new(()), false).unwrap();
        body.send_data(Bytes::from(vec![b'x'; server.body]), true).unwrap();
        requests += 1;
        if requests == server.requests {
            connection.graceful_shutdown();
        }
    }
}

#[test]
fn many_streams_at_once_are_answered_whole() {
    let server = Server { body: BODY, connections: 2, requests: usize::MAX };
    let load = |target| LoadSpec { streams: Some(32), warmup: 100, requests: 2_000, ..spec(target) };
    let report = http2(server, load).unwrap();
    assert_eq!((report.errors, report.first_error), (0, None));
    assert!(report.p99_us >= report.p50_us && report.p50_us > 0.0);
}

#[test]
fn windows_are_opened_again_for_large_bodies() {
    const LARGE: usize = 100 * 1_024;
    let server = Server { body: LARGE, connections: 1, requests: usize::MAX };
    let load = |target| LoadSpec { streams: Some(32), connections: 1, requests: 400, body: LARGE, ..spec(target) };
    assert_eq!(http2(server, load).unwrap().errors, 0);
}

#[test]
fn a_connection_that_retires_is_replaced_when_all_is_answered() {
    // With 50 to 53 requests on a connection, 110 take three.
    let server = Server { body: BODY, connections: 3, requests: 50 };
    let report = http2(server, |target| LoadSpec { streams: Some(4), connections: 1, ..spec(target) }).unwrap();
    assert_eq!((report.errors, report.first_error), (0, None));
}

#[test]
fn idle_connections_are_still_open_at_the_end() {
    let server = Server { body: BODY, connections: 102, requests: usize::MAX };
    let report = http2(server, |target| LoadSpec { streams: Some(4), idle: 100, ..spec(target) }).unwrap();
    assert_eq!(report.idle.map(|idle| idle.connections), Some(100));
}

#[test]
fn one_address_is_all_that_http2_is_loaded_with() {
    let target = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 1));
    let many = LoadSpec { streams: Some(1), shape: Shape::Many { hosts: 2, paths: 2 }, ..spec(target) };
    assert!(run(&many).unwrap_err().to_string().contains("one target only"));
}
