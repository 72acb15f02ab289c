//! The server's side: what proxies find that speak TLS to their servers.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, Result};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, version};

/// A configuration that shows a certificate from PEM files.
pub(crate) fn config(certificate: &Path, key: &Path) -> Result<Arc<ServerConfig>> {
    let chain = vec![CertificateDer::from_pem_file(certificate).context("read the certificate")?];
    let key = PrivateKeyDer::from_pem_file(key).context("read the key")?;
    let config = ServerConfig::builder_with_provider(super::provider())
        .with_protocol_versions(&[&version::TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    Ok(Arc::new(config))
}
