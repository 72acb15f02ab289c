//! Headers from sockets.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// What is late fails the test instead of holding it up.
async fn soon<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(10), work).await.expect("it comes soon")
}

/// Both ends of a connection, the accepted one last.
async fn connected() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    client.set_nodelay(true).unwrap();
    let (server, _) = listener.accept().await.unwrap();
    (client, server)
}

/// Headers and what they say.
fn samples() -> Vec<(Vec<u8>, Proxied)> {
    let client = announced("203.0.113.7:50412", "198.51.100.10:1433");
    let said = proxied("203.0.113.7:50412", "198.51.100.10:1433");
    let large = [&TCP4[..], &field(0xe0, &[b'\n'; 500])].concat();
    vec![
        (v1(&client), said),
        (b"PROXY UNKNOWN\r\n".to_vec(), Proxied::NOBODY),
        (v2(&client), said),
        (binary(0x20, 0, b""), Proxied::NOBODY),
        (binary(0x21, 0x11, &large), said),
    ]
}

#[tokio::test]
async fn a_header_is_taken_and_nothing_behind_it() {
    for own in [&b"\r\nPROXY TCP4 hello"[..], b"\n", b"PROXY UNKNOWN\r\n", v2::SIGNATURE] {
        for (header, expected) in samples() {
            let (mut client, mut server) = connected().await;
            client.write_all(&[&header, own].concat()).await.unwrap();
            assert_eq!(soon(read(&server)).await, Ok(expected));
            drop(client);
            let mut rest = Vec::new();
            soon(server.read_to_end(&mut rest)).await.unwrap();
            assert_eq!(rest, own);
        }
    }
}

/// A header that is not all there must be waited for: in a task of its own, a read is polled when it wakes itself up.
#[tokio::test]
async fn a_header_split_anywhere_is_waited_for_without_spinning() {
    for (header, expected) in samples() {
        for at in 1..header.len() {
            let (mut client, server) = connected().await;
            let (one, two) = header.split_at(at);
            client.write_all(one).await.unwrap();
            server.readable().await.unwrap();
            let polls = Arc::new(AtomicUsize::new(0));
            let counter = Arc::clone(&polls);
            let reading = tokio::spawn(async move {
                let found = {
                    let mut reading = pin!(read(&server));
                    let counted = std::future::poll_fn(|context| {
                        counter.fetch_add(1, Ordering::Relaxed);
                        reading.as_mut().poll(context)
                    });
                    counted.await
                };
                (found, server)
            });
            idle().await;
            assert!(!reading.is_finished(), "{at} bytes");
            let polls = polls.load(Ordering::Relaxed);
            assert!((1..=3).contains(&polls), "{polls} polls for {at} bytes");
            client.write_all(&[two, b"own"].concat()).await.unwrap();
            let (found, mut server) = soon(reading).await.unwrap();
            assert_eq!(found, Ok(expected), "{at} bytes");
            let mut own = [0; 3];
            soon(server.read_exact(&mut own)).await.unwrap();
            assert_eq!(&own, b"own");
        }
    }
}

/// Goes round the executor often enough for anything ready to have been polled.
async fn idle() {
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_header_byte_by_byte_is_read() {
    for (header, expected) in samples() {
        let (mut client, server) = connected().await;
        let trickle = async {
            for byte in &header {
                client.write_all(&[*byte]).await.unwrap();
                tokio::task::yield_now().await;
            }
        };
        let ((), found) = soon(async { tokio::join!(trickle, read(&server)) }).await;
        assert_eq!(found, Ok(expected));
    }
}

#[tokio::test]
async fn what_is_no_header_is_told() {
    for (bytes, expected) in [
        (&b"GET / HTTP/1.1\r\n\r\n"[..], HeaderError::Missing),
        (b"", HeaderError::Closed),
        (b"PROXY TCP4 1.2", HeaderError::Closed),
        (&v2::SIGNATURE[..], HeaderError::Closed),
        (&[b'\r'; 300], HeaderError::Missing),
        (&[b'P'; 300], HeaderError::Missing),
    ] {
        let (mut client, server) = connected().await;
        client.write_all(bytes).await.unwrap();
        client.shutdown().await.unwrap();
        assert_eq!(soon(read(&server)).await, Err(expected), "{bytes:?}");
    }
    let endless = [b"PROXY UNKNOWN ".to_vec(), vec![b'x'; 200]].concat();
    let (mut client, server) = connected().await;
    client.write_all(&endless).await.unwrap();
    assert_eq!(soon(read(&server)).await, Err(HeaderError::Malformed("the line is longer than 107 bytes")));
}

#[tokio::test]
async fn a_reset_before_the_header_is_told() {
    let (client, server) = connected().await;
    server.writable().await.unwrap();
    client.set_zero_linger().unwrap();
    drop(client);
    assert_eq!(soon(read(&server)).await, Err(HeaderError::Broken(io::ErrorKind::ConnectionReset)));
}

#[tokio::test]
async fn nothing_said_is_waited_for() {
    let (_client, server) = connected().await;
    let mut reading = pin!(read(&server));
    let first = std::future::poll_fn(|context| Poll::Ready(reading.as_mut().poll(context).is_pending()));
    assert!(first.await);
}
