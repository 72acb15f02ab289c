//! Connections under TLS: the same rules, and what tickets and names add to them.

use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use tls::connector::Class;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};
use tokio_rustls::server::TlsStream;

use super::*;
use crate::fixtures::secured::SecuredServer;

const NAMES: [&str; 2] = ["a.example", "b.example"];

async fn secured_pair(
    connections: &Connections,
    server: &SecuredServer,
    name: Option<&str>,
) -> (Link, TlsStream<TcpStream>) {
    let connector = server.connector();
    let connect = connections.connect(server.address(), Some((&connector, name)), b"");
    let (link, peer) = tokio::join!(connect, server.accept());
    (link.unwrap(), peer.unwrap())
}

#[tokio::test]
async fn session_tickets_do_not_make_an_idle_connection_useless() {
    let (connections, server) = (Connections::new(), SecuredServer::new(&NAMES).await);
    let (link, _peer) = secured_pair(&connections, &server, Some("a.example")).await;
    readable(&link).await;
    connections.put_back(1, link, 0, 10);
    let link = connections.checkout(1, Some("a.example")).expect("only tickets have come");
    connections.put_back(1, link, 0, 10);
    connections.sweep(0, |_| true);
    assert_eq!(connections.checkout(1, Some("a.example")).map(|link| link.used), Some(2));
}

#[tokio::test]
async fn session_tickets_are_not_taken_for_a_close() {
    let (connections, server) = (Connections::new(), SecuredServer::new(&NAMES).await);
    let (link, _peer) = secured_pair(&connections, &server, Some("a.example")).await;
    readable(&link).await;
    assert!(!link.is_closed());
    assert!(!link.is_closed());
}

#[tokio::test]
async fn unasked_bytes_and_every_kind_of_end_drop_an_idle_connection() {
    let (connections, server) = (Connections::new(), SecuredServer::new(&NAMES).await);
    for by_the_event_loop in [true, false] {
        for kind in ["bytes", "close_notify", "end", "garbage"] {
            let (mut link, mut peer) = secured_pair(&connections, &server, Some("a.example")).await;
            // The tickets first, so that what comes now is seen by itself.
            readable(&link).await;
            assert!(!link.stream.get_mut().has_stirred());
            match kind {
                "bytes" => {
                    peer.write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n").await.unwrap();
                    peer.flush().await.unwrap();
                }
                "close_notify" => {
                    peer.get_mut().1.send_close_notify();
                    peer.flush().await.unwrap();
                }
                "garbage" => peer.get_mut().0.write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n").await.unwrap(),
                _ => drop(peer),
            }
            readable(&link).await;
            if by_the_event_loop {
                connections.put_back(1, link, 0, 10);
                assert!(connections.checkout(1, Some("a.example")).is_none(), "{kind}");
            } else {
                assert!(link.is_closed(), "{kind}");
            }
        }
    }
}

#[tokio::test]
async fn a_connection_is_used_again_for_its_own_name_only() {
    let (connections, server) =
        (Connections::new(), SecuredServer::new(&["a.example", "b.example", "127.0.0.1"]).await);
    let mut peers = Vec::new();
    for name in [Some("a.example"), Some("b.example"), None, Some("a.example")] {
        let (link, peer) = secured_pair(&connections, &server, name).await;
        assert_eq!(peer.get_ref().1.server_name(), name);
        peers.push((link.local_port, peer));
        connections.put_back(1, link, 0, 10);
    }
    let took = |name| connections.checkout(1, name).map(|link| link.local_port);
    assert_eq!(took(Some("c.example")), None);
    assert_eq!(took(Some("b.example")), Some(peers[1].0));
    assert_eq!(took(Some("b.example")), None);
    assert_eq!(took(None), Some(peers[2].0));
    assert_eq!(took(Some("a.example")), Some(peers[3].0), "the newest first");
    assert_eq!(took(Some("a.example")), Some(peers[0].0));
}

#[tokio::test]
async fn the_oldest_of_too_many_names_is_closed() {
    let (connections, server) = (Connections::new(), SecuredServer::new(&NAMES).await);
    let mut peers = Vec::new();
    for name in NAMES {
        let (link, peer) = secured_pair(&connections, &server, Some(name)).await;
        peers.push(peer);
        connections.put_back(1, link, 0, 1);
    }
    assert!(connections.checkout(1, Some("a.example")).is_none());
    let (link, peer) = secured_pair(&connections, &server, Some("a.example")).await;
    peers.push(peer);
    connections.put_back(1, link, 0, 0);
    assert!(connections.checkout(1, Some("a.example")).is_none(), "none are kept where none are wanted");
}

