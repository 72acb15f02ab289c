mod under_tls;

use tokio::io::AsyncWriteExt;
use tokio::net::TcpListener;

use super::*;

async fn pair(connections: &Connections) -> (Link, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let link = connections.connect(listener.local_addr().unwrap(), None, b"").await.unwrap();
    (link, listener.accept().await.unwrap().0)
}

/// Waits until the event loop knows that something has come.
async fn readable(link: &Link) {
    std::future::poll_fn(|context| link.stream.borrow().tcp().poll_read_ready(context)).await.unwrap();
}

#[tokio::test]
async fn an_idle_connection_comes_back_to_the_same_server_only() {
    let connections = Connections::new();
    let (link, _peer) = pair(&connections).await;
    connections.put_back(1, link, 0, 10);
    assert!(connections.checkout(2, None).is_none());
    assert_eq!(connections.checkout(1, None).map(|link| link.used), Some(1));
    assert_eq!(connections.open(), 0);
}

#[tokio::test]
async fn a_connection_with_unasked_bytes_is_dropped() {
    let connections = Connections::new();
    let (link, mut peer) = pair(&connections).await;
    peer.write_all(b"HTTP/1.1 200 OK\r\n\r\n").await.unwrap();
    readable(&link).await;
    connections.put_back(1, link, 0, 10);
    assert!(connections.checkout(1, None).is_none());
}

#[tokio::test]
async fn a_closed_connection_is_seen_without_the_event_loop() {
    let connections = Connections::new();
    let (link, peer) = pair(&connections).await;
    assert!(!link.is_closed());
    drop(peer);
    readable(&link).await;
    assert!(link.is_closed());
}

#[tokio::test]
async fn old_connections_and_those_beyond_the_limit_are_closed() {
    let connections = Connections::new();
    let (first, _a) = pair(&connections).await;
    let (second, _b) = pair(&connections).await;
    connections.put_back(1, first, 5, 1);
    connections.put_back(1, second, 5, 1);
    assert_eq!(connections.open(), 1);
    connections.sweep(6, |_| true);
    assert_eq!(connections.open(), 0);
}

#[tokio::test]
async fn nobody_listening_is_no_tcp_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = Connections::new().connect(address, None, b"").await.unwrap_err();
    assert!(matches!(error, ConnectError::Tcp(_)));
}
