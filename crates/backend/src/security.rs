//! How a target speaks to its servers: as it is, or with TLS.

use std::sync::Arc;

use snapshot::{Scheme, Settings};
use tls::certificate::CertificateError;
use tls::connector::Connector;

use crate::health::Failure;

/// How a target speaks to its servers.
#[derive(Clone, Debug)]
pub(crate) enum Security {
    /// Plain HTTP.
    Plain,
    /// HTTP over TLS.
    Tls(Connector),
    /// It should be TLS, which could not be prepared: no server is used, and probes say why. Never plain HTTP instead.
    /// Compiling the configuration has made sure that this does not happen.
    Broken(Failure),
}

impl Security {
    /// Prepares what settings ask for.
    pub(crate) fn new(settings: &Settings) -> Self {
        let broken = |code, text: String| Self::Broken(Failure::Tls { code, text: Arc::from(text) });
        match (settings.scheme, &settings.tls) {
            (Scheme::Http | Scheme::Tcp, _) => Self::Plain,
            (Scheme::Https | Scheme::Tls, None) => {
                broken("TlsUnavailable", "the settings do not say how TLS is spoken".to_owned())
            }
            (Scheme::Https | Scheme::Tls, Some(tls)) => match Connector::new(tls) {
                Ok(connector) => Self::Tls(connector),
                Err(CertificateError { code, message, .. }) => broken(code, message),
            },
        }
    }
}
