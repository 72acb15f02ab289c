//! Accepting connections, through bad times too.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};

/// How long accepting pauses when the process has no descriptor or memory left; what is open goes on.
const PAUSE: Duration = Duration::from_millis(10);

/// Accepts the next connection. Errors of single connections are passed over; without descriptors it pauses instead of
/// spinning. `None` once `closed` says so and every connection that the kernel had ready was taken.
pub async fn accept(listener: &TcpListener, closed: impl Fn() -> bool) -> Option<(TcpStream, SocketAddr)> {
    loop {
        let accepted = poll_fn(|context| match listener.poll_accept(context) {
            Poll::Ready(done) => Poll::Ready(Some(done)),
            Poll::Pending if closed() => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        })
        .await?;
        match accepted {
            Ok(accepted) => return Some(accepted),
            Err(error) if belongs_to_connection(&error) => {}
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// The client left before it was accepted, or the network lost it: no trouble of ours.
fn belongs_to_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{
        ConnectionAborted, ConnectionRefused, ConnectionReset, HostUnreachable, Interrupted, NetworkDown,
        NetworkUnreachable,
    };
    matches!(
        error.kind(),
        ConnectionAborted
            | ConnectionRefused
            | ConnectionReset
            | HostUnreachable
            | Interrupted
            | NetworkDown
            | NetworkUnreachable
    )
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[tokio::test]
    async fn a_closed_listener_hands_over_what_waited_and_ends() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let _client = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
        let closed = Cell::new(false);
        closed.set(true);
        assert!(accept(&listener, || closed.get()).await.is_some());
        assert!(accept(&listener, || closed.get()).await.is_none());
    }
}
