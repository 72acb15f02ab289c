//! How a test's client speaks TLS.

use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, OnceLock, PoisonError};

use rustls::client::Resumption;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    CipherSuite, ClientConfig, ClientConnection, HandshakeKind, ProtocolVersion, StreamOwned, SupportedProtocolVersion,
};

use super::provider;
use super::sessions::Sessions;
use super::trust::{Hints, Shows, TakesAll};
use crate::ca::Issued;
use crate::client::Client;
use crate::wait::PATIENCE;
use crate::wire::{Wire, prepare};

/// A client's choices. What is asked by name and by protocol may differ from connection to connection of one client;
/// everything else makes another client with sessions of its own.
#[derive(Clone)]
pub struct Tls {
    name: Option<String>,
    protocols: Vec<Vec<u8>>,
    versions: Vec<&'static SupportedProtocolVersion>,
    suites: Option<Vec<CipherSuite>>,
    certificate: Option<Issued>,
    sessions: Arc<Sessions>,
    hints: Hints,
    config: Arc<OnceLock<Arc<ClientConfig>>>,
}

impl Default for Tls {
    fn default() -> Self {
        Self {
            name: Some("a.com".to_owned()),
            protocols: Vec::new(),
            versions: vec![&rustls::version::TLS13, &rustls::version::TLS12],
            suites: None,
            certificate: None,
            sessions: Arc::default(),
            hints: Arc::default(),
            config: Arc::default(),
        }
    }
}

/// A connection whose handshake went well.
pub struct Secure {
    /// The connection, to ask on.
    pub client: Client,
    /// The server's certificates as they came.
    pub chain: Vec<CertificateDer<'static>>,
    /// The version.
    pub version: ProtocolVersion,
    /// The cipher suite.
    pub suite: CipherSuite,
    /// The protocol that was agreed on.
    pub protocol: Option<Vec<u8>>,
    /// Whether a session was resumed.
    pub resumed: bool,
    /// The authorities' names that came with the question for a certificate, DER. `None` when none was asked for.
    pub hints: Option<Vec<Vec<u8>>>,
}

impl Tls {
    /// Asks for `a.com`, offers no protocol, and has no certificate.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks for this name.
    pub fn name(self, name: &str) -> Self {
        Self { name: Some(name.to_owned()), ..self }
    }

    /// Asks for no name.
    pub fn nameless(self) -> Self {
        Self { name: None, ..self }
    }

    /// Offers these protocols.
    pub fn protocols(self, protocols: &[&str]) -> Self {
        Self { protocols: protocols.iter().map(|name| name.as_bytes().to_vec()).collect(), ..self }
    }

    /// Speaks TLS 1.2 and nothing else.
    pub fn tls12(self) -> Self {
        Self { versions: vec![&rustls::version::TLS12], ..self }.another()
    }

    /// Speaks TLS 1.3 and nothing else.
    pub fn tls13(self) -> Self {
        Self { versions: vec![&rustls::version::TLS13], ..self }.another()
    }

    /// Offers these suites, in this order.
    pub fn suites(self, suites: &[CipherSuite]) -> Self {
        Self { suites: Some(suites.to_vec()), ..self }.another()
    }

    /// Shows this certificate when it is asked.
    pub fn certificate(self, issued: &Issued) -> Self {
        Self { certificate: Some(issued.clone()), ..self }.another()
    }

    /// Sessions kept so far.
    pub fn sessions(&self) -> &Sessions {
        &self.sessions
    }

    fn another(self) -> Self {
        Self { sessions: Arc::default(), hints: Arc::default(), config: Arc::default(), ..self }
    }

    fn config(&self) -> Arc<ClientConfig> {
        let make = || {
            let provider = provider(self.suites.as_deref());
            let verifier = TakesAll::new(&provider);
            let certificate = self.certificate.as_ref().map(|issued| Arc::new(issued.certified()));
            let mut config = ClientConfig::builder_with_provider(provider)
                .with_protocol_versions(&self.versions)
                .unwrap()
                .dangerous()
                .with_custom_certificate_verifier(verifier)
                .with_client_cert_resolver(Arc::new(Shows { certificate, hints: Arc::clone(&self.hints) }));
            config.resumption = Resumption::store(Arc::clone(&self.sessions) as _);
            Arc::new(config)
        };
        Arc::clone(self.config.get_or_init(make))
    }

    /// A connection before its handshake.
    fn connection(&self) -> ClientConnection {
        let mut config = self.config();
        // An address as a name is not sent: it stands in for none.
        let name = ServerName::try_from(self.name.clone().unwrap_or_else(|| "127.0.0.1".to_owned())).unwrap();
        if self.name.is_none() {
            let mut nameless = ClientConfig::clone(&config);
            nameless.enable_sni = false;
            config = Arc::new(nameless);
        }
        ClientConnection::new_with_alpn(config, name, self.protocols.clone()).unwrap()
    }

    /// Connects and shakes hands. Panics when that fails.
    #[track_caller]
    pub fn connect(&self, address: SocketAddr) -> Secure {
        self.try_connect(address).unwrap_or_else(|error| panic!("the handshake failed: {error}"))
    }

    /// Connects and shakes hands.
    #[track_caller]
    pub fn try_connect(&self, address: SocketAddr) -> Result<Secure, rustls::Error> {
        self.over(TcpStream::connect_timeout(&address, PATIENCE).unwrap())
    }

    /// Shakes hands on a connection that is there.
    pub fn over(&self, socket: TcpStream) -> Result<Secure, rustls::Error> {
        prepare(&socket);
        let mut stream = StreamOwned::new(self.connection(), socket);
        while stream.conn.is_handshaking() {
            if let Err(error) = stream.conn.complete_io(&mut stream.sock) {
                let text = error.to_string();
                let inner = error.into_inner().and_then(|inner| inner.downcast::<rustls::Error>().ok());
                return Err(inner.map_or(rustls::Error::General(text), |inner| *inner));
            }
        }
        let connection = &stream.conn;
        let chain = connection.peer_certificates().unwrap_or_default();
        Ok(Secure {
            chain: chain.iter().map(|certificate| certificate.clone().into_owned()).collect(),
            version: connection.protocol_version().unwrap(),
            suite: connection.negotiated_cipher_suite().unwrap().suite(),
            protocol: connection.alpn_protocol().map(<[u8]>::to_vec),
            resumed: connection.handshake_kind() == Some(HandshakeKind::Resumed),
            hints: self.hints.lock().unwrap_or_else(PoisonError::into_inner).take(),
            client: Client { wire: Wire::of_client(stream) },
        })
    }
}

impl Secure {
    /// Whether this certificate was shown.
    pub fn shows(&self, issued: &Issued) -> bool {
        self.chain.first() == Some(issued.leaf())
    }
}
