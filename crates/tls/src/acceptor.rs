//! What a listener needs to answer a TLS handshake.
//!
//! Source: Azure, "Overview of TLS termination and end to end TLS with Application Gateway" (ssl-overview) and
//! "Application Gateway TLS policy overview" (read 2026-11-22).

use std::sync::Arc;

use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::server::NoServerSessionStorage;
use rustls::sign::SingleCertAndKey;

use crate::certificate::Identity;
use crate::client_auth::{AskForCertificate, Checker, ClientAuth, DemandCertificate, Mode};
use crate::policy::{Policy, Version};
use crate::tickets::Tickets;

/// Tickets sent after a TLS 1.3 handshake: one for a second connection beside the next one.
const TICKETS: usize = 2;

/// The most that a record carries, with its header, in bytes. A sealed record then has 8 KiB, which the allocator
/// hands out from memory that is still in the processor's cache; measured on answers of 100 KB, records of 16 KiB cost
/// half as much again.
const RECORD: usize = 8 * 1024 - 17;

/// How a listener speaks TLS. Equal ones answer alike.
#[derive(Clone, Debug, PartialEq)]
pub struct ListenerTls {
    /// The certificate it shows.
    pub identity: Arc<Identity>,
    /// Versions and suites.
    pub policy: Arc<Policy>,
    /// Whether and how clients are asked for a certificate.
    pub client_auth: Option<Arc<ClientAuth>>,
    /// What is spoken inside.
    pub application: Application,
}

/// What is spoken inside a listener's TLS.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Application {
    /// HTTP: versions are agreed on by ALPN, and a bad client certificate is answered with a status after the
    /// handshake.
    Http {
        /// Whether HTTP/2 is offered.
        http2: bool,
    },
    /// Bytes: a bad client certificate ends the handshake where one is demanded, since no status could say so later.
    Bytes {
        /// Protocols that are agreed to by ALPN, in order of preference.
        alpn: Vec<Box<[u8]>>,
    },
}

impl Application {
    /// Whether a client certificate that is demanded is judged within the handshake: nothing could refuse it later.
    pub fn refuses_in_handshake(&self) -> bool {
        matches!(self, Self::Bytes { .. })
    }
}

/// ALPN name of HTTP/2.
pub const H2: &[u8] = b"h2";
/// ALPN name of HTTP/1.1.
pub const HTTP11: &[u8] = b"http/1.1";

/// The configurations of one listener, ready for handshakes.
#[derive(Clone, Debug)]
pub struct Acceptor {
    /// Offers protocols by ALPN.
    with_alpn: Arc<ServerConfig>,
    /// For clients that know none of ours: they are served without ALPN instead of being turned away.
    without_alpn: Arc<ServerConfig>,
}

impl Acceptor {
    /// Prepares a listener.
    ///
    /// # Errors
    /// The policy allows nothing that the provider can do, or what client certificates are checked against cannot be
    /// read, both of which compiling a document has ruled out; or the system gives no random bytes.
    pub fn new(tls: &ListenerTls, tickets: &Tickets) -> Result<Self, rustls::Error> {
        let without_alpn = config(tls, tickets)?;
        let mut with_alpn = without_alpn.clone();
        with_alpn.alpn_protocols = match &tls.application {
            Application::Http { http2: true } => vec![H2.to_vec(), HTTP11.to_vec()],
            Application::Http { http2: false } => vec![HTTP11.to_vec()],
            Application::Bytes { alpn } => alpn.iter().map(|name| name.to_vec()).collect(),
        };
        Ok(Self { with_alpn: Arc::new(with_alpn), without_alpn: Arc::new(without_alpn) })
    }

    /// The configuration for a client that offers these protocols.
    pub fn config<'a>(&self, mut offered: impl Iterator<Item = &'a [u8]>) -> Arc<ServerConfig> {
        let known = |name: &[u8]| self.with_alpn.alpn_protocols.iter().any(|ours| ours == name);
        Arc::clone(if offered.any(known) { &self.with_alpn } else { &self.without_alpn })
    }
}

