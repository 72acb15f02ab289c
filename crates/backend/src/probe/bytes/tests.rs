mod over_tls;

use std::sync::Arc;

use snapshot::{AffinityKey, Scheme, Settings};
use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinHandle;

use super::*;
use crate::fixtures;
use crate::health::Verdicts;
use crate::probe::run::probe;
use crate::security::Security;

/// Longer than any probe here takes.
const PATIENCE: Duration = Duration::from_secs(20);

fn server(address: SocketAddr, name: Option<&str>) -> Server {
    let (ip, port) = (address.ip(), address.port());
    fixtures::marked(|marker| Server::new(marker, ip, port, name.map(Arc::from), Verdicts::new(false)))
}

fn spec(settings: Settings, probe: Probe) -> TargetSpec {
    TargetSpec { members: Vec::new(), settings, probe, affinity_key: AffinityKey::default() }
}

/// Probes a server over TCP.
async fn asked(address: SocketAddr, question: Probe) -> Outcome {
    let (spec, server) = (spec(fixtures::bytes(Scheme::Tcp), question), server(address, None));
    let (security, progress) = (Security::new(&spec.settings), Progress::default());
    timeout(PATIENCE, probe(&server, &spec, &security, &progress)).await.expect("the probe ends")
}

/// A server that takes one connection, says this, and reads to the end. Returns what it has read.
async fn fake(says: &'static [u8]) -> (SocketAddr, JoinHandle<std::io::Result<Vec<u8>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await?;
        stream.write_all(says).await?;
        let mut heard = Vec::new();
        stream.read_to_end(&mut heard).await?;
        // A reset in answer to what it has said does not show in what it reads.
        stream.take_error()?.map_or(Ok(heard), Err)
    });
    (address, served)
}

#[tokio::test]
async fn a_connection_is_ended_in_order_and_has_a_header_of_nobody_where_it_is_asked_for() {
    for (rule, header, says, expected) in [
        ("nothing is sent", None, &b""[..], &b""[..]),
        ("version 1", Some(ProxyVersion::V1), b"", b"PROXY UNKNOWN\r\n"),
        ("version 2", Some(ProxyVersion::V2), b"", b"\r\n\r\n\0\r\nQUIT\n\x20\0\0\0"),
        // What it says would be answered with a reset if the connection were gone by then.
        ("a server that speaks first", None, b"220 mail.example ESMTP\r\n", b""),
        ("a server that speaks first, version 1", Some(ProxyVersion::V1), b"220 \r\n", b"PROXY UNKNOWN\r\n"),
    ] {
        let (address, served) = fake(says).await;
        let outcome = asked(address, Probe { proxy_header: header, ..fixtures::probe() }).await;
        assert_eq!(outcome, Ok(Success::Connection), "{rule}");
        assert_eq!(served.await.unwrap().unwrap(), expected, "{rule}");
    }
}

#[tokio::test]
async fn a_server_that_never_ends_is_not_waited_for() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let endless = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let piece = [0; 64 * 1024];
        let mut said = 0;
        while stream.write_all(&piece).await.is_ok() {
            said += piece.len();
        }
        said
    });
    assert_eq!(asked(address, fixtures::probe()).await, Ok(Success::Connection));
    let said = endless.await.unwrap();
    assert!(said < 32 * 1024 * 1024, "{said} bytes; what the buffers of both sides hold is less");
}

#[tokio::test]
async fn a_server_that_takes_connections_and_says_nothing_is_well() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let outcome = asked(listener.local_addr().unwrap(), fixtures::probe()).await;
    assert_eq!(outcome, Ok(Success::Connection));
}

#[tokio::test]
async fn nobody_listening_is_a_failed_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let failure = asked(address, fixtures::probe()).await.unwrap_err();
    assert_eq!(failure.code(), "ConnectFailed");
    assert!(failure.to_string().contains("Connection refused"), "{failure}");
}

/// The kernel drops what does not fit into the queue of connections nobody has taken yet.
#[tokio::test]
async fn a_connection_that_does_not_come_about_leaves_behind_where_it_stopped() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    let _fills_the_queue = TcpStream::connect(address).await.unwrap();
    for scheme in [Scheme::Tcp, Scheme::Tls] {
        let secured = fixtures::secured::SecuredServer::new(&["a.example"]).await;
        let settings = Settings { tls: Some(Arc::new(secured.tls())), ..fixtures::bytes(scheme) };
        let (spec, progress, server) = (spec(settings, fixtures::probe()), Progress::default(), server(address, None));
        let security = Security::new(&spec.settings);
        let ended = timeout(Duration::from_millis(100), probe(&server, &spec, &security, &progress)).await;
        assert!(ended.is_err(), "{scheme:?}: {ended:?}");
        assert_eq!(progress.get(), Step::Connect, "{scheme:?}");
    }
}

#[tokio::test]
async fn a_port_of_the_probes_own_is_asked_instead() {
    let (address, served) = fake(b"").await;
    let question = Probe { port: Some(address.port()), ..fixtures::probe() };
    let outcome = asked(SocketAddr::new(address.ip(), 1), question).await;
    assert_eq!(outcome, Ok(Success::Connection));
    assert!(served.await.unwrap().unwrap().is_empty());
}
