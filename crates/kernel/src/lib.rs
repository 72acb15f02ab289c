//! What only the kernel knows or does: a connection's round trip, bytes moved between sockets. The one crate with
//! unsafe code; each block says why it is sound.

#[cfg_attr(not(target_os = "linux"), path = "no_pipe.rs")]
pub mod pipe;

use std::os::fd::{AsRawFd as _, BorrowedFd};
use std::time::Duration;

/// The kernel's estimate of a TCP connection's round trip. `None` when it has none, or the socket is not TCP.
#[cfg(target_os = "linux")]
pub fn round_trip_time(socket: BorrowedFd<'_>) -> Option<Duration> {
    let mut length = libc::socklen_t::try_from(size_of::<libc::tcp_info>()).ok()?;
    // SAFETY: `tcp_info` is integers alone, for which all bits zero is a value.
    let mut info: libc::tcp_info = unsafe { std::mem::zeroed() };
    // SAFETY: the descriptor is open for as long as it is borrowed; the kernel writes at most `length` bytes into
    // `info`, which has that many, and an older kernel that writes fewer leaves zeros, which are values too.
    let done = unsafe {
        libc::getsockopt(socket.as_raw_fd(), libc::IPPROTO_TCP, libc::TCP_INFO, (&raw mut info).cast(), &raw mut length)
    };
    (done == 0 && info.tcpi_rtt > 0).then(|| Duration::from_micros(info.tcpi_rtt.into()))
}

/// Bytes that were given to a connection and that its peer has not acknowledged. 0 when the kernel does not say.
#[cfg(target_os = "linux")]
pub fn unacknowledged(socket: BorrowedFd<'_>) -> u32 {
    let mut count: libc::c_int = 0;
    // SAFETY: the descriptor is open for as long as it is borrowed; this request (SIOCOUTQ, of the same number) writes
    // one int, which `count` is.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::TIOCOUTQ, &raw mut count) };
    if done == 0 { u32::try_from(count).unwrap_or(0) } else { 0 }
}

/// Bytes that a connection's peer has not acknowledged: not asked for on this system.
#[cfg(not(target_os = "linux"))]
pub fn unacknowledged(_: BorrowedFd<'_>) -> u32 {
    0
}

/// The kernel's estimate of a TCP connection's round trip: not asked for on this system.
#[cfg(not(target_os = "linux"))]
pub fn round_trip_time(_: BorrowedFd<'_>) -> Option<Duration> {
    None
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::net::{TcpListener, TcpStream, UdpSocket};
    use std::os::fd::AsFd as _;

    use super::*;

    #[test]
    fn what_a_peer_does_not_read_stays_unacknowledged() {
        use std::io::{Read as _, Write as _};
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server, _) = listener.accept().unwrap();
        assert_eq!(unacknowledged(client.as_fd()), 0);
        client.set_nonblocking(true).unwrap();
        let mut sent = 0;
        while let Ok(count) = client.write(&[0; 65536]) {
            sent += count;
        }
        let left = unacknowledged(client.as_fd());
        assert!(left > 0 && left as usize <= sent, "{left} of {sent}");
        server.read_exact(&mut vec![0; sent]).unwrap();
    }

    #[test]
    fn a_connection_over_loopback_has_a_short_round_trip_and_other_sockets_have_none() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (server, _) = listener.accept().unwrap();
        for end in [&client, &server] {
            let time = round_trip_time(end.as_fd()).unwrap();
            assert!(time < Duration::from_secs(1), "{time:?}");
        }
        assert_eq!(round_trip_time(UdpSocket::bind("127.0.0.1:0").unwrap().as_fd()), None);
    }
}
