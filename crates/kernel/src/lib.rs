//! What only the kernel knows and no library asks it safely. The one crate with unsafe code; each block says why it is
//! sound.

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
