//! What is spoken on either side of a gateway that passes bytes on: each of the four combinations, for tables.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::OnceLock;

use crate::ca::{Ca, Issued};
use crate::client::Client;
use crate::document::Document;
use crate::farm::Farm;
use crate::gateway::Gateway;
use crate::peer::Peer;
use crate::tls::{Tls, TlsServer};
use crate::wire::{End, Wire};

/// The name that servers under TLS have.
pub const SERVER_NAME: &str = "server.internal";

/// TCP or TLS with clients, and with servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides {
    /// Clients speak TLS.
    pub client_tls: bool,
    /// Servers speak TLS.
    pub server_tls: bool,
}

impl fmt::Display for Sides {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", word(self.client_tls), word(self.server_tls))
    }
}

fn word(tls: bool) -> &'static str {
    if tls { "Tls" } else { "Tcp" }
}

/// The authority of all servers and listeners here: made once, since every key costs time.
fn root() -> &'static Ca {
    static ROOT: OnceLock<Ca> = OnceLock::new();
    ROOT.get_or_init(|| Ca::root("bytes"))
}

/// The certificate of listeners.
pub fn front() -> &'static Issued {
    static ISSUED: OnceLock<Issued> = OnceLock::new();
    ISSUED.get_or_init(|| root().server(&["a.com"]))
}

/// The certificate of servers.
pub fn back() -> &'static Issued {
    static ISSUED: OnceLock<Issued> = OnceLock::new();
    ISSUED.get_or_init(|| root().server(&[SERVER_NAME]))
}

impl Sides {
    /// TCP on both.
    pub const TCP: Self = Self { client_tls: false, server_tls: false };
    /// TLS on both.
    pub const TLS: Self = Self { client_tls: true, server_tls: true };
    /// All combinations.
    pub const ALL: [Self; 4] = [
        Self::TCP,
        Self { client_tls: true, server_tls: false },
        Self { client_tls: false, server_tls: true },
        Self::TLS,
    ];

    /// `Tcp` or `Tls`: what the listener speaks.
    pub fn listener(self) -> &'static str {
        word(self.client_tls)
    }

    /// `Tcp` or `Tls`: what the settings and the probe speak.
    pub fn settings(self) -> &'static str {
        word(self.server_tls)
    }

    /// Servers that follow a script on each connection.
    pub fn farm(self, count: usize, script: impl Fn(&mut Peer) -> io::Result<()> + Send + Sync + 'static) -> Farm {
        let tls = self.server_tls.then(|| TlsServer::new(back()));
        Farm::bytes(count, tls.as_ref(), script)
    }

    /// One listener `web`, one rule `rule`, one pool `pool` with all servers of the farm, one setting `bytes` with a
    /// timeout of 20 seconds and the probe `probe`.
    pub fn document(self, farm: &Farm) -> Document {
        let listener = if self.client_tls { "sslCertificate: front" } else { "" };
        self.trusting(Document::bytes(farm).byte_listeners(&[("web", 1433, self.listener(), listener)]))
            .byte_settings(farm, &[self.setting("bytes", "timeout: 20")])
    }

    /// A setting for [`Document::byte_settings`]: its name, its protocol, and its properties with those that TLS needs.
    pub fn setting<'a>(self, name: &'a str, more: &str) -> (&'a str, &'static str, String) {
        let tls = if self.server_tls {
            format!(", hostName: {SERVER_NAME}, trustedRootCertificates: [root]")
        } else {
            String::new()
        };
        (name, self.settings(), format!("{more}{tls}"))
    }

    /// A document with what TLS needs on either side.
    pub fn trusting(self, document: Document) -> Document {
        let document = if self.client_tls { document.certificate("front", front()) } else { document };
        if self.server_tls { document.root("root", root().pem()) } else { document }
    }

    /// A session with the listener `web`.
    #[track_caller]
    pub fn connect(self, gateway: &Gateway) -> Wire {
        self.connect_to(gateway.address("web"))
    }

    /// Connects to the listener `web`; the connection has to be reset, after the handshake where TLS is spoken.
    #[track_caller]
    pub fn expect_reset(self, gateway: &Gateway) {
        match self.try_connect(gateway) {
            Ok(mut client) => client.expect_end(End::Reset),
            // It was there before the connection could be used.
            Err(error) => assert!(error.contains("reset"), "{error}"),
        }
    }

    /// A session with the listener `web`; `Err` says what became of the connection or the handshake.
    pub fn try_connect(self, gateway: &Gateway) -> Result<Wire, String> {
        let client = Client::try_connect_from(Ipv4Addr::LOCALHOST.into(), gateway.address("web"));
        let wire = client.map_err(|error| error.to_string())?.wire;
        if !self.client_tls {
            return Ok(wire);
        }
        let socket = wire.stream().try_clone().unwrap();
        Tls::new().over(socket).map(|secure| secure.client.wire).map_err(|error| error.to_string())
    }

    /// A session with a listener.
    #[track_caller]
    pub fn connect_to(self, address: SocketAddr) -> Wire {
        if self.client_tls { Tls::new().connect(address).client.wire } else { Client::connect(address).wire }
    }
}
