//! An address where connections are neither made nor refused: a socket that listens and has no room for another one.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::wait::until;

/// Swallows connections for as long as it lives.
pub struct BlackHole {
    _listener: Socket,
    _waiting: Vec<TcpStream>,
}

impl BlackHole {
    /// Opens one at an address that is free.
    pub fn at(address: SocketAddr) -> Self {
        let listener = Socket::new(Domain::for_address(address), Type::STREAM, None).unwrap();
        listener.set_reuse_address(true).unwrap();
        until("the address to be free", || listener.bind(&address.into()).ok());
        listener.listen(0).unwrap();
        let mut waiting = Vec::new();
        // The system is generous by a place or two.
        while let Ok(one) = TcpStream::connect_timeout(&address, Duration::from_millis(300)) {
            waiting.push(one);
        }
        Self { _listener: listener, _waiting: waiting }
    }
}