fn config(tls: &ListenerTls, tickets: &Tickets) -> Result<ServerConfig, rustls::Error> {
    let policy = &tls.policy;
    let provider = CryptoProvider {
        cipher_suites: policy.suites.iter().map(|suite| suite.supported()).collect(),
        ..rustls::crypto::aws_lc_rs::default_provider()
    };
    let allowed = |version| policy.min <= version && version <= policy.max;
    let mut versions = Vec::with_capacity(2);
    if allowed(Version::Tls13) {
        versions.push(&rustls::version::TLS13);
    }
    if allowed(Version::Tls12) {
        versions.push(&rustls::version::TLS12);
    }
    let builder = ServerConfig::builder_with_provider(Arc::new(provider)).with_protocol_versions(&versions)?;
    let demands = demands_certificate(tls);
    let builder = match &tls.client_auth {
        Some(client_auth) if demands => builder.with_client_cert_verifier(demand(client_auth)?),
        Some(client_auth) => builder.with_client_cert_verifier(AskForCertificate::new(client_auth)),
        None => builder.with_no_client_auth(),
    };
    let certificate = SingleCertAndKey::from(Arc::clone(tls.identity.certified()));
    let mut config = builder.with_cert_resolver(Arc::new(certificate));
    // The list of the policy is the order of preference.
    config.ignore_client_order = true;
    config.max_early_data_size = 0;
    config.max_fragment_size = Some(RECORD);
    if demands {
        // Certificates of resumed sessions are not shown to the verifier, and the handshake is where it must speak.
        config.send_tls13_tickets = 0;
        config.session_storage = Arc::new(NoServerSessionStorage {});
        return Ok(config);
    }
    config.send_tls13_tickets = TICKETS;
    let sessions = tickets.context(tls.client_auth.as_deref())?;
    config.ticketer = sessions.producer;
    config.session_storage = sessions.sessions;
    Ok(config)
}

/// Whether a handshake without a good client certificate fails.
fn demands_certificate(tls: &ListenerTls) -> bool {
    let is_strict = tls.client_auth.as_ref().is_some_and(|client_auth| client_auth.mode == Mode::Strict);
    is_strict && tls.application.refuses_in_handshake()
}

fn demand(client_auth: &ClientAuth) -> Result<Arc<DemandCertificate>, rustls::Error> {
    let checker = Checker::new(client_auth).map_err(|error| rustls::Error::General(error.to_string()))?;
    Ok(DemandCertificate::new(AskForCertificate::new(client_auth), checker))
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::ServerName;
    use rustls::version::{TLS12, TLS13};
    use rustls::{ClientConnection, ServerConnection};

    use super::*;
    use crate::fixtures::{self_signed, talk, trusting};

    #[test]
    fn a_protocol_is_agreed_on_where_both_know_one_and_none_otherwise() {
        let names = |list: &'static str| list.split_whitespace().map(str::as_bytes);
        let bytes = |list| Application::Bytes { alpn: names(list).map(Into::into).collect() };
        let http = |http2| Application::Http { http2 };
        for (application, offered, expected) in [
            (bytes("postgresql"), "postgresql", Some("postgresql")),
            (bytes("mqtt postgresql"), "postgresql mqtt", Some("mqtt")),
            (bytes("postgresql"), "mqtt", None),
            (bytes("postgresql"), "POSTGRESQL", None),
            (bytes("postgresql"), "", None),
            (bytes(""), "postgresql", None),
            (http(true), "http/1.1 h2", Some("h2")),
            (http(false), "h2 http/1.1", Some("http/1.1")),
            (http(false), "h2", None),
        ] {
            let tls = ListenerTls {
                identity: Arc::new(self_signed("server.example", |_| {}).identity()),
                policy: Arc::new(Policy::default()),
                client_auth: None,
                application: application.clone(),
            };
            let acceptor = Acceptor::new(&tls, &Tickets::random()).unwrap();
            for version in [&TLS12, &TLS13] {
                let mut client = trusting(&[version]).with_no_client_auth();
                client.alpn_protocols = names(offered).map(<[u8]>::to_vec).collect();
                let name = ServerName::try_from("server.example").unwrap();
                let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
                let mut server = ServerConnection::new(acceptor.config(names(offered))).unwrap();
                assert_eq!(talk(&mut client, &mut server), (None, None), "{application:?} {offered:?}");
                assert_eq!(client.alpn_protocol(), expected.map(str::as_bytes), "{application:?} {offered:?}");
            }
        }
    }
}
