//! Listening sockets.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, TcpKeepalive, Type};

/// Connections that the kernel may hold for each socket before they are accepted.
const BACKLOG: i32 = 1024;

/// Probes of idle connections: after a minute, then four times a minute; the system's count of them ends it.
pub const KEEPALIVE: TcpKeepalive =
    TcpKeepalive::new().with_time(Duration::from_secs(60)).with_interval(Duration::from_secs(15));

/// Why an address cannot be listened on.
#[derive(Debug)]
pub struct BindError {
    /// The address.
    pub address: SocketAddr,
    /// What the system said.
    pub error: io::Error,
}

impl std::fmt::Display for BindError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { address, error } = self;
        match error.kind() {
            io::ErrorKind::AddrInUse => write!(
                out,
                "cannot listen on {address}: another program does already; end it, or map the port in the site file \
                 (`ports: {{ {port}: {other} }}`)",
                port = address.port(),
                other = if address.port() < 50_000 { address.port() + 8000 } else { 8080 },
            ),
            io::ErrorKind::PermissionDenied => write!(
                out,
                "cannot listen on {address}: ports below 1024 need root or CAP_NET_BIND_SERVICE; or map the port in the \
                 site file (`ports: {{ {port}: {other} }}`)",
                port = address.port(),
                other = address.port() as u32 + 8000,
            ),
            io::ErrorKind::AddrNotAvailable => {
                write!(
                    out,
                    "cannot listen on {address}: this machine does not have that address; bind the frontend to another in the site file (`addresses`)"
                )
            }
            _ => write!(out, "cannot listen on {address}: {error}"),
        }
    }
}

impl std::error::Error for BindError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Binds one socket for each of `count` workers. Port 0 takes a free port, the same for all.
///
/// SO_REUSEPORT would let two gateways of one user share a port without a word, so a first socket without it makes
/// sure that nobody is there.
pub fn bind(address: SocketAddr, count: usize) -> Result<Vec<TcpListener>, BindError> {
    let bind_all = || -> io::Result<Vec<TcpListener>> {
        if address.port() != 0 {
            let probe = socket(address, false)?;
            probe.bind(&address.into())?;
            probe.listen(1)?;
        }
        let mut sockets: Vec<TcpListener> = Vec::with_capacity(count);
        for _ in 0..count {
            let address = match sockets.first() {
                Some(first) => first.local_addr()?,
                None => address,
            };
            let socket = socket(address, true)?;
            socket.bind(&address.into())?;
            socket.listen(BACKLOG)?;
            sockets.push(socket.into());
        }
        Ok(sockets)
    };
    bind_all().map_err(|error| BindError { address, error })
}

fn socket(address: SocketAddr, reuse_port: bool) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    socket.set_reuse_port(reuse_port)?;
    socket.set_nonblocking(true)?;
    // Accepted sockets inherit both. Without the first, a small answer could wait for the client's acknowledgement of
    // the one before; with the second, a peer that is gone without a word is found out while its connection is idle.
    socket.set_tcp_nodelay(true)?;
    socket.set_tcp_keepalive(&KEEPALIVE)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    Ok(socket)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_workers_share_one_free_port() {
        let sockets = bind("127.0.0.1:0".parse().unwrap(), 3).unwrap();
        let ports: Vec<_> = sockets.iter().map(|socket| socket.local_addr().unwrap().port()).collect();
        assert!(ports[0] != 0 && ports.iter().all(|port| *port == ports[0]));
    }

    #[test]
    fn a_port_in_use_is_refused_even_when_its_owner_shares_it() {
        let first = bind("127.0.0.1:0".parse().unwrap(), 2).unwrap();
        let address = first[0].local_addr().unwrap();
        let error = bind(address, 2).unwrap_err();
        assert_eq!(error.error.kind(), io::ErrorKind::AddrInUse);
        assert!(error.to_string().contains(&format!("{address}: another program")), "{error}");
    }
}
