//! Servers of plain bytes: what they do with a connection is a script of its own, and they are probed elsewhere.

use std::io;
use std::net::SocketAddr;

use super::{Farm, Peer, lock};
use crate::tls::TlsServer;
use crate::wait::until;

/// A connection that a server took, after its handshake where there is one.
#[derive(Clone, Copy, Debug)]
pub struct Visit {
    /// Which server of the farm.
    pub server: usize,
    /// Which connection of the farm.
    pub connection: usize,
    /// The gateway's address on it. `None` when it had gone again.
    pub from: Option<SocketAddr>,
}

impl Visit {
    pub(super) fn of(peer: &Peer) -> Self {
        Self { server: peer.server, connection: peer.connection, from: peer.wire.stream().peer_addr().ok() }
    }
}

impl Farm {
    /// Servers, with or without TLS, that follow a script on each connection. Probes go to another port of theirs
    /// ([`health_port`](Self::health_port)), so every connection is a session's.
    pub fn bytes(
        count: usize,
        tls: Option<&TlsServer>,
        script: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        let mut farm = Self::raise(count, tls, Box::new(script));
        farm.clinic =
            Some(Box::new(Self::raise(count, tls, Box::new(|peer| peer.wire.rest().map(drop).map_err(Into::into)))));
        farm
    }

    /// Where servers of bytes are probed.
    pub fn health_port(&self) -> u16 {
        self.clinic.as_ref().unwrap().port
    }

    /// Whether a server of bytes takes probes from now on.
    pub fn set_well(&mut self, server: usize, well: bool) {
        let clinic = self.clinic.as_mut().unwrap();
        if well { clinic.revive(server) } else { clinic.kill(server) }
    }

    /// Connections so far, those whose handshake failed left out.
    pub fn visits(&self) -> Vec<Visit> {
        lock(&self.shared.visits).clone()
    }

    /// Waits until there were so many connections.
    #[track_caller]
    pub fn wait_visits(&self, count: usize) -> Vec<Visit> {
        until("connections at the servers", || Some(self.visits()).filter(|visits| visits.len() >= count))
    }

    /// How many connections each server has taken.
    pub fn visits_by_server(&self) -> Vec<usize> {
        let visits = self.visits();
        (0..self.count()).map(|server| visits.iter().filter(|visit| visit.server == server).count()).collect()
    }
}
