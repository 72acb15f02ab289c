//! TLS to servers: whom to trust, which name to send, and what went wrong.
//!
//! Sources: Azure, "Overview of TLS termination and end to end TLS with Application Gateway" (SNI and validation),
//! "Application Gateway HTTP settings configuration" (the switches) and "Backend health issues in Application Gateway"
//! (the classes of failure); all read 2026-11-22.

mod classify;
mod error;
mod handshake;
mod issuer;
mod mismatch;
mod name;
mod order;
mod verifier;

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::sign::SingleCertAndKey;
use rustls::version::{TLS12, TLS13};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

pub use error::{Class, ServerTlsError};

use crate::certificate::{CertificateError, Identity};
use verifier::Verifier;

/// Which roots a server's certificate may come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The public ones, as Mozilla keeps them.
    WellKnown,
    /// These and no others (`trustedRootCertificates`).
    Roots(Vec<CertificateDer<'static>>),
}

/// The name that is sent to a server (SNI), and that its certificate must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sni {
    /// This one (`sniName`, else `hostName`).
    Fixed(Arc<str>),
    /// The member's own FQDN, if it has one (`pickHostNameFromBackendAddress`).
    Server,
    /// The host that the client asked for.
    Client,
}

/// How TLS is spoken to the servers of a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerTls {
    /// Where certificates may come from.
    pub trust: Trust,
    /// Check chain and dates (`validateCertChainAndExpiry`). Default true. The server must have the key of its
    /// certificate in any case.
    pub check_chain: bool,
    /// The certificate must have the name that was sent (`validateSNI`). Default true.
    pub check_name: bool,
    /// The name that is sent.
    pub sni: Sni,
    /// Protocols that are offered by ALPN, in order of preference; a server may agree to none. Default none.
    pub alpn: Vec<Box<[u8]>>,
    /// What is shown to a server that asks for a client certificate. Azure never shows one.
    pub identity: Option<Identity>,
}

impl ServerTls {
    /// The name to send for a request, lower case and without port; `None`: none can be sent. `server` is the FQDN of
    /// the member, `client_host` the host that the client asked for, as it stands in the request.
    pub fn name<'a>(&'a self, server: Option<&'a str>, client_host: &'a [u8]) -> Option<Cow<'a, str>> {
        match &self.sni {
            Sni::Fixed(name) => name::sendable(name),
            Sni::Server => server.and_then(name::sendable),
            Sni::Client => name::of_host(client_host),
        }
    }
}

/// The name to send to a server, if this can be one: lower case, without trailing dot. Addresses and what is no DNS
/// name cannot.
pub fn sendable_name(name: &str) -> Option<Cow<'_, str>> {
    name::sendable(name)
}

/// Makes TLS connections to servers, and keeps their sessions so that the next handshake is shorter.
#[derive(Clone, Debug)]
pub struct Connector {
    config: Arc<ClientConfig>,
    /// The same without sessions.
    whole: Arc<ClientConfig>,
}

impl Connector {
    /// Reads the roots.
    ///
    /// # Errors
    /// One of them cannot be read ([`ROOT_INVALID`](crate::certificate::codes::ROOT_INVALID)).
    pub fn new(tls: &ServerTls) -> Result<Self, CertificateError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let verifier = Arc::new(Verifier::new(tls, &provider)?);
        let builder = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[&TLS13, &TLS12])
            .map_err(|error| CertificateError::new("TlsUnavailable", error.to_string()))?
            .dangerous()
            .with_custom_certificate_verifier(verifier);
        let mut config = match &tls.identity {
            Some(identity) => {
                let shown = SingleCertAndKey::from(Arc::clone(identity.certified()));
                builder.with_client_cert_resolver(Arc::new(shown))
            }
            // A server that asks gets an empty list, and decides.
            None => builder.with_no_client_auth(),
        };
        config.alpn_protocols = tls.alpn.iter().map(|name| name.to_vec()).collect();
        let mut whole = config.clone();
        whole.resumption = Resumption::disabled();
        Ok(Self { config: Arc::new(config), whole: Arc::new(whole) })
    }

    /// Makes a TLS connection on `stream`. `name` is sent as SNI and checked. Without one nothing is sent, and the
    /// certificate must have `address` among its alternative names if names are checked.
    ///
    /// # Errors
    /// The server or its certificate is not as it should be. Without a deadline of its own: the caller's covers it.
    pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        name: Option<&str>,
        address: IpAddr,
        stream: S,
    ) -> Result<TlsStream<S>, ServerTlsError> {
        connect(&self.config, name, address, stream).await
    }

    /// The same with a whole handshake, in which the server shows its certificate; for probes, which are to say what
    /// they think of it today.
    ///
    /// # Errors
    /// As [`Connector::connect`].
    pub async fn connect_anew<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        name: Option<&str>,
        address: IpAddr,
        stream: S,
    ) -> Result<TlsStream<S>, ServerTlsError> {
        connect(&self.whole, name, address, stream).await
    }
}

async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    config: &Arc<ClientConfig>,
    name: Option<&str>,
    address: IpAddr,
    stream: S,
) -> Result<TlsStream<S>, ServerTlsError> {
    let sent = match name {
        Some(name) => ServerName::try_from(name.to_owned()).map_err(|_| handshake::unsendable(name))?,
        None => ServerName::from(address),
    };
    let connected = TlsConnector::from(Arc::clone(config)).connect(sent, stream).await;
    connected.map_err(|error| handshake::failure(&error, name))
}

impl ServerTlsError {
    /// What TLS says of an error in reading from or writing to a server after the handshake; `None` when it is not
    /// TLS that failed. With TLS 1.3 a server refuses a missing or wrong client certificate only then.
    pub fn of(error: &io::Error) -> Option<Self> {
        handshake::tls_error(error).map(|error| handshake::of(error, "the handshake was over by then"))
    }
}