#[tokio::test]
async fn a_certificate_that_is_not_good_makes_no_connection() {
    let (connections, server) = (Connections::new(), SecuredServer::new(&NAMES).await);
    let connector = server.connector();
    let connect = connections.connect(server.address(), Some((&connector, Some("c.example"))), b"");
    let (made, _) = tokio::join!(connect, server.accept());
    let Err(ConnectError::Tls(error)) = made else { panic!("{made:?}") };
    assert_eq!(error.class, Class::CertNameMismatch);
    assert_eq!(connections.open(), 0);
}

#[tokio::test]
async fn bytes_go_both_ways_whole_however_they_are_cut() {
    let (connections, server) = (Connections::new(), SecuredServer::new(&NAMES).await);
    let (mut link, mut peer) = secured_pair(&connections, &server, Some("a.example")).await;
    let sent: Vec<u8> = (0..1_000_000u32).map(|n| (n % 251) as u8).collect();
    let stream = link.stream.get_mut();
    let echo = async {
        let mut got = vec![0; sent.len()];
        peer.read_exact(&mut got).await.unwrap();
        peer.write_all(&got).await.unwrap();
        peer.flush().await.unwrap();
    };
    let ask = async {
        let (first, rest) = sent.split_at(300_000);
        let mut pieces = &mut [io::IoSlice::new(first), io::IoSlice::new(rest)][..];
        while !pieces.is_empty() {
            let write = |context: &mut Context<'_>| Pin::new(&mut *stream).poll_write_vectored(context, pieces);
            let count = std::future::poll_fn(write).await.unwrap();
            io::IoSlice::advance_slices(&mut pieces, count);
        }
        stream.flush().await.unwrap();
        let mut got = Vec::new();
        while got.len() < sent.len() {
            // As the proxy reads: it waits without a buffer, and the buffer has an odd size.
            std::future::poll_fn(|context| stream.poll_readable(context)).await.unwrap();
            let mut buffer = [0; 777];
            let mut buffer = ReadBuf::new(&mut buffer);
            match Pin::new(&mut *stream).poll_read(&mut Context::from_waker(Waker::noop()), &mut buffer) {
                Poll::Ready(done) => {
                    done.unwrap();
                    assert_ne!(buffer.filled().len(), 0);
                    got.extend_from_slice(buffer.filled());
                }
                // Half a record; the event loop has been told by this.
                Poll::Pending => tokio::task::yield_now().await,
            }
        }
        got
    };
    let ((), got) = tokio::join!(echo, ask);
    assert!(got == sent);
}

#[tokio::test]
async fn a_close_is_seen_and_bytes_are_not_taken_for_one() {
    let (connections, server) = (Connections::new(), SecuredServer::new(&NAMES).await);
    let (mut link, mut peer) = secured_pair(&connections, &server, Some("a.example")).await;
    readable(&link).await;
    let stream = link.stream.get_mut();
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(stream.poll_closed(&mut context), Poll::Pending, "only tickets have come");

    peer.write_all(b"hello").await.unwrap();
    peer.flush().await.unwrap();
    assert!(!std::future::poll_fn(|context| stream.poll_closed(context)).await);
    let mut bytes = [0; 5];
    stream.read_exact(&mut bytes).await.unwrap();
    assert_eq!(&bytes, b"hello", "looking takes nothing");

    peer.shutdown().await.unwrap();
    assert!(std::future::poll_fn(|context| stream.poll_closed(context)).await);
    assert_eq!(stream.read(&mut bytes).await.unwrap(), 0);
}

#[tokio::test]
async fn an_end_without_word_is_an_error_so_that_a_cut_answer_is_not_taken_for_a_whole_one() {
    let (connections, server) = (Connections::new(), SecuredServer::new(&NAMES).await);
    let (mut link, peer) = secured_pair(&connections, &server, Some("a.example")).await;
    drop(peer);
    let error = link.stream.get_mut().read(&mut [0]).await.unwrap_err();
    assert!(matches!(error.kind(), io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset), "{error}");
}
