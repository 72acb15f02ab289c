//! Documents from elsewhere, bounded in size and time: error pages, the keys of token issuers.
//!
//! Blocking, and for threads that no traffic waits for. HTTP and HTTPS; the answer has to be 200 with the document in
//! it. Redirects are not followed: what is fetched is what the operator wrote, and where a redirect leads is another's
//! decision. Proxies of the environment are not used, as for servers.
//!
//! Source: Azure, "Create custom error pages" (custom-error): the page has to be reachable with answer 200, read
//! 2026-11-22.

mod error;

#[cfg(test)]
mod tests;

use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use ureq::Agent;
use ureq::http::header::LOCATION;
use ureq::tls::{Certificate, RootCerts, TlsConfig, TlsProvider};

pub use error::FetchError;

/// Bounds of one document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The largest, in bytes.
    pub bytes: u64,
    /// From the look-up of the name to the last byte.
    pub time: Duration,
}

/// Fetches documents.
#[derive(Debug, Default)]
pub struct Fetcher {
    roots: Vec<CertificateDer<'static>>,
    agent: OnceLock<Agent>,
}

impl Fetcher {
    /// Trusts the roots of this system (`SSL_CERT_FILE` and `SSL_CERT_DIR` name others), and these beside them. Where
    /// the system has none and none are given, Mozilla's.
    pub fn new(roots: Vec<CertificateDer<'static>>) -> Self {
        Self { roots, agent: OnceLock::new() }
    }

    /// The document at an `http` or `https` URL. Blocks, for `limits.time` at most.
    ///
    /// # Errors
    /// There is none, it is too large, or it does not come in time; the error says so without the URL.
    pub fn get(&self, url: &str, limits: &Limits) -> Result<Vec<u8>, FetchError> {
        let agent = self.agent.get_or_init(|| agent(&self.roots));
        let failed = |error| FetchError::new(error, limits);
        let request = agent.get(url).config().timeout_global(Some(limits.time)).build();
        let mut answer = request.call().map_err(failed)?;
        let status = answer.status().as_u16();
        if status != 200 {
            let to = answer.headers().get(LOCATION).and_then(|to| to.to_str().ok()).map(str::to_owned);
            return Err(match to {
                Some(to) if answer.status().is_redirection() => FetchError::Redirect { status, to },
                _ => FetchError::Status(status),
            });
        }
        answer.body_mut().with_config().limit(limits.bytes).read_to_vec().map_err(failed)
    }
}

fn agent(extra: &[CertificateDer<'static>]) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .unversioned_rustls_crypto_provider(Arc::new(aws_lc_rs::default_provider()))
        .root_certs(roots(extra))
        .build();
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .user_agent("gatehouse")
        // Documents are fetched seldom: a connection that is kept is closed by then.
        .max_idle_connections(0)
        .tls_config(tls)
        .build()
        .new_agent()
}

/// What of the system's store cannot be read is left out: it is not ours to put in order.
fn roots(extra: &[CertificateDer<'static>]) -> RootCerts {
    let system = rustls_native_certs::load_native_certs().certs;
    let all: Vec<_> = system.iter().chain(extra).map(|der| Certificate::from_der(der).to_owned()).collect();
    if all.is_empty() { RootCerts::WebPki } else { RootCerts::Specific(Arc::new(all)) }
}

/// Whether a read or write ended because its time was over.
fn is_late(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock)
}
