//! Real handshakes with servers that present all kinds of chains.

mod certificates;
mod handshakes;

use std::net::Ipv4Addr;

use rcgen::KeyPair;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio_rustls::TlsAcceptor;

use super::*;
use crate::fixtures::{Authority, Leaf, expire, params, postpone, self_signed, version_1, weak};

const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(10, 0, 0, 4));

fn key(pair: &KeyPair) -> PrivateKeyDer<'static> {
    PrivatePkcs8KeyDer::from(pair.serialize_der()).into()
}

/// A server that presents a chain.
struct FakeServer {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    versions: Vec<&'static SupportedProtocolVersion>,
    /// Demands client certificates of this authority.
    clients: Option<CertificateDer<'static>>,
    /// Speaks these protocols.
    alpn: Vec<Vec<u8>>,
}

impl FakeServer {
    fn new(leaf: &Leaf, others: &[&Authority]) -> Self {
        let chain = std::iter::once(leaf.der.clone()).chain(others.iter().map(|other| other.der())).collect();
        Self { chain, key: key(&leaf.key), versions: vec![&TLS13, &TLS12], clients: None, alpn: Vec::new() }
    }

    fn config(&self) -> Arc<ServerConfig> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder =
            ServerConfig::builder_with_provider(Arc::clone(&provider)).with_protocol_versions(&self.versions).unwrap();
        let builder = match &self.clients {
            None => builder.with_no_client_auth(),
            Some(root) => {
                let mut roots = RootCertStore::empty();
                roots.add(root.clone()).unwrap();
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
                builder.with_client_cert_verifier(verifier)
            }
        };
        let signer = aws_lc_rs::sign::any_supported_type(&self.key).unwrap();
        // Not `with_single_cert`, which compares the key with the certificate.
        let shown = CertifiedKey::new(self.chain.clone(), signer);
        let mut config = builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(shown)));
        config.alpn_protocols.clone_from(&self.alpn);
        Arc::new(config)
    }
}

/// What a connection that was made is like.
#[derive(Debug, PartialEq, Eq)]
struct Made {
    /// The name that the server was sent.
    sni: Option<String>,
    version: rustls::ProtocolVersion,
    resumed: bool,
    /// The protocol that was agreed on.
    alpn: Option<Vec<u8>>,
}

/// One handshake, and one byte each way after it.
async fn shake(connector: &Connector, name: Option<&str>, server: &Arc<ServerConfig>) -> Result<Made, ServerTlsError> {
    let (near, far) = duplex(64 * 1024);
    let acceptor = TlsAcceptor::from(Arc::clone(server));
    let serve = async {
        let mut stream = acceptor.accept(far).await.ok()?;
        stream.write_all(b"!").await.ok()?;
        stream.flush().await.ok()?;
        let byte = stream.read_u8().await.ok();
        let session = stream.get_ref().1;
        let resumed = session.handshake_kind() == Some(rustls::HandshakeKind::Resumed);
        byte.map(|_| (session.server_name().map(str::to_owned), session.protocol_version(), resumed))
    };
    let ask = async {
        let mut stream = connector.connect(name, ADDRESS, near).await?;
        let mut byte = [0];
        stream.read_exact(&mut byte).await.map_err(|error| ServerTlsError::of(&error).unwrap())?;
        stream.write_all(b"?").await.unwrap();
        stream.flush().await.unwrap();
        Ok(stream)
    };
    let (served, asked) = tokio::join!(serve, ask);
    asked.map(|stream| {
        let (sni, version, resumed) = served.unwrap();
        let alpn = stream.get_ref().1.alpn_protocol().map(<[u8]>::to_vec);
        Made { sni, version: version.unwrap(), resumed, alpn }
    })
}

/// Settings that check everything.
fn strict(trust: Trust) -> ServerTls {
    ServerTls { trust, check_chain: true, check_name: true, sni: Sni::Client, alpn: Vec::new(), identity: None }
}

fn trusting(roots: &[&Authority]) -> ServerTls {
    strict(Trust::Roots(roots.iter().map(|root| root.der()).collect()))
}

/// The outcome of one handshake to which `shop.example` is sent.
async fn outcome(tls: &ServerTls, server: &FakeServer) -> Result<Made, ServerTlsError> {
    shake(&Connector::new(tls).unwrap(), Some("shop.example"), &server.config()).await
}
