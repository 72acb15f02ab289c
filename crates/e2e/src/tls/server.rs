//! How a fake server speaks TLS.

use std::net::TcpStream;
use std::sync::Arc;

use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls::{HandshakeKind, ProtocolVersion, ServerConfig, ServerConnection, StreamOwned, SupportedProtocolVersion};

use super::provider;
use super::trust::TakesAll;
use crate::ca::Issued;
use crate::wire::{Wire, prepare};

/// A server's end of TLS.
#[derive(Clone)]
pub struct TlsServer(Arc<ServerConfig>);

/// What a fake server knows of a handshake.
#[derive(Clone, Debug)]
pub struct Handshaken {
    /// Which server of the farm.
    pub server: usize,
    /// The name that was asked for.
    pub name: Option<String>,
    /// Whether a session was resumed.
    pub resumed: bool,
    /// The version.
    pub version: Option<ProtocolVersion>,
    /// How many protocols the client offered, where the server looked.
    pub protocol: Option<Vec<u8>>,
    /// Certificates that the client showed. `None` when it showed none.
    pub certificates: Option<usize>,
    /// Why it failed. `None` when it did not.
    pub failure: Option<String>,
}

/// Shows one certificate, whatever is asked for.
#[derive(Debug)]
struct Always(Arc<CertifiedKey>);

impl ResolvesServerCert for Always {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }
}

impl TlsServer {
    /// Shows a certificate with its chain as it is.
    pub fn new(issued: &Issued) -> Self {
        Self::with(issued, &[&rustls::version::TLS13, &rustls::version::TLS12], false)
    }

    /// The same, with TLS 1.2 alone.
    pub fn tls12(issued: &Issued) -> Self {
        Self::with(issued, &[&rustls::version::TLS12], false)
    }

    /// The same, asking clients for a certificate.
    pub fn asking(issued: &Issued) -> Self {
        Self::with(issued, &[&rustls::version::TLS13, &rustls::version::TLS12], true)
    }

    /// The same, speaking these protocols; without any it agrees to none.
    pub fn protocols(&self, protocols: &[&str]) -> Self {
        let mut config = ServerConfig::clone(&self.0);
        config.alpn_protocols = protocols.iter().map(|name| name.as_bytes().to_vec()).collect();
        Self(Arc::new(config))
    }

    /// Answers a handshake on a connection of which something was read before. `None` when it fails.
    pub fn over(&self, socket: TcpStream) -> Option<Wire> {
        self.accept(0, socket).1
    }

    fn with(issued: &Issued, versions: &[&'static SupportedProtocolVersion], asks: bool) -> Self {
        let provider = provider(None);
        let verifier = TakesAll::new(&provider);
        let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
        let builder = if asks { builder.with_client_cert_verifier(verifier) } else { builder.with_no_client_auth() };
        let mut config = builder.with_cert_resolver(Arc::new(Always(Arc::new(issued.certified()))));
        // What a client offers shows when there is something to choose.
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Self(Arc::new(config))
    }

    /// Answers a handshake.
    pub(crate) fn accept(&self, server: usize, socket: TcpStream) -> (Handshaken, Option<Wire>) {
        prepare(&socket);
        let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(&self.0)).unwrap(), socket);
        let mut failure = None;
        while stream.conn.is_handshaking() && failure.is_none() {
            failure = stream.conn.complete_io(&mut stream.sock).err().map(|error| error.to_string());
        }
        let connection = &stream.conn;
        let handshaken = Handshaken {
            server,
            name: connection.server_name().map(str::to_owned),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            version: connection.protocol_version(),
            protocol: connection.alpn_protocol().map(<[u8]>::to_vec),
            certificates: connection.peer_certificates().map(<[_]>::len),
            failure,
        };
        let wire = handshaken.failure.is_none().then(|| Wire::of_server(stream));
        (handshaken, wire)
    }
}
